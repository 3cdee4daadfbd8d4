//! Whether a commit that says it reverts others does so: held against what
//! `git revert` of them would have given.

use super::log::path_text;
use super::merge::{Scratch, Trial, read_trial};
use super::merges::{Differences, Entry, Node, differences};
use super::{Git, GitError, run};
use gonogo_core::changeset::{Undoing, WithMerge};
use gonogo_core::ids::Sha;
use std::collections::{BTreeSet, HashMap, HashSet};

/// The oldest git whose `merge-tree --stdin` takes a merge base.
const WITH_BASE: (u32, u32) = (2, 40);

/// What is compared by its lines; larger files are not looked at.
const MOST_CONTENT: u64 = 8 << 20;

/// A commit, and what it says that it undoes, newest first, over production.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undo {
    pub base: Sha,
    pub by: Sha,
    /// With, of a merge, the parent that stays; without one that is the first.
    pub undone: Vec<(Sha, Option<Sha>)>,
}

struct Commits(HashMap<Sha, Node>);

impl Commits {
    fn get(&self, sha: Sha) -> Result<&Node, GitError> {
        self.0.get(&sha).ok_or_else(|| GitError::MissingObject { name: sha.to_string() })
    }

    /// The parent that stays when a commit is undone; a first commit has none.
    fn before(&self, (undone, stays): (Sha, Option<Sha>)) -> Result<Option<Sha>, GitError> {
        let parents = &self.get(undone)?.parents;
        Ok(stays.filter(|stays| parents.contains(stays)).or(parents.first().copied()))
    }
}

impl Git {
    /// What each commit leaves of what it says that it undoes, and what it
    /// changes beside.
    pub fn undoings(&self, asked: &[Undo]) -> Result<Vec<Undoing>, GitError> {
        let named = asked.iter().flat_map(|undo| undo.undone.iter().map(|(sha, _)| *sha).chain([undo.by]));
        let commits = self.commits(named.collect())?;
        let mut all = self.commits(commits.0.values().flat_map(|node| node.parents.iter().copied()).collect())?;
        all.0.extend(commits.0);
        let scratch = Scratch::new(self)?;
        let trials = self.undone(&scratch, asked, &all)?;
        let tree_of = |undo: &Undo| Ok(all.get(undo.by)?.tree);
        let trees = asked.iter().map(tree_of).collect::<Result<Vec<Sha>, GitError>>()?;
        let odd = differences(&scratch, trees.iter().copied().zip(trials.iter().map(|trial| trial.tree)))?;
        let each = asked.iter().zip(trees).zip(&trials);
        each.map(|((undo, tree), trial)| self.undoing(&scratch, undo, tree, trial, &odd, &all)).collect()
    }

    fn commits(&self, shas: BTreeSet<Sha>) -> Result<Commits, GitError> {
        let nodes = self.nodes(&shas.into_iter().collect::<Vec<_>>())?;
        Ok(Commits(nodes.into_iter().map(|node| (node.sha, node)).collect()))
    }

    /// The trees that undoing gives, on top of each commit's first parent.
    fn undone(&self, scratch: &Scratch, asked: &[Undo], commits: &Commits) -> Result<Vec<Trial>, GitError> {
        let (mut trials, mut lines) = (HashMap::new(), Vec::new());
        for (at, undo) in asked.iter().enumerate() {
            let onto = commits.get(undo.by)?.parents.first().copied();
            match (&undo.undone[..], onto) {
                ([one], Some(onto)) if self.version >= WITH_BASE => match commits.before(*one)? {
                    Some(before) => lines.push((at, format!("{} -- {onto} {before}\n", one.0))),
                    None => drop(trials.insert(at, one_by_one(scratch, undo, Some(onto), commits)?)),
                },
                _ => drop(trials.insert(at, one_by_one(scratch, undo, onto, commits)?)),
            }
        }
        if !lines.is_empty() {
            let input = lines.iter().flat_map(|(_, line)| line.bytes()).collect();
            let args = ["merge-tree", "--stdin", "-z", "--name-only", "--no-messages"];
            let answers = run::stream(scratch.command(&args), Some(input), |out| {
                lines.iter().map(|(at, _)| Ok((*at, read_trial(out)?))).collect::<Result<Vec<_>, GitError>>()
            })?;
            trials.extend(answers);
        }
        let lost = || GitError::Unreadable("fewer trials than asked for".to_owned());
        (0..asked.len()).map(|at| trials.remove(&at).ok_or_else(lost)).collect()
    }

    fn undoing(
        &self,
        scratch: &Scratch,
        undo: &Undo,
        tree: Sha,
        trial: &Trial,
        odd: &Differences,
        commits: &Commits,
    ) -> Result<Undoing, GitError> {
        let (mut left, mut beside) = (BTreeSet::new(), BTreeSet::new());
        let production = self.gone_from_production(undo, commits)?;
        let none = HashMap::new();
        let odd = odd.get(&(tree, trial.tree)).unwrap_or(&none);
        if odd.is_empty() && trial.conflicts.is_empty() {
            return Ok(Undoing { production, ..Undoing::default() });
        }
        let settled: HashSet<&Vec<u8>> = trial.conflicts.iter().collect();
        let undone = undone_paths(scratch, undo, commits)?;
        let mut paths: BTreeSet<&Vec<u8>> = odd.keys().collect();
        paths.extend(&settled);
        for path in paths {
            let now = odd.get(path).map(|(now, _)| *now);
            match (undone.get(path).map(Vec::as_slice), now) {
                (None, Some(_)) => drop(beside.insert(path_text(path))),
                (Some([(before, after)]), Some(now)) if self.is_gone(*before, *after, now)? => {
                    if !settled.contains(path) {
                        beside.insert(path_text(path));
                    }
                }
                // Also where the commit is as git's trial is, markers and all.
                (_, None) | (Some(_), Some(_)) => drop(left.insert(path_text(path))),
            }
        }
        Ok(Undoing { left: left.into_iter().collect(), beside: beside.into_iter().collect(), production })
    }

    /// The newest commits of production that the undone merges had brought.
    fn gone_from_production(&self, undo: &Undo, commits: &Commits) -> Result<Vec<WithMerge>, GitError> {
        let mut gone = Vec::new();
        for undone in &undo.undone {
            let parents = &commits.get(undone.0)?.parents;
            let Some(stays) = commits.before(*undone)?.filter(|_| parents.len() > 1) else { continue };
            for parent in parents.iter().filter(|parent| **parent != stays) {
                let alone = self.brought_alone(undo.base, *parent, &[stays])?;
                gone.extend(alone.into_iter().map(|commit| WithMerge { commit, stays }));
            }
        }
        Ok(gone)
    }

    /// Whether nothing of a change to a file is left in another version of it.
    fn is_gone(&self, before: Entry, after: Entry, now: Entry) -> Result<bool, GitError> {
        let read = |blob: Entry| -> Result<Option<Vec<u8>>, GitError> {
            let Some(sha) = blob else { return Ok(Some(Vec::new())) };
            let found = self.with_objects(|objects| objects.contents(&sha.to_string(), MOST_CONTENT));
            match found {
                Ok(found) => Ok(found.map(|(_, bytes)| bytes)),
                Err(GitError::TooLarge { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        };
        let (Some(before), Some(after), Some(now)) = (read(before)?, read(after)?, read(now)?) else {
            return Ok(false);
        };
        Ok(nothing_left(&before, &after, &now))
    }
}

/// Of each path that is undone, by each commit, the blobs before and after.
fn undone_paths(
    scratch: &Scratch,
    undo: &Undo,
    commits: &Commits,
) -> Result<HashMap<Vec<u8>, Vec<(Entry, Entry)>>, GitError> {
    let mut paths: HashMap<Vec<u8>, Vec<(Entry, Entry)>> = HashMap::new();
    for undone in &undo.undone {
        let before = match commits.before(*undone)? {
            Some(before) => commits.get(before)?.tree,
            None => scratch.empty_tree()?,
        };
        let pair = (before, commits.get(undone.0)?.tree);
        for (path, blobs) in differences(scratch, std::iter::once(pair))?.remove(&pair).unwrap_or_default() {
            paths.entry(path).or_default().push(blobs);
        }
    }
    Ok(paths)
}

/// Undoes several, one after the other, as `git revert` does.
fn one_by_one(scratch: &Scratch, undo: &Undo, onto: Option<Sha>, commits: &Commits) -> Result<Trial, GitError> {
    let tree_of = |commit: Option<Sha>| match commit {
        Some(commit) => Ok(commits.get(commit)?.tree),
        None => scratch.empty_tree(),
    };
    let mut now = Trial { tree: tree_of(onto)?, conflicts: Vec::new() };
    for undone in &undo.undone {
        let base = scratch.commit(&commits.get(undone.0)?.tree.to_string(), &[])?;
        let ours = scratch.commit(&now.tree.to_string(), &[base])?;
        let theirs = scratch.commit(&tree_of(commits.before(*undone)?)?.to_string(), &[base])?;
        let step = scratch.merge(ours, theirs)?;
        now.tree = step.tree;
        now.conflicts.extend(step.conflicts);
    }
    Ok(now)
}

/// Whether a version has no line that a change added, and every line that it
/// removed. Where the change cannot be told by lines, that is not known.
fn nothing_left(before: &[u8], after: &[u8], now: &[u8]) -> bool {
    fn lines(text: &[u8]) -> HashSet<&[u8]> {
        text.split(|b| *b == b'\n').map(<[u8]>::trim_ascii_end).filter(|line| !line.is_empty()).collect()
    }
    let (before, after, now) = (lines(before), lines(after), lines(now));
    before != after
        && after.difference(&before).all(|added| !now.contains(added))
        && before.difference(&after).all(|removed| now.contains(removed))
}

#[cfg(test)]
mod tests {
    use super::nothing_left;

    #[test]
    fn a_change_is_gone_when_its_lines_are_gone_and_those_that_it_took_are_back() {
        let (before, after) = (b"a\nold\nz\n", b"a\nnew\nz\n");
        assert!(nothing_left(before, after, b"a\nold\nz\n"));
        assert!(nothing_left(before, after, b"a\nold\nmore\nz\n"), "what others did since stays");
        assert!(!nothing_left(before, after, b"a\nold\nnew\nz\n"));
        assert!(!nothing_left(before, after, b"a\nz\n"), "what it took is not back");
        assert!(!nothing_left(b"a\n", b"a\n\n", b"a\n"), "nothing that lines tell");
        assert!(nothing_left(b"", b"new\n", b""), "a file that is gone again");
    }
}
