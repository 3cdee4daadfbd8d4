//! builds: the builds that the policy requires have passed on exactly the head.

use crate::facts::Stop;
use crate::findings::{Findings, Found};
use crate::questions::BuildsOf;
use crate::registry::{Entry, parse};
use crate::scene::{Check, Scene};
use gonogo_core::build::{Build, BuildState};
use gonogo_core::finding::{Code, Subject};
use gonogo_core::policy::{Level, Name};
use gonogo_core::say;
use jiff::SignedDuration;
use schemars::{JsonSchema, schema_for};
use serde::Deserialize;
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
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Builds {
    /// Names of commit statuses and check runs, with `*` for anything.
    required: Vec<Name>,
    /// Who has to have posted a required build: an app's slug, or a login.
    apps: BTreeMap<String, String>,
    /// Whether a build that was skipped, or says that it is neutral, counts as passed.
    skipped_counts: bool,
    /// So long after the head's commit a build that has not begun is waited for.
    begins_within_minutes: u32,
}

impl Default for Builds {
    fn default() -> Self {
        Self { required: Vec::new(), apps: BTreeMap::new(), skipped_counts: true, begins_within_minutes: 60 }
    }
}

/// Statuses of our own: they say what we say.
const OURS: &str = "gonogo/";

impl Check for Builds {
    fn validate(&self) -> Result<(), String> {
        let is_required = |name: &str| self.required.iter().any(|required| required.as_str() == name);
        match self.apps.keys().find(|name| !is_required(name)) {
            Some(name) => Err(format!("`apps` names `{name}`, which is not in `required`: write it there as well")),
            None => Ok(()),
        }
    }

    fn run(&self, scene: &Scene<'_>, out: &mut Findings) -> Result<(), Stop> {
        if self.required.is_empty() {
            return Err(Stop::Off("no `required` builds".to_owned()));
        }
        let builds = scene.facts.must(BuildsOf { sha: scene.head })?;
        for required in &self.required {
            let fits = |build: &&Build| required.fits(&build.name) && !build.name.starts_with(OURS);
            let fitting: Vec<&Build> = builds.iter().filter(fits).collect();
            let app = self.apps.get(required.as_str());
            let (by_app, by_others): (Vec<&Build>, Vec<&Build>) =
                fitting.into_iter().partition(|build| app.is_none_or(|app| app.eq_ignore_ascii_case(&build.by)));
            if by_app.is_empty() {
                self.absent(required, app.map(String::as_str), &by_others, scene, out)?;
            }
            for build in by_app {
                self.look(build, scene, out);
            }
        }
        Ok(())
    }
}

impl Builds {
    fn look(&self, build: &Build, scene: &Scene<'_>, out: &mut Findings) {
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
                out.add(found(RUNNING, format!("is running{since}{said}"), "wait for it").wait());
            }
            BuildState::Failed(word) => {
                let fix = "mend what it found, or run it again: the newest run counts";
                out.add(found(FAILED, format!("ended in {word}{said}"), fix));
            }
        }
    }

    /// Nothing of that name, or not by whom it has to be.
    fn absent(
        &self,
        required: &Name,
        app: Option<&str>,
        others: &[&Build],
        scene: &Scene<'_>,
        out: &mut Findings,
    ) -> Result<(), Stop> {
        let subject = Subject::System(required.as_str().to_owned());
        let substance = json!({ "head": scene.head, "app": app });
        if let (Some(app), false) = (app, others.is_empty()) {
            let by: Vec<&str> = others.iter().map(|build| build.by.as_str()).collect();
            let message = format!("was posted by {}, and counts by {app} alone", say::list(&by, 3));
            let fix = "run the real build on this commit; if another posts it now, change [checks.builds.apps]";
            out.add(Found::new(WRONG_APP, subject, message, fix).substance(substance));
            return Ok(());
        }
        let patience = SignedDuration::from_mins(i64::from(self.begins_within_minutes));
        let reading = scene.reading()?;
        let committed = reading.position(scene.head).and_then(|at| reading.commit(at).committed_at);
        let is_late = committed.is_none_or(|at| scene.now.duration_since(at) > patience);
        let fix = "look why it has not begun; if it is called otherwise now, change [checks.builds] required";
        let message = format!("has not begun on {}", scene.head.short());
        let found = Found::new(MISSING, subject, message, fix).substance(substance);
        out.add(if is_late { found } else { found.wait() });
        Ok(())
    }
}
