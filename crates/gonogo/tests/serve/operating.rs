//! What operators see and do: metrics, the log, secrets that change, and stops.

#![allow(clippy::disallowed_methods, reason = "Prometheus' own tool is run")]

use crate::support::{SECRET, World};
use gonogo_world::GitHub;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

fn metrics(world: &World) -> String {
    let (status, answer) = world.ask_with("GET", "/metrics", &[("Authorization", "Bearer watch-word")], "");
    assert_eq!(status, 200, "{answer}");
    answer.split_once("\r\n\r\n").expect("an answer has a body").1.to_owned()
}

/// The value of a series, by how its line begins.
fn value(text: &str, series: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok())
}

/// Prometheus' own tool, by its standard input or over a file.
fn promtool(arguments: &[&str], input: &str) {
    let mut tool = Command::new("promtool")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool is there: `./test` installs it");
    tool.stdin.take().expect("it is piped").write_all(input.as_bytes()).expect("it reads");
    let ended = tool.wait_with_output().expect("it ends");
    let said = [ended.stdout, ended.stderr].concat();
    assert!(ended.status.success(), "{}\n{input}", String::from_utf8_lossy(&said));
}

#[test]
fn what_happened_is_counted_as_prometheus_reads_it() {
    let mut world = World::stopped().with_variable("GONOGO_METRICS_TOKEN", "watch-word");
    world.start();
    let sha = world.repo.commit("STORY-1 x");
    world.push("main");
    world.status_of(&sha).is_success("Go");
    assert_eq!(world.ask_with("POST", "/hooks/github", &[], "{}").0, 401);
    let text = world.wait(
        || {
            let is_zero = |text: &String, series: &str| value(text, series) == Some(0.0);
            Some(metrics(&world)).filter(|text| {
                is_zero(text, "gonogo_mirror_waiting{kind=\"github-status\"}")
                    && is_zero(text, "gonogo_queue_oldest_seconds")
            })
        },
        || metrics(&world),
    );
    promtool(&["check", "metrics"], &text);
    let is_counted = |series: &str| {
        assert!(value(&text, series).is_some_and(|number| number >= 1.0), "{series}\n{text}");
    };
    for series in [
        "gonogo_info{version=\"0.1.0\"}",
        "gonogo_deliveries_total{source=\"github\",outcome=\"stored\"}",
        "gonogo_deliveries_total{source=\"github\",outcome=\"refused\"}",
        "gonogo_job_seconds_count{kind=\"delivery\",outcome=\"done\"}",
        "gonogo_job_seconds_count{kind=\"sync\",outcome=\"done\"}",
        "gonogo_evaluation_seconds_count{verdict=\"go\"}",
        "gonogo_shown_seconds_count{kind=\"github-status\",outcome=\"done\"}",
        "gonogo_outside_seconds_count{system=\"github\",outcome=\"2xx\"}",
        "gonogo_outside_rate_limit_remaining{system=\"github\"}",
        "gonogo_store_seconds_count{act=\"write\",outcome=\"answered\"}",
        "gonogo_served_seconds_count{route=\"/hooks/github\",status=\"4xx\"}",
    ] {
        is_counted(series);
    }
}

#[test]
fn metrics_are_for_who_has_the_token() {
    let mut world = World::stopped().with_variable("GONOGO_METRICS_TOKEN", "watch-word");
    world.start();
    assert_eq!(world.get("/metrics").0, 401, "being signed in does not help");
    assert_eq!(world.ask_with("GET", "/metrics", &[("Authorization", "Bearer watch-wor")], "").0, 401);
    metrics(&world);
    let world = World::new();
    let (status, said) = world.ask_with("GET", "/metrics", &[("Authorization", "Bearer ")], "");
    assert!(status == 503 && said.contains("set GONOGO_METRICS_TOKEN"), "{said}");
}

#[test]
fn the_alerts_that_we_advise_are_rules_over_metrics_that_there_are() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/alerts.yml");
    promtool(&["check", "rules", file], "");
    let docs = include_str!("../../../../docs/metrics.md");
    let rules = std::fs::read_to_string(file).unwrap();
    let words = rules.split(|c: char| !(c.is_ascii_lowercase() || c == '_')).filter(|word| word.starts_with("gonogo_"));
    for word in words {
        let name = word.trim_end_matches("_count");
        assert!(docs.contains(&format!("| `{name}` |")), "{word} is no metric");
    }
}

#[test]
fn the_log_is_json_with_a_line_for_each_piece_of_work_and_no_secrets() {
    let mut world = World::stopped().with_keys("log = 'json'\nlog_level = 'debug'\n");
    world.github.faults().on("/statuses/").status(502);
    world.start();
    let sha = world.repo.commit("STORY-1 x");
    world.push("main");
    let read = |line: String| -> serde_json::Value { serde_json::from_str(&line).unwrap() };
    let job = read(world.logs(&["\"message\":\"job\"", "\"kind\":\"sync\"", "\"key\":\"acme/web\""]));
    assert_eq!((job["level"].as_str(), job["outcome"].as_str()), (Some("info"), Some("done")), "{job}");
    assert!(job["seconds"].is_f64() && job["time"].as_str().is_some_and(|time| time.ends_with('Z')), "{job}");
    let failed = read(world.logs(&["\"message\":\"shown\"", "\"outcome\":\"failed\""]));
    assert_eq!((failed["level"].as_str(), failed["kind"].as_str()), (Some("warn"), Some("github-status")), "{failed}");
    assert!(failed["error"].as_str().is_some_and(|error| error.contains("502")), "{failed}");
    world.github.heals();
    world.status_of(&sha).is_success("Go");
    let asked = read(world.logs(&["\"message\":\"asked\"", "/statuses/", "\"status\":201"]));
    assert_eq!(asked["system"], "github");

    let (status, answer) = world.ask_with("GET", "/first-admin?code=hush", &[("X-Request-Id", "from-the-proxy")], "");
    assert!(status < 500 && answer.contains("x-request-id: from-the-proxy"), "{answer}");
    let request = read(world.logs(&["\"request\":\"from-the-proxy\""]));
    assert_eq!((request["path"].as_str(), request["method"].as_str()), (Some("/first-admin"), Some("GET")));
    assert_eq!(request["status"], status);

    world.terminate();
    let log = world.log();
    for line in log.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
    }
    let cookie = world.cookie().split('=').nth(1).unwrap();
    for secret in [crate::support::TOKEN, SECRET, crate::support::PASSWORD, "jira-token", "xoxb-world", "hush", cookie]
    {
        assert!(!log.contains(secret), "{secret}");
    }
}

#[test]
fn outside_text_is_one_line_of_the_log() {
    let mut world = World::stopped();
    world.start();
    world.get("/no%1b%5b31m%0Apage");
    world.ask_with("GET", "/nothing\u{202e}\u{1b}[31m", &[], "");
    world.logs(&["answered", "path=/no%1b%5b31m%0Apage", "status=404"]);
    assert!(!world.log().contains(['\u{1b}', '\u{202e}']), "{}", world.log());
}

#[test]
fn secrets_in_files_are_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(file("hook"), "another").unwrap();
    std::fs::write(file("token"), "not-yet").unwrap();
    let mut world = World::stopped()
        .with_variable("GONOGO_GITHUB_WEBHOOK_SECRET_FILE", &file("hook"))
        .with_variable("GONOGO_GITHUB_TOKEN_FILE", &file("token"));
    world.start();
    world.repo.commit("STORY-1 x");
    world.web().pushes("main", &world.repo);
    let refused = world.github.hooks().of("push").settle().pop().unwrap();
    assert_eq!(refused.status, Some(401), "{:?}", refused.response);
    world.logs(&["kind=sync", "outcome=failed"]);

    std::fs::write(file("hook"), format!("another\n{SECRET}\n")).unwrap();
    std::fs::write(file("token"), crate::support::TOKEN).unwrap();
    let next = world.repo.commit("STORY-2 y");
    world.push("main");
    world.status_of(&next).is_success("Go");
    world.logs(&["a secret was changed", "GONOGO_GITHUB_TOKEN_FILE"]);

    // While somebody writes it there may be nothing in it.
    std::fs::write(file("hook"), "").unwrap();
    let last = world.repo.commit("STORY-3 z");
    world.push("main");
    world.status_of(&last).is_success("Go");
    world.logs(&["the last one counts", "GONOGO_GITHUB_WEBHOOK_SECRET_FILE"]);
}

#[test]
fn a_first_clone_is_seen_and_given_back_when_it_is_told_to_stop() {
    let mut world = World::stopped();
    world.github.faults().on("git-upload-pack").by("POST").hang();
    world.start();
    let page = || world.get("/").1;
    let says = "… Waiting</span> its repository is being fetched for the first time";
    world.wait(|| page().contains(says).then_some(()), page);
    let (took, code) = world.terminate();
    assert!(code == Some(0) && took < Duration::from_secs(10), "{code:?} after {took:?}");
    world.logs(&["kind=sync", "outcome=left"]);
    world.github.heals();
    world.start();
    world.status_of(&world.repo.rev("main")).is_success("Go");
    assert!(!world.get("/").1.contains("for the first time"));
}

#[test]
fn git_believes_the_authority_that_we_are_given() {
    let github = GitHub::start().tls();
    let authority = github.ca_file().display().to_string();
    let mut world = World::stopped_on(github).with_variable("GONOGO_CA_FILE", &authority);
    world.start();
    let sha = world.repo.commit("STORY-1 x");
    world.push("main");
    world.status_of(&sha).is_success("Go");
    assert!(!world.github.requests_to("/acme/web.git/").is_empty());
}
