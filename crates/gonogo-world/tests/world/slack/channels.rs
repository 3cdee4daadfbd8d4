use gonogo_world::Slack;
use serde_json::json;

use super::client::{call, read};
use crate::client::client;

#[test]
fn a_message_is_posted_changed_and_read_again() {
    let slack = Slack::start();
    let deploys = slack.channel("#deploys");
    let metadata = json!({"event_type": "verdict", "event_payload": {"key": "k"}});
    let posted =
        call(&slack, "chat.postMessage", &json!({"channel": "#deploys", "text": "No-Go", "metadata": metadata}));
    assert_eq!((&posted["ok"], &posted["channel"]), (&json!(true), &json!(deploys.id())));
    let (id, ts) = (deploys.id(), posted["ts"].as_str().unwrap());
    let changed = call(&slack, "chat.update", &json!({"channel": id, "ts": ts, "text": "Go"}));
    assert_eq!((&changed["ok"], &changed["ts"]), (&json!(true), &json!(ts)));
    let message = deploys.said_once("No-Go");
    assert_eq!((message.seen(), message.changes), ("Go", 1));
    deploys.has(1, 1);

    let history = read(&slack, "conversations.history", &[("channel", &id), ("include_all_metadata", "true")]);
    assert_eq!(history["messages"][0]["metadata"], metadata);
    let history = read(&slack, "conversations.history", &[("channel", &id)]);
    assert_eq!((&history["messages"][0]["text"], history["messages"][0].get("metadata")), (&json!("Go"), None));
}

#[test]
fn history_comes_newest_first_in_pages_and_from_a_time_on() {
    let slack = Slack::start();
    let deploys = slack.channel("#deploys").chatters(5);
    let (id, all) = (deploys.id(), deploys.messages());
    let (mut texts, mut cursor) = (Vec::new(), String::new());
    loop {
        let mut query = vec![("channel", id.as_str()), ("limit", "2")];
        query.extend((!cursor.is_empty()).then_some(("cursor", cursor.as_str())));
        let page = read(&slack, "conversations.history", &query);
        texts.extend(page["messages"].as_array().unwrap().iter().map(|m| m["text"].as_str().unwrap().to_owned()));
        let next = page["response_metadata"]["next_cursor"].as_str().unwrap().to_owned();
        assert_eq!(page["has_more"], json!(!next.is_empty()));
        if next.is_empty() {
            break;
        }
        cursor = next;
    }
    assert_eq!(texts, ["chatter 4", "chatter 3", "chatter 2", "chatter 1", "chatter 0"]);
    let since = |inclusive| {
        let query = [("channel", id.as_str()), ("oldest", all[3].ts.as_str()), ("inclusive", inclusive)];
        read(&slack, "conversations.history", &query)["messages"].as_array().unwrap().len()
    };
    assert_eq!((since("false"), since("true")), (1, 2));
}

#[test]
fn channels_are_listed_as_the_bot_may_see_them() {
    let slack = Slack::start();
    slack.channel("#deploys");
    slack.channel("#old").archived();
    slack.channel("#ours").private();
    slack.channel("#theirs").private().without_the_bot();
    let names = |query: &[(&str, &str)]| -> Vec<String> {
        let list = read(&slack, "conversations.list", query);
        let channels = list["channels"].as_array().unwrap_or_else(|| panic!("{list}"));
        channels.iter().map(|channel| channel["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&[]), ["deploys", "old"]);
    let both = ("types", "public_channel,private_channel");
    assert_eq!(names(&[both, ("exclude_archived", "true")]), ["deploys", "ours"]);
    slack.without_scope("groups:read");
    let refused = read(&slack, "conversations.list", &[both]);
    assert_eq!((&refused["error"], &refused["needed"]), (&json!("missing_scope"), &json!("groups:read")));
}

#[test]
fn what_cannot_be_written_to_says_why() {
    let slack = Slack::start();
    slack.channel("#quiet").without_the_bot();
    slack.channel("#secret").private().without_the_bot();
    slack.channel("#old").archived();
    let error = |channel: &str| {
        call(&slack, "chat.postMessage", &json!({"channel": channel, "text": "x"}))["error"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let said = ["#none", "#quiet", "#secret", "#old"].map(error);
    assert_eq!(said, ["channel_not_found", "not_in_channel", "channel_not_found", "is_archived"]);
    let deploys = slack.channel("#deploys");
    let update =
        |channel: &str| call(&slack, "chat.update", &json!({"channel": channel, "ts": "1.000001", "text": "x"}));
    assert_eq!(update(&deploys.id())["error"], "message_not_found");
    assert_eq!(update("#deploys")["error"], "channel_not_found", "it wants the id");
}

#[test]
fn strangers_are_not_let_in() {
    let slack = Slack::start();
    let error = |token: Option<&str>| {
        let mut request = client().post(format!("{}auth.test", slack.api_url()));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().unwrap();
        assert_eq!(response.status(), 200);
        response.json::<serde_json::Value>().unwrap()["error"].as_str().map(str::to_owned)
    };
    assert_eq!(error(None).as_deref(), Some("not_authed"));
    assert_eq!(error(Some("xoxb-other")).as_deref(), Some("invalid_auth"));
    assert_eq!(error(Some("xoxb-world")), None);
    slack.without_scope("chat:write").channel("#deploys");
    assert_eq!(
        call(&slack, "chat.postMessage", &json!({"channel": "#deploys", "text": "x"}))["error"],
        "missing_scope"
    );
}
