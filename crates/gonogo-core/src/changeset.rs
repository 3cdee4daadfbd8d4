//! What lies between production and a head, as git tells it. What the messages
//! *mean* (keys, reverts, what ships) depends on the policy and is worked out
//! by the checks.

use crate::ids::Sha;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Who wrote a commit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Person {
    pub name: String,
    pub email: String,
}

/// One commit of a range.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    pub sha: Sha,
    pub parents: Vec<Sha>,
    pub author: Arc<Person>,
    /// `None` where the commit has no time that can be read.
    pub committed_at: Option<Timestamp>,
    /// The whole message, decoded; bytes that are not UTF-8 stand as U+FFFD.
    pub message: Box<str>,
    /// Changed paths; empty for merges. Bytes that are not UTF-8 stand as `\xNN`.
    pub files: Vec<Box<str>>,
}

impl Commit {
    pub fn is_merge(&self) -> bool {
        self.parents.len() > 1
    }

    /// git's `%s`: the first paragraph, its lines joined by spaces.
    pub fn subject(&self) -> String {
        subject_of(&self.message)
    }
}

/// git's `%s` of a message: leading blank lines skipped, the first paragraph's
/// lines joined by one space.
pub fn subject_of(message: &str) -> String {
    let paragraph =
        message.lines().skip_while(|line| line.trim().is_empty()).take_while(|line| !line.trim().is_empty());
    paragraph.map(str::trim_end).collect::<Vec<_>>().join(" ")
}

/// Everything between production and a head, both ways. Newest first, children
/// before their parents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changeset {
    /// Commits that head has and production lacks.
    pub commits: Vec<Commit>,
    /// Commits that production has and head lacks.
    pub missing: Vec<Commit>,
    /// Merges of either side that may have something else than what merging
    /// their parents gives.
    pub suspect_merges: Vec<Sha>,
}

/// What merging production into the head would do, where production has
/// commits that the head lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MergeBack {
    /// The merge is head's own tree: nothing of production would be lost.
    NothingLost,
    /// The merge differs from head in these paths: head lacks their content.
    Loses(Vec<String>),
    /// The merge has conflicts in these paths; what it merges beside them differs
    /// from head in those.
    Conflict { paths: Vec<String>, loses: Vec<String> },
    /// The two share no commit.
    Unrelated,
}

/// What a merge has that merging its parents does not give, outside what a
/// person had to settle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeDiff {
    /// Paths that are as in none of the parents.
    pub own: Vec<String>,
    /// What it left out of its parents.
    pub dropped: Vec<Dropped>,
}

/// Paths in which a merge took another parent's side whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    pub parent: Sha,
    pub paths: Vec<String>,
}

/// A commit that says that it undoes others, held against undoing them. Empty
/// where it does just that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undoing {
    /// Paths in which something of what it names is left, or cannot be told.
    pub left: Vec<String>,
    /// Paths that it changes beside.
    pub beside: Vec<String>,
    /// Whether it has not got behind it what it names, or nothing of that is left
    /// to undo.
    pub is_foreign: bool,
}

/// A place in the added lines of the diff from production to head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub path: String,
    pub line: u32,
}

/// How often a key-like word stood in the history that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prefix {
    pub project: String,
    pub commits: u32,
    pub numbers: u32,
}

/// The key-like words of the newest commits, and how many commits were read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prefixes {
    pub read: u32,
    pub found: Vec<Prefix>,
}

/// Where a key was seen outside the range.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sighting {
    /// A branch has the key in its name; `merged`: production has all of it.
    Branch { name: String, merged: bool },
    /// A commit that neither production nor head has, with its message.
    Elsewhere(Sha, String),
    /// A commit in production's history, with its message.
    InProduction(Sha, String),
}

/// Lines added and removed by a commit; binary files count as none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineCount {
    pub added: u64,
    pub removed: u64,
}

#[cfg(test)]
mod tests {
    use super::subject_of;

    #[test]
    fn the_subject_is_the_first_paragraph_on_one_line() {
        assert_eq!(subject_of("\n\none\ntwo\n\nbody"), "one two");
        assert_eq!(subject_of(""), "");
    }
}
