//! Pull requests, as the code host has them.

use crate::ids::Sha;
use serde::{Deserialize, Serialize};

/// What is asked to be merged into a branch. All texts are people's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequest {
    pub number: u64,
    pub title: String,
    pub body: String,
    pub author: String,
    /// The branch that it is of; `owner:branch` where that is a fork's.
    pub branch: String,
    pub head: Sha,
    /// The branch that it goes into.
    pub into: String,
    pub state: PullState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PullState {
    Open,
    Draft,
    Merged,
    /// Without a merge.
    Closed,
}

impl PullState {
    pub fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Draft)
    }
}
