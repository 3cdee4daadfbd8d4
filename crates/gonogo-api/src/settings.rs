//! What is in force, and where it was written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the server was started with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServerSettings {
    /// The file.
    pub name: String,
    pub settings: Vec<Setting>,
    pub secrets: Vec<SecretSet>,
}

/// One key with the value in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Setting {
    /// As it is written: `checks.story-size.max_points`, `service[0].name`.
    pub key: String,
    /// As JSON writes it; null where nothing is set, and nothing holds instead.
    pub value: Option<String>,
    /// The line where it was written; null of a default.
    pub line: Option<usize>,
}

/// Whether a secret is there; never what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecretSet {
    /// The environment's variable.
    pub variable: String,
    pub is_set: bool,
    /// The file that it is in; null where it is in the environment, or nowhere.
    pub file: Option<String>,
}

/// A policy that judges a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PolicyInForce {
    /// What the file is called: `REVISION:gonogo.toml`.
    pub name: String,
    /// Why it is this one.
    pub why: String,
    /// Why it does not count, and the defaults judge; null where it does.
    pub wrong: Option<String>,
    pub settings: Vec<Setting>,
}

/// The policies that judge a service: one for each of the commits that run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PoliciesInForce {
    pub policies: Vec<PolicyInForce>,
    /// The builds of the commits that were deployed last.
    pub builds: Vec<UsualBuild>,
}

/// How a build went on the commits that were deployed last, 20 at most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UsualBuild {
    pub name: String,
    /// Who posted it.
    pub by: String,
    /// On so many of those commits.
    pub on: u32,
    pub of: u32,
    /// How long nine of ten took that passed; null of fewer than three.
    pub seconds: Option<u32>,
    /// Whether each of the policies requires it, by the check `builds`.
    pub required: bool,
    /// Whether it was on nearly all of them, and is not required: it could be.
    pub offered: bool,
}
