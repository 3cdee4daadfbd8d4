//! Merges that have something else than what merging their parents gives.

use super::log::{must_take, odd, parents_of, path_text, sha_of, take};
use super::merge::{Scratch, Trial};
use super::{BULK, Git, GitError, run};
use gonogo_core::changeset::{Dropped, MergeDiff};
use gonogo_core::ids::Sha;
use std::collections::{BTreeMap, HashMap};
use std::io::BufRead;

/// What a suspect merge is told by: paths beyond these are not named.
const MOST_PATHS: usize = 1_000;
/// Of all merges together; from there on nobody looks whose side a path is on,
/// and it counts as the merge's own.
const MOST_COMPARED: usize = 20_000;

/// A merge, before it is known whether git would have made it so.
struct Merge {
    sha: Sha,
    tree: Sha,
    parents: Vec<Sha>,
}

impl Git {
    /// What each merge has that merging its parents does not give. Where parents
    /// conflict, a person had to settle it: how is not judged.
    pub fn merge_diffs(&self, merges: &[Sha]) -> Result<Vec<MergeDiff>, GitError> {
        let names = merges.iter().flat_map(|sha| format!("{sha}\n").into_bytes()).collect();
        let mut args = vec!["log", "--no-walk=unsorted", "--stdin", "--no-show-signature", "--no-notes", "-z"];
        args.push("--format=%H%x00%T%x00%P%x00");
        let merges = run::stream(run::command(&self.dir, &args), Some(names), read_merges)?;
        let scratch = Scratch::new(self)?;
        let trials = self.trials(&scratch, &merges)?;
        let pairs: Vec<(Sha, Sha)> = merges.iter().zip(&trials).map(|(m, trial)| (trial.tree, m.tree)).collect();
        let mut changed = changed_paths(&scratch, &pairs)?;
        let (mut diffs, mut compared) = (Vec::new(), 0);
        for (merge, trial) in merges.iter().zip(&trials) {
            let paths = changed.remove(&(trial.tree, merge.tree)).unwrap_or_default();
            let settled = |path: &Vec<u8>| trial.conflicts.contains(path);
            let paths: Vec<Vec<u8>> = paths.into_iter().filter(|path| !settled(path)).take(MOST_PATHS).collect();
            compared += paths.len();
            diffs.push(if compared > MOST_COMPARED {
                MergeDiff { own: paths.iter().map(|path| path_text(path)).collect(), dropped: Vec::new() }
            } else {
                self.merge_diff(merge, &paths)?
            });
        }
        Ok(diffs)
    }

    fn trials(&self, scratch: &Scratch<'_>, merges: &[Merge]) -> Result<Vec<Trial>, GitError> {
        if self.version < BULK {
            return merges.iter().map(|m| scratch.merge_all(&m.parents)).collect();
        }
        let (two, more): (Vec<&Merge>, Vec<&Merge>) = merges.iter().partition(|m| m.parents.len() == 2);
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

    /// Which of the paths are as in one parent, so that another's change is
    /// gone, and which are as in none.
    fn merge_diff(&self, merge: &Merge, paths: &[Vec<u8>]) -> Result<MergeDiff, GitError> {
        let mut diff = MergeDiff::default();
        let mut dropped: BTreeMap<Sha, Vec<String>> = BTreeMap::new();
        for path in paths {
            let Ok(name) =
                std::str::from_utf8(path).map_err(drop).and_then(|p| if p.contains('\n') { Err(()) } else { Ok(p) })
            else {
                diff.own.push(path_text(path));
                continue;
            };
            let commits = std::iter::once(merge.sha).chain(merge.parents.iter().copied());
            let names: Vec<String> = commits.map(|commit| format!("{commit}:{name}")).collect();
            let found = self.with_objects(|objects| objects.find(&names))?;
            let (own, theirs) = (&found[0], &found[1..]);
            if !theirs.contains(own) {
                diff.own.push(name.to_owned());
                continue;
            }
            for (parent, other) in merge.parents.iter().zip(theirs) {
                if other != own {
                    dropped.entry(*parent).or_default().push(name.to_owned());
                }
            }
        }
        diff.dropped = dropped.into_iter().map(|(parent, paths)| Dropped { parent, paths }).collect();
        Ok(diff)
    }
}

/// Paths that differ between pairs of trees, in git's bytes; a pair that is the
/// same is not there.
fn changed_paths(scratch: &Scratch<'_>, pairs: &[(Sha, Sha)]) -> Result<HashMap<(Sha, Sha), Vec<Vec<u8>>>, GitError> {
    let mut asked: Vec<(Sha, Sha)> = pairs.iter().filter(|(a, b)| a != b).copied().collect();
    asked.sort_unstable();
    asked.dedup();
    if asked.is_empty() {
        return Ok(HashMap::new());
    }
    let input = asked.iter().flat_map(|(a, b)| format!("{a} {b}\n").into_bytes()).collect();
    let args = ["diff-tree", "--stdin", "-r", "-z", "--raw", "--no-abbrev", "--no-renames"];
    run::stream(scratch.command(&args), Some(input), |out| {
        let (mut changed, mut line) = (HashMap::new(), Vec::new());
        let unreadable = || GitError::Unreadable("a pair of trees".to_owned());
        loop {
            line.clear();
            if out.read_until(b'\n', &mut line)? == 0 {
                return Ok(changed);
            }
            let mut ids = line.trim_ascii_end().split(|b| *b == b' ').map(Sha::from_hex);
            let (Some(Some(a)), Some(Some(b))) = (ids.next(), ids.next()) else { return Err(unreadable()) };
            let mut paths = Vec::new();
            while out.fill_buf()?.first() == Some(&b':') {
                must_take(out, &mut line)?;
                must_take(out, &mut line)?;
                paths.push(line.clone());
            }
            changed.insert((a, b), paths);
        }
    })
}

fn read_merges(out: &mut dyn BufRead) -> Result<Vec<Merge>, GitError> {
    let (mut merges, mut part) = (Vec::new(), Vec::new());
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
        merges.push(Merge { sha, tree, parents });
    }
    Ok(merges)
}

/// `1`, NUL, the tree, NUL, or `0` and after the tree the paths in conflict,
/// each ended by NUL; one more NUL ends the answer.
fn read_trial(out: &mut dyn BufRead) -> Result<Trial, GitError> {
    let mut part = Vec::new();
    must_take(out, &mut part)?;
    if part != b"0" && part != b"1" {
        return Err(GitError::Unreadable("a trial merge that failed".to_owned()));
    }
    must_take(out, &mut part)?;
    let tree = sha_of(&part)?;
    let mut conflicts: Vec<Vec<u8>> = Vec::new();
    loop {
        must_take(out, &mut part)?;
        if part.is_empty() {
            break;
        }
        conflicts.push(part.clone());
    }
    conflicts.dedup();
    Ok(Trial { tree, conflicts })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trials_are_read_one_after_the_other() {
        let (a, b) = ("a".repeat(40), "b".repeat(40));
        let text = format!("1\0{a}\0\0") + &format!("0\0{b}\0x\0y z\0\0");
        let mut out = text.as_bytes();
        assert_eq!(read_trial(&mut out).unwrap(), Trial { tree: a.parse().unwrap(), conflicts: Vec::new() });
        let second = read_trial(&mut out).unwrap();
        assert_eq!(second, Trial { tree: b.parse().unwrap(), conflicts: vec![b"x".to_vec(), b"y z".to_vec()] });
        assert!(read_trial(&mut out).is_err());
        assert!(read_trial(&mut "-1\0".as_bytes()).is_err());
    }
}
