//! story-key: every commit names its story, or says that it has none.

use crate::facts::Stop;
use crate::findings::{Findings, Found};
use crate::reading::{Excuse, Projects, may_be_project};
use crate::registry::{Entry, parse};
use crate::scene::{Check, Scene};
use gonogo_core::finding::{Code, Subject};
use gonogo_core::policy::Level;
use gonogo_core::say;
use gonogo_read::keys::{Grammar, KeyLike, scan};
use schemars::{JsonSchema, schema_for};
use serde::Deserialize;

const MISSING: Code = "story-key-missing";
const NO_KEY_WORD: Code = "story-key-no-key-word";

pub(crate) const ENTRY: Entry = Entry {
    name: "story-key",
    codes: &[MISSING, NO_KEY_WORD],
    docs: include_str!("story_key.md"),
    default_level: Level::Block,
    parse: parse::<StoryKey>,
    schema: || schema_for!(StoryKey),
};

/// Commits without a known key.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StoryKey {}

impl Check for StoryKey {
    fn run(&self, scene: &Scene<'_>, out: &mut Findings) -> Result<(), Stop> {
        let reading = scene.reading()?;
        let projects = &reading.projects;
        if projects.keys.is_empty() {
            return Err(Stop::Off("no [stories] projects, and no key-like words in the history".to_owned()));
        }
        if projects.guessed {
            out.soften();
        }
        for at in reading.indexes().filter(|at| reading.ships(*at) && reading.keys(*at).is_empty()) {
            let subject = Subject::Commit(reading.commit(at).sha);
            match reading.excuse(at) {
                None | Some(Excuse::OlderThanRules | Excuse::IgnoredAuthor) => {
                    let fix = fix(&reading.commit(at).message, projects, scene);
                    let found = Found::new(MISSING, subject, "names no story", fix);
                    out.add(found.note_if(reading.only_notes(&[at])));
                }
                Some(Excuse::NoKeyWord) => {
                    let message = "says that it has no story";
                    out.add(Found::new(NO_KEY_WORD, subject, message, "look whether that is so").note());
                }
                Some(Excuse::Merge | Excuse::Revert | Excuse::IgnoredMessage) => {}
            }
        }
        Ok(())
    }
}

/// What to write, or the project that the policy does not know.
fn fix(message: &str, projects: &Projects, scene: &Scene<'_>) -> String {
    let is_new = |key: &KeyLike<'_>| may_be_project(key.project) && !projects.keys.iter().any(|p| p == key.project);
    if let Some(key) = scan(message, Grammar::Prose).find(is_new) {
        return format!("if {} is a project, add it to [stories] projects; else name the story", key.project);
    }
    let examples: Vec<String> = projects.keys.iter().map(|p| format!("{p}-123")).collect();
    let name_it = format!("name it in the subject, such as {}", say::list(&examples, 3));
    match scene.sections.stories.no_key_words.first() {
        Some(word) => format!("{name_it}; or write {word}"),
        None => name_it,
    }
}
