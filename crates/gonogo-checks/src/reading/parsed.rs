//! What each message of a range says, whatever the candidate's head.

use super::reader::Reader;
use super::ships::Undoes;
use super::targets::{Among, Copied, by_number, index_of, of_number, quoted_title, takes_away};
use crate::facts::{Facts, Stop};
use crate::questions::{Named, NamedCommit};
use gonogo_core::changeset::{Changeset, Commit};
use gonogo_core::fact::Fact;
use gonogo_core::ids::{IssueKey, Sha};
use gonogo_core::policy::Stories;
use gonogo_read::keys::Grammar;
use gonogo_read::message::{self, Message, Revert};
use std::collections::{BTreeSet, HashMap};

/// All messages of a range.
#[derive(Debug)]
pub struct ParsedRange {
    pub(crate) commits: Vec<Parsed>,
    index: HashMap<Sha, usize>,
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
    Outside { sha: Option<Sha>, keys: Vec<IssueKey>, restores: bool },
    /// No such commit here, and no title that says what it was.
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
    pub(crate) fn of(facts: &Facts, policy: &Stories, projects: &[String], set: &Changeset) -> Result<Self, Stop> {
        let reader = Reader { policy, projects };
        let index = index_of(&set.commits);
        let among = Among { commits: &set.commits, index: &index };
        let messages: Vec<Message<'_>> = set.commits.iter().map(|c| message::parse(&c.message)).collect();
        let targets = resolve(facts, &reader, among, &messages)?;
        let old = older_than_rules(policy, among);
        let commits = (set.commits.iter().zip(&messages).zip(targets).enumerate())
            .map(|(at, ((commit, message), targets))| reader.read(commit, message, targets, old[at]))
            .collect();
        Ok(Self { commits, index })
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
    fn read(&self, commit: &Commit, message: &Message<'_>, targets: Vec<Target>, is_old: bool) -> Parsed {
        let is_revert = targets.iter().any(|t| !matches!(t, Target::Lost));
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
        Parsed { own, mentions, no_key, pull_request, targets, co_authors, flag, excuse, is_noted }
    }

    /// A commit outside the range that is reverted: its stories, and whether
    /// undoing it makes them ship again.
    fn outside(&self, named: &NamedCommit) -> Target {
        let (keys, restores) = self.stories_of(named);
        Target::Outside { sha: Some(named.sha), keys: keys.into_iter().collect(), restores }
    }

    fn stories_of(&self, named: &NamedCommit) -> (BTreeSet<IssueKey>, bool) {
        let is_revert = !named.reverts.is_empty();
        let (own, _) = self.keys(&message::parse(&named.message), is_revert);
        let mut keys: BTreeSet<IssueKey> = own.into_iter().collect();
        let mut restores = false;
        for inner in &named.reverts {
            let (theirs, inner_restores) = self.stories_of(inner);
            keys.extend(theirs);
            restores |= !inner_restores;
        }
        (keys, restores)
    }
}

/// Finds what each revert names: in the range by full or short name, by pull
/// request, else wherever the repository has it.
fn resolve(
    facts: &Facts,
    reader: &Reader<'_>,
    among: Among<'_>,
    messages: &[Message<'_>],
) -> Result<Vec<Vec<Target>>, Stop> {
    let mut targets: Vec<Vec<Target>> = vec![Vec::new(); messages.len()];
    let mut wanted: Vec<(usize, String)> = Vec::new();
    let numbers = by_number(messages);
    for (at, message) in messages.iter().enumerate() {
        for revert in &message.reverts {
            match revert {
                Revert::Commit { name, stays } => match among.named(name) {
                    Some(found) => {
                        let stays = stays.and_then(|name| among.parent_named(found, name));
                        targets[at].push(inside(among, at, found, stays));
                    }
                    None => wanted.push((at, name.to_ascii_lowercase())),
                },
                Revert::PullRequest(number) => {
                    let found = of_number(among, &numbers, at, *number);
                    targets[at].push(match found {
                        Some(found) => inside(among, at, found, None),
                        None => at_its_word(reader, &among.commits[at].subject()),
                    });
                }
            }
        }
    }
    if wanted.is_empty() {
        return Ok(targets);
    }
    let answers = facts.all(wanted.iter().map(|(_, name)| Named { name: name.clone() }))?;
    let copied = Copied::of(among);
    for ((at, name), answer) in wanted.into_iter().zip(answers) {
        let copy =
            |original: Option<&str>| copied.find(at, &name, original).map(|found| inside(among, at, found, None));
        targets[at].push(match answer {
            Fact::Known(named) => copy(Some(&named.message)).unwrap_or_else(|| {
                if among.can_undo_outside(at, &named) { reader.outside(&named) } else { Target::Lost }
            }),
            // What is not here cannot be looked at: it reads as a plain commit.
            Fact::Absent => copy(None).unwrap_or(Target::Lost),
            Fact::Unknown(why) => return Err(Stop::Unknown(why)),
        });
    }
    Ok(targets)
}

/// A commit of the range that is undone, if the revert touches what it touched.
fn inside(among: Among<'_>, by: usize, at: usize, stays: Option<Sha>) -> Target {
    if among.can_undo(by, at, stays) { Target::Inside { at, stays } } else { Target::Lost }
}

/// A revert of a pull request that is not in the range, with the stories that
/// its title quotes; without any there is nothing to hold on to.
fn at_its_word(reader: &Reader<'_>, subject: &str) -> Target {
    let Some(title) = quoted_title(subject) else { return Target::Lost };
    let keys: Vec<IssueKey> = reader.scan(&title, Grammar::Prose).into_iter().collect();
    if keys.is_empty() {
        return Target::Lost;
    }
    Target::Outside { sha: None, keys, restores: !takes_away(subject) }
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
