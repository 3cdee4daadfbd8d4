//! A plain HTTP client, which knows nothing of Jira.

use std::path::PathBuf;
use std::time::Duration;

use gonogo_world::Jira;
use reqwest::blocking::{Client, ClientBuilder, RequestBuilder, Response};
use reqwest::redirect::Policy;
use serde_json::Value;

pub(crate) fn builder() -> ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().redirect(Policy::none()).timeout(Duration::from_secs(20))
}

pub(crate) fn client() -> Client {
    builder().build().unwrap()
}

/// With the credentials that the flavour wants at first.
pub(crate) fn signed(request: RequestBuilder) -> RequestBuilder {
    let built = request.try_clone().unwrap().build().unwrap();
    if built.url().path().contains("/rest/api/3/") {
        request.basic_auth("bot@example.com", Some("jira-token"))
    } else {
        request.bearer_auth("jira-pat")
    }
}

pub(crate) fn get(jira: &Jira, path: &str) -> Response {
    let request = client().get(format!("{}{path}", jira.url()));
    signed(request).send().unwrap()
}

pub(crate) fn post(jira: &Jira, path: &str, body: &Value) -> Response {
    let request = client().post(format!("{}{path}", jira.url()));
    signed(request).json(body).send().unwrap()
}

pub(crate) fn get_json(jira: &Jira, path: &str) -> Value {
    let response = get(jira, path);
    assert_eq!(response.status(), 200);
    response.json().unwrap()
}

pub(crate) fn post_json(jira: &Jira, path: &str, body: &Value) -> Value {
    let response = post(jira, path, body);
    assert_eq!(response.status(), 200, "{}", response.text().unwrap());
    response.json().unwrap()
}

pub(crate) fn bulk_fetch(jira: &Jira, body: &Value) -> Value {
    post_json(jira, "/rest/api/3/issue/bulkfetch", body)
}

pub(crate) fn keys(answer: &Value) -> Vec<&str> {
    let issues = answer["issues"].as_array().unwrap();
    issues.iter().map(|issue| issue["key"].as_str().unwrap()).collect()
}

/// Where `./test rigs` puts what others publish.
pub(crate) fn rigs() -> PathBuf {
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/rigs");
    std::env::var_os("GONOGO_RIGS").map_or_else(|| here.into(), PathBuf::from)
}
