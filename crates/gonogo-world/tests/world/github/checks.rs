//! Check runs and statuses: their limits, and what they come to.

use reqwest::Method;
use serde_json::{Value, json};

use super::client::{ask, get_json, github, installation_token, json_of, post, web};

#[test]
fn the_newest_status_of_each_context_counts() {
    let (github, repo) = github();
    let head = repo.head();
    let team = web(&github);
    let combined = || get_json(&github, "/repos/acme/web/commits/main/status")["state"].clone();
    assert_eq!(combined(), "pending", "nothing yet");
    team.posts_status(&head, "build", "failure", "broken").posts_status(&head, "assets", "success", "");
    assert_eq!(combined(), "failure");
    team.posts_status(&head, "build", "success", "");
    assert_eq!(combined(), "success");
    let all = get_json(&github, &format!("/repos/acme/web/commits/{head}/statuses"));
    assert_eq!(all.as_array().unwrap().len(), 3);
    assert_eq!(all[0]["state"], "success");
    team.status_of(&head, "build").is_success("");
}

#[test]
fn a_status_has_limits() {
    let (github, repo) = github();
    github.expects_trouble();
    let path = format!("/repos/acme/web/statuses/{}", repo.head());
    let status = |description: &str| post(&github, &path, &json!({"state": "success", "description": description}));
    assert_eq!(status(&"ü".repeat(140)).status(), 201);
    assert_eq!(status(&"ü".repeat(141)).status(), 422);
    assert_eq!(post(&github, &path, &json!({"state": "green"})).status(), 422);
    assert_eq!(
        post(&github, &format!("/repos/acme/web/statuses/{}", "0".repeat(40)), &json!({"state": "success"})).status(),
        422
    );
    for _ in 1..1_000 {
        web(&github).posts_status(&repo.head(), "default", "success", "");
    }
    let refused = json_of(status(""), 422);
    assert!(refused["errors"][0]["message"].as_str().unwrap().contains("maximum number of statuses"));
}

#[test]
fn check_runs_are_an_apps_alone_and_have_limits() {
    let (github, repo) = github();
    github.expects_trouble();
    let token = installation_token(&github, "gonogo");
    let runs = "/repos/acme/web/check-runs";
    let run = |more: Value| {
        let mut run = json!({"name": "gonogo", "head_sha": repo.head()});
        run.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ask(&github, Method::POST, runs, &token, Some(&run))
    };
    assert_eq!(post(&github, runs, &json!({"name": "gonogo", "head_sha": repo.head()})).status(), 403);
    assert_eq!(run(json!({})).status(), 201);
    assert_eq!(run(json!({"status": "completed"})).status(), 422, "without a conclusion");
    let output = |summary: usize, annotations: usize| {
        let annotation = json!({
            "path": "a",
            "start_line": 1,
            "end_line": 1,
            "annotation_level": "notice",
            "message": "m",
        });
        json!({"output": {
            "title": "t",
            "summary": "x".repeat(summary),
            "annotations": vec![annotation; annotations],
        }})
    };
    assert_eq!(run(output(65_535, 50)).status(), 201);
    assert_eq!(run(output(65_536, 0)).status(), 422);
    assert_eq!(run(output(1, 51)).status(), 422);
    let action = json!({"label": "Waive", "description": "Let it pass", "identifier": "waive"});
    assert_eq!(run(json!({"actions": vec![action.clone(); 4]})).status(), 422);
    assert_eq!(run(json!({"actions": vec![action; 3]})).status(), 201);

    let with_app = installation_token(&github, "other");
    let mine = web(&github).check_runs(&repo.head())[0].id;
    let patch = ask(&github, Method::PATCH, &format!("{runs}/{mine}"), &with_app, Some(&json!({"status": "queued"})));
    assert_eq!(patch.status(), 403, "it is another App's");
}

#[test]
fn a_retry_that_passed_counts_as_passed() {
    let (github, repo) = github();
    let head = repo.head();
    let builds = github.app("builds");
    builds.installed_on("acme");
    web(&github).posts_check_run(builds, &head, "suite", "failure").posts_check_run(builds, &head, "suite", "success");
    let path = format!("/repos/acme/web/commits/{head}");
    let newest = get_json(&github, &format!("{path}/check-runs"));
    assert_eq!((&newest["total_count"], &newest["check_runs"][0]["conclusion"]), (&json!(1), &json!("success")));
    let all = get_json(&github, &format!("{path}/check-runs?filter=all"));
    assert_eq!(all["total_count"], 2);
    assert_eq!(get_json(&github, &format!("{path}/check-suites"))["check_suites"][0]["conclusion"], "success");
}

#[test]
fn a_deployment_wants_its_defaults_switched_off() {
    let (github, repo) = github();
    repo.branch_at("old", "main~1");
    let team = web(&github);
    team.pushes("old", &repo);
    team.posts_status(&repo.head(), "build", "failure", "broken");
    let deploy = |body: Value| post(&github, "/repos/acme/web/deployments", &body).status();
    assert_eq!(deploy(json!({"ref": "main"})), 409, "a status failed");
    assert_eq!(deploy(json!({"ref": "old", "required_contexts": []})), 409, "it is behind");
    assert_eq!(deploy(json!({"ref": "old", "auto_merge": false, "required_contexts": []})), 201);
    assert_eq!(team.deployments()[0].sha, repo.rev("old"));
}
