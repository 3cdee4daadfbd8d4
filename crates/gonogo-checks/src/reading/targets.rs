//! Finds the commits that reverts name, in a list of commits, newest first.

use gonogo_core::changeset::Commit;
use gonogo_core::ids::Sha;
use gonogo_read::message::Message;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// A list of commits with its index.
#[derive(Clone, Copy)]
pub(super) struct Among<'a> {
    pub commits: &'a [Commit],
    pub index: &'a HashMap<Sha, usize>,
}

pub(super) fn index_of(commits: &[Commit]) -> HashMap<Sha, usize> {
    commits.iter().enumerate().map(|(at, c)| (c.sha, at)).collect()
}

impl Among<'_> {
    /// A commit by a full name, or a short one that fits only one.
    pub(super) fn named(self, name: &str) -> Option<usize> {
        if let Some(sha) = Sha::from_hex(name.as_bytes()) {
            return self.index.get(&sha).copied();
        }
        let mut fitting = self.commits.iter().enumerate().filter(|(_, c)| c.sha.starts_with(name)).map(|(at, _)| at);
        fitting.next().filter(|_| fitting.next().is_none())
    }

    /// A commit, or a merge with all that it brought in. `stays` names the
    /// parent that is kept; without it that is the first.
    pub(super) fn undone(self, at: usize, stays: Option<Sha>) -> Vec<usize> {
        let commit = &self.commits[at];
        if !commit.is_merge() {
            return vec![at];
        }
        let stays = stays.or_else(|| commit.parents.first().copied());
        let mut undone = self.brought(commit, stays);
        undone.push(at);
        undone
    }

    /// What a merge has beside the parent that stays. Both sides are walked in
    /// step, newest first (a parent stands after its children), only until all
    /// that is left belongs to the side that stays.
    fn brought(self, merge: &Commit, stays: Option<Sha>) -> Vec<usize> {
        let mut open: BTreeMap<usize, Side> = BTreeMap::new();
        let put = |open: &mut BTreeMap<usize, Side>, sha: &Sha, side: Side| {
            if let Some(at) = self.index.get(sha) {
                let known = open.entry(*at).or_insert(side);
                *known = (*known).max(side);
            }
        };
        for parent in &merge.parents {
            put(&mut open, parent, if Some(*parent) == stays { Side::Stays } else { Side::Brought });
        }
        let mut brought = Vec::new();
        while open.values().any(|side| *side == Side::Brought) {
            let Some((at, side)) = open.pop_first() else { break };
            if side == Side::Brought {
                brought.push(at);
            }
            for parent in &self.commits[at].parents {
                put(&mut open, parent, side);
            }
        }
        brought
    }

    pub(super) fn parent_named(self, at: usize, name: &str) -> Option<Sha> {
        self.commits[at].parents.iter().copied().find(|p| p.starts_with(name))
    }

    /// Whether a commit has an older one behind it. Parents stand after their
    /// children: what stands after the older one leads nowhere.
    pub(super) fn is_behind(self, older: usize, newer: usize) -> bool {
        let (mut open, mut seen) = (vec![newer], HashSet::new());
        while let Some(at) = open.pop() {
            for parent in self.commits[at].parents.iter().filter_map(|sha| self.index.get(sha).copied()) {
                if parent == older {
                    return true;
                }
                if parent < older && seen.insert(parent) {
                    open.push(parent);
                }
            }
        }
        false
    }

    /// The commits outside the list on which these stand.
    pub(super) fn stands_on(self, from: impl Iterator<Item = Sha>) -> BTreeSet<Sha> {
        let from: Vec<Sha> = from.collect();
        let outside = from.iter().filter(|sha| !self.index.contains_key(sha)).copied();
        let behind = self.ancestors(from.iter().copied());
        let parents = behind.iter().flat_map(|at| self.commits[*at].parents.iter().copied());
        outside.chain(parents.filter(|sha| !self.index.contains_key(sha))).collect()
    }

    pub(super) fn ancestors(self, from: impl Iterator<Item = Sha>) -> BTreeSet<usize> {
        let mut open: Vec<usize> = from.filter_map(|sha| self.index.get(&sha).copied()).collect();
        let mut seen = BTreeSet::new();
        while let Some(at) = open.pop() {
            if seen.insert(at) {
                open.extend(self.commits[at].parents.iter().filter_map(|p| self.index.get(p)));
            }
        }
        seen
    }
}

/// The commits of each pull request, newest first.
pub(super) type ByNumber = HashMap<u64, Vec<usize>>;

pub(super) fn by_number(messages: &[Message<'_>]) -> ByNumber {
    let mut by_number = ByNumber::new();
    for (at, message) in messages.iter().enumerate() {
        if let Some(number) = message.pull_request {
            by_number.entry(number).or_default().push(at);
        }
    }
    by_number
}

/// What `Reverts owner/name#7` at `at` names: the newest older commit of that
/// number whose title the subject quotes. Another repository has such numbers too.
pub(super) fn of_number(among: Among<'_>, by_number: &ByNumber, at: usize, number: u64) -> Option<usize> {
    let title = quoted_title(&among.commits[at].subject()).filter(|title| !title.is_empty())?;
    let older = by_number.get(&number)?.iter().copied().find(|older| *older > at)?;
    among.commits[older].message.contains(&title).then_some(older)
}

/// Which side of a merge a commit is on; on both, it stays.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Brought,
    Stays,
}

/// Copies in the list of commits that are not in it: a revert that was picked
/// or rebased together with what it reverts still names the original.
pub(super) struct Copied<'a> {
    among: Among<'a>,
    by_subject: HashMap<String, Vec<usize>>,
    picked_from: HashMap<&'a str, Vec<usize>>,
}

const PICKED: &str = "(cherry picked from commit ";

impl<'a> Copied<'a> {
    pub(super) fn of(among: Among<'a>) -> Self {
        let mut by_subject: HashMap<String, Vec<usize>> = HashMap::new();
        let mut picked_from: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, commit) in among.commits.iter().enumerate() {
            by_subject.entry(commit.subject()).or_default().push(at);
            for line in commit.message.lines() {
                if let Some(name) = line.strip_prefix(PICKED).and_then(|rest| rest.strip_suffix(')')) {
                    picked_from.entry(name).or_default().push(at);
                }
            }
        }
        Self { among, by_subject, picked_from }
    }

    /// The newest copy, older than the revert at `at`, of the commit that it
    /// names: one that says so; or one with the message of the original, where
    /// that is known; else one with the title that the revert quotes.
    pub(super) fn find(&self, at: usize, name: &str, original: Option<&str>) -> Option<usize> {
        let is_behind = |other: &usize| *other > at && self.among.is_behind(*other, at);
        let older = |list: Option<&Vec<usize>>| list.into_iter().flatten().copied().filter(is_behind).min();
        let picked = older(self.picked_from.get(name)).or_else(|| {
            let by_short = self.picked_from.iter().filter(|(full, _)| full.starts_with(name));
            by_short.filter_map(|(_, list)| older(Some(list))).min()
        });
        picked.or_else(|| match original {
            Some(message) => {
                let same = |other: &usize| self.among.commits[*other].message.trim_end() == message.trim_end();
                let list = self.by_subject.get(&gonogo_core::changeset::subject_of(message))?;
                list.iter().copied().filter(is_behind).filter(same).min()
            }
            None => older(self.by_subject.get(&quoted_title(&self.among.commits[at].subject())?)),
        })
    }
}

/// The title of what a subject says it takes back, as git and code hosts write
/// it: `Revert "title" (#7)`; git's `Reapply "title"` takes back `Revert "title"`.
pub(super) fn quoted_title(subject: &str) -> Option<String> {
    let title = |kind: &str| {
        let rest = subject.strip_prefix(kind)?;
        rest.rfind('"').map(|end| &rest[..end])
    };
    title("Revert \"").map(str::to_owned).or_else(|| title("Reapply \"").map(|title| format!("Revert \"{title}\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_say_what_they_take_back() {
        assert_eq!(quoted_title("Revert \"a \"b\" c\" (#7)").as_deref(), Some("a \"b\" c"));
        assert_eq!(quoted_title("Reapply \"a\"").as_deref(), Some("Revert \"a\""));
        assert_eq!(quoted_title("Revert to a"), None);
    }
}
