//! What came in, and what was given up.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A hook of another system's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Delivery {
    pub id: i64,
    /// The system that sent it: `github`, `jira`.
    pub source: String,
    /// The sender's own id.
    pub delivery_id: String,
    pub event: String,
    /// RFC 3339, UTC.
    pub received_at: String,
    /// What it led to; null until it was read.
    pub outcome: Option<String>,
}

/// Work that failed too often, and waits for a person's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeadWork {
    pub id: i64,
    /// What was to be done: `sync`, `evaluate`, `delivery`.
    pub kind: String,
    /// With what: a service's name, or the id of a candidate or a delivery.
    pub key: String,
    pub attempts: i64,
    /// RFC 3339, UTC.
    pub dead_at: String,
    /// Why it failed the last time.
    pub error: String,
}
