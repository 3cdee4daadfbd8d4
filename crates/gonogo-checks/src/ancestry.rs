//! ancestry: would this deploy lose what production has? Judged by merging, so
//! that a hotfix that came back as a squash or a cherry-pick counts as there.

use crate::facts::Stop;
use crate::findings::{Findings, Found};
use crate::questions::{ChangedPaths, MergeOf, MergedAgain};
use crate::reading::said;
use crate::registry::{Entry, parse};
use crate::scene::{Check, Scene};
use gonogo_core::changeset::{Commit, MergeBack};
use gonogo_core::finding::{Code, Subject};
use gonogo_core::ids::Sha;
use gonogo_core::policy::Level;
use gonogo_core::say;
use gonogo_read::message::is_object_name;
use schemars::{JsonSchema, schema_for};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashSet;

const BEHIND: Code = "ancestry-behind";
const LOST: Code = "ancestry-lost";
const CONFLICT: Code = "ancestry-conflict";
const NOTHING_LOST: Code = "ancestry-nothing-lost";
const CARRIED: Code = "ancestry-carried";

pub(crate) const ENTRY: Entry = Entry {
    name: "ancestry",
    codes: &[BEHIND, LOST, CONFLICT, NOTHING_LOST, CARRIED],
    docs: include_str!("ancestry.md"),
    default_level: Level::Block,
    before_merge: false,
    parse: parse::<Ancestry>,
    schema: || schema_for!(Ancestry),
};

/// Production has commits whose content the head would lose.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Ancestry {
    /// Whether a trailer `Carries: SHA` in the candidate counts as proof that
    /// the candidate has what that commit of production did.
    carries: bool,
}

/// How many paths and commits a message shows.
const SHOWN: usize = 6;

impl Check for Ancestry {
    fn run(&self, scene: &Scene<'_>, out: &mut Findings) -> Result<(), Stop> {
        let merges = lost_by_merges(scene, out);
        lost_by_reverts(scene, out)?;
        merges?;
        let reading = scene.reading()?;
        let missing: Vec<&Commit> = reading.missing().collect();
        if !reading.lacks_production() {
            return Ok(());
        }
        let merge = scene.facts.must(MergeOf { base: scene.base, head: scene.head })?;
        let commits = say::count(missing.len(), "commit");
        let mut shas: Vec<Sha> = missing.iter().map(|c| c.sha).collect();
        shas.sort_unstable();
        let named: Vec<String> = missing.iter().map(|c| c.sha.short()).collect();
        let named = say::list(&named, SHOWN);
        // A part of the range may lack more than is known by name.
        let part = reading.is_part().then_some(scene.head);
        let substance = |paths: &[String]| json!({ "missing": shas, "paths": paths, "part": part });
        if reading.indexes().next().is_none() {
            let message = format!("head is {commits} behind production, which would be rolled back: {named}");
            let fix = "deploy a head that has production's commits; to go back on purpose, roll back";
            out.add(Found::new(BEHIND, Subject::Candidate, message, fix).substance(substance(&[])));
            return Ok(());
        }
        let (code, said, paths) = match concerned(scene, merge) {
            MergeBack::NothingLost => {
                let message =
                    format!("production has {commits} that head lacks ({named}), and head has all their content");
                out.add(Found::new(NOTHING_LOST, Subject::Candidate, message, "nothing to do").note());
                return Ok(());
            }
            MergeBack::Loses(paths) => (LOST, "would lose what production has in", paths),
            MergeBack::Conflict { paths, .. } => (CONFLICT, "conflicts with what production has in", paths),
            MergeBack::Unrelated => (CONFLICT, "shares no history with production", Vec::new()),
        };
        if code == CONFLICT && self.carried(scene, &shas)? {
            let message =
                format!("production has {commits} that head lacks ({named}); trailers claim that head carries them");
            out.add(Found::new(CARRIED, Subject::Candidate, message, "look at the claim").note());
            return Ok(());
        }
        let place = if paths.is_empty() { String::new() } else { format!(" {}", say::list(&paths, SHOWN)) };
        let message = format!("{said}{place}: {commits} of production not in head ({named})");
        let fix = match code {
            LOST => "merge production into the branch".to_owned(),
            _ if self.carries => {
                "merge production into the branch by a merge commit, which settles it for good, or say in a trailer \
                 `Carries: SHA` that it is there, or waive"
                    .to_owned()
            }
            _ => "merge production into the branch by a merge commit, which settles it for good, or waive when its \
                  content is there in another form"
                .to_owned(),
        };
        out.add(Found::new(code, Subject::Candidate, message, fix).substance(substance(&paths)));
        Ok(())
    }
}

/// What a merge would do to the service's own folder.
fn concerned(scene: &Scene<'_>, merge: MergeBack) -> MergeBack {
    match merge {
        MergeBack::Loses(paths) => Some(scene.below(paths)).filter(|paths| !paths.is_empty()).map(MergeBack::Loses),
        MergeBack::Conflict { paths, loses } => match (scene.below(paths), scene.below(loses)) {
            (paths, loses) if paths.is_empty() && loses.is_empty() => None,
            (paths, loses) if paths.is_empty() => Some(MergeBack::Loses(loses)),
            (paths, loses) => Some(MergeBack::Conflict { paths, loses }),
        },
        MergeBack::NothingLost | MergeBack::Unrelated => Some(merge),
    }
    .unwrap_or(MergeBack::NothingLost)
}

/// Merges that took production's commits in name and left their content out,
/// as `merge -s ours` does: what is still missing in the head is lost.
fn lost_by_merges(scene: &Scene<'_>, out: &mut Findings) -> Result<(), Stop> {
    let reading = scene.reading()?;
    let odd = scene.odd_merges()?;
    let mut taken: Vec<(Sha, MergedAgain)> = Vec::new();
    for (at, diff) in &odd {
        let merge = reading.commit(*at);
        let mut take = |by, commit| taken.push((merge.sha, reading.again(merge, by, commit, merge.sha)));
        // By a parent of production itself, or by a branch that had merged it.
        let is_outside = |parent: &&Sha| reading.position(**parent).is_none();
        merge.parents.iter().filter(is_outside).for_each(|parent| take(*parent, *parent));
        for side in diff.dropped.iter().filter(|side| reading.position(side.parent).is_some()) {
            for other in merge.parents.iter().filter(|parent| **parent != side.parent) {
                let brought = reading.brought_from_production(merge, *other, |parent| *parent == side.parent);
                for commit in brought {
                    take(side.parent, commit);
                }
            }
        }
    }
    // What a person had to settle in the merge was settled; only what merges
    // cleanly and is not there was left out.
    let at_merge = scene.facts.all(taken.iter().map(|(_, question)| question.clone()))?;
    let mut left_out = Vec::new();
    for ((merge, question), answer) in taken.into_iter().zip(at_merge) {
        let loses = match said(answer)? {
            MergeBack::Loses(paths) | MergeBack::Conflict { loses: paths, .. } => paths,
            MergeBack::NothingLost | MergeBack::Unrelated => Vec::new(),
        };
        if !loses.is_empty() {
            left_out.push((merge, MergedAgain { head: scene.head, ..question }));
        }
    }
    let answers = scene.facts.all(left_out.iter().map(|(_, question)| question.clone()))?;
    for ((merge, question), answer) in left_out.into_iter().zip(answers) {
        let Some((code, paths)) = lost_in_head(scene, said(answer)?)? else { continue };
        let said = if code == LOST { "and head would lose it" } else { "and whether head has it cannot be told" };
        let (parent, shown) = (question.parent.short(), say::list(&paths, SHOWN));
        let message = format!("left out what {parent} of production has in {shown}, {said}");
        let fix = "bring it back (git cherry-pick), or waive when it is to go";
        let substance = json!({ "parent": question.parent, "paths": paths });
        out.add(Found::new(code, Subject::Commit(merge), message, fix).substance(substance));
    }
    Ok(())
}

/// Reverts of merges that had brought production's commits: those are in the
/// history, and their content is not.
fn lost_by_reverts(scene: &Scene<'_>, out: &mut Findings) -> Result<(), Stop> {
    let reading = scene.reading()?;
    let taken: Vec<(Sha, MergedAgain)> = reading
        .indexes()
        .flat_map(|at| reading.takes_from_production(at).into_iter().map(move |gone| (reading.commit(at).sha, gone)))
        .map(|(by, (commit, stays))| (by, MergedAgain { head: scene.head, parent: commit, others: vec![stays] }))
        .collect();
    let answers = scene.facts.all(taken.iter().map(|(_, question)| question.clone()))?;
    for ((by, question), answer) in taken.into_iter().zip(answers) {
        let Some((code, paths)) = lost_in_head(scene, said(answer)?)? else { continue };
        let (commit, shown) = (question.parent.short(), say::list(&paths, SHOWN));
        let message = format!("takes back what {commit} of production has in {shown}, with a merge that it reverts");
        let fix = "bring it back (git cherry-pick), or waive when it is to go";
        let substance = json!({ "commit": question.parent, "paths": paths });
        out.add(Found::new(code, Subject::Commit(by), message, fix).substance(substance));
    }
    Ok(())
}

/// What the head would lose, or may; a path in which it is as production cannot
/// be lost.
fn lost_in_head(scene: &Scene<'_>, back: MergeBack) -> Result<Option<(Code, Vec<String>)>, Stop> {
    let (paths, loses) = match back {
        MergeBack::NothingLost | MergeBack::Unrelated => return Ok(None),
        MergeBack::Loses(loses) => (Vec::new(), loses),
        MergeBack::Conflict { paths, loses } => (paths, loses),
    };
    let differs: HashSet<String> =
        scene.facts.must(ChangedPaths { base: scene.base, head: scene.head })?.into_iter().collect();
    let kept = |paths: Vec<String>| paths.into_iter().filter(|path| differs.contains(path)).collect::<Vec<String>>();
    let (paths, loses) = (kept(scene.below(paths)), kept(scene.below(loses)));
    Ok(match (loses.is_empty(), paths.is_empty()) {
        (false, _) => Some((LOST, loses)),
        (true, false) => Some((CONFLICT, paths)),
        (true, true) => None,
    })
}

impl Ancestry {
    /// Whether trailers claim every missing commit; merges need no claim of
    /// their own beside those of what they merged.
    fn carried(&self, scene: &Scene<'_>, missing: &[Sha]) -> Result<bool, Stop> {
        let reading = scene.reading()?;
        if !self.carries || reading.is_part() {
            return Ok(false);
        }
        let claims: Vec<String> = reading.trailer_values("Carries").map(|(_, value)| value).collect();
        let claimed = |sha: &Sha| claims.iter().any(|c| is_object_name(c) && sha.starts_with(c));
        let merges = |sha: &Sha| reading.missing().any(|c| c.sha == *sha && c.is_merge());
        let has_claim = missing.iter().any(claimed);
        Ok(has_claim && missing.iter().all(|sha| claimed(sha) || merges(sha)))
    }
}
