//! In which folders hooks lie, who runs them, and where guessed keys are kept.

use super::script;
use gonogo_remote::git::Here;
use std::path::{Path, PathBuf};

/// The guessed keys, one a line.
const KEYS: &str = "gonogo-keys";

/// Who starts the hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Runner {
    Git,
    /// husky 9 points `core.hooksPath` at a folder of its own and runs the files
    /// of the folder above with `sh -e`, whether they are executable or not.
    Husky,
}

/// A folder with hooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub folder: PathBuf,
    pub runner: Runner,
    /// Whether it is outside this repository, and so perhaps other ones' too.
    pub is_shared: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    CommitMsg,
    PrepareCommitMsg,
}

impl Kind {
    pub(super) const ALL: [Self; 2] = [Self::CommitMsg, Self::PrepareCommitMsg];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::CommitMsg => "commit-msg",
            Self::PrepareCommitMsg => "prepare-commit-msg",
        }
    }
}

impl Place {
    /// Where git, or husky for it, looks now.
    pub(super) fn in_use(here: &Here) -> Self {
        let folder = &here.hooks;
        let above = folder
            .parent()
            .filter(|above| folder.ends_with("_") && (above.ends_with(".husky") || folder.join("h").is_file()));
        match above {
            Some(above) => Self::of(here, above, Runner::Husky),
            None => Self::of(here, folder, Runner::Git),
        }
    }

    /// The same, and the repository's own folder where git does not look now:
    /// hooks may be left there from before `core.hooksPath` was set.
    pub(super) fn all(here: &Here) -> Vec<Self> {
        let (in_use, own) = (Self::in_use(here), Self::of(here, &own_folder(here), Runner::Git));
        if in_use.folder == own.folder { vec![in_use] } else { vec![in_use, own] }
    }

    fn of(here: &Here, folder: &Path, runner: Runner) -> Self {
        let inside = [Some(&here.common_dir), Some(&here.git_dir), here.work_tree.as_ref()];
        let is_shared = !inside.into_iter().flatten().any(|own| folder.starts_with(own));
        Self { folder: folder.to_owned(), runner, is_shared }
    }

    pub(super) fn hook(&self, kind: Kind) -> PathBuf {
        self.folder.join(kind.name())
    }

    /// Where an earlier hook is kept.
    pub(super) fn kept(&self, kind: Kind) -> PathBuf {
        self.folder.join(format!("{}{}", kind.name(), script::KEPT))
    }
}

/// Where guessed keys are written: beside the hook, unless other repositories
/// use that folder too.
pub(super) fn keys_file(here: &Here) -> PathBuf {
    let place = Place::in_use(here);
    if place.is_shared { own_folder(here).join(KEYS) } else { place.folder.join(KEYS) }
}

/// All files that may hold guessed keys, the one in use first.
pub(super) fn keys_files(here: &Here) -> Vec<PathBuf> {
    let (in_use, own) = (keys_file(here), own_folder(here).join(KEYS));
    if in_use == own { vec![own] } else { vec![in_use, own] }
}

/// What `install` guessed, and the file that says so.
pub(super) fn guessed(here: &Here) -> Option<(Vec<String>, PathBuf)> {
    keys_files(here).into_iter().find_map(|file| {
        let text = std::fs::read_to_string(&file).ok()?;
        let is_key = |line: &&str| !line.is_empty() && !line.starts_with('#');
        let keys: Vec<String> = text.lines().map(str::trim).filter(is_key).map(str::to_owned).collect();
        (!keys.is_empty()).then_some((keys, file))
    })
}

/// git's own folder for hooks: in worktrees that of all of them.
fn own_folder(here: &Here) -> PathBuf {
    here.common_dir.join("hooks")
}

/// Where a program is found on `PATH`.
pub(super) fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join("gonogo")).find(|file| script::is_executable(file))
}
