//! Commit statuses.

use serde_json::{Value, json};

use super::super::clock::moment;
use super::super::hooks::node;
use super::super::repository::{PostedStatus, Repository};
use super::super::state::State;

impl State {
    pub(in super::super) fn status_json(&self, repository: &Repository, status: &PostedStatus) -> Value {
        let mut json = self.simple_status_json(repository, status);
        json["creator"] = self.user_json(&status.creator);
        json
    }

    /// As part of a combined status, which does not say who posted it.
    fn simple_status_json(&self, repository: &Repository, status: &PostedStatus) -> Value {
        let creator = self.known_account(&status.creator).map_or(0, |account| account.id);
        json!({
            "url": format!("{}/statuses/{}", self.url_of(repository), status.sha),
            "avatar_url": format!("{}/avatars/u/{creator}?v=4", self.web_url),
            "id": status.id,
            "node_id": node("StatusContext", status.id),
            "state": status.state,
            "description": status.description,
            "target_url": status.target_url,
            "context": status.context,
            "created_at": moment(status.created),
            "updated_at": moment(status.created),
        })
    }

    /// What a commit's statuses come to, with one page of the newest of each
    /// context.
    pub(in super::super) fn combined_json(
        &self,
        repository: &Repository,
        sha: &str,
        newest: &[&PostedStatus],
        page: &[&PostedStatus],
    ) -> Value {
        let any = |states: &[&str]| newest.iter().any(|status| states.contains(&status.state.as_str()));
        let state = if any(&["error", "failure"]) {
            "failure"
        } else if newest.is_empty() || any(&["pending"]) {
            "pending"
        } else {
            "success"
        };
        let statuses: Vec<Value> = page.iter().map(|status| self.simple_status_json(repository, status)).collect();
        let commit = format!("{}/commits/{sha}", self.url_of(repository));
        json!({
            "state": state,
            "statuses": statuses,
            "sha": sha,
            "total_count": newest.len(),
            "repository": self.repository_json(repository),
            "commit_url": commit,
            "url": format!("{commit}/status"),
        })
    }
}
