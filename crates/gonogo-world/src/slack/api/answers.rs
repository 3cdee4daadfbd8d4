//! Refusals in Slack's shape: 200, and what is wrong in the body.

use std::time::Duration;

use serde_json::{Value, json};

use crate::serve::Answer;

/// Why something was not done.
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    /// Slack's word.
    error: &'static str,
    /// More of the body.
    more: Value,
    retry_after: Option<Duration>,
    /// No test should lead to it without expecting so.
    pub(super) is_surprise: bool,
}

impl Refusal {
    /// What a test may bring about with the state that it makes.
    pub(super) fn quiet(error: &'static str) -> Self {
        Self { status: 200, error, more: json!({}), retry_after: None, is_surprise: false }
    }

    /// A mistake of the program that asked.
    pub(super) fn surprise(error: &'static str) -> Self {
        Self { is_surprise: true, ..Self::quiet(error) }
    }

    /// The same, with Slack's words on what exactly.
    pub(super) fn told(error: &'static str, why: &str) -> Self {
        let more = json!({"errors": [why], "response_metadata": {"messages": [format!("[ERROR] {why}")]}});
        Self { more, ..Self::surprise(error) }
    }

    pub(super) fn scope(needed: &str, provided: &[String]) -> Self {
        Self { more: json!({"needed": needed, "provided": provided.join(",")}), ..Self::quiet("missing_scope") }
    }

    pub(super) fn rate_limited(pause: Duration) -> Self {
        Self { status: 429, retry_after: Some(pause), ..Self::quiet("ratelimited") }
    }

    pub(super) fn said(&self) -> String {
        format!("{} {}", self.error, self.more)
    }

    pub(super) fn into_answer(self) -> Answer {
        let mut json = self.more;
        json["ok"] = false.into();
        json["error"] = self.error.into();
        let answer = Answer::json(self.status, &json);
        match self.retry_after {
            Some(pause) => answer.header("Retry-After", &pause.as_secs().max(1).to_string()),
            None => answer,
        }
    }
}

/// What comes with a status that is no success.
pub(in super::super) fn error(status: u16) -> Answer {
    let word = match status {
        429 => "ratelimited",
        503 => "service_unavailable",
        _ => "internal_error",
    };
    Answer::json(status, &json!({"ok": false, "error": word}))
}
