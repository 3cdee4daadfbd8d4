//! Pull requests.

use serde_json::Value;

use super::answers::{Done, Refusal};
use super::call::Call;
use super::{Answered, State};
use crate::github::access::Level;
use crate::github::repository::{Pull, Repository};

impl State {
    pub(super) fn pulls(&mut self, call: &Call, id: u64) -> Answered {
        self.knows(call, &["state", "head", "base", "sort", "direction", "per_page", "page"]);
        self.needs(call, id, "pull_requests", Level::Read)?;
        let repository = self.repository(id);
        let wanted = |pull: &&Pull| {
            let has_state = match call.query("state").unwrap_or("open") {
                "all" => true,
                state => pull.is_open == (state == "open"),
            };
            let head = call.query("head").is_none_or(|head| head == format!("{}:{}", repository.owner, pull.head));
            has_state && head && call.query("base").is_none_or(|base| base == pull.base)
        };
        let mut pulls: Vec<&Pull> = repository.pulls.iter().filter(wanted).collect();
        if call.query("sort") == Some("updated") {
            pulls.sort_by_key(|pull| pull.updated);
        }
        if call.query("direction") != Some("asc") {
            pulls.reverse();
        }
        let pulls = pulls.into_iter().map(|pull| self.pull_json(repository, pull, false)).collect();
        Ok(self.list(call, pulls))
    }

    pub(super) fn pull(&mut self, call: &Call, id: u64, number: &str) -> Answered {
        self.knows(call, &[]);
        self.needs(call, id, "pull_requests", Level::Read)?;
        let repository = self.repository(id);
        let pull = number.parse().ok().and_then(|number| repository.pull(number)).ok_or_else(Refusal::not_found)?;
        Ok(Done::ok(self.pull_json(repository, pull, true)))
    }

    /// Those that brought the commit to the default branch; of a commit that
    /// is not there, the open ones that have it too.
    pub(super) fn pulls_of_commit(&mut self, call: &Call, id: u64, sha: &str) -> Answered {
        self.knows(call, &["per_page", "page"]);
        self.needs(call, id, "pull_requests", Level::Read)?;
        let sha = self.commit_named(id, sha)?;
        let repository = self.repository(id);
        let is_merged = |sha: &str| {
            repository.branch(&repository.default_branch).is_some_and(|head| repository.is_ancestor(sha, head))
        };
        let merged_only = is_merged(&sha);
        let pulls = repository.pulls.iter().filter(|pull| {
            let is_wanted = if merged_only { pull.merge_sha.is_some() } else { true };
            is_wanted && brings(repository, pull, &sha)
        });
        let pulls: Vec<Value> = pulls.map(|pull| self.pull_json(repository, pull, false)).collect();
        Ok(self.list(call, pulls))
    }
}

/// Whether the commit is the pull request's merge, or between its ends.
fn brings(repository: &Repository, pull: &Pull, sha: &str) -> bool {
    pull.merge_sha.as_deref() == Some(sha)
        || (repository.is_ancestor(sha, &pull.head_sha) && !repository.is_ancestor(sha, &pull.base_sha))
}
