//! What webhooks say. They are hints: only what is needed to know where to look
//! is read, and what cannot be read is no event of ours.

use crate::json;
use serde_json::Value;

/// A webhook of GitHub's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GitHubHook {
    /// A branch or tag moved.
    Push {
        /// `owner/name`
        repository: String,
        /// `refs/heads/main`
        reference: String,
        /// `None` when it was deleted.
        after: Option<String>,
    },
    /// A status or a check run of a commit came or changed.
    Build {
        repository: String,
        sha: String,
        /// Its context or name; a suite has none.
        name: Option<String>,
    },
    /// A pull request was opened, changed or closed.
    PullRequest {
        repository: String,
        number: u64,
        action: String,
    },
    /// The merge queue tries a branch of its own, or has done with it.
    MergeGroup {
        repository: String,
        /// Without `refs/heads/`.
        branch: String,
    },
    Ping,
    /// About nothing that we look at.
    Other,
    Unreadable(&'static str),
}

pub fn github(event: &str, body: &[u8]) -> GitHubHook {
    let Ok(body) = json::parse(body) else { return GitHubHook::Unreadable(no_json(body)) };
    match event {
        "ping" => GitHubHook::Ping,
        "push" => push(&body).unwrap_or(GitHubHook::Unreadable("it is no push of GitHub's")),
        "pull_request" => pull(&body).unwrap_or(GitHubHook::Unreadable("it is no pull request of GitHub's")),
        "merge_group" => merge_group(&body).unwrap_or(GitHubHook::Unreadable("it is no merge group of GitHub's")),
        "status" => build(&body, &body["sha"], &body["context"]),
        "check_run" => build(&body, &body["check_run"]["head_sha"], &body["check_run"]["name"]),
        "check_suite" => build(&body, &body["check_suite"]["head_sha"], &Value::Null),
        _ => GitHubHook::Other,
    }
}

fn no_json(body: &[u8]) -> &'static str {
    if body.starts_with(b"payload=") {
        "it came as a form: set the content type to application/json in the webhook's settings"
    } else {
        "it is no JSON"
    }
}

fn build(body: &Value, sha: &Value, name: &Value) -> GitHubHook {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match (text(&body["repository"]["full_name"]), text(sha)) {
        (Some(repository), Some(sha)) => GitHubHook::Build { repository, sha, name: text(name) },
        _ => GitHubHook::Unreadable("it is no build of GitHub's"),
    }
}

fn push(body: &Value) -> Option<GitHubHook> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let after = text(&body["after"])?;
    let is_gone = body["deleted"].as_bool().unwrap_or(false) || after.bytes().all(|digit| digit == b'0');
    Some(GitHubHook::Push {
        repository: text(&body["repository"]["full_name"])?,
        reference: text(&body["ref"])?,
        after: (!is_gone).then_some(after),
    })
}

fn pull(body: &Value) -> Option<GitHubHook> {
    Some(GitHubHook::PullRequest {
        repository: body["repository"]["full_name"].as_str()?.to_owned(),
        number: body["number"].as_u64()?,
        action: body["action"].as_str()?.to_owned(),
    })
}

fn merge_group(body: &Value) -> Option<GitHubHook> {
    Some(GitHubHook::MergeGroup {
        repository: body["repository"]["full_name"].as_str()?.to_owned(),
        branch: body["merge_group"]["head_ref"].as_str()?.strip_prefix("refs/heads/")?.to_owned(),
    })
}

/// A webhook of Jira's: of which issues it tells, by all keys that they had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JiraHook {
    pub event: String,
    pub keys: Vec<String>,
}

/// `None` where it is no webhook of Jira's.
pub fn jira(body: &[u8]) -> Option<JiraHook> {
    let body = json::parse(body).ok()?;
    let event = body["webhookEvent"].as_str()?.to_owned();
    let mut keys: Vec<String> = body["issue"]["key"].as_str().map(str::to_owned).into_iter().collect();
    // One that was moved had another key before.
    let items = body["changelog"]["items"].as_array().into_iter().flatten();
    let moved = items.filter(|item| item["field"] == "Key").filter_map(|item| item["fromString"].as_str());
    keys.extend(moved.map(str::to_owned));
    Some(JiraHook { event, keys })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_push_says_where_to_look() {
        let body = |after: &str, deleted: bool| {
            format!(
                r#"{{"ref":"refs/heads/x","after":"{after}","deleted":{deleted},"repository":{{"full_name":"a/b"}}}}"#
            )
        };
        let push = |after: Option<&str>| GitHubHook::Push {
            repository: "a/b".to_owned(),
            reference: "refs/heads/x".to_owned(),
            after: after.map(str::to_owned),
        };
        assert_eq!(github("push", body("c0ffee", false).as_bytes()), push(Some("c0ffee")));
        assert_eq!(github("push", body("c0ffee", true).as_bytes()), push(None));
        assert_eq!(github("push", body("0000", false).as_bytes()), push(None));
    }

    #[test]
    fn builds_say_on_which_commit() {
        let build = |name: Option<&str>| {
            let (repository, sha) = ("a/b".to_owned(), "c0ffee".to_owned());
            GitHubHook::Build { repository, sha, name: name.map(str::to_owned) }
        };
        let hook = |event: &str, body: &str| {
            github(event, format!(r#"{{"repository":{{"full_name":"a/b"}},{body}}}"#).as_bytes())
        };
        assert_eq!(hook("status", r#""sha":"c0ffee","context":"ci""#), build(Some("ci")));
        assert_eq!(hook("check_run", r#""check_run":{"head_sha":"c0ffee","name":"ci"}"#), build(Some("ci")));
        assert_eq!(hook("check_suite", r#""check_suite":{"head_sha":"c0ffee"}"#), build(None));
        assert!(matches!(hook("status", r#""context":"ci""#), GitHubHook::Unreadable(_)));
    }

    #[test]
    fn pull_requests_and_the_merge_queue_say_which_one() {
        let hook = |event: &str, body: &str| {
            github(event, format!(r#"{{"repository":{{"full_name":"a/b"}},{body}}}"#).as_bytes())
        };
        let repository = || "a/b".to_owned();
        let (number, action) = (7, "edited".to_owned());
        let pull = GitHubHook::PullRequest { repository: repository(), number, action };
        assert_eq!(hook("pull_request", r#""action":"edited","number":7"#), pull);
        assert!(matches!(hook("pull_request", r#""action":"edited""#), GitHubHook::Unreadable(_)));
        let group = GitHubHook::MergeGroup { repository: repository(), branch: "gh-readonly-queue/x".to_owned() };
        let head = r#""action":"destroyed","merge_group":{"head_ref":"refs/heads/gh-readonly-queue/x"}"#;
        assert_eq!(hook("merge_group", head), group);
        assert!(matches!(hook("merge_group", r#""merge_group":{}"#), GitHubHook::Unreadable(_)));
    }

    #[test]
    fn an_issue_that_was_moved_is_known_by_both_keys() {
        let hook = jira(
            br#"{"webhookEvent":"jira:issue_updated","issue":{"key":"WEB-1"},
                 "changelog":{"items":[{"field":"Key","fromString":"STORY-9","toString":"WEB-1"}]}}"#,
        );
        let keys = vec!["WEB-1".to_owned(), "STORY-9".to_owned()];
        assert_eq!(hook, Some(JiraHook { event: "jira:issue_updated".to_owned(), keys }));
        assert_eq!(jira(b"{}"), None);
        assert_eq!(jira(b"\xff"), None);
        let none = jira(br#"{"webhookEvent":"jira:version_released"}"#).unwrap();
        assert!(none.keys.is_empty());
    }

    #[test]
    fn what_is_none_of_ours_is_said_to_be_so() {
        assert_eq!(github("ping", b"{}"), GitHubHook::Ping);
        assert_eq!(github("star", b"{}"), GitHubHook::Other);
        assert!(matches!(github("push", b"{}"), GitHubHook::Unreadable(_)));
        assert_eq!(github("push", b"{\xff"), GitHubHook::Unreadable("it is no JSON"));
        let form = "it came as a form: set the content type to application/json in the webhook's settings";
        assert_eq!(github("push", b"payload=%7B%7D"), GitHubHook::Unreadable(form));
    }
}
