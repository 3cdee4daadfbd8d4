//! What reverts say that they undo: finding it, and holding them to it.

use super::parsed::{Parsed, Target};
use super::reader::Reader;
use super::targets::{Among, Copied, by_number, of_number, quoted_title};
use crate::facts::{Facts, Stop};
use crate::questions::{Named, NamedCommit, NumberedCommit, UndoingOf};
use gonogo_core::changeset::Undoing;
use gonogo_core::fact::{Fact, Why};
use gonogo_core::ids::{IssueKey, Sha};
use gonogo_read::message::{self, Message, Revert};
use std::collections::{BTreeMap, BTreeSet};

/// A commit that says that it undoes others and does not, as far as one can
/// tell. It is read as a commit like any, and they as if it were not there.
#[derive(Clone, Debug)]
pub(crate) struct Broken {
    pub named: Vec<Sha>,
    /// Paths in which something of them is left, or why that is not known.
    pub left: Result<Vec<String>, Why>,
    targets: Vec<Target>,
}

impl Broken {
    pub(super) fn targets(&self) -> &[Target] {
        &self.targets
    }
}

/// What a commit undoes by its own word, and what came of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Word {
    pub targets: Vec<Target>,
    /// Paths that it changes beside what it undoes.
    pub beside: Vec<String>,
    pub broken: Option<Broken>,
}

/// What is asked about a commit's word, and the commit as it reads without it.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub by: usize,
    pub question: UndoingOf,
    pub without: Parsed,
}

/// Finds what each revert names: in the range by full or short name, by pull
/// request, else wherever the repository has it.
pub(super) fn resolve(
    facts: &Facts,
    reader: &Reader<'_>,
    among: Among<'_>,
    messages: &[Message<'_>],
    base: Sha,
) -> Result<BTreeMap<usize, Word>, Stop> {
    let mut words: BTreeMap<usize, Word> = BTreeMap::new();
    let (mut named, mut numbered) = (Vec::new(), Vec::new());
    let numbers = by_number(messages);
    // What a merge says that it undoes, its commits do.
    for (at, message) in messages.iter().enumerate().filter(|(at, _)| !among.commits[*at].is_merge()) {
        for revert in &message.reverts {
            let targets = &mut words.entry(at).or_default().targets;
            // One can only take back what one has.
            let is_behind = |found: &usize| among.is_behind(*found, at);
            match *revert {
                Revert::Commit { name, stays } => {
                    if let Some(found) = among.named(name).filter(is_behind) {
                        let stays = stays.and_then(|name| among.parent_named(found, name));
                        targets.push(Target::Inside { at: found, stays });
                    } else {
                        named.push((at, name.to_ascii_lowercase(), stays));
                    }
                }
                Revert::PullRequest(number) => {
                    if let Some(found) = of_number(among, &numbers, at, number).filter(is_behind) {
                        targets.push(Target::Inside { at: found, stays: None });
                    } else if let Some(title) = quoted_title(&among.commits[at].subject()) {
                        numbered.push((at, number, title));
                    }
                }
            }
        }
    }
    let by_name = facts.all(named.iter().map(|(_, name, _)| Named { name: name.clone() }));
    let question = |(_, number, title): &(usize, u64, String)| (*number, title.clone());
    let by_number = facts.all((numbered.iter().map(question)).map(|(number, title)| NumberedCommit {
        behind: base,
        number,
        title,
    }));
    let (by_name, by_number) = (by_name?, by_number?);
    let copied = (!named.is_empty()).then(|| Copied::of(among));
    let copy = |at: usize, name: &str, original: Option<&str>| {
        let found = copied.as_ref()?.find(at, name, original)?;
        Some(Target::Inside { at: found, stays: None })
    };
    for ((at, name, stays), answer) in named.into_iter().zip(by_name) {
        words.entry(at).or_default().targets.push(match answer {
            Fact::Known(named) => {
                copy(at, &name, Some(&named.message)).unwrap_or_else(|| reader.outside(&named, stays))
            }
            // What is not here cannot be looked at: it reads as a plain commit.
            Fact::Absent => copy(at, &name, None).unwrap_or(Target::Lost),
            Fact::Unknown(why) => return Err(Stop::Unknown(why)),
        });
    }
    for ((at, ..), answer) in numbered.into_iter().zip(by_number) {
        words.entry(at).or_default().targets.push(match answer {
            Fact::Known(named) => reader.outside(&named, None),
            Fact::Absent => Target::Lost,
            Fact::Unknown(why) => return Err(Stop::Unknown(why)),
        });
    }
    Ok(words)
}

impl Word {
    /// What to ask, so that the word of a commit is held against what it does: a
    /// message is no proof.
    pub(super) fn question(&self, among: Among<'_>, by: usize) -> Option<UndoingOf> {
        let mut inside: Vec<(usize, Option<Sha>)> = Vec::new();
        let mut undone: Vec<(Sha, Option<Sha>)> = Vec::new();
        for target in &self.targets {
            match target {
                Target::Inside { at, stays } => inside.push((*at, *stays)),
                Target::Outside { sha, stays, .. } => undone.push((*sha, *stays)),
                Target::Lost => {}
            }
        }
        inside.sort_unstable();
        inside.dedup();
        undone.sort_unstable();
        undone.dedup();
        let outside = undone.len();
        undone.splice(0..0, inside.into_iter().map(|(at, stays)| (among.commits[at].sha, stays)));
        (!undone.is_empty()).then(|| UndoingOf { by: among.commits[by].sha, undone, outside })
    }
}

impl Claim {
    /// What a commit is, that was taken at its word, now that the truth is known.
    pub(super) fn settle(self, commit: &mut Parsed, answer: Fact<Undoing>) {
        let left = match answer {
            // Squashes tell of reverts that were before them.
            Fact::Known(undoing) if undoing.is_foreign => {
                *commit = self.without;
                return;
            }
            Fact::Known(undoing) if undoing.left.is_empty() => {
                if !undoing.beside.is_empty() {
                    commit.excuse = self.without.excuse;
                }
                if let Some(word) = &mut commit.word {
                    word.beside = undoing.beside;
                }
                return;
            }
            Fact::Known(undoing) => Ok(undoing.left),
            Fact::Unknown(why) => Err(why),
            Fact::Absent => Err(Why::new("the commits are gone", "fetch them and check again")),
        };
        let named = self.question.undone.into_iter().map(|(sha, _)| sha).collect();
        // What it names it may have undone in part.
        let targets = commit.word.take().map(|word| word.targets).unwrap_or_default();
        let word = Word { broken: Some(Broken { named, left, targets }), ..Word::default() };
        *commit = Parsed { word: Some(Box::new(word)), ..self.without };
    }
}

impl Reader<'_> {
    /// A commit outside the range that is reverted: its stories, and whether
    /// undoing it makes them ship again.
    fn outside(&self, named: &NamedCommit, stays: Option<&str>) -> Target {
        let (keys, restores) = self.stories_of(named);
        let stays = stays.and_then(|name| Sha::from_hex(name.as_bytes()));
        Target::Outside { sha: named.sha, stays, keys: keys.into_iter().collect(), restores }
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
