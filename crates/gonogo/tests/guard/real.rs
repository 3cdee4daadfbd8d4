//! Over a real Graphite and a real Prometheus.

use super::graphite::Graphite;
use super::rigs::Prometheus;
use super::support::{counts, json, now, replay, write};

/// Half an hour ago, on a whole minute.
fn start() -> i64 {
    (now() - 1800) / 60 * 60
}

#[test]
fn guards_are_replayed_straight_from_graphite() {
    let (folder, start) = (tempfile::tempdir().unwrap(), start());
    let graphite = Graphite::start(10);
    graphite.feed("web.errors", &counts(start - 3600, start + 1200, start + 300));
    graphite.feed(
        "web.requests",
        &counts(start - 3600, start + 1200, i64::MAX).iter().map(|(at, _)| (*at, 500.0)).collect::<Vec<_>>(),
    );
    graphite.feed("web.calm", &counts(start - 3600, start + 1200, i64::MAX));
    let guard = |name: &str, more: &str| format!("[[deploy.guards]]\nname = '{name}'\nfrom = 'graphite'\n{more}\n");
    let text = format!(
        "[deploy.metrics]\ngraphite = 'http://127.0.0.1:{}'\n{}{}{}",
        graphite.port,
        guard("errors", "measures = 'rate'\nquery = 'sumSeries(web.errors)'\nof = 'web.requests'"),
        guard("calm", "measures = 'count'\nquery = 'keepLastValue(web.calm)'"),
        guard("misspelt", "measures = 'count'\nquery = 'web.erors'"),
    );
    let policy = write(folder.path(), "gonogo.toml", &text).display().to_string();
    let (from, until) = ((start - 3600).to_string(), (start + 1200).to_string());
    let deploy = format!("{start},{}", start + 300);
    let all = ["--policy", &policy, "--from", &from, "--until", &until, "--deploy", &deploy];
    let said = json(&all);
    let advice = |nth: usize| said["guards"][nth]["deploys"][0]["advice"].clone();
    let judgement = |nth: usize| said["guards"][nth]["deploys"][0]["reading"]["judgement"].clone();
    assert_eq!((advice(0), judgement(0)), ("halt".into(), "worse".into()), "{said:#}");
    assert_eq!((advice(1), judgement(1)), ("go-on".into(), "fine".into()), "{said:#}");
    // 200 and an empty list.
    assert_eq!((advice(2), judgement(2)), ("halt".into(), "no-data".into()), "{said:#}");

    let wrong = text.replace("sumSeries(web.errors)", "nosuchfunction(web.errors)");
    let policy = write(folder.path(), "wrong.toml", &wrong).display().to_string();
    let ran = replay(&["--policy", &policy, "--from", &from, "--until", &until, "--deploy", &deploy]);
    assert!(
        ran.code == 3 && ran.stderr.contains("Graphite (127.0.0.1): it answered 400"),
        "{} {}",
        ran.code,
        ran.stderr
    );
}

#[test]
fn guards_are_replayed_straight_from_prometheus() {
    let (folder, start) = (tempfile::tempdir().unwrap(), start());
    let prometheus = Prometheus::start("web_milliseconds", &counts(start - 3600, start + 1200, start + 300));
    let guard = |name: &str, query: &str| {
        format!("[[deploy.guards]]\nname = '{name}'\nfrom = 'prometheus'\nmeasures = 'value'\nquery = '{query}'\n")
    };
    let text = format!(
        "[deploy.metrics]\nprometheus = 'http://127.0.0.1:{}'\n{}{}{}",
        prometheus.port,
        guard("slow", "sum(web_milliseconds)"),
        guard("no-number", "sum(web_milliseconds) / 0 - sum(web_milliseconds) / 0"),
        guard("misspelt", "sum(web_miliseconds)"),
    );
    let policy = write(folder.path(), "gonogo.toml", &text).display().to_string();
    let (from, until) = ((start - 3600).to_string(), (start + 1200).to_string());
    let deploy = format!("{start},{}", start + 300);
    let all = ["--policy", &policy, "--from", &from, "--until", &until, "--deploy", &deploy];
    let said = json(&all);
    let judgement = |nth: usize| said["guards"][nth]["deploys"][0]["reading"]["judgement"].clone();
    assert_eq!([judgement(0), judgement(1), judgement(2)], ["worse", "no-data", "no-data"], "{said:#}");

    let wrong = text.replace("sum(web_milliseconds)'", "sum(web_milliseconds'");
    let policy = write(folder.path(), "wrong.toml", &wrong).display().to_string();
    let ran = replay(&["--policy", &policy, "--from", &from, "--until", &until, "--deploy", &deploy]);
    assert!(ran.code == 3 && ran.stderr.contains("parse error"), "{} {}", ran.code, ran.stderr);
}
