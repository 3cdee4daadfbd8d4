//! What waits for the person whose token it is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One thing that a person has to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaitsForYou {
    pub service: String,
    /// What is so, in one line.
    pub what: String,
    /// What to do.
    pub fix: String,
    /// The page on which it is done.
    pub page: String,
    /// The candidates that it keeps.
    pub keeps: Vec<KeptCandidate>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeptCandidate {
    pub candidate: i64,
    /// Its branch, or its pull request.
    pub name: String,
}
