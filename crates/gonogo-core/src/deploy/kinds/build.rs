//! Whether a build has passed on a commit. One that was skipped has not: it said nothing.

use super::own::Sight;
use super::wait::BuildWait;
use crate::build::{Build, BuildState};

impl BuildWait {
    /// By all builds of its commit. Of several of its name all have to pass.
    pub fn sight(&self, builds: &[Build]) -> Sight {
        let named: Vec<&Build> = builds.iter().filter(|build| build.name == self.build).collect();
        let is_theirs = |build: &&&Build| self.app.as_ref().is_none_or(|app| app.eq_ignore_ascii_case(&build.by));
        let theirs: Vec<&Build> = named.iter().filter(is_theirs).copied().collect();
        let none = match (named.first(), &self.app) {
            (Some(other), Some(app)) => format!("{} was posted by {}, not by {app}", self.build, other.by),
            _ => format!("{} was not posted on {}", self.build, self.sha.short()),
        };
        let said = |build: &Build, word: &str| format!("{} by {} {word}", build.name, build.by);
        let never = |build: &&Build| match &build.state {
            BuildState::Failed(word) => Some(said(build, &format!("has failed ({word})"))),
            BuildState::Skipped => Some(said(build, "was skipped")),
            BuildState::Neutral => Some(said(build, "says neither yes nor no")),
            BuildState::Running | BuildState::Passed => None,
        };
        if let Some(said) = theirs.iter().find_map(never) {
            return Sight::Never(said);
        }
        match theirs.iter().find(|build| build.state == BuildState::Running).or(theirs.first()) {
            None => Sight::NotYet(none),
            Some(build) if build.state == BuildState::Running => Sight::NotYet(said(build, "runs")),
            Some(build) => Sight::Met(said(build, "has passed")),
        }
    }
}
