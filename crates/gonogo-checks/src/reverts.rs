//! reverts: stories that only appear to ship, and ranges known to be bad.

use crate::facts::Stop;
use crate::findings::{Findings, Found};
use crate::reading::said;
use crate::registry::{Entry, parse};
use crate::scene::{Check, Scene, story};
use gonogo_core::changeset::{Commit, MergeBack};
use gonogo_core::finding::{Code, Subject};
use gonogo_core::ids::Sha;
use gonogo_core::policy::Level;
use gonogo_core::say;
use gonogo_read::message::is_object_name;
use schemars::{JsonSchema, schema_for};
use serde::{Deserialize, Serialize};
use serde_json::json;

const REVERTED: Code = "story-reverted";
const PARTLY: Code = "story-partly-reverted";
const DROPPED: Code = "merge-dropped-changes";
const INCOMPLETE: Code = "revert-incomplete";
const KNOWN_BAD: Code = "range-known-bad";

pub(crate) const ENTRY: Entry = Entry {
    name: "reverts",
    codes: &[REVERTED, PARTLY, INCOMPLETE, DROPPED, KNOWN_BAD],
    docs: include_str!("reverts.md"),
    default_level: Level::Warn,
    before_merge: false,
    parse: parse::<Reverts>,
    schema: || schema_for!(Reverts),
};

/// Stories that only appear to ship, and ranges known to be bad.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Reverts {
    /// Commits that must not ship without what mends them.
    bad: Vec<Bad>,
}

/// A commit known to be bad.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Bad {
    /// The commit that brought the fault; a short SHA will do.
    from: String,
    /// The commit that mends it; without one nothing does but a revert.
    until: Option<String>,
    /// What is wrong with it.
    why: String,
}

/// How many paths a message shows.
const SHOWN: usize = 6;

impl Check for Reverts {
    fn validate(&self) -> Result<(), String> {
        let names = self.bad.iter().flat_map(|b| [Some(&b.from), b.until.as_ref()]).flatten();
        match names.into_iter().find(|name| !is_object_name(name)) {
            Some(wrong) => Err(format!("`{wrong}` is no commit: write at least 7 hex digits of its id")),
            None => Ok(()),
        }
    }

    fn run(&self, scene: &Scene<'_>, out: &mut Findings) -> Result<(), Stop> {
        let reading = scene.reading()?;
        for bad in &self.bad {
            let of = |name: &str| {
                reading.indexes().find(|at| reading.commit(*at).sha.starts_with(name) && reading.ships(*at))
            };
            let Some(at) = of(&bad.from) else { continue };
            if bad.until.as_deref().and_then(of).is_some() {
                continue;
            }
            let message = format!("is known to be bad: {}", bad.why);
            let fix = match &bad.until {
                Some(until) => format!("ship {until} with it, which mends it"),
                None => "revert it, or name what mends it as `until`".to_owned(),
            };
            out.add(Found::new(KNOWN_BAD, Subject::Commit(reading.commit(at).sha), message, fix));
        }
        let mut found = Vec::new();
        for (key, in_range) in &reading.stories {
            let reverted: Vec<String> = in_range
                .commits
                .iter()
                .filter(|at| !reading.ships(**at) && reading.already_in_production(**at).is_none())
                // A revert that was reverted is no part that is missing.
                .filter(|at| reading.reverts(**at).is_empty())
                .map(|at| reading.commit(*at).sha.short())
                .collect();
            let substance = json!({ "ships": in_range.ships });
            if !in_range.ships && (in_range.is_taken_back || !reverted.is_empty()) {
                let message = if in_range.is_taken_back {
                    "is taken back: production has it, this deploy reverts it".to_owned()
                } else {
                    format!("only appears to ship: {} reverted", say::list(&reverted, 4))
                };
                let fix = "do not announce it; move it back in the tracker";
                found.push((key.clone(), Found::new(REVERTED, story(key), message, fix).substance(substance)));
            } else if in_range.ships && !reverted.is_empty() {
                let message = format!("ships in part: {} reverted", say::list(&reverted, 4));
                let fix = "look whether what is left is whole";
                found.push((key.clone(), Found::new(PARTLY, story(key), message, fix).substance(substance).note()));
            }
        }
        broken_words(scene, out)?;
        dropped_by_merges(scene, out)?;
        scene.add_for_stories(found, out)
    }
}

/// Commits that say that they revert others, and do not.
fn broken_words(scene: &Scene<'_>, out: &mut Findings) -> Result<(), Stop> {
    let reading = scene.reading()?;
    for at in reading.indexes().filter(|at| reading.ships(*at)) {
        let Some(broken) = reading.broken(at) else { continue };
        let subject = Subject::Commit(reading.commit(at).sha);
        match &broken.left {
            Ok(paths) => {
                let named: Vec<String> = broken.named.iter().map(Sha::short).collect();
                let (named, shown) = (say::list(&named, SHOWN), say::list(paths, SHOWN));
                let message = format!(
                    "says that it reverts {named}, and something of that is left in {shown}, or cannot be told: \
                     all of it counts as shipping"
                );
                let fix = "revert the rest; where it was undone by hand, waive what its story is found for";
                let substance = json!({ "named": broken.named, "left": paths });
                out.add(Found::new(INCOMPLETE, subject, message, fix).substance(substance));
            }
            Err(why) => out.could_not_check(subject, why.clone()),
        }
    }
    Ok(())
}

/// Merges that left out what commits of the range had changed, while head lacks
/// it still.
fn dropped_by_merges(scene: &Scene<'_>, out: &mut Findings) -> Result<(), Stop> {
    let reading = scene.reading()?;
    let odd = scene.odd_merges()?;
    // What is left out of production is for ancestry to say.
    let sides = odd.into_iter().flat_map(|(at, diff)| diff.dropped.into_iter().map(move |side| (at, side)));
    let sides: Vec<(&Commit, usize, Vec<String>)> = sides
        .filter_map(|(at, side)| Some((reading.commit(at), reading.position(side.parent)?, scene.below(side.paths))))
        .filter(|(_, _, paths)| !paths.is_empty())
        .collect();
    let questions = sides.iter().map(|(merge, parent, _)| {
        let parent = reading.commit(*parent).sha;
        reading.again(merge, parent, parent, scene.head)
    });
    let answers = scene.facts.all(questions)?;
    for ((merge, parent, paths), answer) in sides.into_iter().zip(answers) {
        if said(answer)? == MergeBack::NothingLost {
            continue;
        }
        let stories: Vec<String> = reading.keys(parent).iter().map(ToString::to_string).collect();
        let of = if stories.is_empty() { String::new() } else { format!(" ({})", stories.join(", ")) };
        let (left, shown) = (reading.commit(parent).sha, say::list(&paths, SHOWN));
        let from = left.short();
        let message = format!("left out what {from}{of} brought in {shown}: it only appears to ship");
        let fix = "look at it with git show --remerge-diff; bring back what was left out by accident";
        let substance = json!({ "parent": left, "paths": paths });
        out.add(Found::new(DROPPED, Subject::Commit(merge.sha), message, fix).substance(substance));
    }
    Ok(())
}
