//! Where a hook stands. Unlike everything else here it is asked in the
//! environment as it is: git tells its hooks by `GIT_DIR` and the like which
//! repository they work for, and the user's own settings are what is asked for.

use super::{GitError, join, run};
use std::path::{Path, PathBuf};

/// A repository as git itself sees it from a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Here {
    /// In a worktree its own part of the repository.
    pub git_dir: PathBuf,
    pub common_dir: PathBuf,
    /// Where git looks for hooks: `core.hooksPath`, else `hooks` in the common folder.
    pub hooks: PathBuf,
    /// The top folder of the work tree; none in a bare repository.
    pub work_tree: Option<PathBuf>,
    asked_in: PathBuf,
}

/// How git will clean up a message, as it is configured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageSettings {
    /// `core.commentChar` or `core.commentString`.
    pub comment: Option<String>,
    /// `commit.cleanup`.
    pub cleanup: Option<String>,
}

/// What git is in the middle of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InProgress {
    Merge,
    Revert,
    CherryPick,
    Rebase,
}

/// `core.hooksPath`, and where it is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HooksPath {
    pub value: String,
    /// git's word: local, worktree, global, system, command.
    pub scope: String,
}

impl Here {
    /// Asks in a folder.
    pub fn find(dir: &Path) -> Result<Self, GitError> {
        let places = [
            "rev-parse",
            "--path-format=absolute",
            "--git-dir",
            "--git-common-dir",
            "--git-path",
            "hooks",
            "--show-toplevel",
        ];
        let ended = run::as_it_is(dir, &places)?;
        let said = ended.text();
        let mut lines = said.lines().map(PathBuf::from);
        // In a bare repository only the last question fails.
        let (Some(git_dir), Some(common_dir), Some(hooks)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(GitError::not_a_repository(dir, &ended.stderr));
        };
        if !git_dir.is_absolute() {
            return Err(GitError::Unreadable(format!("`{}` where a folder belongs", git_dir.display())));
        }
        Ok(Self { git_dir, common_dir, hooks, work_tree: lines.next(), asked_in: dir.to_owned() })
    }

    /// The same, and side by side how messages are cleaned up.
    pub fn find_with_settings(dir: &Path) -> Result<(Self, MessageSettings), GitError> {
        let (here, settings) = std::thread::scope(|threads| {
            let settings = threads.spawn(|| message_settings(dir));
            (Self::find(dir), join(settings))
        });
        Ok((here?, settings?))
    }

    pub fn in_progress(&self) -> Option<InProgress> {
        let signs = [
            ("MERGE_HEAD", InProgress::Merge),
            ("REVERT_HEAD", InProgress::Revert),
            ("CHERRY_PICK_HEAD", InProgress::CherryPick),
            ("rebase-merge", InProgress::Rebase),
            ("rebase-apply", InProgress::Rebase),
        ];
        signs.into_iter().find(|(name, _)| self.git_dir.join(name).exists()).map(|(_, what)| what)
    }

    /// The branch that is checked out, or that is being rebased.
    pub fn branch(&self) -> Option<String> {
        let ended = run::as_it_is(&self.asked_in, &["symbolic-ref", "-q", "HEAD"]).ok()?;
        let full =
            ended.ok().ok().or_else(|| std::fs::read_to_string(self.git_dir.join("rebase-merge/head-name")).ok());
        full?.trim_end().strip_prefix("refs/heads/").map(str::to_owned)
    }

    pub fn hooks_path(&self) -> Result<Option<HooksPath>, GitError> {
        let ended = run::as_it_is(&self.asked_in, &["config", "--show-scope", "--path", "--get", "core.hooksPath"])?;
        let said = ended.ok().unwrap_or_default();
        let set = said.trim_end_matches('\n').split_once('\t');
        Ok(set.map(|(scope, value)| HooksPath { value: value.to_owned(), scope: scope.to_owned() }))
    }
}

fn message_settings(dir: &Path) -> Result<MessageSettings, GitError> {
    let wanted = r"^(core\.comment(char|string)|commit\.cleanup)$";
    let said = run::as_it_is(dir, &["config", "-z", "--get-regexp", wanted])?.text();
    let mut settings = MessageSettings::default();
    for (name, value) in said.split('\0').filter_map(|entry| entry.split_once('\n')) {
        // Later files go before earlier ones, as in git.
        let slot = if name == "commit.cleanup" { &mut settings.cleanup } else { &mut settings.comment };
        *slot = Some(value.to_owned());
    }
    Ok(settings)
}
