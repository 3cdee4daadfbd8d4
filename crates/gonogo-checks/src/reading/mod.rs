//! What the commits of a range mean under a policy: their keys, what they
//! revert, what still ships, and the stories that come of it.

mod claims;
mod parsed;
mod pulls;
mod reader;
mod ships;
mod targets;

pub use parsed::{Excuse, ParsedRange};
pub(crate) use reader::Reader;

use crate::facts::{Facts, Stop};
use crate::questions::{Below, ChangedPaths, Copies, KeptBy, MergedAgain, PrefixesOf, Range};
use claims::Broken;
use gonogo_core::case::Case;
use gonogo_core::changeset::{Changeset, Commit, Prefix, Prefixes};
use gonogo_core::fact::{Fact, Why};
use gonogo_core::ids::{IssueKey, Sha};
use gonogo_core::policy::{ServicePath, Stories};
use gonogo_read::keys::{Grammar, scan};
use parsed::{Parsed, Target};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

/// Whose keys count, and how we know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Projects {
    pub keys: Vec<String>,
    pub guessed: bool,
}

/// The commits of a candidate, read. Indexes are those of `changeset.commits`.
#[derive(Clone, Debug)]
pub struct Reading {
    pub changeset: Arc<Changeset>,
    pub projects: Projects,
    parsed: Rc<ParsedRange>,
    /// Commits of the candidate; others belong to a longer range that holds it.
    inside: Vec<bool>,
    /// Where the service is a folder.
    folder: Option<Folder>,
    effective: Vec<bool>,
    /// Commits that were reverted and of which the head has all the same.
    kept: BTreeSet<usize>,
    already: Vec<Option<Sha>>,
    base: Sha,
    /// Whether production has commits that this head lacks.
    lacks_production: bool,
    pub stories: BTreeMap<IssueKey, StoryCommits>,
}

/// What of a range is a folder's.
#[derive(Clone, Debug)]
struct Folder {
    /// The commits that change something of it.
    commits: Arc<BTreeSet<Sha>>,
    /// Whether head has something of it that production has not, or in another
    /// form: also where no commit changes it, and a merge left it out.
    differs: bool,
}

/// A story as the range has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoryCommits {
    /// Newest first.
    pub commits: Vec<usize>,
    /// Whether anything of it ships; false when all of it is reverted, taken
    /// back, or in production already.
    pub ships: bool,
    /// Whether production has something of it that the candidate takes away.
    pub is_taken_back: bool,
    /// The flag that a trailer of its commits names.
    pub flag: Option<String>,
}

/// How a commit bears on a story: by being there, or by its absence, where it
/// reverts what production had before the range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Effect {
    by_being_there: bool,
}

/// How many of the newest commits are read to guess the projects.
pub const GUESS_FROM: usize = 300;

/// Under a guess a prefix counts when it is in so many commits, at least two,
/// with at least two numbers.
const GUESS_SHARE: u32 = 50;

/// Words of a key's shape that are no trackers' projects.
const NO_PROJECTS: [&str; 40] = [
    "UTF", "SHA", "CVE", "COVID", "ISO", "RFC", "AES", "RSA", "MD", "HTTP", "TLS", "SSL", "GPT", "PEP", "JSR", "GH",
    "PR", "MR", "IPV", "UCS", "CP", "WIN", "KOI", "IEC", "IEEE", "GHSA", "CWE", "RUSTSEC", "ECMA", "ES", "BASE",
    "HMAC", "ED", "X", "USB", "MP", "H", "I", "ARM", "ASCII",
];

/// Whether a word could be a tracker's project: not a standard's name.
pub(crate) fn may_be_project(word: &str) -> bool {
    !NO_PROJECTS.contains(&word)
}

/// The key-like words of some messages.
pub fn prefixes<'a>(messages: impl Iterator<Item = &'a str>) -> Prefixes {
    let mut read = 0;
    let mut seen: BTreeMap<&str, (u32, BTreeSet<u64>)> = BTreeMap::new();
    for message in messages {
        read += 1;
        let mut in_this: BTreeSet<&str> = BTreeSet::new();
        for key in scan(message, Grammar::Prose) {
            let (commits, numbers) = seen.entry(key.project).or_default();
            *commits += u32::from(in_this.insert(key.project));
            numbers.insert(key.number);
        }
    }
    let count = |numbers: &BTreeSet<u64>| u32::try_from(numbers.len()).unwrap_or(u32::MAX);
    let prefix = |(project, (commits, numbers)): (&str, (u32, BTreeSet<u64>))| Prefix {
        project: project.to_owned(),
        commits,
        numbers: count(&numbers),
    };
    Prefixes { read, found: seen.into_iter().map(prefix).collect() }
}

/// The projects of the policy, or those that the history suggests.
pub fn projects(policy: &Stories, prefixes: &Prefixes) -> Projects {
    if !policy.projects.is_empty() {
        return Projects { keys: policy.projects.clone(), guessed: false };
    }
    let least = (prefixes.read / GUESS_SHARE).max(2);
    let fits = |p: &&Prefix| p.commits >= least && p.numbers >= 2 && may_be_project(&p.project);
    let keys = prefixes.found.iter().filter(fits).map(|p| p.project.clone()).collect();
    Projects { keys, guessed: true }
}

impl Reading {
    /// Reads the range between two commits; asks for what it lacks.
    pub fn of(facts: &Facts, policy: &Stories, base: Sha, case: &Case) -> Result<Self, Stop> {
        let head = case.head.sha;
        let below = case.path.as_ref().map(|path| (path, facts.one(Below { base, head, path: path.clone() })));
        let differing = case.path.as_ref().map(|_| facts.one(ChangedPaths { base, head }));
        let range = facts.one(Range { base, head });
        let copies = facts.one(Copies { base, head });
        let changeset = said(range?)?;
        let prefixes = if !policy.projects.is_empty() {
            Prefixes::default()
        } else if changeset.commits.len() >= GUESS_FROM {
            prefixes(changeset.commits.iter().take(GUESS_FROM).map(|c| &*c.message))
        } else {
            facts.known(PrefixesOf { head })?.unwrap_or_default()
        };
        let copies = said(copies?)?;
        let folder = match (below, differing) {
            (Some((path, commits)), Some(differing)) => Some(Folder::of(path, said(commits?)?, &said(differing?)?)),
            _ => None,
        };
        let projects = projects(policy, &prefixes);
        let mut parsed = ParsedRange::of(facts, policy, &projects.keys, &changeset, base)?;
        let reader = Reader { policy, projects: &projects.keys };
        let concerns = |sha: &Sha| folder.as_ref().is_none_or(|folder| folder.commits.contains(sha));
        pulls::name_stories(facts, &reader, case, &changeset, &mut parsed, concerns)?;
        let already = changeset.commits.iter().map(|c| copies.get(&c.sha).copied()).collect();
        let inside = vec![true; changeset.commits.len()];
        let lacks_production = !changeset.missing.is_empty();
        let kept = BTreeSet::new();
        Self::assemble(changeset, projects, Rc::new(parsed), already, inside, folder, kept, base, lacks_production)
            .with_kept(facts, head)
    }

    /// Asks of what was reverted whether the head has it all the same.
    fn with_kept(self, facts: &Facts, head: Sha) -> Result<Self, Stop> {
        let is_asked = |at: &usize| {
            let commit = self.commit(*at);
            !self.effective[*at] && !commit.is_merge() && !commit.files.is_empty()
        };
        let asked: Vec<usize> = self.indexes().filter(is_asked).collect();
        let answers = facts.all(asked.iter().map(|at| KeptBy { head, commit: self.commit(*at).sha }))?;
        let mut kept = BTreeSet::new();
        for (at, answer) in asked.into_iter().zip(answers) {
            if said(answer)? {
                kept.insert(at);
            }
        }
        if kept.is_empty() {
            return Ok(self);
        }
        let Self { changeset, projects, parsed, already, inside, folder, base, lacks_production, .. } = self;
        Ok(Self::assemble(changeset, projects, parsed, already, inside, folder, kept, base, lacks_production))
    }

    /// The part of it that another head, in the range, would ship.
    #[must_use]
    pub fn up_to(&self, head: Sha) -> Self {
        let index = self.parsed.index();
        let mut inside = vec![false; self.changeset.commits.len()];
        let mut open: Vec<usize> = index.get(&head).copied().into_iter().collect();
        while let Some(at) = open.pop() {
            if !std::mem::replace(&mut inside[at], true) {
                open.extend(self.changeset.commits[at].parents.iter().filter_map(|p| index.get(p)));
            }
        }
        let (changeset, parsed) = (Arc::clone(&self.changeset), Rc::clone(&self.parsed));
        // Production is behind this head when one of its commits stands on it:
        // every way from the range into production's history goes over a parent.
        let stands_on_production = |at: usize| self.changeset.commits[at].parents.contains(&self.base);
        let lacks_production = !(0..inside.len()).any(|at| inside[at] && stands_on_production(at));
        let (projects, already, folder) = (self.projects.clone(), self.already.clone(), self.folder.clone());
        // Of another head that is not known: what the whole range keeps it may keep too.
        let kept = self.kept.clone();
        Self::assemble(changeset, projects, parsed, already, inside, folder, kept, self.base, lacks_production)
    }

    #[allow(clippy::too_many_arguments, reason = "the one place that puts a reading together")]
    fn assemble(
        changeset: Arc<Changeset>,
        projects: Projects,
        parsed: Rc<ParsedRange>,
        already: Vec<Option<Sha>>,
        inside: Vec<bool>,
        folder: Option<Folder>,
        kept: BTreeSet<usize>,
        base: Sha,
        lacks_production: bool,
    ) -> Self {
        let reverts = parsed.reverts(&changeset, &inside);
        let among = targets::Among { commits: &changeset.commits, index: parsed.index() };
        let is_behind = |older: usize, newer: usize| among.is_behind(older, newer);
        let mut effective = ships::effective(changeset.commits.len(), &reverts, is_behind);
        for at in &kept {
            effective[*at] = true;
        }
        let stories = BTreeMap::new();
        let mut reading = Self {
            changeset,
            projects,
            parsed,
            inside,
            folder,
            effective,
            kept,
            already,
            base,
            lacks_production,
            stories,
        };
        reading.stories = reading.collect_stories();
        reading
    }

    fn collect_stories(&self) -> BTreeMap<IssueKey, StoryCommits> {
        let mut stories: BTreeMap<IssueKey, StoryCommits> = BTreeMap::new();
        for at in self.indexes() {
            for key in self.keys(at) {
                stories.entry(key).or_default().commits.push(at);
            }
            for (key, effect) in self.effects(at) {
                let story = stories.entry(key).or_default();
                // Head has it, and production; what differs is what this deploy changes.
                let in_head = self.effective[at] == effect.by_being_there;
                let in_production = self.already[at].is_some() == effect.by_being_there;
                story.ships |= in_head && !in_production;
                story.is_taken_back |= in_production && !in_head;
                if story.flag.is_none() {
                    story.flag.clone_from(&self.parsed(at).flag);
                }
            }
        }
        stories
    }

    /// Whether it takes reverts at their word, since that they keep it is still asked.
    pub(crate) fn is_claimed(&self) -> bool {
        self.parsed.is_claimed()
    }

    /// The same, when what was taken at its word is known.
    pub(crate) fn settled(self, facts: &Facts, head: Sha) -> Result<Self, Stop> {
        let mut parsed = self.parsed;
        if Rc::make_mut(&mut parsed).settle(facts) {
            return Ok(Self { parsed, ..self });
        }
        let Self { changeset, projects, already, inside, folder, base, lacks_production, .. } = self;
        let kept = BTreeSet::new();
        Self::assemble(changeset, projects, parsed, already, inside, folder, kept, base, lacks_production)
            .with_kept(facts, head)
    }

    /// Whether production has commits that this head lacks, and that concern the service.
    pub fn lacks_production(&self) -> bool {
        // Of a part it is not known which ones those are.
        self.lacks_production && (self.folder.is_none() || self.is_part() || self.missing().next().is_some())
    }

    /// Commits that production has and the whole range's head lacks.
    pub fn missing(&self) -> impl Iterator<Item = &Commit> {
        self.changeset.missing.iter().filter(|commit| self.concerns(commit.sha))
    }

    /// Whether a commit changes something of the service.
    fn concerns(&self, sha: Sha) -> bool {
        self.folder.as_ref().is_none_or(|folder| folder.commits.contains(&sha))
    }

    /// Whether the service is a folder, below which nothing differs. Of a part,
    /// whose paths are not known, a merge may have left something out.
    pub fn concerns_nothing(&self) -> bool {
        let Some(folder) = &self.folder else { return false };
        let may_differ = if self.is_part() { self.merges().next().is_some() } else { folder.differs };
        !may_differ && self.indexes().next().is_none() && !self.lacks_production()
    }

    /// Whether this is a part of a longer range, of which alone the commits that
    /// are missing are known by name.
    pub(crate) fn is_part(&self) -> bool {
        self.inside.iter().any(|inside| !inside)
    }

    /// The candidate's commits that concern the service, newest first.
    pub fn indexes(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.inside.len()).filter(|at| self.inside[*at] && self.concerns(self.commit(*at).sha))
    }

    /// The candidate's merges, newest first: also those that bring nothing of the
    /// service, which may have left something of it out.
    pub(crate) fn merges(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.inside.len()).filter(|at| self.inside[*at] && self.commit(*at).is_merge())
    }

    /// Where a commit of the range stands in it.
    pub fn position(&self, sha: Sha) -> Option<usize> {
        self.parsed.index().get(&sha).copied()
    }

    pub fn commit(&self, at: usize) -> &Commit {
        &self.changeset.commits[at]
    }

    pub(crate) fn parsed(&self, at: usize) -> &Parsed {
        &self.parsed.commits[at]
    }

    /// False when reverted within the range, or in production already.
    pub fn ships(&self, at: usize) -> bool {
        self.effective[at] && self.already[at].is_none()
    }

    /// Production's commit with the same change.
    pub fn already_in_production(&self, at: usize) -> Option<Sha> {
        self.already[at]
    }

    /// The stories that a commit belongs to: its own keys, and those of what it reverts.
    pub fn keys(&self, at: usize) -> BTreeSet<IssueKey> {
        let parsed = self.parsed(at);
        let mut keys: BTreeSet<IssueKey> = parsed.own.iter().cloned().collect();
        for target in parsed.targets() {
            match target {
                Target::Inside { at, .. } if self.inside[*at] => keys.extend(self.parsed.belongs(*at)),
                Target::Inside { .. } | Target::Lost => {}
                Target::Outside { keys: theirs, .. } => keys.extend(theirs.iter().cloned()),
            }
        }
        keys
    }

    /// Whether it belongs to any story.
    pub(crate) fn names_story(&self, at: usize) -> bool {
        !self.parsed(at).own.is_empty() || !self.keys(at).is_empty()
    }

    pub fn mentions(&self, at: usize) -> Vec<IssueKey> {
        if self.parsed(at).mentions.is_empty() {
            return Vec::new();
        }
        let keys = self.keys(at);
        self.parsed(at).mentions.iter().filter(|k| !keys.contains(k)).cloned().collect()
    }

    pub fn pull_request(&self, at: usize) -> Option<u64> {
        self.parsed(at).pull_request
    }

    /// Why it is not known which pull requests brought commits that ship.
    pub(crate) fn unread_pull_requests(&self) -> impl Iterator<Item = &Why> {
        self.indexes().filter(|at| self.ships(*at)).filter_map(|at| self.unread_pull_request(at))
    }

    /// Why it is not known which pull request brought a commit that names no story.
    pub(crate) fn unread_pull_request(&self, at: usize) -> Option<&Why> {
        self.parsed(at).unread_pull_request.as_deref()
    }

    /// Whether the commit is marked with a no-key word.
    pub fn no_key(&self, at: usize) -> bool {
        self.parsed(at).no_key
    }

    /// What a revert names, in the range or out of it.
    pub fn reverts(&self, at: usize) -> Vec<Sha> {
        let sha = |target: &Target| match target {
            Target::Inside { at, .. } => Some(self.commit(*at).sha),
            Target::Outside { sha, .. } => Some(*sha),
            Target::Lost => None,
        };
        self.parsed(at).targets().iter().filter_map(sha).collect()
    }

    /// How a commit's word that it reverts others was not kept.
    pub(crate) fn broken(&self, at: usize) -> Option<&Broken> {
        self.parsed(at).word.as_deref()?.broken.as_ref()
    }

    /// What goes of production with the merges of the range that a commit undoes,
    /// whole or in part, while it has effect: with the parent that stays.
    pub(crate) fn takes_from_production(&self, at: usize) -> Vec<(Sha, Sha)> {
        let Some(word) = self.parsed(at).word.as_deref().filter(|_| self.effective[at]) else { return Vec::new() };
        let broken = word.broken.iter().flat_map(Broken::targets);
        let mut taken = Vec::new();
        for target in word.targets.iter().chain(broken) {
            let Target::Inside { at: merge, stays } = target else { continue };
            let merge = self.commit(*merge);
            let Some(stays) = stays.or(merge.parents.first().copied()).filter(|_| merge.is_merge()) else { continue };
            let brought = self.brought_from_production(merge, stays, |parent| *parent != stays);
            taken.extend(brought.into_iter().map(|commit| (commit, stays)));
        }
        taken
    }

    /// Production's commits on which some parents of a merge stand, and one does not.
    pub(crate) fn brought_from_production(
        &self,
        merge: &Commit,
        other: Sha,
        by: impl Fn(&Sha) -> bool,
    ) -> BTreeSet<Sha> {
        let among = targets::Among { commits: &self.changeset.commits, index: self.parsed.index() };
        let stays = among.stands_on(std::iter::once(other));
        let brought = among.stands_on(merge.parents.iter().copied().filter(by));
        brought.difference(&stays).copied().collect()
    }

    /// What a revert changes beside what it undoes, where no story is named for that.
    pub(crate) fn beside_without_key(&self, at: usize) -> &[String] {
        let parsed = self.parsed(at);
        if parsed.own.is_empty() { parsed.beside() } else { &[] }
    }

    /// Why a commit need not name a story.
    pub fn excuse(&self, at: usize) -> Option<Excuse> {
        self.parsed(at).excuse
    }

    /// Whether all of these commits are older than the rules, or by bots.
    pub(crate) fn only_notes(&self, commits: &[usize]) -> bool {
        !commits.is_empty() && commits.iter().all(|at| self.parsed(*at).is_noted)
    }

    /// The stories that ship.
    pub fn shipping(&self) -> impl Iterator<Item = (&IssueKey, &StoryCommits)> {
        self.stories.iter().filter(|(_, s)| s.ships)
    }

    /// What merging a commit again would do to a head, that a merge took by one
    /// of its parents. The other side is the range's, where the merge has one there.
    pub(crate) fn again(&self, merge: &Commit, by: Sha, commit: Sha, head: Sha) -> MergedAgain {
        let others = || merge.parents.iter().filter(move |other| **other != by).copied();
        let inside: Vec<Sha> = others().filter(|other| self.position(*other).is_some()).collect();
        let others = if inside.is_empty() { others().collect() } else { inside };
        MergedAgain { head, parent: commit, others }
    }

    /// Names of co-authors, as trailers tell them.
    pub fn co_authors(&self, at: usize) -> &[String] {
        &self.parsed(at).co_authors
    }

    /// The commits of a `Flag: name` trailer and the like, by key.
    pub fn trailer_values<'a>(&'a self, key: &'a str) -> impl Iterator<Item = (usize, String)> + 'a {
        self.indexes().flat_map(move |at| {
            let values = parsed::trailer_values(&self.commit(at).message, key);
            values.into_iter().map(move |value| (at, value))
        })
    }

    /// The stories that a commit brings by having effect, and those that it
    /// takes away: a revert of something older than the range. What it reverts
    /// in the range loses its effect itself.
    fn effects(&self, at: usize) -> BTreeSet<(IssueKey, Effect)> {
        let parsed = self.parsed(at);
        let outside = parsed.targets().iter().flat_map(|target| match target {
            Target::Outside { restores, keys, .. } => {
                let effect = Effect { by_being_there: *restores };
                keys.iter().map(|key| (key.clone(), effect)).collect()
            }
            Target::Inside { .. } | Target::Lost => Vec::new(),
        });
        let own = parsed.own.iter().map(|key| (key.clone(), Effect { by_being_there: true }));
        own.chain(outside).collect()
    }

    /// First-parent commits of a head within the range, newest first.
    pub fn first_parents(&self, head: Sha) -> Vec<usize> {
        let index: &HashMap<Sha, usize> = self.parsed.index();
        let mut line = Vec::new();
        let mut next = index.get(&head).copied();
        while let Some(at) = next {
            line.push(at);
            next = self.commit(at).parents.first().and_then(|p| index.get(p)).copied();
        }
        line
    }
}

impl Folder {
    fn of(path: &ServicePath, commits: Arc<BTreeSet<Sha>>, differing: &[String]) -> Self {
        let differs = differing.iter().any(|changed| path.holds(changed));
        Self { differs: differs || !commits.is_empty(), commits }
    }
}

/// The answer, where the whole reading stands on it.
pub(crate) fn said<T>(fact: Fact<T>) -> Result<T, Stop> {
    match fact {
        Fact::Known(value) => Ok(value),
        Fact::Unknown(why) => Err(Stop::Unknown(why)),
        Fact::Absent => Err(Stop::Unknown(Why::new("the commits are gone", "fetch them and check again"))),
    }
}

/// The stories that a message makes ship by its own words.
pub fn own_keys(message: &str, policy: &Stories, projects: &[String]) -> Vec<IssueKey> {
    parsed::own_keys(message, policy, projects)
}
