//! Why something was not done: RFC 9457, `application/problem+json`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub const PROBLEM_TYPE: &str = "application/problem+json";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// An address that names the kind of problem, and tells of it.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in a few words.
    pub title: String,
    pub status: u16,
    /// What happened to this request.
    pub detail: String,
    /// What mends it.
    pub fix: String,
}
