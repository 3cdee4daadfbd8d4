//! What each message of a range says, whatever the candidate's head.

use super::claims::{Broken, Word, prove, resolve};
use super::reader::Reader;
use super::ships::Undoes;
use super::targets::{Among, index_of};
use crate::facts::{Facts, Stop};
use crate::questions::UndoingOf;
use gonogo_core::changeset::{Changeset, Commit, Undoing, WithMerge};
use gonogo_core::fact::Fact;
use gonogo_core::ids::{IssueKey, Sha};
use gonogo_core::policy::Stories;
use gonogo_read::message::{self, Message};
use std::collections::{BTreeSet, HashMap};

/// All messages of a range.
#[derive(Debug)]
pub struct ParsedRange {
    pub(crate) commits: Vec<Parsed>,
    index: HashMap<Sha, usize>,
    /// What its reverts were taken at their word for, as long as that is asked.
    claims: Vec<UndoingOf>,
}

/// One message.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parsed {
    /// Keys that this commit makes ship by its own words.
    pub own: Vec<IssueKey>,
    pub mentions: Vec<IssueKey>,
    pub no_key: bool,
    pub pull_request: Option<u64>,
    pub targets: Vec<Target>,
    /// Paths that it changes beside what it undoes.
    pub beside: Vec<String>,
    /// What goes of production with a merge that it undoes.
    pub production: Vec<WithMerge>,
    pub broken: Option<Broken>,
    /// Names, as trailers tell them.
    pub co_authors: Vec<String>,
    /// The value of the policy's flag trailer.
    pub flag: Option<String>,
    pub excuse: Option<Excuse>,
    /// Older than the rules, or by a bot: findings about it are notes.
    pub is_noted: bool,
}

/// What a revert undoes.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    Inside {
        at: usize,
        /// Of a merge: the side that stays.
        stays: Option<Sha>,
    },
    /// A commit of production, or an older one, with its stories. `restores`:
    /// it was a revert itself, so that those stories ship again.
    Outside { sha: Sha, stays: Option<Sha>, keys: Vec<IssueKey>, restores: bool },
    /// No such commit here, or it is not undone.
    Lost,
}

/// Why a commit need not name a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excuse {
    Merge,
    Revert,
    NoKeyWord,
    IgnoredMessage,
    IgnoredAuthor,
    OlderThanRules,
}

impl ParsedRange {
    pub(crate) fn of(
        facts: &Facts,
        policy: &Stories,
        projects: &[String],
        set: &Changeset,
        base: Sha,
    ) -> Result<Self, Stop> {
        let reader = Reader { policy, projects };
        let index = index_of(&set.commits);
        let among = Among { commits: &set.commits, index: &index };
        let messages: Vec<Message<'_>> = set.commits.iter().map(|c| message::parse(&c.message)).collect();
        let mut words = resolve(facts, &reader, among, &messages, base)?;
        let claims = prove(facts, among, base, &mut words)?;
        let old = older_than_rules(policy, among);
        let commits = (set.commits.iter().zip(&messages).zip(words).enumerate())
            .map(|(at, ((commit, message), word))| reader.read(commit, message, word, old[at]))
            .collect();
        Ok(Self { commits, index, claims })
    }

    /// Whether its reverts were taken at their word, which is still asked.
    pub(super) fn is_claimed(&self) -> bool {
        !self.claims.is_empty()
    }

    /// Whether all that was taken at its word has turned out so.
    pub(super) fn is_kept(&self, facts: &Facts) -> bool {
        let is_kept = |claim: &UndoingOf| facts.at_hand(claim.clone()) == Some(Fact::Known(Undoing::default()));
        self.claims.iter().all(is_kept)
    }

    pub(super) fn index(&self) -> &HashMap<Sha, usize> {
        &self.index
    }

    /// Own keys, and through chains of reverts in the range those of what is reverted.
    pub(super) fn belongs(&self, at: usize) -> BTreeSet<IssueKey> {
        let (mut keys, mut seen, mut open) = (BTreeSet::new(), BTreeSet::new(), vec![at]);
        while let Some(at) = open.pop() {
            if !seen.insert(at) {
                continue;
            }
            keys.extend(self.commits[at].own.iter().cloned());
            for target in &self.commits[at].targets {
                match target {
                    Target::Inside { at, .. } => open.push(*at),
                    Target::Outside { keys: theirs, .. } => keys.extend(theirs.iter().cloned()),
                    Target::Lost => {}
                }
            }
        }
        keys
    }

    /// What each revert of the candidate undoes in it.
    pub(super) fn reverts(&self, set: &Changeset, inside: &[bool]) -> Vec<Undoes> {
        let among = Among { commits: &set.commits, index: &self.index };
        let mut all = Vec::new();
        for (by, parsed) in self.commits.iter().enumerate().filter(|(by, _)| inside[*by]) {
            let mut undone = Vec::new();
            for target in &parsed.targets {
                if let Target::Inside { at, stays } = target {
                    undone.extend(among.undone(*at, *stays));
                }
            }
            if !undone.is_empty() {
                all.push(Undoes { by, undone });
            }
        }
        all
    }
}

impl Reader<'_> {
    fn read(&self, commit: &Commit, message: &Message<'_>, word: Word, is_old: bool) -> Parsed {
        let Word { targets, beside, production, broken } = word;
        let is_revert = targets.iter().any(|t| !matches!(t, Target::Lost));
        let (own, mentions) = self.keys(message, is_revert);
        let no_key = self.says_no_key(&commit.message);
        let authors = &self.policy.ignore_authors;
        let by_bot = authors.fit(&commit.author.name) || authors.fit(&commit.author.email);
        let excuse = if commit.is_merge() {
            Some(Excuse::Merge)
        } else if is_revert && beside.is_empty() {
            Some(Excuse::Revert)
        } else if self.ignores(&commit.message) {
            Some(Excuse::IgnoredMessage)
        } else if no_key {
            Some(Excuse::NoKeyWord)
        } else if by_bot {
            Some(Excuse::IgnoredAuthor)
        } else {
            is_old.then_some(Excuse::OlderThanRules)
        };
        let flag = self.policy.partial.trailer.as_deref().and_then(|key| trailer_of(message, key).next());
        let co_author =
            |value: String| value.split_once('<').map_or(value.as_str(), |(name, _)| name).trim().to_owned();
        let co_authors = trailer_of(message, "Co-authored-by").map(co_author).collect();
        let (pull_request, is_noted) = (message.pull_request, is_old || by_bot);
        Parsed {
            own,
            mentions,
            no_key,
            pull_request,
            targets,
            beside,
            production,
            broken,
            co_authors,
            flag,
            excuse,
            is_noted,
        }
    }
}

/// Which commits are at or before the commit from which the rules hold.
fn older_than_rules(policy: &Stories, among: Among<'_>) -> Vec<bool> {
    let mut old = vec![false; among.commits.len()];
    if let Some(since) = policy.since.as_deref().and_then(|name| among.named(name)) {
        for at in among.ancestors([among.commits[since].sha].into_iter()) {
            old[at] = true;
        }
    }
    old
}

fn trailer_of<'a>(message: &'a Message<'_>, key: &'a str) -> impl Iterator<Item = String> + 'a {
    message.trailers.iter().filter(move |t| t.key.eq_ignore_ascii_case(key)).map(|t| t.value.clone())
}

/// The values of a trailer in a message.
pub(super) fn trailer_values(text: &str, key: &str) -> Vec<String> {
    trailer_of(&message::parse(text), key).collect()
}

/// The stories that a message makes ship by its own words.
pub(super) fn own_keys(message: &str, policy: &Stories, projects: &[String]) -> Vec<IssueKey> {
    let message = message::parse(message);
    Reader { policy, projects }.keys(&message, !message.reverts.is_empty()).0
}
