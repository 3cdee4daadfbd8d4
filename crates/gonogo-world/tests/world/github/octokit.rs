//! GitHub's own clients talk to it: `@octokit/rest`, `@octokit/auth-app`,
//! `@octokit/webhooks`.

use std::net::TcpListener;
use std::process::Command;

use gonogo_world::GitHub;
use gonogo_world::github::PRIVATE_KEY_PEM;
use serde_json::{Value, json};

use super::client::{three_commits, web};
use crate::client::rigs;

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[allow(clippy::disallowed_methods, reason = "GitHub's own client is a program of its own")]
fn octokit(world: &Value) -> Value {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/world/github/octokit.mjs");
    let mut node = Command::new("node");
    node.arg(script).arg(world.to_string()).env("GONOGO_RIGS", rigs());
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy", "ALL_PROXY", "all_proxy"] {
        node.env_remove(name);
    }
    let output = node.output().expect("node can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn plays_with_its_own_client(github: &GitHub) {
    let repo = three_commits();
    repo.branch("topic").branch("other").checkout("topic");
    let head = repo.commit("STORY-12 charge in euros");
    github.repository("acme/old-name").made_from(&repo).renamed_to("acme/web");
    let port = free_port();
    // Nobody listens yet: its greeting is lost, as it may be.
    let hook =
        web(github).hooked_to_for(&format!("http://127.0.0.1:{port}/"), "it is a secret", &["ping"]).hook_ids()[0];
    github.hooks().settle();
    web(github).opens_pull_request("Charge in euros", "topic", "main");
    let app = github.app("gonogo");
    let installation = app.installed_on("acme");
    let found = octokit(&json!({
        "api": github.api_url(),
        "head": head,
        "app": app.id(),
        "key": PRIVATE_KEY_PEM,
        "installation": installation,
        "receiver": port,
        "hook": hook,
    }));
    assert_eq!(
        found,
        json!({
            "branches": ["main", "other", "topic"],
            "combined": "failure",
            "pulls": ["Charge in euros"],
            "refused": 403,
            "conditional": 304,
            "limit": 5000,
            "app": "gonogo",
            "run": "failure",
            "reached": ["acme/web"],
            "hook": {"event": "ping", "signed": true, "wrong": false},
            "renamed": "acme/web",
        })
    );
    github.check_requests();
}

#[test]
fn octokit_talks_to_github_com() {
    plays_with_its_own_client(&GitHub::start());
}

#[test]
fn octokit_talks_to_an_enterprise_server() {
    plays_with_its_own_client(&GitHub::enterprise());
}
