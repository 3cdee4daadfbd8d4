//! What is judged: a candidate, and under which policy.

use crate::fact::Why;
use crate::ids::Sha;
use crate::policy::ServicePath;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where production is, and how we know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Production {
    Known {
        /// The name it was found under.
        name: String,
        sha: Sha,
        /// Why this was taken: "from gonogo.toml".
        why: String,
    },
    Unknown {
        why: Why,
        /// The newest tag before the head, to have something to look at.
        look_since: Option<Look>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    pub tag: String,
    pub sha: Sha,
}

/// The commit that someone wants in production.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// As the person named it.
    pub name: String,
    /// The branch's name without `refs/heads/` or the remote, where it is one.
    pub branch: Option<String>,
    pub sha: Sha,
}

/// Where the policy comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyOrigin {
    /// `--policy`.
    Given,
    Production,
    DefaultBranch,
    /// Only `check` falls to it: not yet in force.
    WorkTree,
    /// There is none: the defaults judge.
    BuiltIn,
}

/// A policy's text, where it is from, and the candidate's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyInForce {
    pub origin: PolicyOrigin,
    /// What to call the file in an error: a path, or `REVISION:gonogo.toml`.
    pub name: String,
    pub text: String,
    /// The head's `gonogo.toml`, where it has one.
    pub candidate: Option<String>,
    /// Why a policy that may be there could not be read; the defaults judge then.
    #[serde(default)]
    pub unread: Option<Why>,
}

/// Which question is asked of a head.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// May it ship over production?
    #[default]
    Deploy,
    /// May what a pull request, or a merge group that it leads, brings over its
    /// base be merged into a branch?
    Merge { pull_request: u64, into: String },
}

impl Stage {
    pub fn is_deploy(&self) -> bool {
        matches!(self, Self::Deploy)
    }
}

/// One candidate under one policy: with the facts, all that a verdict needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    pub service: String,
    /// The folder that the service is, where the repository holds several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<ServicePath>,
    #[serde(default)]
    pub stage: Stage,
    /// What the head is judged over. Before a merge it is the base: the commit
    /// of the branch that the head was made from.
    pub production: Production,
    pub head: Head,
    pub policy: PolicyInForce,
    /// Whether a code host is at hand that knows which pull requests brought a
    /// commit.
    #[serde(default)]
    pub knows_pull_requests: bool,
    /// Whether a server is at hand, which knows who was told of stories and what
    /// people answered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub knows_who_was_told: bool,
    /// When a server saw the head first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_at: Option<Timestamp>,
}
