//! People, and what they did.

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Person {
    pub id: i64,
    pub name: String,
    /// At every service, as admins gave it.
    pub role: Role,
    /// At single services, where admins gave another one.
    pub at: BTreeMap<String, Role>,
    /// RFC 3339, UTC.
    pub added_at: String,
    /// RFC 3339, UTC. Since then they cannot sign in, and no token of theirs counts.
    pub deactivated_at: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    Viewer,
    Developer,
    ReleaseManager,
    Admin,
}

/// Somebody is to be added.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    /// Letters, digits and `.`, `-`, `_`, `@`, `+`.
    #[schemars(length(min = 1, max = 60))]
    pub name: String,
    /// To sign in with.
    #[schemars(with = "String", length(min = 12, max = 200))]
    pub password: SecretString,
    pub role: Role,
}

/// Something that a person did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditEntry {
    pub id: i64,
    /// RFC 3339, UTC.
    pub at: String,
    pub actor: String,
    pub action: String,
    pub subject: String,
    pub detail: String,
}
