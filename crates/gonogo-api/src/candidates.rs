//! Candidates, and how they were judged.

use crate::{Part, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A branch's head over what production runs, or before a merge over its base.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Candidate {
    pub id: i64,
    pub service: String,
    pub branch: String,
    pub head: String,
    /// All that runs, or before a merge its base; empty while it is not known.
    pub production: Vec<String>,
    /// What is judged before it is merged, and into which branch; null where
    /// it is judged for a deploy.
    pub pull_request: Option<u64>,
    pub into: Option<String>,
    /// RFC 3339, UTC.
    pub opened_at: String,
    /// False once its branch or production has moved on.
    pub is_open: bool,
    /// The newest evaluation; null until it was judged once.
    pub judged: Option<Evaluation>,
    /// Where people read of it.
    pub page: String,
}

/// One recorded run of judging.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evaluation {
    pub id: i64,
    pub verdict: Verdict,
    /// As of `gonogo check`: 0 Go, 1 No-Go, 3 could not find out, 4 Waiting.
    pub exit_code: u8,
    /// The verdict and its first reason.
    pub summary: String,
    /// RFC 3339, UTC.
    pub at: String,
}

/// What was asked and answered, with where and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fact {
    pub asked: String,
    /// The story or the commit that it tells of; null for the whole candidate.
    pub about: Option<String>,
    pub value: String,
    pub source: String,
    /// RFC 3339, UTC.
    pub at: String,
}

/// What a candidate is judged for: before a merge it is a pull request, or a merge
/// group that it leads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum JudgedFor {
    #[default]
    Deploy,
    Merge,
}

/// Which candidates are asked for, and which part of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CandidatesAsked {
    /// By the service's name.
    #[schemars(length(min = 1))]
    pub service: Option<String>,
    #[schemars(length(min = 1))]
    pub branch: Option<String>,
    /// The head's SHA, or how it begins.
    #[schemars(regex(pattern = r"^[0-9a-f]{4,40}$"))]
    pub head: Option<String>,
    /// `deploy`, where nothing is said, or `merge`: pull requests and merge groups.
    #[serde(default)]
    pub stage: JudgedFor,
    /// Those that are open alone, or those that are not.
    pub open: Option<bool>,
    /// How many at most; 50 where it is not said.
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u32>,
    /// The `next` of the part before.
    #[schemars(regex(pattern = r"^[0-9]{1,18}$"))]
    pub cursor: Option<String>,
}

impl CandidatesAsked {
    pub fn part(&self) -> Part {
        Part { limit: self.limit, cursor: self.cursor.clone() }
    }
}
