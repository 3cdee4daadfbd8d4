//! Who signed a deploy off.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A sign-off that the policy wants, or that stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SignOff {
    /// What the policy calls it.
    pub name: String,
    /// Who may give it, in words; null where the policy asks for it no more.
    pub by_whom: Option<String>,
    /// Null while it is missing.
    pub given: Option<GivenSignOff>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GivenSignOff {
    pub id: i64,
    pub by: String,
    /// RFC 3339, UTC.
    pub at: String,
    /// Else who gave it may not any more: somebody else has to.
    pub counts: bool,
}

/// Exactly this head over what runs now is signed off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSignOff {
    /// What the policy calls it.
    #[schemars(length(min = 1, max = 200))]
    pub name: String,
}
