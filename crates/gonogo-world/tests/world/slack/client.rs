//! A plain HTTP client, which knows nothing of Slack.

use gonogo_world::Slack;
use reqwest::blocking::Response;
use serde_json::Value;

use crate::client::client;

/// A call with a JSON body.
pub(crate) fn send(slack: &Slack, method: &str, body: &Value) -> Response {
    let request = client().post(format!("{}{method}", slack.api_url()));
    request.bearer_auth("xoxb-world").json(body).send().unwrap()
}

pub(crate) fn call(slack: &Slack, method: &str, body: &Value) -> Value {
    send(slack, method, body).json().unwrap()
}

/// A call that reads.
pub(crate) fn read(slack: &Slack, method: &str, query: &[(&str, &str)]) -> Value {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    let request = client().get(format!("{}{method}?{query}", slack.api_url()));
    request.bearer_auth("xoxb-world").send().unwrap().json().unwrap()
}
