//! Stops of all deploys, and what runs meanwhile.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether all deploys are stopped, and what runs of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeployStop {
    /// While there is one no step, host or phase of any deploy begins; null where there
    /// is none.
    pub stop: Option<Stop>,
    /// What was given to runners and is not over, the oldest first.
    pub under_way: Vec<ActUnderWay>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stop {
    pub by: String,
    /// Empty where nobody said why.
    pub why: String,
    /// RFC 3339, UTC.
    pub at: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActUnderWay {
    pub deploy: i64,
    pub service: String,
    /// As in the deploy's `steps`.
    pub key: String,
    pub name: String,
    /// On which host; null where it does not run on hosts.
    pub host: Option<String>,
    pub began_at: String,
    /// Who wants it ended; null where nobody does.
    pub end_wanted_by: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStop {
    /// For people who meet it.
    #[serde(default)]
    #[schemars(length(max = 500))]
    pub why: String,
}
