//! All deploys stopped at once: by a button, a command, a word in Slack.

#![allow(clippy::disallowed_methods, reason = "what steps write down is compared with the clock")]

use crate::api::Api;
use crate::deploys::Deploying;
use crate::hosts::Hosts;
use crate::on_hosts::onto;
use crate::pages::nothing_is_wrong_at;
use crate::slack_deploys::{CHANNEL, answer, deploying, joins};
use crate::support::PASSWORD;
use gonogo_world::Slack;
use serde_json::json;
use std::time::{SystemTime, UNIX_EPOCH};

const BUILD: (&str, &str) = ("build", "echo x > $M/begun; until test -e $M/go; do sleep 0.05; done; echo x > $M/built");
const SHIP: (&str, &str) = ("ship", "echo x >> $M/shipped");

pub(crate) fn stops(on: &Deploying, why: &str) {
    let (status, answer) = on.world.submit("/deploys", "/deploys/stop", &[("why", why)]);
    assert_eq!(status, 303, "{answer}");
}

/// By the button that stands on the page.
pub(crate) fn lifts(on: &Deploying) {
    let page = on.world.get("/deploys").1;
    let path = page.split("action=\"/deploys/stop/").nth(1).unwrap_or_else(|| panic!("no button: {page}"));
    let path = format!("/deploys/stop/{}", path.split('"').next().unwrap());
    assert_eq!(on.world.submit("/deploys", &path, &[]).0, 303);
}

#[test]
fn what_runs_comes_to_its_end_and_goes_on_once_the_stop_is_lifted() {
    let on = Deploying::with(&[BUILD, SHIP], "");
    let (_, candidate) = on.is_go_with("STORY-1 x");
    let deploy = on.presses_deploy(&candidate);
    on.wait_for_mark("begun");
    stops(&on, "the <database> is full");
    let page = on.says("/deploys", "All deploys are stopped");
    assert!(page.contains("the &lt;database&gt; is full") && page.contains("End it"), "{page}");
    for path in [deploy.as_str(), &candidate, "/", "/services/web", "/services/web/deploys", "/branches"] {
        assert!(on.world.get(path).1.contains("All deploys are stopped</b> by ada"), "{path}");
    }
    on.says(&deploy, "then nothing more: stopped by ada: the &lt;database&gt; is full");
    nothing_is_wrong_at(&on.world, ["/deploys", deploy.as_str()]);
    on.lets("go");
    on.says(&deploy, "‖ Halted</span> stopped by ada");
    assert!(on.read("built").is_some() && on.read("shipped").is_none(), "what ran came to its end, and no more");
    assert!(!on.world.get("/").1.contains("does not go on"), "nobody has to say how it goes on");
    lifts(&on);
    on.says(&deploy, "✓ Deployed");
    assert_eq!(on.read("shipped").unwrap(), "x\n");
    assert!(!on.world.get(&candidate).1.contains("All deploys are stopped"));
    let audit = on.world.get("/audit").1;
    assert!(audit.contains("stopped all deploys") && audit.contains("lifted the stop of all deploys"), "{audit}");
}

#[test]
fn no_step_begins_later_than_two_seconds_after() {
    let names: Vec<String> = (1..=60).map(|step| format!("step-{step}")).collect();
    let steps: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "date +%s%N >> $M/times")).collect();
    let on = Deploying::with(&steps, "");
    let (_, candidate) = on.is_go_with("STORY-1 x");
    let deploy = on.presses_deploy(&candidate);
    let times = || on.read("times").unwrap_or_default();
    on.world.wait(|| (times().lines().count() > 3).then_some(()), || on.world.log());
    stops(&on, "");
    let stopped = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    on.says(&deploy, "‖ Halted</span> stopped by ada");
    let last: u128 = times().lines().last().unwrap().parse().unwrap();
    let late = last.saturating_sub(stopped) / 1_000_000;
    assert!(late < 2_000, "{late} ms after");
    let begun = times().lines().count();
    assert!(begun < 60, "it was stopped in the middle");
    lifts(&on);
    on.says(&deploy, "✓ Deployed");
    assert_eq!(times().lines().count(), 60, "each once, in spite of the stop");
}

#[test]
fn no_host_and_no_phase_begins_until_the_stop_is_lifted() {
    let hosts = Hosts::new(3);
    let marks = "echo $GONOGO_HOST >> $M/begun; until test -e $M/go; do sleep 0.05; done; echo x >> $M/ended";
    let on =
        onto(&hosts, marks, "batches = ['2', '1']\nhealth = { run = ['sh', '-c', 'echo {host} >> $M/healthy'] }\n");
    let (_, candidate) = on.is_go_with("STORY-1 x");
    let deploy = on.presses_deploy(&candidate);
    let lines = |name: &str| on.read(name).unwrap_or_default().lines().count();
    on.world.wait(|| (lines("begun") == 2).then_some(()), || on.world.log());
    stops(&on, "");
    let page = on.says("/deploys", "ship on web-1");
    assert!(page.contains("ship on web-2") && page.matches("End it").count() == 2, "{page}");
    on.lets("go");
    let page = on.says(&deploy, "‖ Halted</span> stopped by ada");
    assert_eq!((lines("begun"), lines("ended"), lines("healthy")), (2, 2, 0), "{page}");
    lifts(&on);
    on.says(&deploy, "✓ Deployed");
    assert_eq!((lines("begun"), lines("healthy")), (3, 3), "each once");
}

#[test]
fn what_is_asked_for_while_all_is_stopped_begins_afterwards_and_who_may_not_stops_nothing() {
    let mut on = Deploying::with(&[SHIP], "");
    let (_, candidate) = on.is_go_with("STORY-1 x");
    on.world.adds("vera", "viewer");
    on.world.signs_in("vera", PASSWORD);
    assert!(!on.world.get("/deploys").1.contains("Stop all deploys"));
    let word = on.world.form_word("/account");
    assert_eq!(on.world.post("/deploys/stop", &[("form", &word), ("why", "x")]).0, 403);
    on.world.signs_in_again();
    stops(&on, "");
    let deploy = on.presses_deploy(&candidate);
    on.says(&deploy, "… Queued</span> stopped by ada");
    on.world.kill();
    on.world.start();
    on.says(&deploy, "… Queued</span> stopped by ada");
    assert_eq!(on.read("shipped"), None);
    on.world.adds("dan", "developer");
    on.world.signs_in("dan", PASSWORD);
    lifts(&on);
    on.says(&deploy, "✓ Deployed");
}

#[test]
fn a_command_stops_all_says_what_runs_and_lifts_that() {
    let on = Deploying::with(&[BUILD, SHIP], "");
    let (_, candidate) = on.is_go_with("STORY-1 x");
    let deploy = on.presses_deploy(&candidate);
    on.wait_for_mark("begun");
    let api = Api::with(&on.world, &["read", "deploy"]);
    let (said, code) = on.world.asks(&api.token, &["stop-all", "--reason", "smoke"]);
    assert!(code == Some(0) && said.contains("all deploys are stopped by ada since"), "{code:?} {said}");
    assert!(said.contains(": smoke") && said.contains("web deploy 1  build  runs for "), "{said}");
    let told = api.get("/stop");
    assert_eq!((&told["stop"]["why"], &told["under_way"][0]["key"]), (&json!("smoke"), &json!("step-1-1")), "{told}");
    assert_eq!(api.get("/deploys?open=true")["items"][0]["service"], "web");
    let reads = Api::with(&on.world, &["read"]);
    assert_eq!(reads.send("POST", "/stop", &[], "{}").status, 403);
    on.lets("go");
    on.says(&deploy, "‖ Halted</span> stopped by ada: smoke");
    let (said, code) = on.world.asks(&api.token, &["stop-all", "--lift"]);
    assert!(code == Some(0) && said.contains("go on where they were"), "{code:?} {said}");
    on.says(&deploy, "✓ Deployed");
    let (said, code) = on.world.asks(&api.token, &["stop-all", "--lift"]);
    assert!(code != Some(0) && said.contains("does not stand any more"), "{code:?} {said}");
}

/// In one of the messages of the channel.
#[track_caller]
pub(crate) fn shows(on: &Deploying, slack: &Slack, words: &str) {
    let all = || slack.channel(CHANNEL).messages();
    let is_shown = || all().iter().any(|message| message.text.contains(words)).then_some(());
    on.world.wait(is_shown, || format!("{words}: {:?}", all()));
}

#[test]
fn a_word_in_slack_stops_all_and_the_channel_reads_who_did_and_who_lifted_it() {
    let slack = Slack::start();
    let on = deploying(&slack, &[BUILD, SHIP], "");
    on.is_go_with("STORY-1 x");
    joins(&on, &slack, "ada");
    answer(&slack, "ada", "web");
    on.wait_for_mark("begun");
    let said = answer(&slack, "ada", "stop-all the <db> is full");
    assert!(
        said.contains("All deploys are stopped: nothing new begins.") && said.contains("build of web (deploy 1) for "),
        "{said}"
    );
    let channel = slack.channel(CHANNEL);
    channel.shows("■ ada stopped all deploys: the &lt;db&gt; is full");
    assert!(answer(&slack, "ada", "stop-all").contains("stopped by ada: the &lt;db&gt; is full already"));
    on.lets("go");
    shows(&on, &slack, "halted: stopped by ada: the &lt;db&gt; is full");
    assert!(answer(&slack, "eve", "lift").contains("nobody's at gonogo yet"));
    let said = answer(&slack, "ada", "lift");
    assert!(said.contains("The stop of ada is lifted"), "{said}");
    shows(&on, &slack, "ada lifted the stop of all deploys of ada from");
    shows(&on, &slack, " deployed");
    assert_eq!(channel.messages().len(), 2, "each changes in place: {:?}", channel.messages());
    assert!(answer(&slack, "ada", "lift").contains("Not done: that stop does not stand any more"));
}
