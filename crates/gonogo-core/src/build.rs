//! A build as a code host tells it: a commit status or a check run.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The newest word on one name by one poster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// A status's context, or a check run's name.
    pub name: String,
    /// Who posted it: an app's slug, or a person's login.
    pub by: String,
    /// The app's number, which a branch's rules name; of a status it is not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<u64>,
    pub state: BuildState,
    /// Its own words, or none.
    pub said: String,
    pub url: Option<String>,
    /// When it began, or was posted first as running.
    pub since: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
}

/// How a build went on the commits that were deployed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsualBuild {
    pub name: String,
    pub by: String,
    /// On so many of the commits that were deployed last.
    pub on: u32,
    pub of: u32,
    /// How long nine of ten took that passed.
    pub seconds: Option<u32>,
}

/// What a branch's protection, or a ruleset, wants to have passed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RequiredBuild {
    pub name: String,
    /// The app that has to post it, by its number; without one anybody may.
    pub app: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BuildState {
    Running,
    Passed,
    Skipped,
    Neutral,
    /// With the code host's word: failure, error, cancelled, timed out, stale.
    Failed(String),
}
