//! Merges that have something else than what merging their parents gives.

use super::log::{must_take, odd, parents_of, path_text, sha_of, take};
use super::merge::{Scratch, Trial, read_trial};
use super::{BULK, Git, GitError, run};
use gonogo_core::changeset::{Dropped, MergeDiff};
use gonogo_core::ids::Sha;
use std::collections::{BTreeMap, HashMap};
use std::io::BufRead;

/// What a suspect merge is told by: paths beyond these are not named.
const MOST_PATHS: usize = 1_000;

/// A commit with its tree and parents.
pub(super) struct Node {
    pub sha: Sha,
    pub tree: Sha,
    pub parents: Vec<Sha>,
}

/// What is at a path: nothing, a blob, or another repository's commit.
pub(super) type Entry = Option<Sha>;

/// Paths that differ between two trees, in git's bytes, with what is there in
/// the one and in the other.
pub(super) type Differences = HashMap<(Sha, Sha), HashMap<Vec<u8>, (Entry, Entry)>>;

impl Git {
    /// What each merge has that merging its parents does not give. Where parents
    /// conflict, a person had to settle it: how is not judged.
    pub fn merge_diffs(&self, merges: &[Sha]) -> Result<Vec<MergeDiff>, GitError> {
        let merges = self.nodes(merges)?;
        let parents: Vec<Sha> = merges.iter().flat_map(|merge| merge.parents.iter().copied()).collect();
        let trees: HashMap<Sha, Sha> = self.nodes(&parents)?.iter().map(|node| (node.sha, node.tree)).collect();
        let scratch = Scratch::new(self)?;
        let trials = self.trials(&scratch, &merges)?;
        let tried = |(merge, trial): (&Node, &Trial)| (merge.tree, trial.tree);
        let changed = differences(&scratch, merges.iter().zip(&trials).map(tried))?;
        let odd = merges.iter().zip(&trials).filter(|(merge, trial)| merge.tree != trial.tree);
        let sides = odd.flat_map(|(merge, _)| merge.parents.iter().map(|parent| (merge.tree, trees[parent])));
        let sides = differences(&scratch, sides)?;
        let mut diffs = Vec::new();
        for (merge, trial) in merges.iter().zip(&trials) {
            let paths = changed.get(&(merge.tree, trial.tree)).into_iter().flat_map(HashMap::keys);
            let mut paths: Vec<&Vec<u8>> = paths.filter(|path| !trial.conflicts.contains(path)).collect();
            paths.sort_unstable();
            diffs.push(merge_diff(merge, &paths, &trees, &sides));
        }
        Ok(diffs)
    }

    pub(super) fn nodes(&self, shas: &[Sha]) -> Result<Vec<Node>, GitError> {
        let names = shas.iter().flat_map(|sha| format!("{sha}\n").into_bytes()).collect();
        let mut args = vec!["log", "--no-walk=unsorted", "--stdin", "--no-show-signature", "--no-notes", "-z"];
        args.push("--format=%H%x00%T%x00%P%x00");
        run::stream(run::command(&self.dir, &args), Some(names), read_nodes)
    }

    fn trials(&self, scratch: &Scratch, merges: &[Node]) -> Result<Vec<Trial>, GitError> {
        if self.version < BULK {
            return merges.iter().map(|m| scratch.merge_all(&m.parents)).collect();
        }
        let (two, more): (Vec<&Node>, Vec<&Node>) = merges.iter().partition(|m| m.parents.len() == 2);
        let mut trials: HashMap<Sha, Trial> = HashMap::new();
        for merge in more {
            trials.insert(merge.sha, scratch.merge_all(&merge.parents)?);
        }
        let asked = two.iter().flat_map(|m| format!("{} {}\n", m.parents[0], m.parents[1]).into_bytes()).collect();
        let args = ["merge-tree", "--stdin", "-z", "--name-only", "--no-messages", "--allow-unrelated-histories"];
        let answers = run::stream(scratch.command(&args), Some(asked), |out| {
            two.iter().map(|m| Ok((m.sha, read_trial(out)?))).collect::<Result<Vec<_>, GitError>>()
        })?;
        trials.extend(answers);
        let lost = || GitError::Unreadable("fewer trial merges than asked for".to_owned());
        merges.iter().map(|m| trials.remove(&m.sha).ok_or_else(lost)).collect()
    }
}

/// Which of the paths are as in one parent, so that another's change is gone,
/// and which are as in none.
fn merge_diff(merge: &Node, paths: &[&Vec<u8>], trees: &HashMap<Sha, Sha>, sides: &Differences) -> MergeDiff {
    let mut diff = MergeDiff::default();
    let mut dropped: BTreeMap<Sha, Vec<String>> = BTreeMap::new();
    for path in paths.iter().take(MOST_PATHS) {
        let differs =
            |parent: &&Sha| sides.get(&(merge.tree, trees[*parent])).is_some_and(|side| side.contains_key(*path));
        let other: Vec<Sha> = merge.parents.iter().filter(differs).copied().collect();
        if other.len() == merge.parents.len() {
            diff.own.push(path_text(path));
        } else {
            for parent in other {
                dropped.entry(parent).or_default().push(path_text(path));
            }
        }
    }
    diff.dropped = dropped.into_iter().map(|(parent, paths)| Dropped { parent, paths }).collect();
    diff
}

/// A pair that is the same is not there.
pub(super) fn differences(scratch: &Scratch, pairs: impl Iterator<Item = (Sha, Sha)>) -> Result<Differences, GitError> {
    let mut asked: Vec<(Sha, Sha)> = pairs.filter(|(a, b)| a != b).collect();
    asked.sort_unstable();
    asked.dedup();
    if asked.is_empty() {
        return Ok(HashMap::new());
    }
    let input = asked.iter().flat_map(|(a, b)| format!("{a} {b}\n").into_bytes()).collect();
    let args = ["diff-tree", "--stdin", "-r", "-z", "--raw", "--no-abbrev", "--no-renames"];
    run::stream(scratch.command(&args), Some(input), |out| {
        let (mut changed, mut line) = (Differences::new(), Vec::new());
        let unreadable = || GitError::Unreadable("a pair of trees".to_owned());
        loop {
            line.clear();
            if out.read_until(b'\n', &mut line)? == 0 {
                return Ok(changed);
            }
            let mut ids = line.trim_ascii_end().split(|b| *b == b' ').map(Sha::from_hex);
            let (Some(Some(a)), Some(Some(b))) = (ids.next(), ids.next()) else { return Err(unreadable()) };
            let mut paths = HashMap::new();
            while out.fill_buf()?.first() == Some(&b':') {
                must_take(out, &mut line)?;
                let entries = entries(&line).ok_or_else(unreadable)?;
                must_take(out, &mut line)?;
                paths.insert(line.clone(), entries);
            }
            changed.insert((a, b), paths);
        }
    })
}

fn read_nodes(out: &mut dyn BufRead) -> Result<Vec<Node>, GitError> {
    let (mut nodes, mut part) = (Vec::new(), Vec::new());
    while take(out, &mut part)? {
        let sha = sha_of(&part)?;
        must_take(out, &mut part)?;
        let tree = sha_of(&part)?;
        must_take(out, &mut part)?;
        let parents = parents_of(&part)?;
        // The end of the record.
        must_take(out, &mut part)?;
        if !part.is_empty() {
            return Err(odd("more than ids"));
        }
        nodes.push(Node { sha, tree, parents });
    }
    Ok(nodes)
}

/// `:MODE MODE ID ID STATUS`; an id of zeros is none.
fn entries(line: &[u8]) -> Option<(Entry, Entry)> {
    let mut ids = line.split(|b| *b == b' ').skip(2);
    let mut entry = || {
        let id = ids.next()?;
        if id.iter().all(|digit| *digit == b'0') { Some(None) } else { Sha::from_hex(id).map(Some) }
    };
    Some((entry()?, entry()?))
}
