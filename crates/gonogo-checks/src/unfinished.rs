//! unfinished: commits that say they are not done, and conflict markers.

use crate::commit_rule::AUTOSQUASH;
use crate::facts::Stop;
use crate::findings::{Findings, Found};
use crate::questions::ConflictMarkers;
use crate::registry::{Entry, parse};
use crate::scene::{Check, Scene};
use gonogo_core::changeset::Place;
use gonogo_core::fact::Fact;
use gonogo_core::finding::{Code, Subject};
use gonogo_core::policy::Level;
use gonogo_core::say;
use gonogo_read::keys::{Grammar, scan};
use schemars::{JsonSchema, schema_for};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

const FIXUP: Code = "unfinished-fixup";
const WIP: Code = "unfinished-wip";
const MARKER: Code = "unfinished-conflict-marker";

pub(crate) const ENTRY: Entry = Entry {
    name: "unfinished",
    codes: &[FIXUP, WIP, MARKER],
    docs: include_str!("unfinished.md"),
    default_level: Level::Block,
    before_merge: false,
    parse: parse::<Unfinished>,
    schema: || schema_for!(Unfinished),
};

/// fixup!, squash!, WIP and conflict markers.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Unfinished {
    /// Words at the start of a subject, in any case, that say that a commit is not done.
    words: Vec<String>,
}

impl Default for Unfinished {
    fn default() -> Self {
        Self { words: vec!["WIP".to_owned()] }
    }
}

impl Check for Unfinished {
    fn run(&self, scene: &Scene<'_>, out: &mut Findings) -> Result<(), Stop> {
        let markers = markers(scene);
        let reading = scene.reading()?;
        for at in reading.indexes().filter(|at| reading.ships(*at)) {
            let commit = reading.commit(at);
            let subject = commit.subject();
            let is_note = reading.only_notes(&[at]);
            let of = |code, message: String, fix| {
                Found::new(code, Subject::Commit(commit.sha), message, fix).note_if(is_note)
            };
            if let Some(word) = AUTOSQUASH.iter().find(|w| subject.starts_with(**w)) {
                let message = format!("is a {word} that was not squashed");
                out.add(of(FIXUP, message, "git rebase -i --autosquash, or waive"));
            } else if let Some(word) = self.words.iter().find(|word| begins_with(&subject, word)) {
                out.add(of(WIP, format!("says {word}"), "finish it, or word it anew"));
            }
        }
        match markers? {
            Fact::Known(places) => {
                let mut by_path: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
                for place in places.iter().filter(|place| scene.is_below(&place.path)) {
                    by_path.entry(&place.path).or_default().push(place.line);
                }
                for (path, lines) in by_path {
                    let noun = if lines.len() == 1 { "a conflict marker in line" } else { "conflict markers in lines" };
                    let message = format!("has {noun} {}", say::list(&lines, 6));
                    let found = Found::new(MARKER, Subject::File(path.to_owned()), message, "resolve the conflict");
                    out.add(found.at(path, lines[0]).substance(json!({ "markers": lines.len() })));
                }
            }
            Fact::Absent => {}
            Fact::Unknown(why) => out.could_not_check(Subject::Candidate, why),
        }
        Ok(())
    }
}

/// The markers that the candidate adds. Of a part of a range whose whole has
/// none, only what the part has and the whole has not needs a look: a file
/// that is the same in both is clean.
fn markers(scene: &Scene<'_>) -> Result<Fact<Vec<Place>>, Stop> {
    let whole = scene.case.head.sha;
    let of_whole = scene.facts.one(ConflictMarkers { base: scene.base, head: whole })?;
    if scene.head == whole {
        return Ok(of_whole);
    }
    let is_clean = matches!(&of_whole, Fact::Known(places) if places.is_empty());
    let base = if is_clean { whole } else { scene.base };
    scene.facts.one(ConflictMarkers { base, head: scene.head })
}

/// `WIP: x`, `[wip] x` and `wip x`, not `wipe x`; after a key too: `STORY-1 WIP x`.
fn begins_with(subject: &str, word: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let parts = text.split([' ', ':', '[', ']', '(', ')', ',']).filter(|w| !w.is_empty());
        parts.map(str::to_lowercase).collect()
    };
    let is_key = |word: &&str| scan(word, Grammar::Prose).next().is_some();
    let start = subject.split_whitespace().take_while(is_key).map(|w| w.len() + 1).sum::<usize>();
    let rest = words(subject.get(start..).unwrap_or(""));
    let word = words(word);
    !word.is_empty() && rest.starts_with(&word)
}

#[cfg(test)]
mod tests {
    use super::begins_with;

    #[test]
    fn wip_counts_at_the_start_only() {
        for subject in ["WIP: x", "[wip] x", "wip", "STORY-1 WIP x", "STORY-1: wip"] {
            assert!(begins_with(subject, "WIP"), "{subject}");
        }
        assert!(begins_with("STORY-1 Do not merge: x", "DO NOT MERGE"));
        for subject in ["wipe the table", "end of WIP", "STORY-1 wiper"] {
            assert!(!begins_with(subject, "WIP"), "{subject}");
        }
    }
}
