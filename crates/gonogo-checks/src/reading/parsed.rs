//! What each message of a range says, whatever the candidate's head.

use super::claims::{Claim, Word, resolve};
use super::reader::Reader;
use super::ships::Undoes;
use super::targets::{Among, index_of};
use crate::facts::{Facts, Stop};
use gonogo_core::changeset::{Changeset, Commit, Undoing};
use gonogo_core::fact::{Fact, Why};
use gonogo_core::ids::{IssueKey, Sha};
use gonogo_core::policy::Stories;
use gonogo_read::message::{self, Message};
use std::collections::{BTreeSet, HashMap};

/// All messages of a range.
#[derive(Clone, Debug)]
pub struct ParsedRange {
    pub(crate) commits: Vec<Parsed>,
    index: HashMap<Sha, usize>,
    /// The reverts that are taken at their word, as long as the truth is asked.
    pub(super) claims: Vec<Claim>,
}

/// One message.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parsed {
    /// Keys that this commit makes ship by its own words.
    pub own: Vec<IssueKey>,
    pub mentions: Vec<IssueKey>,
    pub no_key: bool,
    pub pull_request: Option<u64>,
    /// Why the pull request that could name its story was not read.
    pub unread_pull_request: Option<Box<Why>>,
    /// Of those that say that they undo others.
    pub word: Option<Box<Word>>,
    /// Names, as trailers tell them.
    pub co_authors: Vec<String>,
    /// The value of the policy's flag trailer.
    pub flag: Option<String>,
    pub excuse: Option<Excuse>,
    /// Older than the rules, or by a bot: findings about it are notes.
    pub is_noted: bool,
}

impl Parsed {
    pub(crate) fn targets(&self) -> &[Target] {
        self.word.as_deref().map_or(&[], |word| &word.targets)
    }

    pub(crate) fn beside(&self) -> &[String] {
        self.word.as_deref().map_or(&[], |word| &word.beside)
    }
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
        let old = older_than_rules(policy, among);
        let (mut commits, mut claims) = (Vec::with_capacity(messages.len()), Vec::new());
        for (at, (commit, message)) in set.commits.iter().zip(&messages).enumerate() {
            let word = words.remove(&at);
            if let Some(question) = word.as_ref().and_then(|word| word.question(among, at)) {
                claims.push(Claim { by: at, question, without: reader.read(commit, message, None, old[at]) });
            }
            commits.push(reader.read(commit, message, word, old[at]));
        }
        let mut range = Self { commits, index, claims };
        range.settle(facts);
        Ok(range)
    }

    /// Whether reverts are taken at their word, since the truth is still asked.
    pub(super) fn is_claimed(&self) -> bool {
        !self.claims.is_empty()
    }

    /// Holds what was taken at its word to it, if that is known by now; whether
    /// nothing has changed by it.
    pub(super) fn settle(&mut self, facts: &Facts) -> bool {
        let Ok(answers) = facts.all(self.claims.iter().map(|claim| claim.question.clone())) else { return true };
        let mut is_kept = true;
        for (claim, answer) in std::mem::take(&mut self.claims).into_iter().zip(answers) {
            is_kept &= answer == Fact::Known(Undoing::default());
            let by = claim.by;
            claim.settle(&mut self.commits[by], answer);
        }
        is_kept
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
            for target in self.commits[at].targets() {
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
            for target in parsed.targets() {
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
    fn read(&self, commit: &Commit, message: &Message<'_>, word: Option<Word>, is_old: bool) -> Parsed {
        let is_revert = word.iter().flat_map(|word| &word.targets).any(|t| !matches!(t, Target::Lost));
        let (own, mentions) = self.keys(message, is_revert);
        let no_key = self.says_no_key(&commit.message);
        let authors = &self.policy.ignore_authors;
        let by_bot = authors.fit(&commit.author.name) || authors.fit(&commit.author.email);
        let excuse = if commit.is_merge() {
            Some(Excuse::Merge)
        } else if is_revert {
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
        let word = word.map(Box::new);
        let unread_pull_request = None;
        Parsed { own, mentions, no_key, pull_request, unread_pull_request, word, co_authors, flag, excuse, is_noted }
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
