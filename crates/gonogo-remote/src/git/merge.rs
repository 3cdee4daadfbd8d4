//! What merging production into the head would do, without touching the repository.

use super::log::path_text;
use super::{Git, GitError, run};
use gonogo_core::changeset::MergeBack;
use gonogo_core::ids::Sha;
use std::process::Command;

impl Git {
    /// Merges in memory; new objects go to a folder that is thrown away, so that
    /// a repository that may only be read can be judged too.
    pub fn merge_back(&self, base: Sha, head: Sha) -> Result<MergeBack, GitError> {
        let scratch = tempfile::tempdir()?;
        let apart = |args: &[&str]| -> Command {
            let mut command = run::command(&self.dir, args);
            command.env("GIT_OBJECT_DIRECTORY", scratch.path());
            command.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", quoted(&self.common_dir.join("objects").to_string_lossy()));
            command
        };
        let (head, base) = (head.to_string(), base.to_string());
        let args = ["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", &head, &base];
        let merged = run::run(apart(&args), None)?;
        let mut parts = merged.stdout.split(|b| *b == 0).filter(|p| !p.is_empty());
        let tree = parts.next().and_then(Sha::from_hex);
        match (merged.code, tree) {
            (Some(0), Some(tree)) => {
                let tree = tree.to_string();
                let head_tree = format!("{head}^{{tree}}");
                let args = ["diff-tree", "-r", "-z", "--no-renames", "--name-only", &head_tree, &tree];
                let changed =
                    run::run(apart(&args), None)?.bytes().map_err(|stderr| GitError::failed(&args, &stderr))?;
                let paths: Vec<String> = changed.split(|b| *b == 0).filter(|p| !p.is_empty()).map(path_text).collect();
                Ok(if paths.is_empty() { MergeBack::NothingLost } else { MergeBack::Loses(paths) })
            }
            (Some(1), Some(_)) => {
                let mut paths: Vec<String> = parts.map(path_text).collect();
                paths.dedup();
                Ok(MergeBack::Conflict(paths))
            }
            _ if merged.stderr.contains("unrelated histories") => Ok(MergeBack::Unrelated),
            _ => Err(GitError::failed(&args, &merged.stderr)),
        }
    }
}

/// A path in git's list of object folders, where a colon parts entries.
fn quoted(path: &str) -> String {
    format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\""))
}
