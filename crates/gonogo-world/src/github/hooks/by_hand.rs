//! Deliveries that a test makes and sends itself: genuine, spoiled, or of bytes
//! that GitHub would never send.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::events::signature;
use super::{Delivery, SIGNATURE};

/// A delivery to be sent by hand; its parts can be spoiled.
#[derive(Clone, Debug)]
pub struct RawDelivery {
    pub event: String,
    /// `X-GitHub-Delivery`
    pub guid: String,
    pub body: Vec<u8>,
    /// `sha256=…`, or nothing where it is not signed.
    pub signature: Option<String>,
}

impl RawDelivery {
    /// These bytes, signed with this secret.
    pub fn signed(event: &str, guid: &str, body: Vec<u8>, secret: &str) -> Self {
        let signature = Some(signature(secret, &body));
        Self { event: event.to_owned(), guid: guid.to_owned(), body, signature }
    }

    /// What GitHub sends, or has sent, to the byte.
    pub fn of(delivery: &Delivery) -> Self {
        let signature = delivery.request_headers.iter().find(|(name, _)| name == SIGNATURE);
        Self {
            event: delivery.event.clone(),
            guid: delivery.guid.clone(),
            body: delivery.body.clone(),
            signature: signature.map(|(_, value)| value.clone()),
        }
    }

    /// Sends it to `http://HOST:PORT/PATH`, and returns the answer's status and
    /// body.
    pub fn send(&self, url: &str) -> (u16, String) {
        let rest = url.strip_prefix("http://").expect("hooks of tests go to http addresses");
        let (host, path) = rest.split_once('/').expect("the address has a path");
        let mut head = format!(
            "POST /{path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: GitHub-Hookshot/044aadd\r\nConnection: close\r\n\
             Content-Type: application/json\r\nX-GitHub-Event: {}\r\nX-GitHub-Delivery: {}\r\nContent-Length: {}\r\n",
            self.event,
            self.guid,
            self.body.len()
        );
        if let Some(signature) = &self.signature {
            let _ = write!(head, "{SIGNATURE}: {signature}\r\n"); // a String takes all
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
