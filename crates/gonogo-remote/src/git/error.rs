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

    /// Whether a part of the repository is broken.
    pub fn is_damage(&self) -> bool {
        let Self::Failed { command, said } = self else { return false };
        // Nobody names an object to a fetch: it is one that was here.
        let lacks_its_own = command == "fetch" && said.starts_with("bad object ");
        lacks_its_own || tells_of_damage(said) || said.starts_with("not a git repository")
    }

    /// Whether a file is in the way that who changes a repository makes for as long.
    pub(super) fn is_locked(&self) -> bool {
        matches!(self, Self::Failed { said, .. } if said.contains(".lock': File exists"))
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

/// Whether git's words tell of a repository of which a part is broken: more of the
/// same questions will never help.
pub fn tells_of_damage(said: &str) -> bool {
    const SIGNS: [(&str, &str); 12] = [
        ("object file ", " is empty"),
        ("loose object ", " is corrupt"),
        ("corrupt loose object", ""),
        ("unable to read tree", ""),
        ("unable to unpack ", " header"),
        ("inflate: ", ""),
        ("packfile ", " cannot be "),
        ("packfile ", " is far too short"),
        ("index file ", " is corrupt"),
        ("bad object refs/", ""),
        ("reference broken", ""),
        ("bad config line ", ""),
    ];
    SIGNS.iter().any(|(one, other)| said.split_once(one).is_some_and(|(_, rest)| rest.contains(other)))
}

/// What says most of why git ended.
fn first_line(stderr: &str) -> String {
    let begins = |word: &str| stderr.lines().find(|line| line.starts_with(word));
    let line = begins("fatal: ").or_else(|| begins("error: "));
    let line = line.or_else(|| stderr.lines().find(|line| !line.starts_with("hint:")));
    let line = line.unwrap_or("no word why");
    line.strip_prefix("fatal: ").or_else(|| line.strip_prefix("error: ")).unwrap_or(line).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_why_git_ended_and_no_hint() {
        let said = |stderr: &str| GitError::failed(&["fetch"], stderr).to_string();
        let hint = "hint: Support for <GIT_DIR>/info/grafts is deprecated\nhint: and will be removed\n";
        assert_eq!(said(&format!("{hint}error: a\nfatal: b\n")), "git fetch failed: b");
        assert_eq!(said(&format!("{hint}From x\nerror: a\n")), "git fetch failed: a");
        assert_eq!(said(&format!("{hint}ssh: no such host\n")), "git fetch failed: ssh: no such host");
        assert_eq!(said(hint), "git fetch failed: no word why");
    }

    #[test]
    fn damage_is_told_from_what_passes() {
        for said in [
            "object file objects/7b/18d is empty",
            "loose object 7b18d (stored in objects/7b/18d) is corrupt",
            "unable to read tree (7b18d)",
            "bad object refs/heads/main",
        ] {
            assert!(tells_of_damage(said), "{said}");
        }
        for said in
            ["bad object 7b18d", "Could not resolve host: github.com", "couldn't find remote ref refs/pull/7/head"]
        {
            assert!(!tells_of_damage(said), "{said}");
        }
    }
}
