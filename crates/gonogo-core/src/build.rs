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
    pub state: BuildState,
    /// Its own words, or none.
    pub said: String,
    pub url: Option<String>,
    /// When it began, or was posted.
    pub since: Option<Timestamp>,
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
