//! What a check sees: the candidate, the policy's words on stories, the facts,
//! and the range as it reads.

use crate::facts::{Facts, Stop};
use crate::findings::{Findings, Found};
use crate::post_deploy::PostDeploy;
use crate::questions::{IssueOf, MergeDiffOf, PatchOf};
use crate::reading::{Reading, StoryCommits, said};
use gonogo_core::case::Case;
use gonogo_core::changeset::MergeDiff;
use gonogo_core::fact::{Fact, Why};
use gonogo_core::finding::{Severity, Subject};
use gonogo_core::ids::{IssueKey, Sha};
use gonogo_core::policy::{Sections, Tracker};
use gonogo_core::story::{Issue, same_word};
use jiff::Timestamp;
use serde_json::json;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// What the checks need of each issue, so that one request brings it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    /// Names or ids of fields, as the policy has them.
    pub fields: BTreeSet<String>,
    pub history: bool,
}

impl Wants {
    /// What any of them needs.
    pub fn all(each: impl IntoIterator<Item = Self>) -> Self {
        each.into_iter().fold(Self::default(), |mut all, one| {
            all.fields.extend(one.fields);
            all.history |= one.history;
            all
        })
    }
}

/// What a policy asks of a story that a person could do in the tracker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mends {
    /// Fields that lack something, as the policy calls them.
    pub fields: Vec<FieldToMend>,
    /// States that it may ship from, where it is in none of them.
    pub states: Vec<String>,
}

/// A field, and what it lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldToMend {
    pub name: String,
    /// Of which field it says that somebody other than the assignee read it; `None`
    /// where it has to be filled in itself.
    pub confirms: Option<String>,
}

impl Mends {
    pub(crate) fn wants_field(&mut self, name: &str, confirms: Option<&str>) {
        if self.fields.iter().all(|known| known.name != name) {
            self.fields.push(FieldToMend { name: name.to_owned(), confirms: confirms.map(str::to_owned) });
        }
    }

    /// Of a second policy: a state has to do for both, where both name some.
    pub fn also(&mut self, other: Self) {
        for field in other.fields {
            self.wants_field(&field.name, field.confirms.as_deref());
        }
        if self.states.is_empty() {
            self.states = other.states;
        } else if !other.states.is_empty() {
            self.states.retain(|state| other.states.iter().any(|word| same_word(word, state)));
        }
    }
}

/// A check is its options and one function.
pub(crate) trait Check: std::fmt::Debug {
    fn run(&self, scene: &Scene<'_>, out: &mut Findings) -> Result<(), Stop>;

    /// What is wrong with the options beside their types.
    fn validate(&self) -> Result<(), String> {
        Ok(())
    }

    /// What it needs of each issue.
    fn wants(&self, _wants: &mut Wants) {}

    /// What of a story it finds that a person could mend in the tracker.
    fn mends(&self, _issue: &Issue, _mends: &mut Mends) {}

    /// The fields that stories have to fill in for it.
    fn required_fields(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Is told once which fields the other checks require.
    fn hears_of(&mut self, _required: &[String]) {}

    /// What it would find in a story by itself, and what could not be told.
    fn looks_ahead(&self, _issue: &Issue, _is_review: bool, _now: Timestamp) -> (Vec<Found>, Vec<Why>) {
        (Vec::new(), Vec::new())
    }

    /// Whether it may find something so.
    fn can_look_ahead(&self) -> bool {
        false
    }

    /// Whether a story may ship as far as its state goes.
    fn lets_ship(&self, _issue: &Issue) -> bool {
        false
    }

    /// How stories say what is to be looked at after a deploy.
    fn after_deploy(&self) -> Option<&PostDeploy> {
        None
    }
}

/// A shipping story with what the tracker said of it.
pub(crate) type ShippingIssue<'a> = (&'a IssueKey, &'a StoryCommits, Fact<Arc<Issue>>);

/// One candidate under judgement.
pub(crate) struct Scene<'a> {
    pub case: &'a Case,
    pub sections: &'a Sections,
    pub facts: &'a Facts,
    pub now: Timestamp,
    pub base: Sha,
    pub head: Sha,
    pub reading: Result<&'a Reading, Stop>,
}

impl Scene<'_> {
    pub(crate) fn reading(&self) -> Result<&Reading, Stop> {
        self.reading.clone()
    }

    /// Of some paths those that concern the service.
    pub(crate) fn below(&self, paths: Vec<String>) -> Vec<String> {
        paths.into_iter().filter(|path| self.is_below(path)).collect()
    }

    /// Whether a path is the service's.
    pub(crate) fn is_below(&self, path: &str) -> bool {
        self.case.path.as_ref().is_none_or(|folder| folder.holds(path))
    }

    /// The tracker, or the check is off.
    pub(crate) fn tracker(&self) -> Result<&Tracker, Stop> {
        self.sections.tracker.as_ref().ok_or_else(|| Stop::Off("no [tracker] in the policy".to_owned()))
    }

    /// The shipping stories with what the tracker knows of them. A commit whose
    /// pull request could not be read may belong to another one.
    pub(crate) fn shipping_issues(&self, out: &mut Findings) -> Result<Vec<ShippingIssue<'_>>, Stop> {
        let reading = self.reading()?;
        if let Some(why) = reading.unread_pull_requests().next() {
            out.could_not_check(Subject::Candidate, why.clone());
        }
        let issues = self.facts.all(reading.shipping().map(|(key, _)| IssueOf { key: key.clone() }))?;
        Ok(reading.shipping().zip(issues).map(|((key, story), issue)| (key, story, issue)).collect())
    }

    /// The candidate's merges that have something else than what merging their
    /// parents gives: where they stand in the range, and what that is.
    pub(crate) fn odd_merges(&self) -> Result<Vec<(usize, MergeDiff)>, Stop> {
        let reading = self.reading()?;
        let suspects: HashSet<Sha> = reading.changeset.suspect_merges.iter().copied().collect();
        let is_in_production = |parent: &Sha| reading.position(*parent).is_none();
        let asked: Vec<usize> = reading
            .merges()
            .filter(|at| {
                let merge = reading.commit(*at);
                suspects.contains(&merge.sha) || merge.parents.iter().any(is_in_production)
            })
            .collect();
        let diffs = self.facts.all(asked.iter().map(|at| MergeDiffOf { merge: reading.commit(*at).sha }))?;
        let mut odd = Vec::new();
        for (at, diff) in asked.into_iter().zip(diffs) {
            let diff = said(diff)?;
            if diff != MergeDiff::default() {
                odd.push((at, diff));
            }
        }
        Ok(odd)
    }

    pub(crate) fn issue_page(&self, key: &IssueKey) -> Option<String> {
        self.sections.tracker.as_ref().map(|t| t.page_of(key))
    }

    /// Adds findings on stories, their fingerprints with the patch ids of each
    /// story's commits: a new commit voids a waiver, a rebase does not. A merge
    /// that may be more than a merge counts by its id.
    pub(crate) fn add_for_stories(&self, found: Vec<(IssueKey, Found)>, out: &mut Findings) -> Result<(), Stop> {
        let reading = self.reading()?;
        let of_story = |key: &IssueKey, merges: bool| -> Vec<Sha> {
            let story = reading.stories.get(key).map(|s| s.commits.as_slice()).unwrap_or_default();
            story.iter().map(|at| reading.commit(*at)).filter(|c| c.is_merge() == merges).map(|c| c.sha).collect()
        };
        let suspects: HashSet<Sha> = reading.changeset.suspect_merges.iter().copied().collect();
        // Nobody waives a note: its patches are not looked at.
        let is_note = |found: &Found| found.at_most == Severity::Note;
        let asked: Vec<Vec<Sha>> =
            found.iter().map(|(key, found)| if is_note(found) { Vec::new() } else { of_story(key, false) }).collect();
        let mut patches = self.facts.all(asked.iter().flatten().map(|sha| PatchOf { sha: *sha }))?.into_iter();
        for ((key, found), shas) in found.into_iter().zip(asked) {
            let mut ids: Vec<String> = shas.iter().zip(patches.by_ref()).map(|(sha, p)| patch_word(*sha, p)).collect();
            if !is_note(&found) {
                ids.extend(of_story(&key, true).iter().filter(|m| suspects.contains(m)).map(|m| format!("merge {m}")));
            }
            ids.sort_unstable();
            let substance = json!({ "is": found.substance, "patches": ids });
            let only_notes = reading.stories.get(&key).is_some_and(|s| reading.only_notes(&s.commits));
            let link = self.issue_page(&key);
            out.add(found.substance(substance).link(link).note_if(only_notes));
        }
        Ok(())
    }
}

/// A patch that could not be computed binds the waiver to the exact commit.
fn patch_word(sha: Sha, patch: Fact<String>) -> String {
    match patch {
        Fact::Known(id) => id,
        Fact::Absent | Fact::Unknown(_) => format!("commit {sha}"),
    }
}

/// A story as a finding's subject.
pub(crate) fn story(key: &IssueKey) -> Subject {
    Subject::Story(key.clone())
}
