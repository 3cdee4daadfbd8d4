//! What pages put together: a deploy plan, what was stopped, what is found, and how
//! production moved.

use crate::check::CheckLine;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is to be known before a candidate ships.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeployPlan {
    /// Who is called when it goes wrong, and until when; null where the policy says
    /// nothing.
    pub on_call: Option<String>,
    pub stories: Vec<PlanStory>,
    /// Paths that change a database's schema.
    pub migrations: Vec<String>,
    /// What each check came to.
    pub verifications: Vec<CheckLine>,
    /// What it was judged from cannot be read: of stories, who is on call and
    /// migrations only a part is known.
    pub is_unread: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlanStory {
    pub key: String,
    pub title: String,
    pub owner: Option<String>,
    /// What the policy asks for, such as the risk, and what it says.
    pub fields: Vec<PlanField>,
    /// Where its commits change files, two folders deep; most first.
    pub touches: Vec<PlanFolder>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlanFolder {
    pub folder: String,
    pub files: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlanField {
    pub name: String,
    pub said: String,
}

/// Since when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StoppedAsked {
    /// So many days; 14 where it is not said.
    #[schemars(range(min = 1, max = 366))]
    pub days: Option<u32>,
}

/// What a service was stopped for, or would have been where it is only observed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoppedReport {
    /// Whether every status is green, whatever is found.
    pub is_observed: bool,
    /// How many candidates were judged.
    pub judged: u64,
    /// How many of them ended as No-Go.
    pub all_stopped: u64,
    /// The newest of them, 200 at most.
    pub stopped: Vec<StoppedCandidate>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoppedCandidate {
    pub candidate: i64,
    pub branch: String,
    /// Null of a candidate for a deploy.
    pub pull_request: Option<u64>,
    pub head: String,
    /// The verdict and its first reason.
    pub summary: String,
    /// When it was judged last: RFC 3339, UTC.
    pub at: String,
    /// Whether production came to run it all the same.
    pub shipped: bool,
}

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchAsked {
    /// A story's key or title, a branch, a SHA, a service.
    #[schemars(length(min = 1, max = 200))]
    pub q: String,
}

/// What has these letters in it, 30 of each kind at most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Found {
    pub services: Vec<String>,
    pub stories: Vec<FoundStory>,
    /// Open candidates.
    pub candidates: Vec<FoundCandidate>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FoundStory {
    pub key: String,
    pub title: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FoundCandidate {
    pub id: i64,
    pub service: String,
    pub branch: String,
    pub head: String,
}

/// Production ran something else from then on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Move {
    /// As pages of deploys count them.
    pub id: i64,
    /// Full SHAs; null where it was known the first time.
    pub before: Option<Vec<String>>,
    pub running: Vec<String>,
    /// Under which name it was found, and why that counts.
    pub name: String,
    pub why: String,
    /// RFC 3339, UTC.
    pub seen_at: String,
}
