//! Check runs and suites.

use serde_json::{Value, json};

use super::super::clock::moment;
use super::super::hooks::node;
use super::super::repository::{PostedCheckRun, Repository, Suite};
use super::super::state::State;
use super::commits::simple_commit_json;

impl State {
    pub(in super::super) fn run_json(&self, repository: &Repository, run: &PostedCheckRun) -> Value {
        let url = format!("{}/check-runs/{}", self.url_of(repository), run.id);
        let html = format!("{}/runs/{}", self.html_of(repository), run.id);
        json!({
            "id": run.id,
            "head_sha": run.head_sha,
            "node_id": node("CheckRun", run.id),
            "external_id": run.external_id.clone().unwrap_or_default(),
            "url": url,
            "html_url": html,
            "details_url": run.details_url.clone().unwrap_or(html.clone()),
            "status": run.status,
            "conclusion": run.conclusion,
            "started_at": run.started.map(moment),
            "completed_at": run.completed.map(moment),
            "output": {
                "title": run.title,
                "summary": run.summary,
                "text": run.text,
                "annotations_count": run.annotations.len(),
                "annotations_url": format!("{url}/annotations"),
            },
            "name": run.name,
            "check_suite": {"id": run.suite},
            "app": self.app_json_of(run.app),
            "pull_requests": self.minimal_pulls_json(repository, &run.head_sha),
        })
    }

    pub(in super::super) fn annotation_json(&self, repository: &Repository, sha: &str, annotation: &Value) -> Value {
        let path = annotation["path"].as_str().unwrap_or_default();
        json!({
            "path": path,
            "blob_href": format!("{}/blob/{sha}/{path}", self.html_of(repository)),
            "start_line": annotation["start_line"],
            "end_line": annotation["end_line"],
            "start_column": annotation["start_column"],
            "end_column": annotation["end_column"],
            "annotation_level": annotation["annotation_level"],
            "title": annotation["title"],
            "message": annotation["message"],
            "raw_details": annotation["raw_details"],
        })
    }

    pub(in super::super) fn suite_json(&self, repository: &Repository, suite: &Suite) -> Value {
        let url = format!("{}/check-suites/{}", self.url_of(repository), suite.id);
        let (status, conclusion) = outcome(repository, suite);
        let commit = repository.commit(&suite.head_sha);
        let before = commit.as_ref().and_then(|commit| commit.parents.first().cloned());
        json!({
            "id": suite.id,
            "node_id": node("CheckSuite", suite.id),
            "head_branch": suite.head_branch,
            "head_sha": suite.head_sha,
            "status": status,
            "conclusion": conclusion,
            "url": url,
            "before": before,
            "after": suite.head_sha,
            "pull_requests": self.minimal_pulls_json(repository, &suite.head_sha),
            "app": self.app_json_of(suite.app),
            "repository": self.repository_json(repository),
            "created_at": moment(suite.created),
            "updated_at": moment(suite.updated),
            "head_commit": commit.map(|commit| simple_commit_json(&commit)),
            "latest_check_runs_count": runs_of(repository, suite).len(),
            "check_runs_url": format!("{url}/check-runs"),
            "rerequestable": true,
            "runs_rerequestable": true,
        })
    }
}

fn runs_of<'a>(repository: &'a Repository, suite: &Suite) -> Vec<&'a PostedCheckRun> {
    repository.newest_runs(&suite.head_sha).into_iter().filter(|run| run.suite == suite.id).collect()
}

/// Status and conclusion: what the newest runs of each name come to.
pub(in super::super) fn outcome(repository: &Repository, suite: &Suite) -> (&'static str, Option<String>) {
    /// The first of these that any run has is the suite's.
    const WORST_FIRST: [&str; 7] =
        ["failure", "timed_out", "action_required", "cancelled", "success", "neutral", "skipped"];
    let runs = runs_of(repository, suite);
    if runs.is_empty() {
        return ("queued", None);
    }
    if runs.iter().any(|run| run.status != "completed") {
        return ("in_progress", None);
    }
    let has = |word: &&&str| runs.iter().any(|run| run.conclusion.as_deref() == Some(**word));
    ("completed", WORST_FIRST.iter().find(has).map(ToString::to_string))
}
