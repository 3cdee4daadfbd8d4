//! What is to be looked at after a deploy, and what came of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The post-deploy checks of a story after one deploy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PostDeployChecks {
    pub id: i64,
    pub service: String,
    /// The number of the deploy: of the move of production.
    pub deploy: i64,
    /// What ran from it on: SHAs.
    pub running: Vec<String>,
    /// RFC 3339, UTC.
    pub deployed_at: String,
    pub story: String,
    /// Null where the tracker did not tell it.
    pub title: Option<String>,
    /// What is to be looked at, as the tracker had it; null until it is read.
    pub checks: Option<String>,
    /// Whose it is: who said that they look, else as the tracker calls them.
    pub owner: Option<String>,
    /// After that an answer is late. RFC 3339, UTC.
    pub due_at: String,
    pub state: LookState,
    /// Why what is to be looked at could not be read.
    pub trouble: Option<String>,
    /// The oldest first; the last one counts.
    pub answers: Vec<LookAnswer>,
}

/// How far it is: `unread` and `unreadable` where the tracker did not say what is
/// to be looked at, `gone` where the story went again or was deployed anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LookState {
    Unread,
    Unreadable,
    Open,
    Passed,
    Failed,
    NotNeeded,
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Seen {
    Passed,
    Failed,
}

/// What a person said came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LookAnswer {
    pub seen: Seen,
    pub note: String,
    pub by: String,
    /// RFC 3339, UTC.
    pub at: String,
}

/// What somebody saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLookAnswer {
    pub seen: Seen,
    /// For people who read it later; has to be there where it failed, and where
    /// it corrects another answer.
    #[serde(default)]
    #[schemars(length(max = 2000))]
    pub note: String,
}

/// Which of a service's post-deploy checks are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LooksAsked {
    /// Of one deploy alone.
    #[schemars(range(min = 1))]
    pub deploy: Option<i64>,
    /// Only those about which somebody has to do something.
    pub unsettled: Option<bool>,
    /// How many at most; 50 where it is not said.
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u32>,
    /// The `next` of the part before.
    #[schemars(regex(pattern = r"^[0-9]{1,18}$"))]
    pub cursor: Option<String>,
}
