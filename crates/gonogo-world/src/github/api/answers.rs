//! Answers and refusals in GitHub's shapes.

use serde_json::{Value, json};

use crate::serve::Answer;

/// What was asked for.
#[derive(Debug)]
pub(super) struct Done {
    status: u16,
    json: Value,
    headers: Vec<(String, String)>,
}

impl Done {
    pub(super) fn ok(json: Value) -> Self {
        Self { status: 200, json, headers: Vec::new() }
    }

    pub(super) fn created(json: Value) -> Self {
        Self { status: 201, ..Self::ok(json) }
    }

    pub(super) fn accepted(json: Value) -> Self {
        Self { status: 202, ..Self::ok(json) }
    }

    pub(super) fn nothing() -> Self {
        Self { status: 204, ..Self::ok(Value::Null) }
    }

    pub(super) fn header(mut self, name: &str, value: String) -> Self {
        self.headers.push((name.to_owned(), value));
        self
    }

    pub(super) fn into_answer(self) -> Answer {
        let mut answer = Answer::json(self.status, &self.json);
        if self.status == 204 {
            answer.body.clear();
        }
        answer.headers.extend(self.headers);
        answer
    }
}

/// Why a request is not granted.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) message: String,
    errors: Vec<Value>,
    headers: Vec<(String, String)>,
    /// Whether no test should lead to it.
    pub(super) is_surprise: bool,
}

impl Refusal {
    /// What may happen in any test.
    pub(super) fn quiet(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), errors: Vec::new(), headers: Vec::new(), is_surprise: false }
    }

    /// Fails the test in the end.
    pub(super) fn surprise(status: u16, message: impl Into<String>) -> Self {
        Self { is_surprise: true, ..Self::quiet(status, message) }
    }

    pub(super) fn not_found() -> Self {
        Self::quiet(404, "Not Found")
    }

    pub(super) fn no_such_path() -> Self {
        Self::surprise(404, "Not Found")
    }

    /// What was sent is not in order: of which resource, which field, and why.
    pub(super) fn invalid(resource: &str, field: &str, why: &str) -> Self {
        let error = json!({"resource": resource, "code": "custom", "field": field, "message": why});
        Self { errors: vec![error], ..Self::surprise(422, "Validation Failed") }
    }

    /// The caller's rights do not reach so far.
    pub(super) fn not_accessible(is_app: bool, needs: &str) -> Self {
        let who = if is_app { "integration" } else { "personal access token" };
        Self::quiet(403, format!("Resource not accessible by {who}")).header("X-Accepted-GitHub-Permissions", needs)
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn into_answer(self) -> Answer {
        let mut answer = error_with(self.status, &self.message, self.errors);
        answer.headers.extend(self.headers);
        answer
    }
}

/// An error in GitHub's shape.
pub(in super::super) fn error(status: u16, message: &str) -> Answer {
    error_with(status, message, Vec::new())
}

fn error_with(status: u16, message: &str, errors: Vec<Value>) -> Answer {
    let mut json = json!({
        "message": message,
        "documentation_url": "https://docs.github.com/rest",
        "status": status.to_string(),
    });
    if !errors.is_empty() {
        json["errors"] = errors.into();
    }
    Answer::json(status, &json)
}
