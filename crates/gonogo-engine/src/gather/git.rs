//! Questions that git answers. What can be asked of one process is one job.

use super::copies;
use gonogo_checks::facts::Facts;
use gonogo_checks::questions::{
    Answer, Ask, Below, ChangedPaths, ConflictMarkers, Copies, KeptBy, LinesOf, MergeDiffOf, MergeOf, MergedAgain,
    Named, NamedCommit, NumberedCommit, PatchOf, PolicyAt, PrefixesOf, Range, SightingsOf, UndoingOf,
};
use gonogo_checks::reading::{self, GUESS_FROM};
use gonogo_core::changeset::{Changeset, LineCount, Prefixes, Sighting};
use gonogo_core::fact::{Fact, Why};
use gonogo_core::ids::{IssueKey, Sha};
use gonogo_core::policy::FILE;
use gonogo_read::keys::{Grammar, scan};
use gonogo_read::message::{self, Revert, is_object_name};
use gonogo_remote::git::{Again, CutRange, Git, GitError, Messages, Undo};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Places that are kept for one key.
const MOST_SIGHTINGS: usize = 20;
/// How many commits a pull request is looked for in.
const NUMBERED_IN: usize = 20_000;
/// How deep a chain of reverts of reverts is followed.
const MOST_NESTED: usize = 8;

/// Work for one thread.
#[derive(Debug)]
pub(super) enum Job {
    Range(Range),
    Below(Below),
    Copies(Copies, Option<Arc<Changeset>>),
    Prefixes(PrefixesOf),
    Merge(MergeOf),
    MergeDiffs(Vec<MergeDiffOf>),
    Again(Vec<MergedAgain>),
    Markers(ConflictMarkers),
    Paths(ChangedPaths),
    Policy(PolicyAt),
    Named(Vec<Named>),
    Numbered(Sha, Vec<NumberedCommit>),
    Undoings(Vec<UndoingOf>),
    Kept(Sha, Vec<KeptBy>),
    Patches(Vec<PatchOf>),
    Lines(Vec<LinesOf>),
    Sightings(Vec<SightingsOf>),
}

/// Sorts asks into jobs. Copies need the range: they wait in the same thread
/// for it where it is not here yet.
pub(super) fn jobs(asks: &[&Ask], facts: &Facts) -> Vec<Job> {
    let mut jobs = Vec::new();
    let (mut named, mut patches, mut lines, mut sightings) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut merges, mut again, mut undoings) = (Vec::new(), Vec::new(), Vec::new());
    let mut numbered: BTreeMap<Sha, Vec<NumberedCommit>> = BTreeMap::new();
    let mut kept: BTreeMap<Sha, Vec<KeptBy>> = BTreeMap::new();
    for ask in asks {
        match (*ask).clone() {
            Ask::Range(q) => jobs.push(Job::Range(q)),
            Ask::Below(q) => jobs.push(Job::Below(q)),
            Ask::Copies(q) => {
                let range = facts.at_hand(Range { base: q.base, head: q.head });
                let known = if let Some(Fact::Known(set)) = range { Some(set) } else { None };
                jobs.push(Job::Copies(q, known));
            }
            Ask::PrefixesOf(q) => jobs.push(Job::Prefixes(q)),
            Ask::MergeOf(q) => jobs.push(Job::Merge(q)),
            Ask::MergedAgain(q) => again.push(q),
            Ask::MergeDiffOf(q) => merges.push(q),
            Ask::ConflictMarkers(q) => jobs.push(Job::Markers(q)),
            Ask::PolicyAt(q) => jobs.push(Job::Policy(q)),
            Ask::ChangedPaths(q) => jobs.push(Job::Paths(q)),
            Ask::Named(q) => named.push(q),
            Ask::NumberedCommit(q) => numbered.entry(q.behind).or_default().push(q),
            Ask::UndoingOf(q) => undoings.push(q),
            Ask::KeptBy(q) => kept.entry(q.head).or_default().push(q),
            Ask::PatchOf(q) => patches.push(q),
            Ask::LinesOf(q) => lines.push(q),
            Ask::SightingsOf(q) => sightings.push(q),
            // the tracker's, the code host's, ours
            Ask::IssueOf(_)
            | Ask::ReadyStories(_)
            | Ask::AwareOf(_)
            | Ask::UnsettledOf(_)
            | Ask::SignedOff(_)
            | Ask::BuildsOf(_)
            | Ask::RequiredBuilds(_)
            | Ask::UsualBuilds(_)
            | Ask::PullsOf(_)
            | Ask::PullNumbered(_) => {}
        }
    }
    if !named.is_empty() {
        jobs.push(Job::Named(named));
    }
    jobs.extend(numbered.into_iter().map(|(behind, asks)| Job::Numbered(behind, asks)));
    jobs.extend(kept.into_iter().map(|(head, asks)| Job::Kept(head, asks)));
    if !undoings.is_empty() {
        jobs.push(Job::Undoings(undoings));
    }
    if !merges.is_empty() {
        jobs.push(Job::MergeDiffs(merges));
    }
    if !again.is_empty() {
        jobs.push(Job::Again(again));
    }
    if !patches.is_empty() {
        jobs.push(Job::Patches(patches));
    }
    if !lines.is_empty() {
        jobs.push(Job::Lines(lines));
    }
    if !sightings.is_empty() {
        jobs.push(Job::Sightings(sightings));
    }
    pair_range_with_copies(jobs)
}

/// Range and copies of the same pair are one read: the copies' job brings both.
fn pair_range_with_copies(jobs: Vec<Job>) -> Vec<Job> {
    let pairs: BTreeSet<(Sha, Sha)> = jobs
        .iter()
        .filter_map(|job| if let Job::Copies(q, None) = job { Some((q.base, q.head)) } else { None })
        .collect();
    let is_paired = |job: &Job| matches!(job, Job::Range(q) if pairs.contains(&(q.base, q.head)));
    jobs.into_iter().filter(|job| !is_paired(job)).collect()
}

pub(super) fn all_unknown(asks: Vec<Ask>, said: &str) -> Vec<(Ask, Answer)> {
    let why = || Why::new(said, "check again; if it stays, report it");
    asks.into_iter().map(|ask| (ask.clone(), ask.unknown(why()))).collect()
}

impl Job {
    /// What it answers.
    pub(super) fn asks(&self) -> Vec<Ask> {
        fn each<Q: Clone + Into<Ask>>(questions: &[Q]) -> Vec<Ask> {
            questions.iter().cloned().map(Into::into).collect()
        }
        match self {
            Self::Range(q) => vec![q.clone().into()],
            Self::Below(q) => vec![q.clone().into()],
            Self::Copies(q, known) => {
                let range = known.is_none().then(|| Range { base: q.base, head: q.head }.into());
                range.into_iter().chain([q.clone().into()]).collect()
            }
            Self::Prefixes(q) => vec![q.clone().into()],
            Self::Merge(q) => vec![q.clone().into()],
            Self::Again(qs) => each(qs),
            Self::MergeDiffs(qs) => each(qs),
            Self::Markers(q) => vec![q.clone().into()],
            Self::Policy(q) => vec![q.clone().into()],
            Self::Paths(q) => vec![q.clone().into()],
            Self::Named(qs) => each(qs),
            Self::Numbered(_, qs) => each(qs),
            Self::Undoings(qs) => each(qs),
            Self::Kept(_, qs) => each(qs),
            Self::Patches(qs) => each(qs),
            Self::Lines(qs) => each(qs),
            Self::Sightings(qs) => each(qs),
        }
    }

    pub(super) fn run(self, git: &Git) -> Vec<(Ask, Answer)> {
        let asks = self.asks();
        match self.answers(git) {
            Ok(answers) => asks.into_iter().zip(answers).collect(),
            Err(error) => {
                let why = why(git, &error);
                asks.into_iter().map(|ask| (ask.clone(), ask.unknown(why.clone()))).collect()
            }
        }
    }

    /// One answer for each of `asks`, in their order.
    fn answers(self, git: &Git) -> Result<Vec<Answer>, GitError> {
        Ok(match self {
            Self::Range(q) => vec![Answer::Range(range(git, q.base, q.head)?)],
            Self::Below(q) => {
                let below = git.below(q.base, q.head, q.path.as_str())?;
                vec![Answer::Below(Fact::Known(Arc::new(below)))]
            }
            Self::Copies(q, Some(set)) => vec![Answer::Copies(copies::of(git, q.base, &set)?)],
            Self::Copies(q, None) => {
                let range = range(git, q.base, q.head)?;
                let copies = match &range {
                    Fact::Known(set) => copies::of(git, q.base, set).unwrap_or_else(|e| Fact::Unknown(why(git, &e))),
                    Fact::Absent => Fact::Absent,
                    Fact::Unknown(why) => Fact::Unknown(why.clone()),
                };
                vec![Answer::Range(range), Answer::Copies(copies)]
            }
            Self::Prefixes(q) => vec![Answer::PrefixesOf(Fact::Known(prefixes(git, q.head)?))],
            Self::Merge(q) => vec![Answer::MergeOf(Fact::Known(git.merge_back(q.base, q.head)?))],
            Self::Again(qs) => {
                let asked: Vec<Again> =
                    qs.into_iter().map(|q| Again { head: q.head, parent: q.parent, others: q.others }).collect();
                let answers = git.merged_again(&asked)?;
                answers.into_iter().map(|back| Answer::MergedAgain(Fact::Known(back))).collect()
            }
            Self::MergeDiffs(qs) => {
                let diffs = git.merge_diffs(&qs.iter().map(|q| q.merge).collect::<Vec<_>>())?;
                diffs.into_iter().map(|diff| Answer::MergeDiffOf(Fact::Known(diff))).collect()
            }
            Self::Markers(q) => vec![Answer::ConflictMarkers(Fact::Known(git.conflict_markers(q.base, q.head)?))],
            Self::Paths(q) => vec![Answer::ChangedPaths(Fact::Known(git.changed_paths(q.base, q.head)?))],
            Self::Policy(q) => vec![Answer::PolicyAt(git.file_at(q.sha, FILE)?.map_or(Fact::Absent, Fact::Known))],
            Self::Named(qs) => {
                let one = |q: Named| Ok(Answer::Named(named(git, &q.name, 0)?.map_or(Fact::Absent, Fact::Known)));
                qs.into_iter().map(one).collect::<Result<_, GitError>>()?
            }
            Self::Numbered(behind, qs) => numbered(git, behind, &qs)?,
            Self::Undoings(qs) => {
                let asked: Vec<Undo> =
                    qs.into_iter().map(|q| Undo { by: q.by, undone: q.undone, outside: q.outside }).collect();
                git.undoings(&asked)?.into_iter().map(|undoing| Answer::UndoingOf(Fact::Known(undoing))).collect()
            }
            Self::Kept(head, qs) => {
                let has = git.keeps(head, &qs.iter().map(|q| q.commit).collect::<Vec<_>>())?;
                let kept = |q: KeptBy| Answer::KeptBy(has.get(&q.commit).map_or(Fact::Absent, |is| Fact::Known(*is)));
                qs.into_iter().map(kept).collect()
            }
            Self::Patches(qs) => {
                let mut ids = git.patch_ids(&qs.iter().map(|q| q.sha).collect::<Vec<_>>())?;
                let id = |q: PatchOf| Answer::PatchOf(Fact::Known(ids.remove(&q.sha).unwrap_or_default()));
                qs.into_iter().map(id).collect()
            }
            Self::Lines(qs) => {
                let counts = git.line_counts(&qs.iter().map(|q| q.sha).collect::<Vec<_>>())?;
                let count = |q: LinesOf| counts.get(&q.sha).copied().unwrap_or(LineCount::default());
                qs.into_iter().map(|q| Answer::LinesOf(Fact::Known(count(q)))).collect()
            }
            Self::Sightings(qs) => {
                let mut seen = sightings(git, &qs)?;
                qs.into_iter()
                    .map(|q| Answer::SightingsOf(Fact::Known(seen.remove(&q.key).unwrap_or_default())))
                    .collect()
            }
        })
    }
}

fn range(git: &Git, base: Sha, head: Sha) -> Result<Fact<Arc<Changeset>>, GitError> {
    Ok(match git.range(base, head)? {
        Ok(set) => Fact::Known(Arc::new(set)),
        Err(CutRange) => Fact::Unknown(Why::new(
            "this clone is shallow and does not hold the whole range",
            "git fetch --unshallow; in CI, fetch the whole history (fetch-depth: 0, GIT_DEPTH: 0)",
        )),
    })
}

/// The key-like words of the newest commits.
pub(crate) fn prefixes(git: &Git, head: Sha) -> Result<Prefixes, GitError> {
    let mut messages = Vec::new();
    git.messages(&Messages::Newest { head, most: GUESS_FROM }, |_, text| messages.push(text.to_owned()))?;
    Ok(reading::prefixes(messages.iter().map(String::as_str)))
}

/// A commit by a name in a message, with what it reverts itself.
fn named(git: &Git, name: &str, depth: usize) -> Result<Option<NamedCommit>, GitError> {
    if !is_object_name(name) || depth > MOST_NESTED {
        return Ok(None);
    }
    let Some((sha, text)) = git.message_of(name)? else { return Ok(None) };
    let mut reverts = Vec::new();
    for revert in message::parse(&text).reverts {
        if let Revert::Commit { name, .. } = revert {
            reverts.extend(named(git, name, depth + 1)?);
        }
    }
    Ok(Some(NamedCommit { sha, message: text, reverts }))
}

/// The newest commit that brought each pull request and has its title.
fn numbered(git: &Git, behind: Sha, asks: &[NumberedCommit]) -> Result<Vec<Answer>, GitError> {
    let mut found: Vec<Option<Sha>> = vec![None; asks.len()];
    git.messages(&Messages::Newest { head: behind, most: NUMBERED_IN }, |sha, text| {
        let Some(number) = message::parse(text).pull_request else { return };
        for (ask, found) in asks.iter().zip(&mut found) {
            if found.is_none() && ask.number == number && text.contains(&ask.title) {
                *found = Some(sha);
            }
        }
    })?;
    let commit = |sha: Option<Sha>| match sha {
        Some(sha) => Ok(named(git, &sha.to_string(), 0)?.map_or(Fact::Absent, Fact::Known)),
        None => Ok(Fact::Absent),
    };
    found.into_iter().map(|sha| commit(sha).map(Answer::NumberedCommit)).collect()
}

/// Where keys are outside the range: in branches' names, in commits that only
/// other branches have, and, for keys that nothing open has, in production.
fn sightings(git: &Git, asks: &[SightingsOf]) -> Result<BTreeMap<IssueKey, Vec<Sighting>>, GitError> {
    let mut seen: BTreeMap<IssueKey, Vec<Sighting>> = asks.iter().map(|q| (q.key.clone(), Vec::new())).collect();
    let pairs: BTreeSet<(Sha, Sha)> = asks.iter().map(|q| (q.base, q.head)).collect();
    for (base, head) in &pairs {
        for (name, merged) in git.branch_names(*base)? {
            note(&mut seen, &name, Grammar::BranchName, || Sighting::Branch { name: name.clone(), merged });
        }
        git.messages(&Messages::OnBranchesOnly { base: *base, head: *head }, |sha, text| {
            note(&mut seen, text, Grammar::Prose, || Sighting::Elsewhere(sha, text.to_owned()));
        })?;
    }
    let is_open = |s: &Sighting| !matches!(s, Sighting::Branch { merged: true, .. });
    let mut closed = seen.clone();
    closed.retain(|_, list| !list.iter().any(is_open));
    let words: Vec<String> = closed.keys().map(ToString::to_string).collect();
    if words.is_empty() {
        return Ok(seen);
    }
    for of in asks.iter().map(|q| q.base).collect::<BTreeSet<Sha>>() {
        git.messages(&Messages::InHistory { of, words: &words }, |sha, text| {
            note(&mut closed, text, Grammar::Prose, || Sighting::InProduction(sha, text.to_owned()));
        })?;
    }
    seen.extend(closed);
    Ok(seen)
}

/// Adds a sighting to each key of a text that is looked for.
fn note(seen: &mut BTreeMap<IssueKey, Vec<Sighting>>, text: &str, grammar: Grammar, sighting: impl Fn() -> Sighting) {
    let keys: BTreeSet<IssueKey> = scan(text, grammar).map(|k| IssueKey::new(k.project, k.number)).collect();
    for key in keys {
        if let Some(list) = seen.get_mut(&key).filter(|list| list.len() < MOST_SIGHTINGS) {
            list.push(sighting());
        }
    }
}

/// What went wrong, and what a person can do about it in this clone.
pub(crate) fn why(git: &Git, error: &GitError) -> Why {
    if git.is_partial() && error.is_missing_object() {
        let said = "this clone left objects with its remote, and gonogo does not fetch by surprise";
        return Why::new(said, "fetch them: git fetch --refetch --no-filter origin");
    }
    let text = error.to_string();
    let (said, fix) = text.split_once("\n  → ").unwrap_or((&text, "run git fsck, then check again"));
    Why::new(said, fix)
}
