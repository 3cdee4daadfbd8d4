//! What can go wrong with git, for a person who can mend it.

use std::path::{Path, PathBuf};
use thiserror::Error;

#[derive(Debug, Error)]
pub enum GitError {
    #[error("git was not found\n  → install git 2.38 or newer, and see that it is on PATH")]
    Absent,
    #[error("git {found} is too old\n  → install git {oldest} or newer")]
    TooOld { found: String, oldest: String },
    #[error("{} is not a git repository\n  → name one with --repo PATH", .path.display())]
    NotARepository { path: PathBuf },
    #[error("there is no folder {}\n  → name a git repository with --repo PATH", .path.display())]
    NoSuchFolder { path: PathBuf },
    #[error("the repository {} belongs to another user, so git does not read it\n  → if you trust it: git config --global --add safe.directory {}", .path.display(), .path.display())]
    NotYours { path: PathBuf },
    #[error("the name of a branch, tag or commit is empty\n  → leave it out, or name one")]
    EmptyRef,
    #[error("{name} is not a branch, tag or commit of this repository{}{}", shallow_hint(*.is_shallow), nearest_hint(.nearest))]
    NoSuchRef { name: String, nearest: Vec<String>, is_shallow: bool },
    #[error("{id} is no commit of this repository\n  → push it, or name another")]
    NoSuchCommit { id: String },
    #[error("{name} is ambiguous: it could be {}\n  → write one of them in full", .could_be.join(" or "))]
    AmbiguousRef { name: String, could_be: Vec<String> },
    #[error("the repository has no commit yet\n  → commit something first")]
    NoCommit,
    #[error("the object {name} is not here\n  → run git fsck, then check again")]
    MissingObject { name: String },
    #[error("{name} has {size} bytes, over {most}\n  → make it smaller")]
    TooLarge { name: String, size: u64, most: u64 },
    #[error("git {command} failed: {said}")]
    Failed { command: String, said: String },
    #[error("git said something that could not be read: {0}")]
    Unreadable(String),
    #[error("git could not be run: {0}")]
    Io(#[from] std::io::Error),
}

fn nearest_hint(nearest: &[String]) -> String {
    match nearest {
        [] => "\n  → see `git branch --all` and `git tag`".to_owned(),
        names => format!("\n  → did you mean {}?", names.join(" or ")),
    }
}

fn shallow_hint(is_shallow: bool) -> &'static str {
    if is_shallow { ", a shallow clone\n  → git fetch --unshallow brings what it lacks" } else { "" }
}

impl GitError {
    pub(super) fn failed(args: &[&str], stderr: &str) -> Self {
        let command = args.first().copied().unwrap_or("").to_owned();
        Self::Failed { command, said: first_line(stderr) }
    }

    pub(super) fn not_a_repository(path: &Path, stderr: &str) -> Self {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if stderr.contains("dubious ownership") || stderr.contains("unsafe repository") {
            Self::NotYours { path }
        } else if stderr.contains("not a git repository") {
            Self::NotARepository { path }
        } else {
            Self::failed(&["rev-parse"], stderr)
        }
    }

    /// Whether what was asked for names no commit, or not one alone.
    pub fn is_of_the_name(&self) -> bool {
        matches!(self, Self::EmptyRef | Self::NoSuchRef { .. } | Self::NoSuchCommit { .. } | Self::AmbiguousRef { .. })
    }

    /// Whether objects are missing because the clone left them with its remote.
    pub fn is_missing_object(&self) -> bool {
        let said = match self {
            Self::MissingObject { .. } => return true,
            Self::Failed { said, .. } => said,
            _ => return false,
        };
        [
            "promisor",
            "not allowed",
            "bad object",
            "unable to read",
            "could not fetch",
            "missing object",
            "Could not read",
        ]
        .iter()
        .any(|sign| said.contains(sign))
    }
}

fn first_line(stderr: &str) -> String {
    let line = stderr.lines().find(|l| l.starts_with("fatal:")).or_else(|| stderr.lines().next());
    line.unwrap_or("no word why").trim_start_matches("fatal: ").to_owned()
}
