//! What merging two commits would give, without touching the repository.

use super::log::{must_take, path_text, sha_of};
use super::{Git, GitError, run};
use gonogo_core::changeset::MergeBack;
use gonogo_core::ids::Sha;
use std::io::BufRead;
use std::process::Command;
use tempfile::TempDir;

/// A repository for trials, thrown away afterwards: it reads the objects of the
/// real one and has none of its settings, attributes and merge drivers, nor the
/// user's. So a trial runs no program and is the same whoever runs it, and a
/// repository that may only be read can be judged too.
pub(super) struct Scratch {
    folder: TempDir,
    /// Where the real objects are, as git's environment names it.
    objects: String,
}

/// A trial merge of a commit's parents.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Trial {
    pub tree: Sha,
    /// Paths that somebody has to settle, in git's bytes.
    pub conflicts: Vec<Vec<u8>>,
}

impl Git {
    /// What merging production into the head would do.
    pub fn merge_back(&self, base: Sha, head: Sha) -> Result<MergeBack, GitError> {
        Scratch::new(self)?.merge_back(base, head, false)
    }

    /// What merging the same commit again would do, for each, had the head no
    /// such merge behind it: it is laid over the head from where that commit and
    /// the merge's other parents parted.
    pub fn merged_again(&self, asked: &[Again]) -> Result<Vec<MergeBack>, GitError> {
        let scratch = Scratch::new(self)?;
        asked.iter().map(|again| self.again(&scratch, again)).collect()
    }

    /// Where a commit and others parted; `None` where they share nothing.
    pub fn merge_base(&self, one: Sha, others: &[Sha]) -> Result<Option<Sha>, GitError> {
        if others.is_empty() {
            return Ok(Some(one)); // a merge may have one parent twice
        }
        let names: Vec<String> = std::iter::once(&one).chain(others).map(Sha::to_string).collect();
        let mut args = vec!["merge-base"];
        args.extend(names.iter().map(String::as_str));
        let found = self.run(&args)?;
        match found.code {
            Some(0) => Ok(Some(sha_in(&found.stdout, &args)?)),
            Some(1) => Ok(None),
            _ => Err(GitError::failed(&args, &found.stderr)),
        }
    }

    fn again(&self, scratch: &Scratch, again: &Again) -> Result<MergeBack, GitError> {
        // Where they share nothing, all of it was merged.
        let fork: Vec<Sha> = self.merge_base(again.parent, &again.others)?.into_iter().collect();
        let as_if = scratch.commit(&format!("{}^{{tree}}", again.head), &fork)?;
        scratch.merge_back(again.parent, as_if, fork.is_empty())
    }
}

/// A commit that a merge took, to be merged again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Again {
    pub head: Sha,
    pub parent: Sha,
    /// The merge's other parents.
    pub others: Vec<Sha>,
}

impl Scratch {
    pub(super) fn new(git: &Git) -> Result<Self, GitError> {
        let folder = tempfile::tempdir()?;
        let at = |name: &str| folder.path().join(name);
        for name in ["objects", "refs"] {
            std::fs::create_dir(at(name))?;
        }
        std::fs::write(at("HEAD"), "ref: refs/heads/none\n")?;
        let format = &git.object_format;
        let config =
            format!("[core]\nrepositoryformatversion = 1\nbare = true\n[extensions]\nobjectFormat = {format}\n");
        std::fs::write(at("config"), config)?;
        let shallow = git.common_dir.join("shallow");
        if git.is_shallow {
            std::fs::copy(shallow, at("shallow"))?;
        }
        let objects = quoted(&git.common_dir.join("objects").to_string_lossy());
        Ok(Self { folder, objects })
    }

    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = run::command(self.folder.path(), args);
        command
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", &self.objects);
        command
    }

    fn must(&self, args: &[&str]) -> Result<Vec<u8>, GitError> {
        run::run(self.command(args), None)?.bytes().map_err(|stderr| GitError::failed(args, &stderr))
    }

    /// A commit that only this folder has.
    pub(super) fn commit(&self, tree: &str, parents: &[Sha]) -> Result<Sha, GitError> {
        let parents: Vec<String> = parents.iter().map(Sha::to_string).collect();
        let mut args = vec!["commit-tree", "--no-gpg-sign", "-m", "a trial", tree];
        args.extend(parents.iter().flat_map(|parent| ["-p", parent]));
        let mut command = self.command(&args);
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "gonogo").env(format!("GIT_{who}_EMAIL"), "gonogo@localhost");
            command.env(format!("GIT_{who}_DATE"), "946684800 +0000");
        }
        let made = run::run(command, None)?.bytes().map_err(|stderr| GitError::failed(&args, &stderr))?;
        sha_in(&made, &args)
    }

    fn merge_back(&self, base: Sha, head: Sha, unrelated: bool) -> Result<MergeBack, GitError> {
        let (ours, theirs) = (head.to_string(), base.to_string());
        let mut args = vec!["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages"];
        args.extend(unrelated.then_some("--allow-unrelated-histories"));
        args.extend([ours.as_str(), &theirs]);
        let merged = run::run(self.command(&args), None)?;
        if merged.stderr.contains("unrelated histories") {
            return Ok(MergeBack::Unrelated);
        }
        let trial = trial(&merged, &args)?;
        let (head_tree, tree) = (format!("{ours}^{{tree}}"), trial.tree.to_string());
        let changed = self.must(&["diff-tree", "-r", "-z", "--no-renames", "--name-only", &head_tree, &tree])?;
        let is_settled = |path: &&[u8]| !path.is_empty() && !trial.conflicts.iter().any(|conflict| conflict == path);
        let loses: Vec<String> = changed.split(|b| *b == 0).filter(is_settled).map(path_text).collect();
        Ok(match (trial.conflicts.is_empty(), loses.is_empty()) {
            (true, true) => MergeBack::NothingLost,
            (true, false) => MergeBack::Loses(loses),
            (false, _) => MergeBack::Conflict { paths: trial.conflicts.iter().map(|p| path_text(p)).collect(), loses },
        })
    }

    /// A tree with nothing in it.
    pub(super) fn empty_tree(&self) -> Result<Sha, GitError> {
        let args = ["hash-object", "-t", "tree", "-w", "--stdin"];
        let made = run::run(self.command(&args), Some(Vec::new()))?;
        sha_in(&made.bytes().map_err(|stderr| GitError::failed(&args, &stderr))?, &args)
    }

    /// Merges two commits; those that share nothing, from an empty base.
    pub(super) fn merge(&self, ours: Sha, theirs: Sha) -> Result<Trial, GitError> {
        let (ours, theirs) = (ours.to_string(), theirs.to_string());
        let mut args = vec!["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages"];
        args.extend(["--allow-unrelated-histories", &ours, &theirs]);
        trial(&run::run(self.command(&args), None)?, &args)
    }

    /// Merges any number of parents, one after the other.
    pub(super) fn merge_all(&self, parents: &[Sha]) -> Result<Trial, GitError> {
        let (first, rest) =
            parents.split_first().ok_or_else(|| GitError::Unreadable("a merge of nothing".to_owned()))?;
        let (mut ours, mut conflicts) = (*first, Vec::new());
        let mut tree = None;
        for theirs in rest {
            let step = self.merge(ours, *theirs)?;
            conflicts.extend(step.conflicts);
            tree = Some(step.tree);
            ours = self.commit(&step.tree.to_string(), &[ours, *theirs])?;
        }
        let tree = tree.ok_or_else(|| GitError::Unreadable("a merge with one parent".to_owned()))?;
        Ok(Trial { tree, conflicts })
    }
}

/// The tree, and where it has conflicts, their paths, each ended by NUL.
fn trial(ended: &run::Ended, args: &[&str]) -> Result<Trial, GitError> {
    let mut parts = ended.stdout.split(|b| *b == 0).filter(|part| !part.is_empty());
    match (ended.code, parts.next().and_then(Sha::from_hex)) {
        (Some(0), Some(tree)) => Ok(Trial { tree, conflicts: Vec::new() }),
        (Some(1), Some(tree)) => {
            let mut conflicts: Vec<Vec<u8>> = parts.map(<[u8]>::to_vec).collect();
            conflicts.dedup();
            Ok(Trial { tree, conflicts })
        }
        _ => Err(GitError::failed(args, &ended.stderr)),
    }
}

/// What `merge-tree --stdin` says: `1`, NUL, the tree, NUL, or `0` and after the tree the paths in conflict,
/// each ended by NUL; one more NUL ends the answer.
pub(super) fn read_trial(out: &mut dyn BufRead) -> Result<Trial, GitError> {
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

fn sha_in(out: &[u8], args: &[&str]) -> Result<Sha, GitError> {
    let line = out.split(|b| *b == b'\n').next().unwrap_or_default();
    Sha::from_hex(line).ok_or_else(|| GitError::Unreadable(format!("what git {} printed", args.join(" "))))
}

/// A path in git's list of object folders, where a colon parts entries.
fn quoted(path: &str) -> String {
    format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\""))
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
