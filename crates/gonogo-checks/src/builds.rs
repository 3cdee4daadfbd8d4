//! builds: the builds that the policy requires have passed on exactly the head.

use crate::facts::Stop;
use crate::findings::{Findings, Found};
use crate::questions::{BuildsOf, RequiredBuilds, UsualBuilds};
use crate::registry::{Entry, parse};
use crate::scene::{Check, Scene};
use gonogo_core::build::{Build, BuildState, RequiredBuild, UsualBuild};
use gonogo_core::fact::Why;
use gonogo_core::finding::{Code, Subject};
use gonogo_core::policy::{Level, Name};
use gonogo_core::say;
use jiff::{SignedDuration, Timestamp};
use schemars::{JsonSchema, schema_for};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

const MISSING: Code = "build-missing";
const RUNNING: Code = "build-running";
const FAILED: Code = "build-failed";
const WRONG_APP: Code = "build-wrong-app";

pub(crate) const ENTRY: Entry = Entry {
    name: "builds",
    codes: &[MISSING, RUNNING, FAILED, WRONG_APP],
    docs: include_str!("builds.md"),
    default_level: Level::Block,
    before_merge: false,
    parse: parse::<Builds>,
    schema: || schema_for!(Builds),
};

/// Required builds of exactly the head.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Builds {
    /// Names of commit statuses and check runs, with `*` for anything.
    required: Vec<Name>,
    /// Whether what the code host requires of the head's branch, by its protection
    /// or rulesets, has to have passed as well, by the app that is named there.
    by_branch_rules: bool,
    /// Who has to have posted a required build: an app's slug, or a login.
    apps: BTreeMap<String, String>,
    /// Whether a build that was skipped, or says that it is neutral, counts as passed.
    skipped_counts: bool,
    /// So long after the head was seen first, or without a server after its commit, a build that has not begun is waited for.
    begins_within_minutes: u32,
}

impl Default for Builds {
    fn default() -> Self {
        Self {
            required: Vec::new(),
            by_branch_rules: false,
            apps: BTreeMap::new(),
            skipped_counts: true,
            begins_within_minutes: 60,
        }
    }
}

/// Statuses of our own: they say what we say.
pub fn is_own_build(name: &str) -> bool {
    name.starts_with("gonogo/")
}

/// A build that has to pass.
struct Asked<'a> {
    name: Named<'a>,
    by: By<'a>,
}

enum Named<'a> {
    /// As the policy has it.
    Pattern(&'a Name),
    /// As a branch's rules have it.
    Exactly(&'a str),
}

/// Who has to have posted it.
enum By<'a> {
    Anybody,
    Called(&'a str),
    App(u64),
}

impl Asked<'_> {
    fn name(&self) -> &str {
        match self.name {
            Named::Pattern(name) => name.as_str(),
            Named::Exactly(name) => name,
        }
    }

    fn fits(&self, build: &Build) -> bool {
        let fits = match self.name {
            Named::Pattern(name) => name.fits(&build.name),
            Named::Exactly(name) => name == build.name,
        };
        fits && !is_own_build(&build.name)
    }

    fn is_by_whom_it_has_to_be(&self, build: &Build) -> bool {
        match self.by {
            By::Anybody => true,
            By::Called(app) => app.eq_ignore_ascii_case(&build.by),
            By::App(app) => build.app == Some(app),
        }
    }
}

impl Check for Builds {
    fn validate(&self) -> Result<(), String> {
        let is_required = |name: &str| self.required.iter().any(|required| required.as_str() == name);
        match self.apps.keys().find(|name| !is_required(name)) {
            Some(name) => Err(format!("`apps` names `{name}`, which is not in `required`: write it there as well")),
            None => Ok(()),
        }
    }

    fn run(&self, scene: &Scene<'_>, out: &mut Findings) -> Result<(), Stop> {
        let by_rules = self.by_rules(scene)?;
        let all = self.asked(&by_rules);
        if all.is_empty() {
            return Err(Stop::Off("no `required` builds".to_owned()));
        }
        let range = &scene.reading()?.changeset;
        if range.commits.is_empty() && range.missing.is_empty() {
            return Err(Stop::Off("the head brings nothing over what runs".to_owned()));
        }
        let builds = scene.facts.must(BuildsOf { sha: scene.head })?;
        let is_running = |build: &Build| build.state == BuildState::Running && all.iter().any(|one| one.fits(build));
        // Only a server has seen them before.
        let usual = if scene.case.knows_who_was_told && builds.iter().any(is_running) {
            scene.facts.known(UsualBuilds { service: scene.case.service.clone() })?.unwrap_or_default()
        } else {
            Vec::new()
        };
        for asked in &all {
            let fitting: Vec<&Build> = builds.iter().filter(|build| asked.fits(build)).collect();
            let (by_app, by_others): (Vec<&Build>, Vec<&Build>) =
                fitting.into_iter().partition(|build| asked.is_by_whom_it_has_to_be(build));
            if by_app.is_empty() {
                self.absent(asked, &by_others, scene, out)?;
            }
            for build in by_app {
                self.look(build, &usual, scene, out);
            }
        }
        Ok(())
    }
}

impl Builds {
    /// What the head's branch requires at the code host.
    fn by_rules(&self, scene: &Scene<'_>) -> Result<Vec<RequiredBuild>, Stop> {
        if !self.by_branch_rules {
            return Ok(Vec::new());
        }
        let unknown = || {
            let said = "the head is on no branch that is known, so it is not known what a branch's rules require";
            Stop::Unknown(Why::new(said, "check a branch by its name"))
        };
        let branch = scene.case.head.branch.clone().ok_or_else(unknown)?;
        scene.facts.must(RequiredBuilds { branch })
    }

    /// What the policy names goes before what rules say of the same.
    fn asked<'a>(&'a self, by_rules: &'a [RequiredBuild]) -> Vec<Asked<'a>> {
        let own = self.required.iter().map(|name| {
            // The app that the rules name counts, unless the policy names one itself.
            let ruled = by_rules.iter().filter(|one| one.name == name.as_str()).find_map(|one| one.app);
            let by = match (self.apps.get(name.as_str()), ruled) {
                (Some(app), _) => By::Called(app),
                (None, Some(app)) => By::App(app),
                (None, None) => By::Anybody,
            };
            Asked { name: Named::Pattern(name), by }
        });
        let is_new = |one: &&RequiredBuild| {
            !is_own_build(&one.name) && self.required.iter().all(|name| name.as_str() != one.name)
        };
        let by_rules = by_rules
            .iter()
            .filter(is_new)
            .map(|one| Asked { name: Named::Exactly(&one.name), by: one.app.map_or(By::Anybody, By::App) });
        own.chain(by_rules).collect()
    }

    fn look(&self, build: &Build, usual: &[UsualBuild], scene: &Scene<'_>, out: &mut Findings) {
        let subject = Subject::System(build.name.clone());
        let said = if build.said.is_empty() { String::new() } else { format!(": {}", build.said) };
        let found = |code, message: String, fix: &str| {
            let substance = json!({ "head": scene.head, "state": build.state });
            Found::new(code, subject.clone(), message, fix).substance(substance).link(build.url.clone())
        };
        match &build.state {
            BuildState::Passed => {}
            BuildState::Skipped | BuildState::Neutral if self.skipped_counts => {}
            BuildState::Skipped => out.add(found(FAILED, format!("was skipped{said}"), "run it on this commit")),
            BuildState::Neutral => {
                out.add(found(FAILED, format!("says neither passed nor failed{said}"), "run it on this commit"));
            }
            BuildState::Running => {
                let since = build.since.map(|at| format!(" since {}", say::minute(at))).unwrap_or_default();
                let until = expected(build, usual, scene.now);
                out.add(found(RUNNING, format!("is running{since}{until}{said}"), "wait for it").wait());
            }
            BuildState::Failed(word) => {
                let fix = "mend what it found, or run it again: the newest run counts";
                out.add(found(FAILED, format!("ended in {word}{said}"), fix));
            }
        }
    }

    /// Nothing of that name, or not by whom it has to be.
    fn absent(&self, asked: &Asked<'_>, others: &[&Build], scene: &Scene<'_>, out: &mut Findings) -> Result<(), Stop> {
        let subject = Subject::System(asked.name().to_owned());
        let substance = match asked.by {
            By::Anybody => json!({ "head": scene.head, "app": null }),
            By::Called(app) => json!({ "head": scene.head, "app": app }),
            By::App(app) => json!({ "head": scene.head, "app": app }),
        };
        if !others.is_empty() {
            let by: Vec<&str> = others.iter().map(|build| build.by.as_str()).collect();
            let by = say::list(&by, 3);
            let (message, fix) = match asked.by {
                By::App(app) => (
                    format!("was posted by {by}, and the branch's rules count it by the app {app} alone"),
                    "run the real build on this commit; a status, of which no app is told, is written into \
                     [checks.builds] required and apps",
                ),
                By::Called(app) => (
                    format!("was posted by {by}, and counts by {app} alone"),
                    "run the real build on this commit; if another posts it now, change [checks.builds.apps]",
                ),
                By::Anybody => return Ok(()),
            };
            out.add(Found::new(WRONG_APP, subject, message, fix).substance(substance));
            return Ok(());
        }
        let patience = SignedDuration::from_mins(i64::from(self.begins_within_minutes));
        let reading = scene.reading()?;
        let committed = || reading.position(scene.head).and_then(|at| reading.commit(at).committed_at);
        // What was committed long ago may be pushed now.
        let since = scene.case.seen_at.or_else(committed);
        let is_late = since.is_none_or(|at| scene.now.duration_since(at) > patience);
        let fix = "look why it has not begun; if it is called otherwise now, change [checks.builds] required";
        let message = format!("has not begun on {}", scene.head.short());
        let found = Found::new(MISSING, subject, message, fix).substance(substance);
        out.add(if is_late { found } else { found.wait() });
        Ok(())
    }
}

/// When a running build is likely to end, by how it went before. A moment, not
/// a time from now: the same is said until it has come.
fn expected(build: &Build, usual: &[UsualBuild], now: Timestamp) -> String {
    let usual = usual.iter().find(|one| one.name == build.name && one.by == build.by);
    let (Some(seconds), Some(since)) = (usual.and_then(|one| one.seconds), build.since) else { return String::new() };
    let end = since.saturating_add(SignedDuration::from_secs(seconds.into())).unwrap_or(since);
    if now <= end {
        format!(", most likely until {}", say::minute(end))
    } else {
        format!(", longer than the {} min that nine of ten take at most", seconds.div_ceil(60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_build_is_expected_by_how_it_went_before() {
        let since: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        let build = Build {
            name: "suite".to_owned(),
            by: "ci".to_owned(),
            app: None,
            state: BuildState::Running,
            said: String::new(),
            url: None,
            since: Some(since),
            ended: None,
        };
        let usual = |by: &str, seconds| {
            vec![UsualBuild { name: "suite".to_owned(), by: by.to_owned(), on: 20, of: 20, seconds }]
        };
        let after = |minutes| since + SignedDuration::from_mins(minutes);
        let until = expected(&build, &usual("ci", Some(700)), after(5));
        assert_eq!(until, format!(", most likely until {}", say::minute(after(11) + SignedDuration::from_secs(40))));
        let late = expected(&build, &usual("ci", Some(700)), after(12));
        assert_eq!(late, ", longer than the 12 min that nine of ten take at most");
        assert_eq!(expected(&build, &usual("ci", None), after(5)), "");
        assert_eq!(expected(&build, &usual("other", Some(700)), after(5)), "");
    }
}
