//! Locks of services by people.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// While it stands nobody but its owner has a deploy of the service begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceLock {
    pub id: i64,
    pub by: String,
    pub why: String,
    /// RFC 3339, UTC.
    pub at: String,
    /// RFC 3339, UTC. From then on it holds no more.
    pub until: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewServiceLock {
    /// For people who meet it.
    #[schemars(length(min = 1, max = 500), regex(pattern = r"\S"))]
    pub why: String,
    /// For so many seconds, 14 days at most.
    #[serde(deserialize_with = "crate::waivers::whole")]
    #[schemars(range(min = 1, max = 1_209_600))]
    pub seconds: i64,
}

/// A lock is taken off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LockEnd {
    /// Required where it is somebody else's.
    #[serde(default)]
    #[schemars(length(max = 500))]
    pub why: String,
}
