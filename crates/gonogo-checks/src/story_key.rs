//! story-key: every commit names its story, or says that it has none.

use crate::commit_rule::how_to_name;
use crate::facts::Stop;
use crate::findings::{Findings, Found};
use crate::reading::Excuse;
use crate::registry::{Entry, parse};
use crate::scene::{Check, Scene};
use gonogo_core::finding::{Code, Subject};
use gonogo_core::policy::Level;
use gonogo_core::say;
use schemars::{JsonSchema, schema_for};
use serde::{Deserialize, Serialize};

const MISSING: Code = "story-key-missing";
const MERGE_CHANGES: Code = "story-key-merge-changes";
const NO_KEY_WORD: Code = "story-key-no-key-word";

pub(crate) const ENTRY: Entry = Entry {
    name: "story-key",
    codes: &[MISSING, MERGE_CHANGES, NO_KEY_WORD],
    docs: include_str!("story_key.md"),
    default_level: Level::Block,
    before_merge: true,
    parse: parse::<StoryKey>,
    schema: || schema_for!(StoryKey),
};

/// Commits without a known key.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StoryKey {}

/// How code hosts end the names of programs that commit.
const BOT: &str = "[bot]";

/// How many paths a message shows.
const SHOWN: usize = 6;

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
        // Of a deploy the check reverts says so.
        if !scene.case.stage.is_deploy() {
            for at in reading.indexes() {
                if let Some(Err(why)) = reading.broken(at).map(|broken| &broken.left) {
                    out.could_not_check(Subject::Commit(reading.commit(at).sha), why.clone());
                }
            }
        }
        let lacks_key = |at: &usize| !reading.names_story(*at) || !reading.beside_without_key(*at).is_empty();
        for at in reading.indexes().filter(|at| reading.ships(*at) && lacks_key(at)) {
            let subject = Subject::Commit(reading.commit(at).sha);
            if let Some(why) = reading.unread_pull_request(at) {
                out.could_not_check(subject, why.clone());
                continue;
            }
            match reading.excuse(at) {
                None | Some(Excuse::OlderThanRules | Excuse::IgnoredAuthor) => {
                    let stories = &scene.sections.stories;
                    let author = &reading.commit(at).author.name;
                    let mut fix = how_to_name(&reading.commit(at).message, &projects.keys, stories);
                    if author.ends_with(BOT) {
                        fix = format!("{fix}; or add {author:?} to [stories] ignore_authors");
                    }
                    let message = match reading.beside_without_key(at) {
                        [] => "names no story".to_owned(),
                        paths => format!(
                            "changes {} beside what it reverts, and names no story for that",
                            say::list(paths, SHOWN)
                        ),
                    };
                    let found = Found::new(MISSING, subject, message, fix);
                    out.add(found.note_if(reading.only_notes(&[at])));
                }
                Some(Excuse::NoKeyWord) => {
                    let message = "says that it has no story";
                    out.add(Found::new(NO_KEY_WORD, subject, message, "look whether that is so").note());
                }
                Some(Excuse::Merge | Excuse::Revert | Excuse::IgnoredMessage) => {}
            }
        }
        for (at, diff) in scene.odd_merges()? {
            let own = scene.below(diff.own);
            let has_own = !own.is_empty() && reading.ships(at);
            if has_own && !reading.names_story(at) && !reading.no_key(at) {
                let message = format!("changes {}, which no commit that it merges does", say::list(&own, SHOWN));
                let fix = "look at it with git show --remerge-diff; name its story in the merge's message";
                let found = Found::new(MERGE_CHANGES, Subject::Commit(reading.commit(at).sha), message, fix);
                out.add(found.warn().note_if(reading.only_notes(&[at])));
            }
        }
        Ok(())
    }
}
