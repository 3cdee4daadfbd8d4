//! A request of Slack's on its way, signed as Slack signs.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::TcpStream;

use jiff::Timestamp;
use ring::hmac;
use serde_json::Value;

use super::Listener;

/// To be sent, once or oftener.
#[derive(Debug, Clone)]
pub struct Parcel {
    url: String,
    secret: String,
    kind: &'static str,
    body: String,
    seconds: i64,
    /// Of this body instead.
    signs: Option<String>,
}

impl Parcel {
    pub(super) fn interaction(listener: &Listener, payload: &Value) -> Self {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("payload", &payload.to_string());
        Self {
            url: listener.interactions.clone(),
            secret: listener.secret.clone(),
            kind: "application/x-www-form-urlencoded",
            body: form.finish(),
            seconds: now(),
            signs: None,
        }
    }

    pub(super) fn command(listener: &Listener, payload: &Value) -> Self {
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (name, value) in payload.as_object().into_iter().flatten() {
            form.append_pair(name, value.as_str().unwrap_or_default());
        }
        Self {
            url: listener.commands.clone(),
            secret: listener.secret.clone(),
            kind: "application/x-www-form-urlencoded",
            body: form.finish(),
            seconds: now(),
            signs: None,
        }
    }

    pub(super) fn event(listener: &Listener, payload: &Value) -> Self {
        Self {
            url: listener.events.clone(),
            secret: listener.secret.clone(),
            kind: "application/json",
            body: payload.to_string(),
            seconds: now(),
            signs: None,
        }
    }

    /// Signed with another secret.
    #[must_use]
    pub fn signed_by(mut self, secret: &str) -> Self {
        secret.clone_into(&mut self.secret);
        self
    }

    /// Signed so many seconds ago, or, below zero, in the future.
    #[must_use]
    pub fn aged(mut self, seconds: i64) -> Self {
        self.seconds -= seconds;
        self
    }

    /// Changed after it was signed.
    #[must_use]
    pub fn forged(mut self, from: &str, to: &str) -> Self {
        self.signs = Some(self.body.clone());
        self.body = self.body.replace(from, to);
        self
    }

    /// What is answered: the status, and the body.
    pub fn send(&self) -> (u16, String) {
        self.deliver().unwrap_or_else(|error| (0, error.to_string()))
    }

    fn deliver(&self) -> io::Result<(u16, String)> {
        let rest = self.url.strip_prefix("http://").expect("this stand-in sends to http:// alone");
        let (authority, path) = rest.split_once('/').expect("the app's address has a path");
        let mut stream = TcpStream::connect(authority)?;
        let Self { kind, body, seconds, .. } = self;
        let signature = self.signature();
        let ask = format!(
            "POST /{path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\nContent-Type: {kind}\r\n\
             X-Slack-Signature: {signature}\r\nX-Slack-Request-Timestamp: {seconds}\r\n\
             User-Agent: Slackbot 1.0 (+https://api.slack.com/robots)\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(ask.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let status = answer.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
        Ok((status, body.unwrap_or_default()))
    }

    fn signature(&self) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.as_bytes());
        let signed = format!("v0:{}:{}", self.seconds, self.signs.as_ref().unwrap_or(&self.body));
        let mut signature = "v0=".to_owned();
        for byte in hmac::sign(&key, signed.as_bytes()).as_ref() {
            let _ = write!(signature, "{byte:02x}"); // a String takes all
        }
        signature
    }
}

#[expect(clippy::disallowed_methods, reason = "the world outside has a clock of its own")]
fn now() -> i64 {
    Timestamp::now().as_second()
}
