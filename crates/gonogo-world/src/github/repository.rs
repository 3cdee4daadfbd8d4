//! A repository as stored, with all that hangs on its commits.

use std::cell::RefCell;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::git::Commit;
use super::hooks::Hook;
use crate::Repo;

#[derive(Debug)]
pub(super) struct Repository {
    pub(super) id: u64,
    pub(super) owner: String,
    pub(super) name: String,
    /// The full names it had before.
    pub(super) old_names: Vec<String>,
    pub(super) is_private: bool,
    pub(super) is_archived: bool,
    pub(super) default_branch: String,
    pub(super) bare: Repo,
    /// Commits that were asked for, by their whole ids.
    pub(super) commits: RefCell<BTreeMap<String, Commit>>,
    /// The references as they were when last looked at.
    pub(super) refs: BTreeMap<String, String>,
    pub(super) pulls: Vec<Pull>,
    pub(super) statuses: Vec<PostedStatus>,
    pub(super) suites: Vec<Suite>,
    pub(super) runs: Vec<PostedCheckRun>,
    pub(super) deployments: Vec<PostedDeployment>,
    pub(super) required: Vec<Required>,
    pub(super) hooks: Vec<Hook>,
    /// By login; whoever is not named may write.
    pub(super) roles: BTreeMap<String, String>,
    pub(super) created: Timestamp,
    pub(super) pushed: Timestamp,
}

impl Repository {
    /// As GitHub does: the head of a pull request stays in its repository.
    pub(super) fn keep_head(&self, pull: &Pull) {
        self.bare.git(&["update-ref", &format!("refs/pull/{}/head", pull.number), &pull.head_sha]);
    }
}

#[derive(Debug, Clone)]
pub(super) struct Pull {
    pub(super) id: u64,
    pub(super) number: u64,
    pub(super) title: String,
    pub(super) body: Option<String>,
    pub(super) author: String,
    /// The owner of the fork that the head's branch is in.
    pub(super) fork_of: Option<String>,
    /// Branches, without `refs/heads/`.
    pub(super) head: String,
    pub(super) base: String,
    pub(super) head_sha: String,
    pub(super) base_sha: String,
    pub(super) is_draft: bool,
    pub(super) labels: Vec<String>,
    pub(super) is_open: bool,
    pub(super) merge_sha: Option<String>,
    pub(super) merged_by: Option<String>,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) closed: Option<Timestamp>,
}

/// A commit status, as posted.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PostedStatus {
    pub id: u64,
    pub sha: String,
    /// `error`, `failure`, `pending` or `success`.
    pub state: String,
    pub context: String,
    pub description: Option<String>,
    pub target_url: Option<String>,
    /// The login of who posted it.
    pub creator: String,
    pub created: Timestamp,
}

#[derive(Debug, Clone)]
pub(super) struct Suite {
    pub(super) id: u64,
    pub(super) app: u64,
    pub(super) head_sha: String,
    pub(super) head_branch: Option<String>,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
}

/// A check run, as posted and updated.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PostedCheckRun {
    pub id: u64,
    pub(super) suite: u64,
    /// The id of the App that posted it.
    pub app: u64,
    pub head_sha: String,
    pub name: String,
    /// `queued`, `in_progress`, `completed` and others.
    pub status: String,
    pub conclusion: Option<String>,
    pub external_id: Option<String>,
    pub details_url: Option<String>,
    pub title: Option<String>,
    pub summary: Option<String>,
    pub text: Option<String>,
    /// As GitHub was given them.
    pub annotations: Vec<Value>,
    pub actions: Vec<Value>,
    pub started: Option<Timestamp>,
    pub completed: Option<Timestamp>,
}

/// A deployment, with its statuses.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PostedDeployment {
    pub id: u64,
    pub sha: String,
    /// The ref as it was asked for.
    pub name: String,
    pub task: String,
    pub environment: String,
    pub description: Option<String>,
    pub payload: Value,
    pub creator: String,
    pub created: Timestamp,
    pub statuses: Vec<PostedDeploymentStatus>,
}

/// A status of a deployment.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PostedDeploymentStatus {
    pub id: u64,
    pub state: String,
    pub description: String,
    pub target_url: String,
    pub log_url: String,
    pub environment_url: String,
    pub creator: String,
    pub created: Timestamp,
}

/// A status or check that a branch asks for.
#[derive(Debug, Clone)]
pub(super) struct Required {
    pub(super) branch: String,
    pub(super) context: String,
    /// The App that must post it.
    pub(super) app: Option<u64>,
    /// Whether a ruleset says so, or the branch's protection.
    pub(super) by_ruleset: bool,
}

impl Repository {
    pub(super) fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    pub(super) fn role_of(&self, login: &str) -> &str {
        self.roles.get(login).map_or("write", String::as_str)
    }

    pub(super) fn branch(&self, name: &str) -> Option<&String> {
        self.refs.get(&format!("refs/heads/{name}"))
    }

    pub(super) fn pull(&self, number: u64) -> Option<&Pull> {
        self.pulls.iter().find(|pull| pull.number == number)
    }

    pub(super) fn is_protected(&self, branch: &str) -> bool {
        self.required.iter().any(|required| required.branch == branch && !required.by_ruleset)
    }

    /// The newest status of each context on a commit, newest first.
    pub(super) fn newest_statuses(&self, sha: &str) -> Vec<&PostedStatus> {
        let mut newest: Vec<&PostedStatus> = Vec::new();
        for status in self.statuses.iter().rev().filter(|status| status.sha == sha) {
            if !newest.iter().any(|known| known.context == status.context) {
                newest.push(status);
            }
        }
        newest
    }

    /// The newest check run of each App and name on a commit, newest first.
    pub(super) fn newest_runs(&self, sha: &str) -> Vec<&PostedCheckRun> {
        let mut newest: Vec<&PostedCheckRun> = Vec::new();
        for run in self.runs.iter().rev().filter(|run| run.head_sha == sha) {
            if !newest.iter().any(|known| known.app == run.app && known.name == run.name) {
                newest.push(run);
            }
        }
        newest
    }
}
