//! Commits, as the API and as pushes show them.

use serde_json::{Value, json};

use super::super::git::{Commit, Paths, Person};
use super::super::hooks::node;
use super::super::repository::Repository;
use super::super::state::State;

impl State {
    /// Without its files.
    pub(in super::super) fn commit_json(&self, repository: &Repository, commit: &Commit) -> Value {
        let (url, html) = (self.url_of(repository), self.html_of(repository));
        let sha = &commit.sha;
        let person = |person: &Person| json!({"name": person.name, "email": person.email, "date": person.date});
        let parents: Vec<Value> = commit
            .parents
            .iter()
            .map(|sha| {
                json!({
                    "sha": sha,
                    "url": format!("{url}/commits/{sha}"),
                    "html_url": format!("{html}/commit/{sha}"),
                })
            })
            .collect();
        json!({
            "url": format!("{url}/commits/{sha}"),
            "sha": sha,
            "node_id": node("Commit", repository.id),
            "html_url": format!("{html}/commit/{sha}"),
            "comments_url": format!("{url}/commits/{sha}/comments"),
            "commit": {
                "url": format!("{url}/git/commits/{sha}"),
                "author": person(&commit.author),
                "committer": person(&commit.committer),
                "message": commit.message,
                "comment_count": 0,
                "tree": {"sha": commit.tree, "url": format!("{url}/git/trees/{}", commit.tree)},
                "verification": {
                    "verified": false,
                    "reason": "unsigned",
                    "signature": null,
                    "payload": null,
                    "verified_at": null,
                },
            },
            "author": self.user_by_email(&commit.author.email),
            "committer": self.user_by_email(&commit.committer.email),
            "parents": parents,
        })
    }

    /// With its files and what it adds and takes away.
    pub(in super::super) fn whole_commit_json(&self, repository: &Repository, commit: &Commit) -> Value {
        let mut json = self.commit_json(repository, commit);
        let (url, html) = (self.url_of(repository), self.html_of(repository));
        let touched = repository.touched(commit);
        let files: Vec<Value> = touched
            .iter()
            .map(|file| {
                let (sha, path) = (&commit.sha, &file.path);
                json!({
                    "sha": null,
                    "filename": path,
                    "status": status_word(file.letter),
                    "additions": file.additions,
                    "deletions": file.deletions,
                    "changes": file.additions + file.deletions,
                    "blob_url": format!("{html}/blob/{sha}/{path}"),
                    "raw_url": format!("{html}/raw/{sha}/{path}"),
                    "contents_url": format!("{url}/contents/{path}?ref={sha}"),
                })
            })
            .collect();
        let (additions, deletions) =
            touched.iter().fold((0, 0), |sum, file| (sum.0 + file.additions, sum.1 + file.deletions));
        json["stats"] = json!({"additions": additions, "deletions": deletions, "total": additions + deletions});
        json["files"] = files.into();
        json
    }

    /// As in the payload of a push.
    pub(in super::super) fn pushed_commit_json(
        &self,
        repository: &Repository,
        commit: &Commit,
        touched: &Paths,
    ) -> Value {
        let person = |person: &Person| {
            let mut json = json!({"name": person.name, "email": person.email});
            if let Some(login) = self.user_by_email(&person.email).get("login") {
                json["username"] = login.clone();
            }
            json
        };
        let paths = |letters: &str| -> Vec<&String> {
            touched.iter().filter(|(letter, _)| letters.contains(*letter)).map(|(_, path)| path).collect()
        };
        json!({
            "id": commit.sha,
            "tree_id": commit.tree,
            "distinct": true,
            "message": commit.message,
            "timestamp": commit.committer.date,
            "url": format!("{}/commit/{}", self.html_of(repository), commit.sha),
            "author": person(&commit.author),
            "committer": person(&commit.committer),
            "added": paths("A"),
            "removed": paths("D"),
            "modified": paths("MT"),
        })
    }

    fn user_by_email(&self, email: &str) -> Value {
        let known = self.accounts.iter().find(|account| account.email == email);
        known.map_or(Value::Null, |account| self.user_json(&account.login))
    }
}

/// `simple-commit`.
pub(in super::super) fn simple_commit_json(commit: &Commit) -> Value {
    let person = |person: &Person| json!({"name": person.name, "email": person.email});
    json!({
        "id": commit.sha,
        "tree_id": commit.tree,
        "message": commit.message,
        "timestamp": commit.committer.date,
        "author": person(&commit.author),
        "committer": person(&commit.committer),
    })
}

fn status_word(letter: char) -> &'static str {
    match letter {
        'A' => "added",
        'D' => "removed",
        'T' => "changed",
        _ => "modified",
    }
}
