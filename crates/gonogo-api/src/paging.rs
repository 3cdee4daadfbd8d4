//! Lists, a part at a time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PageOf{T}")]
pub struct Page<T> {
    pub items: Vec<T>,
    /// The `cursor` to ask with for what comes after; null at the end.
    pub next: Option<String>,
}

/// What was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Made {
    pub id: i64,
}

/// Two commits of a service.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Compared {
    /// What runs: a branch, a tag or a SHA.
    #[schemars(length(min = 1))]
    pub from: String,
    /// What would be deployed over it.
    #[schemars(length(min = 1))]
    pub to: String,
}

/// Which part of a list is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// How many at most; 50 where it is not said.
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u32>,
    /// The `next` of the part before.
    #[schemars(regex(pattern = r"^[0-9]{1,18}$"))]
    pub cursor: Option<String>,
}

/// The same of what one evaluation found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartOfOne {
    /// How many at most; 50 where it is not said.
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u32>,
    /// The `next` of the part before: what follows is of the same evaluation,
    /// also where there is a newer one by now.
    #[schemars(regex(pattern = r"^[0-9]{1,18}-[0-9]{1,9}$"))]
    pub cursor: Option<String>,
}
