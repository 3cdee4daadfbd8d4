//! Webhooks as GitHub sends them: signed over the raw bytes.

use ring::hmac;
use serde_json::json;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;

/// A webhook to be sent; its parts can be spoiled.
#[derive(Clone, Debug)]
pub struct Hook {
    pub event: String,
    pub delivery: String,
    pub body: Vec<u8>,
    /// `sha256=…`, or nothing where it is not signed.
    pub signature: Option<String>,
}

impl Hook {
    /// A push to a branch, signed with a secret.
    pub fn push(repository: &str, branch: &str, after: &str, delivery: &str, secret: &str) -> Self {
        let is_gone = after.bytes().all(|digit| digit == b'0');
        let body = json!({
            "ref": format!("refs/heads/{branch}"),
            "before": "0".repeat(40),
            "after": after,
            "deleted": is_gone,
            "head_commit": null,
            "commits": [],
            "repository": {"id": 1_296_269, "full_name": repository, "default_branch": "main"},
        });
        Self::signed("push", delivery, body.to_string().into_bytes(), secret)
    }

    pub fn signed(event: &str, delivery: &str, body: Vec<u8>, secret: &str) -> Self {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), &body);
        let mut signature = "sha256=".to_owned();
        for byte in tag.as_ref() {
            let _ = write!(signature, "{byte:02x}"); // a String takes all
        }
        Self { event: event.to_owned(), delivery: delivery.to_owned(), body, signature: Some(signature) }
    }

    /// Sends it to `http://HOST:PORT/PATH` and returns the answer's status and body.
    pub fn send(&self, url: &str) -> (u16, String) {
        let rest = url.strip_prefix("http://").expect("hooks of tests go to http addresses");
        let (host, path) = rest.split_once('/').expect("the address has a path");
        let mut head = format!(
            "POST /{path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: GitHub-Hookshot/world\r\nConnection: close\r\n\
             Content-Type: application/json\r\nX-GitHub-Event: {}\r\nX-GitHub-Delivery: {}\r\nContent-Length: {}\r\n",
            self.event,
            self.delivery,
            self.body.len()
        );
        if let Some(signature) = &self.signature {
            let _ = write!(head, "X-Hub-Signature-256: {signature}\r\n"); // a String takes all
        }
        head.push_str("\r\n");
        let mut stream = TcpStream::connect(host).expect("somebody listens for hooks");
        stream.write_all(head.as_bytes()).expect("it reads the head");
        // Who has refused already need not read the rest.
        stream.write_all(&self.body).ok();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok();
        let status = answer.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
        (status, answer.split_once("\r\n\r\n").map_or(String::new(), |(_, body)| body.to_owned()))
    }
}
