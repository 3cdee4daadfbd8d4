//! What merging two commits would give, without touching the repository.

use super::log::path_text;
use super::{Git, GitError, run};
use gonogo_core::changeset::MergeBack;
use gonogo_core::ids::Sha;
use std::process::Command;
use tempfile::TempDir;

/// A folder for new objects that is thrown away, so that a repository that may
/// only be read can be judged too.
pub(super) struct Scratch<'a> {
    git: &'a Git,
    folder: TempDir,
}

/// A merge is the same whoever runs it.
const SETTINGS: [(&str, &str); 3] =
    [("merge.renames", "true"), ("merge.directoryRenames", "conflict"), ("merge.renormalize", "false")];

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
        Scratch::new(self)?.merge_back(base, head)
    }

    /// What merging the same commit again would do, had the head no such merge
    /// behind it: it is laid over the head from where that commit and the
    /// merge's other parents parted.
    pub fn merged_again(&self, head: Sha, parent: Sha, others: &[Sha]) -> Result<MergeBack, GitError> {
        let scratch = Scratch::new(self)?;
        let names: Vec<String> = std::iter::once(&parent).chain(others).map(Sha::to_string).collect();
        let mut args = vec!["merge-base"];
        args.extend(names.iter().map(String::as_str));
        let found = self.run(&args)?;
        let fork: Sha = match found.code {
            Some(0) => sha_in(&found.stdout, &args)?,
            Some(1) => return Ok(MergeBack::Unrelated),
            _ => return Err(GitError::failed(&args, &found.stderr)),
        };
        let as_if = scratch.commit(&format!("{head}^{{tree}}"), &[fork])?;
        scratch.merge_back(parent, as_if)
    }
}

impl<'a> Scratch<'a> {
    pub(super) fn new(git: &'a Git) -> Result<Self, GitError> {
        Ok(Self { git, folder: tempfile::tempdir()? })
    }

    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = run::command(&self.git.dir, args);
        command.env("GIT_OBJECT_DIRECTORY", self.folder.path());
        let objects = self.git.common_dir.join("objects");
        for (at, (name, value)) in SETTINGS.iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{at}"), name).env(format!("GIT_CONFIG_VALUE_{at}"), value);
        }
        command.env("GIT_CONFIG_COUNT", SETTINGS.len().to_string());
        command.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", quoted(&objects.to_string_lossy()));
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

    fn merge_back(&self, base: Sha, head: Sha) -> Result<MergeBack, GitError> {
        let (ours, theirs) = (head.to_string(), base.to_string());
        let args = ["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", &ours, &theirs];
        let merged = run::run(self.command(&args), None)?;
        if merged.stderr.contains("unrelated histories") {
            return Ok(MergeBack::Unrelated);
        }
        let trial = trial(&merged, &args)?;
        if !trial.conflicts.is_empty() {
            return Ok(MergeBack::Conflict(trial.conflicts.iter().map(|path| path_text(path)).collect()));
        }
        let (head_tree, tree) = (format!("{ours}^{{tree}}"), trial.tree.to_string());
        let changed = self.must(&["diff-tree", "-r", "-z", "--no-renames", "--name-only", &head_tree, &tree])?;
        let paths: Vec<String> = changed.split(|b| *b == 0).filter(|p| !p.is_empty()).map(path_text).collect();
        Ok(if paths.is_empty() { MergeBack::NothingLost } else { MergeBack::Loses(paths) })
    }

    /// Merges any number of parents, one after the other.
    pub(super) fn merge_all(&self, parents: &[Sha]) -> Result<Trial, GitError> {
        let (first, rest) =
            parents.split_first().ok_or_else(|| GitError::Unreadable("a merge of nothing".to_owned()))?;
        let (mut ours, mut conflicts) = (*first, Vec::new());
        let mut tree = None;
        for theirs in rest {
            let (one, other) = (ours.to_string(), theirs.to_string());
            let mut args = vec!["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages"];
            args.extend(["--allow-unrelated-histories", &one, &other]);
            let step = trial(&run::run(self.command(&args), None)?, &args)?;
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

fn sha_in(out: &[u8], args: &[&str]) -> Result<Sha, GitError> {
    let line = out.split(|b| *b == b'\n').next().unwrap_or_default();
    Sha::from_hex(line).ok_or_else(|| GitError::Unreadable(format!("what git {} printed", args.join(" "))))
}

/// A path in git's list of object folders, where a colon parts entries.
fn quoted(path: &str) -> String {
    format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\""))
}
