//! Pull requests.

use serde_json::{Value, json};

use super::super::clock::moment;
use super::super::hooks::node;
use super::super::repository::{Pull, Repository};
use super::super::state::State;

impl State {
    /// `pull-request`, or `pull-request-simple` where it is one of a list.
    pub(in super::super) fn pull_json(&self, repository: &Repository, pull: &Pull, is_whole: bool) -> Value {
        let (url, html) = (self.url_of(repository), self.html_of(repository));
        let number = pull.number;
        let (url_of_pull, issue) = (format!("{url}/pulls/{number}"), format!("{url}/issues/{number}"));
        let statuses = format!("{url}/statuses/{}", pull.head_sha);
        let comments = format!("{url_of_pull}/comments");
        let end = |fork_of: Option<&String>, branch: &str, sha: &str| {
            let owner = fork_of.unwrap_or(&repository.owner);
            json!({
                "label": format!("{owner}:{branch}"),
                "ref": branch,
                "sha": sha,
                "user": self.user_json(owner),
                // This GitHub keeps no forks: it is as if they were deleted.
                "repo": if fork_of.is_some() { Value::Null } else { self.repository_json(repository) },
            })
        };
        let labels: Vec<Value> = pull.labels.iter().map(|name| label_json(&url, name)).collect();
        let merged = pull.closed.filter(|_| pull.merge_sha.is_some()).map(moment);
        let mut json = json!({
            "url": url_of_pull,
            "id": pull.id,
            "node_id": node("PullRequest", pull.id),
            "html_url": format!("{html}/pull/{number}"),
            "diff_url": format!("{html}/pull/{number}.diff"),
            "patch_url": format!("{html}/pull/{number}.patch"),
            "issue_url": issue,
            "commits_url": format!("{url_of_pull}/commits"),
            "review_comments_url": comments,
            "review_comment_url": format!("{url}/pulls/comments{{/number}}"),
            "comments_url": format!("{issue}/comments"),
            "statuses_url": statuses,
            "number": number,
            "state": if pull.is_open { "open" } else { "closed" },
            "locked": false,
            "title": pull.title,
            "user": self.user_json(&pull.author),
            "body": pull.body,
            "labels": labels,
            "milestone": null,
            "active_lock_reason": null,
            "created_at": moment(pull.created),
            "updated_at": moment(pull.updated),
            "closed_at": pull.closed.map(moment),
            "merged_at": merged,
            "merge_commit_sha": pull.merge_sha,
            "assignee": null,
            "assignees": [],
            "requested_reviewers": [],
            "requested_teams": [],
            "head": end(pull.fork_of.as_ref(), &pull.head, &pull.head_sha),
            "base": end(None, &pull.base, &pull.base_sha),
            "_links": {
                "self": {"href": url_of_pull},
                "html": {"href": format!("{html}/pull/{number}")},
                "issue": {"href": issue},
                "comments": {"href": format!("{issue}/comments")},
                "review_comments": {"href": comments},
                "review_comment": {"href": format!("{url}/pulls/comments{{/number}}")},
                "commits": {"href": format!("{url_of_pull}/commits")},
                "statuses": {"href": statuses},
            },
            "author_association": "MEMBER",
            "auto_merge": null,
            "draft": pull.is_draft,
        });
        if is_whole {
            let touched = repository.touched_between(&pull.base_sha, &pull.head_sha);
            let sum = |of: fn(&super::super::git::Touched) -> u64| touched.iter().map(of).sum::<u64>();
            let more = json!({
                "merged": pull.merge_sha.is_some(),
                "mergeable": if pull.is_open { Value::Bool(true) } else { Value::Null },
                "rebaseable": null,
                "mergeable_state": if pull.is_open { "clean" } else { "unknown" },
                "merged_by": pull.merged_by.as_ref().map(|login| self.user_json(login)),
                "comments": 0,
                "review_comments": 0,
                "maintainer_can_modify": false,
                "commits": repository.count(&pull.base_sha, &pull.head_sha),
                "additions": sum(|file| file.additions),
                "deletions": sum(|file| file.deletions),
                "changed_files": touched.len(),
            });
            if let (Value::Object(json), Value::Object(more)) = (&mut json, more) {
                json.extend(more);
            }
        }
        json
    }

    /// The open pull requests of a head, as checks show them.
    pub(in super::super) fn minimal_pulls_json(&self, repository: &Repository, sha: &str) -> Vec<Value> {
        let url = self.url_of(repository);
        let repo = json!({"id": repository.id, "url": url, "name": repository.name});
        let open = repository.pulls.iter().filter(|pull| pull.is_open && pull.head_sha == sha);
        open.map(|pull| {
            json!({
                "id": pull.id,
                "number": pull.number,
                "url": format!("{url}/pulls/{}", pull.number),
                "head": {"ref": pull.head, "sha": pull.head_sha, "repo": repo},
                "base": {"ref": pull.base, "sha": pull.base_sha, "repo": repo},
            })
        })
        .collect()
    }
}

fn label_json(url: &str, name: &str) -> Value {
    let id: u64 = name.bytes().map(u64::from).sum();
    json!({
        "id": id,
        "node_id": node("Label", id),
        "url": format!("{url}/labels/{name}"),
        "name": name,
        "description": "",
        "color": "ededed",
        "default": false,
    })
}
