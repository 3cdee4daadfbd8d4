//! Answers and refusals in Jira's shapes.

use super::super::state::Flavour;
use super::error_json;
use crate::serve::Answer;

const NOT_LOGGED_IN: &str = "Client must be authenticated to access this resource.";

/// Why a request is not answered with 200.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) messages: Vec<String>,
    /// Whether no test should lead to it.
    pub(super) is_surprise: bool,
    /// Which field it is about.
    pub(super) field: Option<String>,
}

impl Refusal {
    /// Fails the test in the end.
    pub(super) fn surprise(status: u16, message: impl Into<String>) -> Self {
        Self::bad_query(status, vec![message.into()])
    }

    /// Policies may name a project that nobody sees.
    pub(super) fn bad_query(status: u16, messages: Vec<String>) -> Self {
        let is_surprise = !messages.iter().all(|said| said.ends_with("for the field 'project'."));
        Self { status, messages, is_surprise, field: None }
    }

    /// What may happen in any test.
    pub(super) fn quiet(status: u16, message: impl Into<String>) -> Self {
        Self { is_surprise: false, ..Self::surprise(status, message) }
    }

    pub(super) fn unauthorized() -> Self {
        Self::quiet(401, NOT_LOGGED_IN)
    }

    pub(super) fn no_such_path(path: &str) -> Self {
        Self::surprise(404, format!("null for uri: {path}"))
    }

    pub(super) fn bad_payload() -> Self {
        let message = "Invalid request payload. Refer to the REST API documentation and try again.";
        Self::surprise(400, message)
    }

    pub(super) fn into_answer(self, flavour: Flavour) -> Answer {
        if let Some(field) = self.field {
            let json = serde_json::json!({"errorMessages": [], "errors": {field: self.messages.join(" ")}});
            return Answer::json(self.status, &json);
        }
        if self.status != 401 {
            return error(self.status, &self.messages);
        }
        // Neither flavour keeps to its shape of errors here.
        let mut answer = match flavour {
            Flavour::Cloud => Answer::html(401, NOT_LOGGED_IN),
            Flavour::DataCenter => {
                Answer::raw_json(401, &format!(r#"{{"message":"{NOT_LOGGED_IN}","status-code":401}}"#))
            }
        };
        let challenge = "OAuth realm=\"http%3A%2F%2F127.0.0.1\"";
        for (name, value) in [("WWW-Authenticate", challenge), ("X-Seraph-LoginReason", "AUTHENTICATED_FAILED")] {
            answer.headers.push((name.to_owned(), value.to_owned()));
        }
        answer
    }
}

/// An error in Jira's shape.
pub(in super::super) fn error(status: u16, messages: &[String]) -> Answer {
    Answer::json(status, &error_json(messages))
}
