use std::panic::{self, AssertUnwindSafe};
use std::time::{Duration, Instant};

use gonogo_world::Slack;
use serde_json::{Value, json};

use super::client::{call, send};

fn section(length: usize) -> Value {
    json!({"type": "section", "text": {"type": "mrkdwn", "text": "x".repeat(length)}})
}

#[test]
fn blocks_have_limits() {
    let slack = Slack::start();
    slack.expects_trouble().channel("#deploys");
    let error = |blocks: Value| {
        let answer = call(&slack, "chat.postMessage", &json!({"channel": "#deploys", "text": "x", "blocks": blocks}));
        answer["error"].as_str().map(str::to_owned)
    };
    let button = |length: usize| {
        let text = json!({"type": "plain_text", "text": "x".repeat(length)});
        json!([{"type": "actions", "elements": [{"type": "button", "text": text, "action_id": "a"}]}])
    };
    assert_eq!(error(json!([section(3_000)])), None);
    assert_eq!(error(vec![section(1); 50].into()), None);
    assert_eq!(error(button(75)), None);
    for wrong in [
        json!([section(3_001)]),
        json!([section(0)]),
        vec![section(1); 51].into(),
        button(76),
        json!([{"type": "section"}]),
        json!([{"type": "secton"}]),
    ] {
        assert_eq!(error(wrong).as_deref(), Some("invalid_blocks"));
    }
}

#[test]
fn texts_and_metadata_have_limits() {
    let slack = Slack::start();
    slack.expects_trouble().channel("#deploys");
    let error = |more: Value| {
        let mut body = json!({"channel": "#deploys"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        call(&slack, "chat.postMessage", &body)["error"].as_str().unwrap().to_owned()
    };
    assert_eq!(error(json!({})), "no_text");
    assert_eq!(error(json!({"text": "x".repeat(40_001)})), "msg_too_long");
    assert_eq!(error(json!({"text": "x", "metadata": {"event_type": "x"}})), "invalid_metadata_format");
    let large = json!({"event_type": "x", "event_payload": {"x": "x".repeat(16_000)}});
    assert_eq!(error(json!({"text": "x", "metadata": large})), "metadata_too_large");
}

#[test]
fn a_channel_takes_one_message_a_second() {
    let slack = Slack::start();
    slack.one_message_a_second().channel("#deploys");
    slack.channel("#other");
    let post = |channel: &str| send(&slack, "chat.postMessage", &json!({"channel": channel, "text": "x"}));
    assert_eq!(
        (post("#deploys").status(), post("#other").status()),
        (200.try_into().unwrap(), 200.try_into().unwrap())
    );
    let refused = post("#deploys");
    assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].to_str().unwrap()), (429, "1"));
    assert_eq!(refused.json::<Value>().unwrap(), json!({"ok": false, "error": "ratelimited"}));
    let begin = Instant::now();
    while post("#deploys").status() == 429 {
        assert!(begin.elapsed() < Duration::from_secs(5));
    }
    assert!(begin.elapsed() >= Duration::from_millis(500));
}

#[test]
fn faults_are_in_slacks_shape_and_an_answer_may_be_lost_after_the_deed() {
    let slack = Slack::start();
    let deploys = slack.channel("#deploys");
    slack.goes_down();
    let down = send(&slack, "chat.postMessage", &json!({"channel": "#deploys", "text": "x"}));
    assert_eq!(down.status(), 503);
    assert_eq!(down.json::<Value>().unwrap()["error"], "service_unavailable");
    slack.comes_back();
    deploys.has(0, 0);
    slack.faults().truncate().times(1);
    send(&slack, "chat.postMessage", &json!({"channel": "#deploys", "text": "x"})).text().unwrap_err();
    deploys.has(1, 0);
}

#[test]
fn what_nobody_should_ask_fails_the_test_in_the_end() {
    for (method, body, said) in [
        ("chat.postMesage", json!({}), "unknown_method"),
        ("chat.postMessage", json!({"channel": "#deploys"}), "no_text"),
        ("chat.postMessage", json!({"channel": "#deploys", "text": "x", "colour": "red"}), "'colour' means nothing"),
        ("conversations.history", json!({"channel": "C1"}), "takes no JSON"),
    ] {
        let slack = Slack::start();
        slack.channel("#deploys");
        call(&slack, method, &body);
        assert!(slack.unexpected()[0].contains(said), "{:?}", slack.unexpected());
        let ended = panic::catch_unwind(AssertUnwindSafe(|| drop(slack)));
        assert!(ended.unwrap_err().downcast_ref::<String>().unwrap().contains(said));
    }
}
