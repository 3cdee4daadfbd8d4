//! Pull requests: the open ones, one of them, and those that have a commit.

use super::{GitHub, GitHubError, RepositoryName};
use gonogo_core::ids::Sha;
use gonogo_core::pull::{PullRequest, PullState};
use jiff::Timestamp;
use serde_json::Value;

/// Characters of a text that are read for keys.
const MOST_BODY: usize = 20_000;

impl GitHub {
    pub async fn open_pulls(&self, name: &RepositoryName, now: Timestamp) -> Result<Vec<PullRequest>, GitHubError> {
        self.pages(name, "/pulls", "&state=open", list, now).await
    }

    pub async fn pull(&self, name: &RepositoryName, number: u64, now: Timestamp) -> Result<PullRequest, GitHubError> {
        let path = format!("/pulls/{number}");
        let one = self.read(name, &path, now, |body| Ok(vec![read(body).ok_or(ODD)?])).await?;
        one.first().cloned().ok_or_else(|| GitHubError::odd(&name.path(&path), ODD))
    }

    /// Those that brought a commit to the default branch; of one that is not
    /// there, all that have it.
    pub async fn pulls_of(
        &self,
        name: &RepositoryName,
        sha: Sha,
        now: Timestamp,
    ) -> Result<Vec<PullRequest>, GitHubError> {
        let path = format!("/commits/{sha}/pulls");
        match self.pages(name, &path, "", list, now).await {
            // It was never pushed.
            Err(GitHubError::Refused { .. }) => Ok(Vec::new()),
            other => other,
        }
    }
}

const ODD: &str = "a pull request that cannot be read";

fn list(body: &Value) -> Result<Vec<PullRequest>, String> {
    let list = body.as_array().ok_or("an answer without a list")?;
    list.iter().map(|one| read(one).ok_or_else(|| ODD.to_owned())).collect()
}

fn read(json: &Value) -> Option<PullRequest> {
    let text = |json: &Value| json.as_str().map(str::to_owned);
    let (head, base) = (&json["head"], &json["base"]);
    // The repository of a fork may be gone.
    let is_fork = head["repo"]["id"] != base["repo"]["id"];
    let state = match (json["state"].as_str()?, json["merged_at"].is_string(), json["draft"] == true) {
        ("open", _, true) => PullState::Draft,
        ("open", _, false) => PullState::Open,
        (_, true, _) => PullState::Merged,
        (_, false, _) => PullState::Closed,
    };
    Some(PullRequest {
        number: json["number"].as_u64()?,
        title: text(&json["title"])?,
        body: json["body"].as_str().unwrap_or_default().chars().take(MOST_BODY).collect(),
        // A person who is gone leaves none.
        author: text(&json["user"]["login"]).unwrap_or_default(),
        branch: if is_fork { text(&head["label"]) } else { None }.or_else(|| text(&head["ref"]))?,
        head: head["sha"].as_str()?.parse().ok()?,
        into: text(&base["ref"])?,
        state,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pull(change: impl Fn(&mut Value)) -> Option<PullRequest> {
        let mut json = json!({
            "number": 7, "title": "Charge in euros", "body": null, "state": "open", "draft": false, "merged_at": null,
            "user": {"login": "maria"},
            "head": {"ref": "topic", "label": "maria:topic", "sha": "a".repeat(40), "repo": {"id": 1}},
            "base": {"ref": "main", "repo": {"id": 1}},
        });
        change(&mut json);
        read(&json)
    }

    #[test]
    fn a_branch_of_a_fork_is_named_with_its_owner() {
        assert_eq!(pull(|_| ()).unwrap().branch, "topic");
        assert_eq!(pull(|json| json["head"]["repo"]["id"] = 2.into()).unwrap().branch, "maria:topic");
        let gone = pull(|json| (json["head"]["repo"], json["user"]) = (Value::Null, Value::Null)).unwrap();
        assert_eq!((gone.branch.as_str(), gone.author.as_str()), ("maria:topic", ""));
    }

    #[test]
    fn how_it_ended_is_told_apart() {
        let state = |change: fn(&mut Value)| pull(change).unwrap().state;
        assert_eq!(state(|_| ()), PullState::Open);
        assert_eq!(state(|json| json["draft"] = true.into()), PullState::Draft);
        assert_eq!(state(|json| json["state"] = "closed".into()), PullState::Closed);
        let merged = |json: &mut Value| {
            (json["state"], json["merged_at"]) = ("closed".into(), "2026-11-24T12:00:00Z".into());
        };
        assert_eq!(state(merged), PullState::Merged);
        assert_eq!(pull(|json| json["head"]["sha"] = "x".into()), None);
    }
}
