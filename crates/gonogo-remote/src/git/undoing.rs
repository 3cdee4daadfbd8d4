//! Whether a commit that says it reverts others does so: held against what
//! `git revert` of them would have given.

use super::log::path_text;
use super::merge::{Scratch, Trial, read_trial};
use super::merges::{Differences, Entry, Node, differences};
use super::objects::Found;
use super::{Git, GitError, run};
use gonogo_core::changeset::Undoing;
use gonogo_core::ids::Sha;
use std::collections::{BTreeSet, HashMap, HashSet};

/// The oldest git whose `merge-tree --stdin` takes a merge base.
const WITH_BASE: (u32, u32) = (2, 40);

/// What is compared by its lines; larger files are not looked at.
const MOST_CONTENT: u64 = 8 << 20;

/// A commit, and what it says that it undoes, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undo {
    pub by: Sha,
    /// With, of a merge, the parent that stays; without one that is the first.
    pub undone: Vec<(Sha, Option<Sha>)>,
    /// So many of them, at the end, may not be behind it.
    pub outside: usize,
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
        trials.extend(bulk(scratch, &lines)?);
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
        for (sha, _) in &undo.undone[undo.undone.len() - undo.outside..] {
            if !self.is_behind(*sha, undo.by)? {
                return Ok(Undoing { is_foreign: true, ..Undoing::default() });
            }
        }
        let onto = match commits.get(undo.by)?.parents.first() {
            Some(parent) => commits.get(*parent)?.tree,
            None => scratch.empty_tree()?,
        };
        // There was nothing of it to undo any more: git makes no such revert.
        if trial.tree == onto {
            return Ok(Undoing { is_foreign: true, ..Undoing::default() });
        }
        let none = HashMap::new();
        let odd = odd.get(&(tree, trial.tree)).unwrap_or(&none);
        if odd.is_empty() && trial.conflicts.is_empty() {
            return Ok(Undoing::default());
        }
        let undoes = differences(scratch, std::iter::once((onto, trial.tree)))?;
        let undoes = undoes.get(&(onto, trial.tree)).unwrap_or(&none);
        let undone = undone_paths(scratch, undo, commits)?;
        let settled: HashSet<&Vec<u8>> = trial.conflicts.iter().collect();
        let mut paths: BTreeSet<&Vec<u8>> = odd.keys().collect();
        paths.extend(&settled);
        let (mut left, mut beside) = (BTreeSet::new(), BTreeSet::new());
        for path in paths {
            let held = match (odd.get(path), undoes.get(path)) {
                // As git's trial has it, markers and all.
                (None, _) => Held::Left,
                (Some((now, _)), _) if settled.contains(path) => self.settled(path, *now, undoes.get(path), &undone)?,
                // Undoing does not touch it.
                (Some(_), None) => Held::Beside,
                (Some((now, _)), Some((onto, clean))) => self.held(&[(*clean, *onto)], *now, None)?,
            };
            match held {
                Held::Gone => {}
                Held::Beside => drop(beside.insert(path_text(path))),
                Held::Left => drop(left.insert(path_text(path))),
            }
        }
        Ok(Undoing { left: left.into_iter().collect(), beside: beside.into_iter().collect(), is_foreign: false })
    }

    /// A file that somebody settled: held against the commits that are undone,
    /// and where it was called otherwise then, against all that they changed.
    fn settled(
        &self,
        path: &[u8],
        now: Entry,
        undoes: Option<&(Entry, Entry)>,
        undone: &HashMap<Vec<u8>, Vec<(Entry, Entry)>>,
    ) -> Result<Held, GitError> {
        let all: Vec<(Entry, Entry)> = match undone.get(path) {
            Some(pairs) => pairs.clone(),
            None => undone.values().flatten().copied().collect(),
        };
        // It may have the lines of before it was undone, and of before that was done.
        let onto = undoes.map_or(now, |(onto, _)| *onto);
        self.held(&all, now, Some(onto))
    }

    /// Holds a version of a file against changes that should be gone from it,
    /// each from what was before to what was after. `may_have`: lines that it has
    /// from there are nobody's own; without it every difference is.
    fn held(&self, changes: &[(Entry, Entry)], now: Entry, may_have: Option<Entry>) -> Result<Held, GitError> {
        if may_have.is_some() && changes.iter().any(|(before, _)| *before == now) && changes.len() == 1 {
            return Ok(Held::Gone);
        }
        let mut texts = Vec::new();
        for entry in changes.iter().flat_map(|(before, after)| [*before, *after]).chain([now]).chain(may_have) {
            let Some(text) = self.text_of(entry)? else { return Ok(Held::Left) };
            texts.push(text);
        }
        let mut texts = texts.iter().map(|text| lines(text));
        let (mut before, mut after) = (HashSet::new(), HashSet::new());
        for _ in changes {
            before.extend(texts.next().unwrap_or_default());
            after.extend(texts.next().unwrap_or_default());
        }
        let now = texts.next().unwrap_or_default();
        let Some(may_have) = may_have.and(texts.next()) else {
            return Ok(if nothing_left(&before, &after, &now) { Held::Beside } else { Held::Left });
        };
        let own = now.iter().any(|line| !may_have.contains(line) && !before.contains(line));
        Ok(match (nothing_left(&before, &after, &now), own) {
            (false, _) => Held::Left,
            (true, true) => Held::Beside,
            (true, false) => Held::Gone,
        })
    }

    fn text_of(&self, entry: Entry) -> Result<Option<Vec<u8>>, GitError> {
        let Some(sha) = entry else { return Ok(Some(Vec::new())) };
        match self.with_objects(|objects| objects.contents(&sha.to_string(), MOST_CONTENT)) {
            Ok(found) => Ok(found.map(|(_, bytes)| bytes)),
            Err(GitError::TooLarge { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether another commit has all that a commit has.
    pub fn is_behind(&self, commit: Sha, other: Sha) -> Result<bool, GitError> {
        let (commit, other) = (commit.to_string(), other.to_string());
        let args = ["merge-base", "--is-ancestor", &commit, &other];
        let ended = self.run(&args)?;
        match ended.code {
            Some(0) => Ok(true),
            Some(1) => Ok(false),
            _ => Err(GitError::failed(&args, &ended.stderr)),
        }
    }

    /// Which of these commits a head has in full, each at its place: changing it once
    /// more does nothing. What somebody changed since does not count as there.
    pub fn has_in_full(&self, head: Sha, asked: &[Sha]) -> Result<HashMap<Sha, bool>, GitError> {
        let (tree, again) = self.changed_again(head, asked)?;
        Ok(again.into_iter().map(|(sha, trial)| (sha, trial.conflicts.is_empty() && trial.tree == tree)).collect())
    }

    /// Of which of these commits, which were reverted, a head has all, or something
    /// where others changed the same since.
    pub fn keeps(&self, head: Sha, asked: &[Sha]) -> Result<HashMap<Sha, bool>, GitError> {
        let (tree, again) = self.changed_again(head, asked)?;
        let mut kept = HashMap::new();
        for (sha, trial) in again {
            let mut is_kept = trial.conflicts.is_empty() && trial.tree == tree;
            for path in &trial.conflicts {
                is_kept = is_kept || self.has_left(head, sha, path)?;
            }
            kept.insert(sha, is_kept);
        }
        Ok(kept)
    }

    /// The trees of what merging the change of each commit into a head gives, beside
    /// the head's own.
    fn changed_again(&self, head: Sha, asked: &[Sha]) -> Result<(Sha, Vec<(Sha, Trial)>), GitError> {
        let scratch = Scratch::new(self)?;
        let commits = self.commits(asked.iter().copied().chain([head]).collect())?;
        let mut all = self.commits(commits.0.values().flat_map(|node| node.parents.iter().copied()).collect())?;
        all.0.extend(commits.0);
        let tree = all.get(head)?.tree;
        let (mut found, mut lines) = (Vec::new(), Vec::new());
        for sha in asked {
            match all.before((*sha, None))? {
                Some(before) if self.version >= WITH_BASE => lines.push((*sha, format!("{before} -- {head} {sha}\n"))),
                before => {
                    let base = before.map_or_else(|| scratch.empty_tree(), |before| Ok(all.get(before)?.tree))?;
                    let base = scratch.commit(&base.to_string(), &[])?;
                    let ours = scratch.commit(&tree.to_string(), &[base])?;
                    let theirs = scratch.commit(&all.get(*sha)?.tree.to_string(), &[base])?;
                    found.push((*sha, scratch.merge(ours, theirs)?));
                }
            }
        }
        found.extend(bulk(&scratch, &lines)?);
        Ok((tree, found))
    }

    /// Whether a head has something in a file that a commit changed there.
    fn has_left(&self, head: Sha, commit: Sha, path: &[u8]) -> Result<bool, GitError> {
        let before = self.commits([commit].into())?.before((commit, None))?;
        let of = |commit: Option<Sha>| commit.map_or(Ok(Some(None)), |commit| self.entry_at(commit, path));
        let (Some(before), Some(after), Some(now)) = (of(before)?, of(Some(commit))?, of(Some(head))?) else {
            return Ok(true);
        };
        Ok(self.held(&[(before, after)], now, None)? == Held::Left)
    }

    /// `None` where git cannot be asked for it by name: no text, or a line break.
    fn entry_at(&self, commit: Sha, path: &[u8]) -> Result<Option<Entry>, GitError> {
        let Ok(path) = std::str::from_utf8(path) else { return Ok(None) };
        if path.contains('\n') {
            return Ok(None);
        }
        let found = self.with_objects(|objects| objects.find(&[format!("{commit}:{path}")]))?;
        let entry = |found| if let Found::Object { sha, .. } = found { Some(sha) } else { None };
        Ok(Some(found.into_iter().find_map(entry)))
    }
}

/// What became of a change in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    Gone,
    /// It is gone, and something else was changed.
    Beside,
    Left,
}

/// Merges, each asked for by a line, in one run of git.
fn bulk<K: Copy>(scratch: &Scratch, lines: &[(K, String)]) -> Result<Vec<(K, Trial)>, GitError> {
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    let input = lines.iter().flat_map(|(_, line)| line.bytes()).collect();
    let args = ["merge-tree", "--stdin", "-z", "--name-only", "--no-messages"];
    run::stream(scratch.command(&args), Some(input), |out| {
        lines.iter().map(|(key, _)| Ok((*key, read_trial(out)?))).collect::<Result<Vec<_>, GitError>>()
    })
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
        if step.tree == now.tree {
            // One of them was not there to be undone: then this is no such revert.
            return Ok(Trial { tree: tree_of(onto)?, conflicts: Vec::new() });
        }
        now.tree = step.tree;
        now.conflicts.extend(step.conflicts);
    }
    Ok(now)
}

fn lines(text: &[u8]) -> HashSet<&[u8]> {
    text.split(|b| *b == b'\n').map(<[u8]>::trim_ascii_end).filter(|line| !line.is_empty()).collect()
}

/// Whether a version has no line that a change added, and every line that it
/// removed. Where the change cannot be told by lines, that is not known.
fn nothing_left(before: &HashSet<&[u8]>, after: &HashSet<&[u8]>, now: &HashSet<&[u8]>) -> bool {
    before != after
        && after.difference(before).all(|added| !now.contains(added))
        && before.difference(after).all(|removed| now.contains(removed))
}

#[cfg(test)]
mod tests {
    use super::{lines, nothing_left};

    #[test]
    fn a_change_is_gone_when_its_lines_are_gone_and_those_that_it_took_are_back() {
        let is_gone = |before: &str, after: &str, now: &str| {
            nothing_left(&lines(before.as_bytes()), &lines(after.as_bytes()), &lines(now.as_bytes()))
        };
        let (before, after) = ("a\nold\nz\n", "a\nnew\nz\n");
        assert!(is_gone(before, after, "a\nold\nz\n"));
        assert!(is_gone(before, after, "a\nold\nmore\nz\n"), "what others did since stays");
        assert!(!is_gone(before, after, "a\nold\nnew\nz\n"));
        assert!(!is_gone(before, after, "a\nz\n"), "what it took is not back");
        assert!(!is_gone("a\n", "a\n\n", "a\n"), "nothing that lines tell");
        assert!(is_gone("", "new\n", ""), "a file that is gone again");
    }
}
