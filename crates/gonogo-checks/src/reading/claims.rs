//! What reverts say that they undo: finding it, and holding them to it.

use super::parsed::Target;
use super::reader::Reader;
use super::targets::{Among, Copied, by_number, of_number, quoted_title};
use crate::facts::{Facts, Stop};
use crate::questions::{Named, NamedCommit, NumberedCommit, UndoingOf};
use gonogo_core::changeset::WithMerge;
use gonogo_core::fact::{Fact, Why};
use gonogo_core::ids::{IssueKey, Sha};
use gonogo_read::message::{self, Message, Revert};
use std::collections::BTreeSet;

/// A commit that says that it undoes others and does not, as far as one can
/// tell. It is read as a commit like any, and they as if it were not there.
#[derive(Clone, Debug)]
pub(crate) struct Broken {
    pub named: Vec<Sha>,
    /// Paths in which something of them is left, or why that is not known.
    pub left: Result<Vec<String>, Why>,
}

/// What a commit undoes by its own word, and what came of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Word {
    pub targets: Vec<Target>,
    pub beside: Vec<String>,
    pub production: Vec<WithMerge>,
    pub broken: Option<Broken>,
}

/// Finds what each revert names: in the range by full or short name, by pull
/// request, else wherever the repository has it.
pub(super) fn resolve(
    facts: &Facts,
    reader: &Reader<'_>,
    among: Among<'_>,
    messages: &[Message<'_>],
    base: Sha,
) -> Result<Vec<Word>, Stop> {
    let mut words: Vec<Word> = vec![Word::default(); messages.len()];
    let (mut named, mut numbered) = (Vec::new(), Vec::new());
    let numbers = by_number(messages);
    for (at, message) in messages.iter().enumerate() {
        for revert in &message.reverts {
            let targets = &mut words[at].targets;
            match *revert {
                Revert::Commit { name, stays } => {
                    if let Some(found) = among.named(name) {
                        let stays = stays.and_then(|name| among.parent_named(found, name));
                        targets.push(Target::Inside { at: found, stays });
                    } else {
                        named.push((at, name.to_ascii_lowercase(), stays));
                    }
                }
                Revert::PullRequest(number) => {
                    if let Some(found) = of_number(among, &numbers, at, number) {
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
        words[at].targets.push(match answer {
            Fact::Known(named) => {
                copy(at, &name, Some(&named.message)).unwrap_or_else(|| reader.outside(&named, stays))
            }
            // What is not here cannot be looked at: it reads as a plain commit.
            Fact::Absent => copy(at, &name, None).unwrap_or(Target::Lost),
            Fact::Unknown(why) => return Err(Stop::Unknown(why)),
        });
    }
    for ((at, ..), answer) in numbered.into_iter().zip(by_number) {
        words[at].targets.push(match answer {
            Fact::Known(named) => reader.outside(&named, None),
            Fact::Absent => Target::Lost,
            Fact::Unknown(why) => return Err(Stop::Unknown(why)),
        });
    }
    Ok(words)
}

/// Holds each revert against undoing what it names: a message is no proof. As
/// long as that is not known they are taken at their word, and what was so
/// taken is returned.
pub(super) fn prove(facts: &Facts, among: Among<'_>, base: Sha, words: &mut [Word]) -> Result<Vec<UndoingOf>, Stop> {
    let mut asked: Vec<(usize, UndoingOf)> = Vec::new();
    for (by, word) in words.iter_mut().enumerate().filter(|(_, word)| !word.targets.is_empty()) {
        let commit = &among.commits[by];
        if commit.is_merge() {
            // What a merge undoes, its commits do.
            word.targets.clear();
            continue;
        }
        let mut inside: Vec<(usize, Option<Sha>)> = Vec::new();
        let mut undone: Vec<(Sha, Option<Sha>)> = Vec::new();
        for target in &word.targets {
            match target {
                Target::Inside { at, stays } => inside.push((*at, *stays)),
                Target::Outside { sha, stays, .. } => undone.push((*sha, *stays)),
                Target::Lost => {}
            }
        }
        inside.sort_unstable();
        undone.splice(0..0, inside.into_iter().map(|(at, stays)| (among.commits[at].sha, stays)));
        if !undone.is_empty() {
            asked.push((by, UndoingOf { base, by: commit.sha, undone }));
        }
    }
    let answers = match facts.all(asked.iter().map(|(_, question)| question.clone())) {
        Ok(answers) => answers,
        Err(Stop::Pending) => return Ok(asked.into_iter().map(|(_, question)| question).collect()),
        Err(stop) => return Err(stop),
    };
    for ((by, question), answer) in asked.into_iter().zip(answers) {
        let left = match answer {
            Fact::Known(undoing) if undoing.left.is_empty() => {
                (words[by].beside, words[by].production) = (undoing.beside, undoing.production);
                continue;
            }
            Fact::Known(undoing) => Ok(undoing.left),
            Fact::Unknown(why) => Err(why),
            Fact::Absent => Err(Why::new("the commits are gone", "fetch them and check again")),
        };
        let named = question.undone.into_iter().map(|(sha, _)| sha).collect();
        words[by] = Word { broken: Some(Broken { named, left }), ..Word::default() };
    }
    Ok(Vec::new())
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
