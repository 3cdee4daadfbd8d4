//! `/metrics`: what operators watch, for who has the token. What each means,
//! and what to be woken by, stands in docs/metrics.md.

mod registry;

pub use registry::Registry;

use crate::App;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gonogo_engine::Secret;
use gonogo_engine::commands::people::hash_of;
use gonogo_store::views::Load;
use jiff::Timestamp;
use registry::{head, line};
use secrecy::ExposeSecret;

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Every metric that there is, and what it says.
const HELP: &[(&str, &str)] = &[
    ("gonogo_info", "Always 1; the label tells the version."),
    ("gonogo_deliveries_total", "Webhooks that came in."),
    ("gonogo_evaluation_seconds", "Candidates judged, by verdict, and how long that took."),
    ("gonogo_event_streams", "Open pages that follow what changes."),
    ("gonogo_job_seconds", "Work done by the queue, and how long it took."),
    ("gonogo_mirror_failing", "What should be seen outside and could not be shown when it was tried last."),
    ("gonogo_mirror_oldest_seconds", "For how long the oldest of what should be seen outside has been wanted."),
    ("gonogo_mirror_waiting", "What should be seen outside and is not yet."),
    ("gonogo_outside_rate_limit_remaining", "Requests that a system lets us make before it refuses, as it said last."),
    ("gonogo_slack_connections", "Connections that are open for what comes in from Slack."),
    ("gonogo_outside_seconds", "Requests that we made of other systems, and how long they took."),
    ("gonogo_outbox_messages", "What is said outside once: waiting, in doubt whether it was said, or failed."),
    ("gonogo_outbox_oldest_seconds", "For how long the oldest message that waits has been waiting."),
    ("gonogo_poll_interval_seconds", "How far apart the rounds are in which everything is looked at."),
    ("gonogo_queue_jobs", "Work in the queue: waiting, running, or given up."),
    ("gonogo_queue_oldest_seconds", "For how long the oldest work that is due has been waiting."),
    ("gonogo_said_seconds", "Tries to say what is said once, and how long they took."),
    ("gonogo_served_seconds", "Requests that were made of this server, and how long they took."),
    ("gonogo_shown_seconds", "Tries to make the outside show what is wanted, and how long they took."),
    ("gonogo_store_seconds", "Reads and writes of the database, and how long they took."),
    ("gonogo_workers_begun_anew_total", "Workers that ended by a fault of gonogo's and were begun anew."),
];

fn help(name: &str) -> &'static str {
    HELP.iter().find(|(known, _)| *known == name).map_or("", |(_, help)| help)
}

pub(crate) async fn page(State(app): State<App>, headers: HeaderMap) -> Response {
    let Some(token) = &app.metrics_token else {
        let said = "metrics are shown to who has the token, and none is configured: set GONOGO_METRICS_TOKEN\n";
        return (StatusCode::SERVICE_UNAVAILABLE, said).into_response();
    };
    if !has_token(token, &headers) {
        let said = "send `Authorization: Bearer …` with what GONOGO_METRICS_TOKEN says\n";
        return (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")], said).into_response();
    }
    let mut text = app.metrics.text(help);
    head(&mut text, "gonogo_info", help("gonogo_info"), "gauge");
    let version = [("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned())];
    line(&mut text, "gonogo_info", &version, None, &1);
    // A database that is away shows in gonogo_store_seconds; the rest is wanted then most.
    if let Ok(load) = app.serving.store.load((app.serving.clock)()).await {
        text.push_str(&of_the_store(&load, (app.serving.clock)()));
    }
    ([(header::CONTENT_TYPE, TEXT)], text).into_response()
}

fn has_token(token: &Secret, headers: &HeaderMap) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    // Hashed, so that the time of comparing tells nothing of the token.
    given.is_some_and(|given| hash_of(given.trim()) == hash_of(token.now().expose_secret()))
}

/// What is not counted as it happens, but looked at.
fn of_the_store(load: &Load, now: Timestamp) -> String {
    let mut text = String::new();
    let mut family = |name: &str, values: Vec<(Vec<(&str, &str)>, f64)>| {
        head(&mut text, name, help(name), "gauge");
        for (labels, value) in values {
            let labels: Vec<_> = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            line(&mut text, name, &labels, None, &value);
        }
    };
    let age = |since: Option<Timestamp>| since.map_or(0.0, |since| now.duration_since(since).as_secs_f64().max(0.0));
    let jobs = load.jobs.iter().flat_map(|jobs| {
        let states = [("waiting", jobs.waiting), ("running", jobs.running), ("given-up", jobs.given_up)];
        states.map(|(state, number)| (vec![("kind", jobs.kind.as_str()), ("state", state)], f64::from(number)))
    });
    family("gonogo_queue_jobs", jobs.collect());
    let oldest = load.jobs.iter().filter_map(|jobs| jobs.oldest_due).min();
    family("gonogo_queue_oldest_seconds", vec![(Vec::new(), age(oldest))]);
    let of_mirror = |value: fn(&gonogo_store::views::MirrorLoad) -> f64| {
        load.mirror.iter().map(|mirror| (vec![("kind", mirror.kind.as_str())], value(mirror))).collect()
    };
    family("gonogo_mirror_waiting", of_mirror(|mirror| f64::from(mirror.waiting)));
    family("gonogo_mirror_failing", of_mirror(|mirror| f64::from(mirror.failing)));
    let ages = load.mirror.iter().map(|mirror| (vec![("kind", mirror.kind.as_str())], age(mirror.oldest_wanted)));
    family("gonogo_mirror_oldest_seconds", ages.collect());
    let messages = load.outbox.iter().flat_map(|outbox| {
        let states = [("waiting", outbox.waiting), ("doubtful", outbox.doubtful), ("failed", outbox.failed)];
        states.map(|(state, number)| (vec![("kind", outbox.kind.as_str()), ("state", state)], f64::from(number)))
    });
    family("gonogo_outbox_messages", messages.collect());
    let oldest = load.outbox.iter().filter_map(|outbox| outbox.oldest_waiting).min();
    family("gonogo_outbox_oldest_seconds", vec![(Vec::new(), age(oldest))]);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_metric_has_its_line_in_the_docs_and_no_other_is_there() {
        let page = include_str!("../../../../docs/metrics.md");
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `gonogo_")?.split('`').next());
        let mut documented: Vec<String> = rows.map(|name| format!("gonogo_{name}")).collect();
        documented.sort();
        let mut known: Vec<&str> = HELP.iter().map(|(name, _)| *name).collect();
        known.sort_unstable();
        assert_eq!(documented, known);
    }
}
