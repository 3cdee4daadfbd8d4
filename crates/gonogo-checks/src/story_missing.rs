//! story-missing: stories that say they are ready, belong to this repository,
//! and are not in the deploy.

use crate::facts::Stop;
use crate::findings::{Findings, Found};
use crate::questions::{ReadyStories, SightingsOf};
use crate::reading;
use crate::registry::{Entry, parse};
use crate::scene::{Check, Scene, story};
use gonogo_core::changeset::Sighting;
use gonogo_core::fact::Fact;
use gonogo_core::finding::{Code, Subject};
use gonogo_core::ids::{IssueKey, Sha};
use gonogo_core::policy::Level;
use gonogo_core::say;
use gonogo_core::story::{Issue, Ready};
use schemars::{JsonSchema, schema_for};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

const MISSING: Code = "story-missing";
const SHIPPED: Code = "story-shipped-still-ready";

pub(crate) const ENTRY: Entry = Entry {
    name: "story-missing",
    codes: &[MISSING, SHIPPED],
    docs: include_str!("story_missing.md"),
    default_level: Level::Block,
    before_merge: false,
    parse: parse::<StoryMissing>,
    schema: || schema_for!(StoryMissing),
};

/// Stories that are ready and not in the deploy.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
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
    fn validate(&self) -> Result<(), String> {
        match (&self.ready, &self.ready_query) {
            (Some(_), Some(_)) => Err("set one of ready and ready_query".to_owned()),
            _ => Ok(()),
        }
    }

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
        // A moved story ships under the key that its commits have.
        let mut in_range: BTreeMap<IssueKey, IssueKey> =
            reading.stories.keys().map(|k| (k.clone(), k.clone())).collect();
        for (key, _, issue) in scene.shipping_issues(out)? {
            if let Fact::Known(issue) = issue {
                in_range.insert(issue.key.clone(), key.clone());
            }
        }
        let (here, absent): (Vec<Issue>, Vec<Issue>) = ready.into_iter().partition(|i| in_range.contains_key(&i.key));
        let mut found = Vec::new();
        for issue in here {
            let story = &reading.stories[&in_range[&issue.key]];
            let copies: Vec<Sha> = story.commits.iter().filter_map(|at| reading.already_in_production(*at)).collect();
            if !story.ships && copies.len() == story.commits.len() {
                found.push((issue.key.clone(), shipped(&issue, copies[0])));
            }
        }
        let asks = absent.iter().map(|i| SightingsOf { base: scene.base, head: scene.head, key: i.key.clone() });
        let sightings = scene.facts.all(asks)?;
        let rule = |message: &str| reading::own_keys(message, &scene.sections.stories, &reading.projects.keys);
        for (issue, seen) in absent.into_iter().zip(sightings) {
            let seen = match seen {
                Fact::Known(seen) => seen,
                Fact::Absent => Vec::new(),
                Fact::Unknown(why) => {
                    out.could_not_check(story(&issue.key), why);
                    continue;
                }
            };
            found.extend(self.judge(&issue, &seen, &rule).map(|f| (issue.key.clone(), f)));
        }
        scene.add_for_stories(found, out)
    }
}

impl StoryMissing {
    /// `rule` tells which stories a message makes ship: a mention is no trace.
    fn judge(&self, issue: &Issue, seen: &[Sighting], rule: &dyn Fn(&str) -> Vec<IssueKey>) -> Option<Found> {
        let status = &issue.status.name;
        let is_of_it = |message: &str| rule(message).contains(&issue.key);
        let open = seen.iter().filter_map(|sighting| match sighting {
            Sighting::Branch { name, merged: false } => Some(format!("branch {name}")),
            Sighting::Elsewhere(sha, message) if is_of_it(message) => Some(format!("commit {}", sha.short())),
            _ => None,
        });
        let mut places: Vec<String> = open.collect();
        let in_production = seen.iter().find_map(|sighting| match sighting {
            Sighting::InProduction(sha, message) if is_of_it(message) => Some(*sha),
            _ => None,
        });
        if let Some(sha) = in_production.filter(|_| places.is_empty()) {
            return Some(shipped(issue, sha));
        }
        if places.is_empty() {
            let merged = seen.iter().filter_map(|sighting| match sighting {
                Sighting::Branch { name, merged: true } => Some(format!("branch {name}")),
                _ => None,
            });
            places = merged.collect();
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
        let substance = json!({ "status": issue.status.id });
        let found = Found::new(MISSING, story(&issue.key), message, "merge it, or move it out of that state");
        Some(found.substance(substance))
    }
}

fn shipped(issue: &Issue, sha: Sha) -> Found {
    let message = format!("has shipped (production has {}) and is still {}", sha.short(), issue.status.name);
    let found = Found::new(SHIPPED, story(&issue.key), message, "move it on in the tracker");
    found.substance(json!({ "status": issue.status.id })).note()
}
