//! An app by Slack's own client hears of what people do here, over HTTP and over
//! Socket Mode.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use gonogo_world::Slack;
use gonogo_world::slack::Acted;
use serde_json::{Value, json};

use super::client::call;
use crate::client::{client, rigs};

struct App(Child);

impl Drop for App {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The app, and where it is heard.
#[allow(clippy::disallowed_methods, reason = "Slack's own client is a program of its own")]
fn app(slack: &Slack, mode: &str) -> (App, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/world/slack/official_app.py");
    let mut command = Command::new(rigs().join("venv/bin/python3"));
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy", "ALL_PROXY", "all_proxy"] {
        command.env_remove(name);
    }
    command.arg(script).args([&slack.api_url(), mode]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("the client can be started");
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (App(child), line.trim().to_owned())
}

fn button(slack: &Slack) {
    slack.channel("#deploys");
    let text = json!({"type": "plain_text", "text": "Waive"});
    let button = json!({"type": "button", "action_id": "waive", "value": "7", "text": text});
    let blocks = json!([{"type": "actions", "elements": [button]}]);
    let posted = call(slack, "chat.postMessage", &json!({"channel": "#deploys", "text": "No-Go", "blocks": blocks}));
    assert_eq!(posted["ok"], true, "{posted}");
}

/// What a member does, and reads of it.
fn acts(slack: &Slack) {
    assert_eq!(slack.presses("maria", "#deploys", "Waive"), Acted::Taken);
    slack.whispers("maria", "waive by maria");
    assert_eq!(slack.sees_modal("maria")["title"]["text"], "Let it pass");
    let wrong = slack.fills_in("maria", &[("why", "no")]);
    assert_eq!(wrong, Acted::Wrong([("why".to_owned(), Value::from("say more"))].into_iter().collect()));
    assert_eq!(slack.fills_in("maria", &[("why", "agreed")]), Acted::Taken);
    assert!(!slack.has_modal("maria"));
    slack.channel("#deploys").said_once("let pass: 7");
}

#[test]
fn an_app_over_http_hears_what_its_client_believes() {
    let slack = Slack::start();
    button(&slack);
    let (_app, url) = app(&slack, "http");
    slack.is_heard_at(&url, "signing");
    acts(&slack);
    for wrong in [
        slack.press_parcel("maria", "#deploys", "Waive").signed_by("another"),
        slack.press_parcel("maria", "#deploys", "Waive").forged("maria", "eve"),
        slack.press_parcel("maria", "#deploys", "Waive").aged(310),
    ] {
        assert_eq!(wrong.send().0, 401, "{wrong:?}");
    }
}

#[test]
fn the_same_is_done_on_the_channels_page() {
    let slack = Slack::start();
    button(&slack);
    let (_app, url) = app(&slack, "http");
    slack.is_heard_at(&url, "signing");
    let at = format!("{}/archives/{}", slack.url(), slack.channel("#deploys").id());
    let page = || client().get(format!("{at}?as=maria")).send().unwrap().text().unwrap();
    let sends = |doing: &str, fields: &[(&str, &str)]| {
        let form =
            form_urlencoded::Serializer::new(String::new()).append_pair("as", "maria").extend_pairs(fields).finish();
        let sent = client().post(format!("{at}/{doing}")).body(form).send().unwrap();
        assert!(sent.status().as_u16() < 400, "{}", sent.status());
    };
    let comes = |words: &str| {
        let is_there = (0..400).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(25));
            page().contains(words)
        });
        assert!(is_there, "{words} is not in {}", page());
    };
    assert!(page().contains("value=\"Waive\""), "{}", page());
    let ts = slack.channel("#deploys").messages()[0].ts.clone();
    sends("presses", &[("ts", &ts), ("button", "Waive")]);
    comes("Let it pass");
    comes("Only you see this: </span>waive by maria");
    sends("modal", &[("why", "")]);
    comes("please complete this required field");
    sends("modal", &[("why", "no")]);
    comes("say more");
    sends("modal", &[("why", "agreed")]);
    slack.channel("#deploys").said_once("let pass: 7");
    assert!(!page().contains("Let it pass") || !slack.has_modal("maria"));
    // What one member sees is not another's.
    sends("presses", &[("ts", &ts), ("button", "Waive")]);
    comes("Let it pass");
    let other = client().get(format!("{at}?as=robin")).send().unwrap().text().unwrap();
    assert!(!other.contains("Let it pass") && !other.contains("waive by maria"), "{other}");
    sends("closed", &[]);
    assert!(!page().contains("Let it pass"));
}

#[test]
fn an_app_over_socket_mode_hears_the_same_and_goes_on_when_lines_change() {
    let slack = Slack::start();
    button(&slack);
    slack.speaks_socket_mode("xapp-world");
    let (_app, said) = app(&slack, "socket");
    assert_eq!(said, "connected");
    acts(&slack);
    let opened = slack.lines_opened();
    slack.refreshes_lines();
    slack.has_lines(1, opened + 1);
    assert_eq!(slack.presses("maria", "#deploys", "Waive"), Acted::Taken);
    let link = "https://gonogo.example.com/candidates/7";
    slack.writes("maria", "#deploys", &format!("look: {link}"));
    slack.unfurls("#deploys", link, "seen");
}

#[test]
fn a_line_is_opened_by_the_apps_token_and_each_ticket_once() {
    let slack = Slack::start();
    let open = |token: &str| -> Value {
        let request = client().post(format!("{}apps.connections.open", slack.api_url()));
        request.bearer_auth(token).send().unwrap().json().unwrap()
    };
    assert_eq!(open("xapp-world")["error"], "invalid_auth", "it is switched off");
    slack.speaks_socket_mode("xapp-world");
    assert_eq!(open("xoxb-world")["error"], "invalid_auth", "a bot's token opens none");
    let url = open("xapp-world")["url"].as_str().unwrap().replacen("ws://", "http://", 1);
    let upgrade = || {
        let request = client().get(&url).header("Connection", "Upgrade").header("Upgrade", "websocket");
        let request = request.header("Sec-WebSocket-Version", "13");
        request.header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==").send()
    };
    let first = upgrade().unwrap();
    assert_eq!(first.status(), 101);
    assert_eq!(first.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert!(upgrade().is_err(), "its ticket was used");
}
