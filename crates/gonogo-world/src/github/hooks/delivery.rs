//! Deliveries as kept, and what may be done to them.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::Owner;

/// A delivery: what was sent, and what came back.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Delivery {
    /// Of this attempt.
    pub id: u64,
    /// `X-GitHub-Delivery`: the same on a redelivery.
    pub guid: String,
    pub event: String,
    pub action: Option<String>,
    pub payload: Value,
    pub is_redelivery: bool,
    /// What the receiver answered; none while on its way, or when nothing did.
    pub status: Option<u16>,
    /// The receiver's answer.
    pub response: Option<String>,
    /// Why nothing answered.
    pub error: Option<String>,
    pub took: Duration,
    pub(in super::super) owner: Owner,
    pub(in super::super) repository: Option<u64>,
    pub(in super::super) installation: Option<u64>,
    pub(in super::super) at: Timestamp,
    pub(in super::super) request_headers: Vec<(String, String)>,
    pub(in super::super) response_headers: Vec<(String, String)>,
    pub(in super::super) body: Vec<u8>,
    /// GitHub itself does not know of it.
    pub(in super::super) is_secret: bool,
}

impl Delivery {
    /// In GitHub's words: `OK`, `failed to connect to host`, …
    pub(in super::super) fn outcome(&self) -> String {
        match (self.status, &self.error) {
            (Some(200..=299), _) => "OK".to_owned(),
            (Some(status), _) => format!("Invalid HTTP Response: {status}"),
            (None, Some(error)) => error.clone(),
            (None, None) => "pending".to_owned(),
        }
    }
}

/// What one of the next deliveries will suffer.
#[derive(Debug, Clone)]
pub(in super::super) struct Mischief {
    /// Only deliveries of this event.
    pub(in super::super) event: Option<String>,
    pub(in super::super) trick: Trick,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Trick {
    /// Fails on its way: GitHub knows, and lists it.
    Lose,
    /// Never happens, and GitHub knows nothing of it.
    Forget,
    Double,
    Delay(Duration),
    Forge,
    Truncate,
    /// Pads the body to so many bytes.
    Inflate(usize),
    /// Sends these bytes instead, signed.
    Replace(Vec<u8>),
}
