//! What was asked of the API, and what it answered.

use serde_json::Value;

use crate::serve::{Answer, Ask};

/// A request to the API, and the right answer to it.
#[derive(Debug, Clone)]
#[cfg_attr(not(feature = "description"), expect(dead_code, reason = "the description alone reads them"))]
pub(super) struct Exchange {
    pub(super) method: String,
    /// Without the prefix of an Enterprise Server.
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) has_accept: bool,
    pub(super) body: Value,
    pub(super) status: u16,
    pub(super) answer: Value,
}

impl Exchange {
    pub(super) fn new(ask: &Ask, path: &str, answer: &Answer) -> Self {
        Self {
            method: ask.method.to_string().to_ascii_lowercase(),
            path: path.to_owned(),
            query: ask.query.clone(),
            has_accept: ask.header("accept").is_some_and(|accept| accept.contains("json")),
            body: serde_json::from_slice(&ask.body).unwrap_or_default(),
            status: answer.status,
            answer: serde_json::from_slice(&answer.body).unwrap_or_default(),
        }
    }
}
