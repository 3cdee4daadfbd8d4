//! What is deployed on its own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Service {
    pub name: String,
    /// `owner/name`
    pub repository: String,
    /// The branch or tag that the server's configuration names; null where it
    /// names none: the policy does, or something else says what runs.
    pub production: Option<String>,
    /// Why its repository could not be looked at; null where it could.
    pub trouble: Option<String>,
}
