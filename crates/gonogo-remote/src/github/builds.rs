//! Builds of a commit: its statuses and check runs, of each name and poster the
//! newest.

use super::{GitHub, GitHubError, RepositoryName};
use gonogo_core::build::{Build, BuildState};
use gonogo_core::ids::Sha;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};

impl GitHub {
    pub async fn builds(&self, name: &RepositoryName, sha: Sha, now: Timestamp) -> Result<Vec<Build>, GitHubError> {
        let statuses = format!("/commits/{sha}/statuses");
        let runs = format!("/commits/{sha}/check-runs");
        let (statuses, runs) = futures_util::future::try_join(
            self.pages(name, &statuses, "", |body| list(Some(body), status_of), now),
            self.pages(name, &runs, "&filter=latest", |body| list(body.get("check_runs"), numbered_run), now),
        )
        .await?;
        let mut builds = Vec::new();
        let mut seen = HashSet::new();
        // Newest first.
        for build in statuses {
            if seen.insert((build.name.clone(), build.by.clone())) {
                builds.push(build);
            }
        }
        let mut newest: BTreeMap<(String, String), (u64, Build)> = BTreeMap::new();
        for (id, build) in runs {
            let key = (build.name.clone(), build.by.clone());
            if newest.get(&key).is_none_or(|(other, _)| *other < id) {
                newest.insert(key, (id, build));
            }
        }
        builds.extend(newest.into_values().map(|(_, build)| build));
        Ok(builds)
    }
}

/// One of which cannot be read makes the whole unknown.
fn list<T>(body: Option<&Value>, read: fn(&Value) -> Option<T>) -> Result<Vec<T>, String> {
    let list = body.and_then(Value::as_array).ok_or("an answer without a list")?;
    list.iter().map(|one| read(one).ok_or_else(|| "a build that cannot be read".to_owned())).collect()
}

fn numbered_run(json: &Value) -> Option<(u64, Build)> {
    Some((json.get("id")?.as_u64()?, check_run(json)?))
}

fn text(json: &Value, name: &str) -> Option<String> {
    json.get(name)?.as_str().map(str::to_owned)
}

fn time(json: &Value, name: &str) -> Option<Timestamp> {
    json.get(name)?.as_str()?.parse().ok()
}

fn status_of(json: &Value) -> Option<Build> {
    let state = match json.get("state")?.as_str()? {
        "success" => BuildState::Passed,
        "pending" => BuildState::Running,
        other => BuildState::Failed(other.to_owned()),
    };
    Some(Build {
        name: text(json, "context")?,
        // A person who is gone leaves none.
        by: json.get("creator").and_then(|creator| text(creator, "login")).unwrap_or_default(),
        state,
        said: text(json, "description").unwrap_or_default(),
        url: text(json, "target_url").filter(|url| !url.is_empty()),
        since: time(json, "created_at"),
    })
}

fn check_run(json: &Value) -> Option<Build> {
    let state = match (json.get("status")?.as_str()?, json.get("conclusion").and_then(Value::as_str)) {
        ("completed", Some("success")) => BuildState::Passed,
        ("completed", Some("neutral")) => BuildState::Neutral,
        ("completed", Some("skipped")) => BuildState::Skipped,
        ("completed", Some(other)) => BuildState::Failed(other.replace('_', " ")),
        ("completed", None) => return None,
        _ => BuildState::Running,
    };
    Some(Build {
        name: text(json, "name")?,
        by: json.get("app").and_then(|app| text(app, "slug")).unwrap_or_default(),
        state,
        said: json.get("output").and_then(|output| text(output, "title")).unwrap_or_default(),
        url: text(json, "html_url").filter(|url| !url.is_empty()),
        since: time(json, "started_at"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn states_of_both_kinds_are_read() {
        let run = |status: &str, conclusion: Value| {
            let json =
                json!({"id": 1, "name": "suite", "status": status, "conclusion": conclusion, "app": {"slug": "ci"}});
            check_run(&json).map(|build| build.state)
        };
        assert_eq!(run("completed", json!("success")), Some(BuildState::Passed));
        assert_eq!(run("completed", json!("timed_out")), Some(BuildState::Failed("timed out".to_owned())));
        assert_eq!(run("queued", Value::Null), Some(BuildState::Running));
        assert_eq!(run("completed", Value::Null), None, "an end without a word is no pass");
        let status = |state: &str| status_of(&json!({"state": state, "context": "ci"})).map(|build| build.state);
        assert_eq!(status("success"), Some(BuildState::Passed));
        assert_eq!(status("error"), Some(BuildState::Failed("error".to_owned())));
        assert_eq!(status("new word"), Some(BuildState::Failed("new word".to_owned())));
    }
}
