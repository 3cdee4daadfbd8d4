//! story-exists: the tracker has every story that ships.

use crate::facts::Stop;
use crate::findings::{Findings, Found};
use crate::registry::{Entry, parse};
use crate::scene::{Check, Scene, story};
use gonogo_core::fact::Fact;
use gonogo_core::finding::Code;
use gonogo_core::policy::Level;
use schemars::{JsonSchema, schema_for};
use serde::{Deserialize, Serialize};

const NOT_FOUND: Code = "story-not-found";
const MOVED: Code = "story-moved";

pub(crate) const ENTRY: Entry = Entry {
    name: "story-exists",
    codes: &[NOT_FOUND, MOVED],
    docs: include_str!("story_exists.md"),
    default_level: Level::Block,
    before_merge: true,
    parse: parse::<StoryExists>,
    schema: || schema_for!(StoryExists),
};

/// Keys that the tracker does not have.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StoryExists {}

impl Check for StoryExists {
    fn run(&self, scene: &Scene<'_>, out: &mut Findings) -> Result<(), Stop> {
        scene.tracker()?;
        let mut found = Vec::new();
        for (key, _, issue) in scene.shipping_issues(out)? {
            match issue {
                Fact::Known(issue) if issue.key != *key => {
                    let message = format!("was moved and is {} now", issue.key);
                    let fix = "name the new key from now on";
                    let substance = serde_json::json!({ "now": issue.key });
                    found.push((key.clone(), Found::new(MOVED, story(key), message, fix).substance(substance).note()));
                }
                Fact::Known(_) => {}
                Fact::Absent => {
                    let message = "is not in the tracker, or the token may not see it";
                    let fix = "mend the key in the commit, or let the token see the issue";
                    found.push((key.clone(), Found::new(NOT_FOUND, story(key), message, fix)));
                }
                Fact::Unknown(why) => out.could_not_check(story(key), why),
            }
        }
        scene.add_for_stories(found, out)
    }
}
