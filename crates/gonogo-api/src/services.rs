//! What is deployed on its own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Service {
    pub name: String,
    /// `owner/name`
    pub repository: String,
    /// What runs, as it was known last; empty until it was known once.
    pub running: Vec<String>,
    /// Why that is not known now, and what mends it; null where it is. What `running`
    /// tells then is of before.
    pub running_unknown: Option<String>,
    /// Why its repository could not be looked at; null where it could.
    pub trouble: Option<String>,
    /// Who keeps it from being deployed by others; null where nobody does.
    #[serde(default)]
    pub lock: Option<crate::ServiceLock>,
}

/// What runs by now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProduction {
    /// All that runs, while a deploy is half done several: SHAs, or how they begin.
    #[schemars(length(min = 1, max = 20))]
    pub running: Vec<ShaBegin>,
}

/// A SHA, or how it begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct ShaBegin(#[schemars(regex(pattern = r"^[0-9a-f]{7,64}$"))] pub String);
