//! Repositories, branches, references, protection.

use serde_json::{Value, json};

use super::super::clock::moment;
use super::super::hooks::node;
use super::super::repository::{Repository, Required};
use super::super::state::State;

/// Addresses of a repository's parts, below its own.
const PARTS: [(&str, &str); 34] = [
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    ("notifications_url", "/notifications{?since,all,participating}"),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
];

impl State {
    /// Where the API has a repository.
    pub(in super::super) fn url_of(&self, repository: &Repository) -> String {
        format!("{}/repos/{}", self.api_url(), repository.full_name())
    }

    /// Where people find it.
    pub(in super::super) fn html_of(&self, repository: &Repository) -> String {
        format!("{}/{}", self.web_url, repository.full_name())
    }

    /// `full-repository`, which is more than the shorter ones ask.
    pub(in super::super) fn repository_json(&self, repository: &Repository) -> Value {
        let (url, html) = (self.url_of(repository), self.html_of(repository));
        let full_name = repository.full_name();
        let open = repository.pulls.iter().filter(|pull| pull.is_open).count();
        let mut json = json!({
            "id": repository.id,
            "node_id": node("Repository", repository.id),
            "name": repository.name,
            "full_name": full_name,
            "owner": self.user_json(&repository.owner),
            "private": repository.is_private,
            "visibility": if repository.is_private { "private" } else { "public" },
            "html_url": html,
            "description": null,
            "fork": false,
            "url": url,
            "teams_url": format!("{url}/teams"),
            "trees_url": format!("{url}/git/trees{{/sha}}"),
            "git_url": format!("git://github.example/{full_name}.git"),
            "ssh_url": format!("git@github.example:{full_name}.git"),
            "clone_url": format!("{html}.git"),
            "svn_url": html,
            "mirror_url": null,
            "homepage": null,
            "language": null,
            "license": null,
            "topics": [],
            "custom_properties": {},
            "size": 108,
            "forks": 0,
            "forks_count": 0,
            "stargazers_count": 0,
            "watchers": 0,
            "watchers_count": 0,
            "open_issues": open,
            "open_issues_count": open,
            "subscribers_count": 1,
            "network_count": 0,
            "default_branch": repository.default_branch,
            "is_template": false,
            "has_issues": true,
            "has_projects": true,
            "has_wiki": false,
            "has_pages": false,
            "has_downloads": true,
            "has_discussions": false,
            "archived": repository.is_archived,
            "disabled": false,
            "allow_forking": true,
            "web_commit_signoff_required": false,
            "pushed_at": moment(repository.pushed),
            "created_at": moment(repository.created),
            "updated_at": moment(repository.pushed),
        });
        for (name, path) in PARTS {
            json[name] = format!("{url}{path}").into();
        }
        json
    }

    /// As in a push alone: times as numbers, the owner by name, and the page's
    /// address for its own.
    pub(in super::super) fn pushed_repository_json(&self, repository: &Repository) -> Value {
        let mut json = self.repository_json(repository);
        let email = self.known_account(&repository.owner).map(|owner| owner.email.clone());
        json["owner"]["name"] = repository.owner.clone().into();
        json["owner"]["email"] = email.into();
        json["url"] = json["html_url"].clone();
        json["created_at"] = repository.created.as_second().into();
        json["pushed_at"] = repository.pushed.as_second().into();
        json["stargazers"] = 0.into();
        json["master_branch"] = repository.default_branch.clone().into();
        json
    }

    pub(in super::super) fn short_branch_json(&self, repository: &Repository, name: &str, sha: &str) -> Value {
        json!({
            "name": name,
            "commit": {"sha": sha, "url": format!("{}/commits/{sha}", self.url_of(repository))},
            "protected": repository.is_protected(name),
        })
    }

    pub(in super::super) fn branch_json(&self, repository: &Repository, name: &str, sha: &str) -> Value {
        let url = format!("{}/branches/{name}", self.url_of(repository));
        let commit = repository.commit(sha).map(|commit| self.commit_json(repository, &commit));
        let required: Vec<&Required> =
            repository.required.iter().filter(|r| r.branch == name && !r.by_ruleset).collect();
        let contexts: Vec<&String> = required.iter().map(|required| &required.context).collect();
        json!({
            "name": name,
            "commit": commit,
            "_links": {"self": url, "html": format!("{}/tree/{name}", self.html_of(repository))},
            "protected": !required.is_empty(),
            "protection": {
                "enabled": !required.is_empty(),
                "required_status_checks": {
                    "enforcement_level": if required.is_empty() { "off" } else { "non_admins" },
                    "contexts": contexts,
                    "checks": checks_json(&required),
                },
            },
            "protection_url": format!("{url}/protection"),
        })
    }

    pub(in super::super) fn protection_json(&self, repository: &Repository, branch: &str) -> Value {
        let url = format!("{}/branches/{branch}/protection", self.url_of(repository));
        let required: Vec<&Required> =
            repository.required.iter().filter(|r| r.branch == branch && !r.by_ruleset).collect();
        let contexts: Vec<&String> = required.iter().map(|required| &required.context).collect();
        let off = json!({"enabled": false});
        json!({
            "url": url,
            "required_status_checks": {
                "url": format!("{url}/required_status_checks"),
                "strict": false,
                "contexts": contexts,
                "contexts_url": format!("{url}/required_status_checks/contexts"),
                "checks": checks_json(&required),
            },
            "enforce_admins": {"url": format!("{url}/enforce_admins"), "enabled": false},
            "required_linear_history": off,
            "allow_force_pushes": off,
            "allow_deletions": off,
            "block_creations": off,
            "required_conversation_resolution": off,
            "lock_branch": off,
            "allow_fork_syncing": off,
        })
    }

    pub(in super::super) fn ref_json(&self, repository: &Repository, name: &str, sha: &str) -> Value {
        let url = self.url_of(repository);
        let kind = repository.kind_of(sha);
        json!({
            "ref": name,
            "node_id": node("Ref", repository.id),
            "url": format!("{url}/git/{name}"),
            "object": {"type": kind, "sha": sha, "url": format!("{url}/git/{kind}s/{sha}")},
        })
    }
}

/// What the rulesets ask of a branch.
pub(in super::super) fn rules_json(repository: &Repository, branch: &str) -> Vec<Value> {
    let required = repository.required.iter().filter(|r| r.branch == branch && r.by_ruleset);
    let checks: Vec<Value> = required
        .map(|required| {
            let mut check = json!({"context": required.context});
            if let Some(app) = required.app {
                check["integration_id"] = app.into();
            }
            check
        })
        .collect();
    if checks.is_empty() {
        return Vec::new();
    }
    vec![json!({
        "type": "required_status_checks",
        "ruleset_source_type": "Repository",
        "ruleset_source": repository.full_name(),
        "ruleset_id": 42,
        "parameters": {"required_status_checks": checks, "strict_required_status_checks_policy": false},
    })]
}

fn checks_json(required: &[&Required]) -> Vec<Value> {
    required.iter().map(|required| json!({"context": required.context, "app_id": required.app})).collect()
}
