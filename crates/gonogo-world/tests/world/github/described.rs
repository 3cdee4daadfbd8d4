//! Every answer is as GitHub's own description has it.

use gonogo_world::GitHub;
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{TOKEN, ask, get, json_of, jwt, post, three_commits, web};

/// Drives all that there is, each at least once with something in it.
fn drive(github: &GitHub) {
    let repo = three_commits();
    repo.tag("v1.0.0");
    let team = github.repository("acme/web").made_from(&repo);
    team.hooked_to("http://127.0.0.1:9/", "secret");
    let app = github.app("gonogo").hooked_to("http://127.0.0.1:9/", "secret");
    let installation = app.installed_on("acme");
    team.requires("clean-build", Some(app)).rules_require("clean-suite", None);

    repo.branch("feature/euros").checkout("feature/euros");
    let head = repo.commit("STORY-12 charge in euros");
    team.by("maria").pushes("feature/euros", &repo);
    let pull = team.by("maria").opens_pull_request("Charge in euros", "feature/euros", "main");
    pull.with_body("It is time.").labelled("billing");
    let base = "/repos/acme/web";
    let gets = |paths: &[&str]| {
        for path in paths {
            json_of(get(github, &format!("{base}{path}")), 200);
        }
    };

    let status = json!({
        "state": "failure",
        "context": "gonogo/deploy (web)",
        "description": "No-Go: STORY-12 is In Review",
        "target_url": "https://gonogo.example/c/1",
    });
    json_of(post(github, &format!("{base}/statuses/{head}"), &status), 201);
    gets(&["", "/branches?per_page=1", "/branches/main", "/branches/feature%2Feuros", "/branches/feature/euros"]);
    gets(&["/git/ref/heads/main", "/git/ref/tags/v1.0.0", "/git/matching-refs/heads/feature", "/commits/main"]);
    gets(&[&format!("/commits/{head}"), &format!("/commits/{head}/pulls"), "/pulls?state=all", "/pulls/1"]);
    gets(&[&format!("/commits/{head}/status"), &format!("/commits/{head}/statuses"), "/commits/main/status"]);
    gets(&["/branches/main/protection", "/rules/branches/main", "/hooks", "/collaborators/maria/permission"]);
    pull.merges();
    gets(&["/pulls/1", &format!("/commits/{head}/pulls")]);

    drive_as_app(github, installation, &head);
    drive_deployments(github, &head);
    drive_deliveries(github);

    github.user("robin").member_of("acme");
    for path in ["/user", "/user/emails", "/user/orgs", "/user/memberships/orgs/acme", "/rate_limit", "/meta"] {
        json_of(get(github, path), 200);
    }
    json_of(get(github, "/repos/acme/nothing"), 404);
    web(github).renamed_to("acme/site");
    let moved = get(github, "/repos/acme/web");
    assert_eq!(moved.status(), 301);
    let location = moved.headers()["location"].to_str().unwrap().replace(&github.api_url(), "");
    json_of(get(github, &location), 200);
}

fn drive_as_app(github: &GitHub, installation: u64, head: &str) {
    let (app, base) = (github.app("gonogo"), "/repos/acme/web");
    let jwt = jwt(app.id(), -60, 500);
    let as_app = |method: Method, path: &str, status: u16| json_of(ask(github, method, path, &jwt, None), status);
    as_app(Method::GET, "/app", 200);
    as_app(Method::GET, "/app/hook/config", 200);
    as_app(Method::GET, "/app/installations", 200);
    as_app(Method::GET, &format!("/app/installations/{installation}"), 200);
    as_app(Method::GET, "/repos/acme/web/installation", 200);
    let token = as_app(Method::POST, &format!("/app/installations/{installation}/access_tokens"), 201);
    let token = token["token"].as_str().unwrap();
    let with_token = |method: Method, path: &str, body: Option<&Value>, status: u16| {
        json_of(ask(github, method, path, token, body), status)
    };
    with_token(Method::GET, "/installation/repositories", None, 200);

    let run = json!({
        "name": "gonogo",
        "head_sha": head,
        "status": "in_progress",
        "external_id": "1",
        "output": {"title": "Waiting", "summary": "Two builds run.", "annotations": [{
            "path": "changes/0001.txt",
            "start_line": 1,
            "end_line": 1,
            "annotation_level": "warning",
            "message": "here",
        }]},
    });
    let run = with_token(Method::POST, &format!("{base}/check-runs"), Some(&run), 201);
    let run = format!("{base}/check-runs/{}", run["id"]);
    let end = json!({
        "status": "completed",
        "conclusion": "success",
        "completed_at": "2024-01-01T12:00:00Z",
        "output": {"title": "Go", "summary": "All is well."},
        "actions": [{"label": "Check again", "description": "Evaluate again", "identifier": "check"}],
    });
    with_token(Method::PATCH, &run, Some(&end), 200);
    for path in [run.clone(), format!("{run}/annotations")] {
        with_token(Method::GET, &path, None, 200);
    }
    for path in ["check-runs?filter=all", "check-runs", "check-suites"] {
        with_token(Method::GET, &format!("{base}/commits/{head}/{path}"), None, 200);
    }
}

fn drive_deployments(github: &GitHub, head: &str) {
    let base = "/repos/acme/web";
    let deployment = json!({
        "ref": head,
        "auto_merge": false,
        "required_contexts": [],
        "environment": "production",
        "payload": {"deploy": 7},
    });
    let deployment = json_of(post(github, &format!("{base}/deployments"), &deployment), 201);
    let deployment = format!("{base}/deployments/{}", deployment["id"]);
    let status = json!({"state": "success", "log_url": "https://gonogo.example/d/7"});
    json_of(post(github, &format!("{deployment}/statuses"), &status), 201);
    for path in [&deployment, &format!("{deployment}/statuses"), &format!("{base}/deployments?environment=production")]
    {
        json_of(get(github, path), 200);
    }
}

fn drive_deliveries(github: &GitHub) {
    let (base, jwt) = ("/repos/acme/web", jwt(github.app("gonogo").id(), -60, 500));
    github.hooks().settle();
    let hook = web(github).hook_ids()[0];
    let own = format!("{base}/hooks/{hook}/deliveries");
    for (deliveries, token) in [(own.as_str(), TOKEN), ("/app/hook/deliveries", jwt.as_str())] {
        let list = json_of(ask(github, Method::GET, &format!("{deliveries}?per_page=3"), token, None), 200);
        let id = &list[0]["id"];
        json_of(ask(github, Method::GET, &format!("{deliveries}/{id}"), token, None), 200);
        json_of(ask(github, Method::POST, &format!("{deliveries}/{id}/attempts"), token, None), 202);
    }
    json_of(ask(github, Method::POST, &format!("{base}/hooks/{hook}/pings"), TOKEN, None), 204);
}

#[test]
fn each_answer_of_github_com_is_as_described() {
    let github = GitHub::start();
    drive(&github);
    github.check_requests();
}

#[test]
fn each_answer_of_an_enterprise_server_is_as_described() {
    let github = GitHub::enterprise();
    drive(&github);
    github.check_requests();
}

#[test]
fn requests_that_are_not_as_described_are_told() {
    let github = GitHub::start();
    github.expects_trouble();
    let repo = three_commits();
    let team = github.repository("acme/web").made_from(&repo);
    let head = team.branch("main").unwrap();
    get(&github, "/repos/acme/web/branches?size=3");
    post(&github, &format!("/repos/acme/web/statuses/{head}"), &json!({"state": "green", "colour": 1}));
    get(&github, "/repos/acme/web/no/such/path");
    let violations = github.violations();
    for wanted in ["parameter 'size' is not described", "\"green\"", "'colour' of the body", "has no such path"] {
        assert!(violations.iter().any(|violation| violation.contains(wanted)), "{wanted} in {violations:#?}");
    }
}
