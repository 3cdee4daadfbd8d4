//! Jira's webhook, as an admin makes one with a secret.

use super::state::State;
use ring::hmac;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

#[derive(Debug)]
pub(super) struct Hook {
    pub(super) url: String,
    pub(super) secret: String,
    /// How often something was told: each has a number of its own.
    pub(super) told: AtomicU64,
}

/// A delivery on its way.
pub(super) struct Parcel {
    url: String,
    signature: String,
    id: String,
    body: String,
}

impl Hook {
    /// What is told of an issue; of a change with the last entry of its history.
    pub(super) fn parcel(&self, state: &State, issue: u64, event: &str) -> Parcel {
        let issue = state.issues.iter().find(|known| known.id == issue).expect("the issue is there");
        let items: Vec<Value> = issue
            .history
            .last()
            .map(
                |change| json!({"field": change.field, "fromString": change.from_string, "toString": change.to_string}),
            )
            .into_iter()
            .collect();
        let body = json!({
            "timestamp": 1_700_000_000_000_u64 + self.told.load(Ordering::Relaxed),
            "webhookEvent": event,
            "issue": {"id": issue.id.to_string(), "key": issue.key},
            "changelog": {"id": "1", "items": items},
        })
        .to_string();
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.as_bytes());
        let mut signature = "sha256=".to_owned();
        for byte in hmac::sign(&key, body.as_bytes()).as_ref() {
            let _ = write!(signature, "{byte:02x}"); // a String takes all
        }
        let id = format!("hook-{}", self.told.fetch_add(1, Ordering::Relaxed));
        Parcel { url: self.url.clone(), signature, id, body }
    }
}

impl Parcel {
    /// Fails the test where it is not taken.
    pub(super) fn send(self) {
        let answer = self.deliver().expect("the hook's receiver listens and answers");
        let is_taken = answer.split(' ').nth(1).is_some_and(|status| status.starts_with('2'));
        assert!(is_taken, "the hook was not taken: {answer}");
    }

    /// As Jira does: nobody waits for it, and it may get lost.
    pub(super) fn send_sometime(self) {
        let sender = thread::Builder::new().name("world-jira-hook".to_owned());
        // What is lost here is found by whoever polls.
        drop(sender.spawn(move || drop(self.deliver())));
    }

    /// What the receiver answers.
    fn deliver(self) -> io::Result<String> {
        let rest = self.url.strip_prefix("http://").expect("this stand-in sends to http:// alone");
        let (authority, path) = rest.split_once('/').expect("the hook's address has a path");
        let mut stream = TcpStream::connect(authority)?;
        let Self { signature, id, body, .. } = &self;
        let ask = format!(
            "POST /{path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             X-Hub-Signature: {signature}\r\nX-Atlassian-Webhook-Identifier: {id}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(ask.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }
}
