//! Slack's own clients talk to it: `@slack/web-api`, and `slack_sdk`.

use std::path::Path;
use std::process::Command;

use gonogo_world::Slack;
use serde_json::{Value, json};

use crate::client::rigs;

#[allow(clippy::disallowed_methods, reason = "Slack's own clients are programs of their own")]
fn run(program: &Path, script: &str, slack: &Slack) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/world/slack").join(script);
    let mut command = Command::new(program);
    command.arg(script).arg(slack.api_url()).env("GONOGO_RIGS", rigs());
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy", "ALL_PROXY", "all_proxy"] {
        command.env_remove(name);
    }
    let output = command.output().expect("the client can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn plays(program: &Path, script: &str) {
    let slack = Slack::start();
    slack.expects_trouble().one_message_a_second();
    let deploys = slack.channel("#deploys");
    slack.channel("#other").chatters(3);
    let found = run(program, script, &slack);
    assert_eq!(
        found,
        json!({
            "team": "Acme",
            "channels": ["deploys", "other"],
            "posted": deploys.id(),
            "changed": "Go",
            "key": "web",
            "pages": 3,
            "unknown_channel": "channel_not_found",
            "unknown_method": "unknown_method",
            "wrong_blocks": "invalid_blocks",
            "stranger": "invalid_auth",
        })
    );
    let limited = slack.requests_to("chat.postMessage").iter().filter(|request| request.status == Some(429)).count();
    assert!(limited >= 1, "it was slowed down, and came back by itself");
    let messages = deploys.messages();
    assert_eq!(messages.iter().map(|m| (m.seen(), m.changes)).collect::<Vec<_>>(), [("Go", 1), ("again", 0)]);
    assert_eq!(slack.unexpected().len(), 2, "{:?}", slack.unexpected());
}

#[test]
fn the_client_for_javascript_talks_to_it() {
    plays(Path::new("node"), "official.mjs");
}

#[test]
fn the_client_for_python_talks_to_it() {
    plays(&rigs().join("venv/bin/python3"), "official.py");
}
