//! story-missing: stories that say they are ready, belong to this repository,
//! and are not in the deploy.

use crate::facts::Stop;
use crate::findings::{Findings, Found};
use crate::questions::{ReadyStories, SightingsOf};
use crate::registry::{Entry, parse};
use crate::scene::{Check, Scene, story};
use gonogo_core::changeset::Sighting;
use gonogo_core::fact::Fact;
use gonogo_core::finding::{Code, Subject};
use gonogo_core::policy::Level;
use gonogo_core::say;
use gonogo_core::story::{Issue, Ready};
use schemars::{JsonSchema, schema_for};
use serde::Deserialize;
use serde_json::json;

const MISSING: Code = "story-missing";
const SHIPPED: Code = "story-shipped-still-ready";

pub(crate) const ENTRY: Entry = Entry {
    name: "story-missing",
    codes: &[MISSING, SHIPPED],
    docs: include_str!("story_missing.md"),
    default_level: Level::Block,
    parse: parse::<StoryMissing>,
    schema: || schema_for!(StoryMissing),
};

/// Stories that are ready and not in the deploy.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StoryMissing {
    /// The state that says that a story should be in the next deploy.
    ready: Option<String>,
    /// A query in the tracker's language for the stories that this deploy
    /// should hold. All that it finds belong here; with `ready` alone a story
    /// belongs here when a branch or a commit of this repository has its key.
    ready_query: Option<String>,
}

impl StoryMissing {
    fn query(&self, scene: &Scene<'_>) -> Result<String, Stop> {
        if let Some(query) = &self.ready_query {
            return Ok(query.clone());
        }
        let Some(ready) = &self.ready else {
            return Err(Stop::Off("no `ready` state and no `ready_query`".to_owned()));
        };
        let projects = &scene.reading()?.projects.keys;
        if projects.is_empty() {
            return Err(Stop::Off("no [stories] projects".to_owned()));
        }
        let quoted: Vec<String> = projects.iter().map(|p| format!("\"{p}\"")).collect();
        let state = ready.replace('\\', "\\\\").replace('"', "\\\"");
        Ok(format!("project in ({}) AND status = \"{state}\" ORDER BY key", quoted.join(", ")))
    }
}

impl Check for StoryMissing {
    fn run(&self, scene: &Scene<'_>, out: &mut Findings) -> Result<(), Stop> {
        scene.tracker()?;
        let query = self.query(scene)?;
        let answer = scene.facts.one(ReadyStories { query });
        let reading = scene.reading()?;
        let ready = match answer? {
            Fact::Known(Ready { issues }) => issues,
            Fact::Absent => Vec::new(),
            Fact::Unknown(why) => {
                out.could_not_check(Subject::System("tracker".to_owned()), why);
                return Ok(());
            }
        };
        let absent: Vec<Issue> = ready.into_iter().filter(|i| !reading.stories.contains_key(&i.key)).collect();
        let asks = absent.iter().map(|i| SightingsOf { base: scene.base, head: scene.head, key: i.key.clone() });
        let sightings = scene.facts.all(asks)?;
        let mut found = Vec::new();
        for (issue, seen) in absent.into_iter().zip(sightings) {
            let seen = match seen {
                Fact::Known(seen) => seen,
                Fact::Absent => Vec::new(),
                Fact::Unknown(why) => {
                    out.could_not_check(story(&issue.key), why);
                    continue;
                }
            };
            found.extend(self.judge(&issue, &seen).map(|f| (issue.key.clone(), f)));
        }
        scene.add_for_stories(found, out)
    }
}

impl StoryMissing {
    fn judge(&self, issue: &Issue, seen: &[Sighting]) -> Option<Found> {
        let status = &issue.status.name;
        let place = |sighting: &Sighting| match sighting {
            Sighting::Branch(name) => Some(format!("branch {name}")),
            Sighting::Elsewhere(sha) => Some(format!("commit {}", sha.short())),
            Sighting::InProduction(_) => None,
        };
        let places: Vec<String> = seen.iter().filter_map(place).collect();
        let shipped = seen.iter().find_map(|s| match s {
            Sighting::InProduction(sha) => Some(sha.short()),
            _ => None,
        });
        let substance = json!({ "status": issue.status.id });
        if places.is_empty()
            && let Some(sha) = shipped
        {
            let message = format!("has shipped (production has {sha}) and is still {status}");
            let fix = "move it on in the tracker";
            return Some(Found::new(SHIPPED, story(&issue.key), message, fix).substance(substance).note());
        }
        if places.is_empty() && self.ready_query.is_none() {
            return None; // nothing of it is in this repository
        }
        let seen = if places.is_empty() {
            "no commit of it here".to_owned()
        } else {
            format!("seen in {}", say::list(&places, 3))
        };
        let message = format!("is {status} and not in this deploy ({seen})");
        let fix = "merge it, or move it out of that state";
        Some(Found::new(MISSING, story(&issue.key), message, fix).substance(substance))
    }
}
