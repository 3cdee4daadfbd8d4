//! An HTTP call: a request that the runner makes, and the answer that it wants.

use super::Does;
use crate::deploy::plan::{Variables, filled, known};
use crate::deploy::section::is_variable;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
const LONGEST_SECONDS: u32 = 3600;
const MOST_TEXT: usize = 100_000;

/// A request: `{sha}` and the other variables, and `{secret:NAME}` of what the runner knows,
/// may stand in its address behind the host, in its headers and in its body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpTable {
    #[serde(default = "post")]
    pub method: String,
    pub url: String,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Text, sent as it stands.
    #[serde(default)]
    pub body: Option<String>,
    /// Instead of `body`: sent as JSON, in whose strings variables may stand.
    #[serde(default)]
    pub json: Option<serde_json::Value>,
    /// Statuses that say that it was done; without it, 200 to 299.
    #[serde(default)]
    pub expect: Vec<u16>,
    /// An answer that takes longer is none.
    #[serde(default = "half_a_minute")]
    pub timeout_seconds: u32,
}

fn post() -> String {
    "POST".to_owned()
}

fn half_a_minute() -> u32 {
    30
}

/// A command of ours for the runner, and the secrets that it wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Call {
    pub argv: Vec<String>,
    pub secrets: Vec<String>,
}

/// A text in which variables and secrets stand.
#[derive(Clone, Copy, Debug)]
pub struct Template<'t>(pub &'t str);

const SECRET: &str = "{secret:";

impl Template<'_> {
    /// The names of its secrets, in their order.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        self.0.split(SECRET).skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
    }

    /// That all in it is known.
    pub fn validate(&self) -> Result<(), String> {
        if self.0.len() > MOST_TEXT {
            return Err(format!("it has texts of {MOST_TEXT} bytes at most"));
        }
        known(self.0, &Variables::names(false))?;
        if self.0.matches(SECRET).count() != self.secrets().count() || !self.secrets().all(is_variable) {
            return Err("a secret is written {secret:NAME}, with a variable's name".to_owned());
        }
        match self.secrets().find(|name| name.starts_with("GONOGO_")) {
            Some(ours) => Err(format!("`{ours}` is ours: call it otherwise")),
            None => Ok(()),
        }
    }

    /// With each of them in its place, once: what they hold is no variable. `value` has a
    /// variable's value by its environment's name.
    pub fn expanded(&self, value: impl Fn(&str) -> Option<String>) -> Result<String, String> {
        let mut expanded = String::new();
        let mut rest = self.0;
        while let Some(at) = rest.find('{') {
            expanded.push_str(&rest[..at]);
            rest = &rest[at..];
            let inner = rest[1..].split_once('}').map(|(inner, _)| inner);
            let name = inner.and_then(|inner| {
                let ours = Variables::names(false).contains(&inner).then(|| format!("GONOGO_{}", inner.to_uppercase()));
                inner.strip_prefix("secret:").map(str::to_owned).or(ours)
            });
            let (Some(name), Some(inner)) = (name, inner) else {
                expanded.push('{');
                rest = &rest[1..];
                continue;
            };
            expanded.push_str(&value(&name).ok_or_else(|| format!("the variable {name} is not set"))?);
            rest = &rest[inner.len() + 2..];
        }
        Ok(expanded + rest)
    }
}

impl HttpTable {
    pub(super) fn validate(&self) -> Result<(), String> {
        if !METHODS.contains(&self.method.as_str()) {
            return Err(format!("`method` is one of {}", METHODS.join(", ")));
        }
        address(&self.url)?;
        headers(&self.headers)?;
        if self.body.is_some() && self.json.is_some() {
            return Err("it has `body` and `json`: leave one out".to_owned());
        }
        if let Some(body) = &self.body {
            Template(body).validate()?;
        }
        if let Some(json) = &self.json {
            strings(json).into_iter().try_for_each(|text| Template(text).validate())?;
        }
        if let Some(odd) = self.expect.iter().find(|status| !(200..600).contains(*status)) {
            return Err(format!("`expect` has {odd}, which is no status of an answer"));
        }
        if !(1..=LONGEST_SECONDS).contains(&self.timeout_seconds) {
            return Err(format!("`timeout_seconds` is from 1 to {LONGEST_SECONDS}"));
        }
        Ok(())
    }

    pub(super) fn does(&self, values: &[(&str, String)]) -> Does {
        Does::Http { method: self.method.clone(), url: filled(&self.url, values) }
    }

    /// Variables are filled in where it is made: what a branch is called is no text of an
    /// address.
    pub(super) fn call(&self, once: Option<&str>) -> Call {
        let mut argv = vec!["gonogo".to_owned(), "http".to_owned(), "call".to_owned()];
        argv.push(format!("--method={}", self.method));
        argv.push(format!("--url={}", self.url));
        argv.extend(self.headers.iter().map(|(name, value)| format!("--header={name}: {value}")));
        argv.extend(self.body.iter().map(|body| format!("--body={body}")));
        argv.extend(self.json.iter().map(|json| format!("--json={json}")));
        argv.extend(self.expect.iter().map(|status| format!("--expect={status}")));
        argv.push(format!("--timeout-seconds={}", self.timeout_seconds));
        argv.extend(once.map(|once| format!("--once={once}")));
        let json: Vec<&str> = self.json.iter().flat_map(strings).collect();
        let texts = [self.url.as_str()].into_iter().chain(self.body.as_deref()).chain(json);
        Call { argv, secrets: secrets_of(texts.chain(self.headers.values().map(String::as_str))) }
    }
}

/// Each once.
pub(super) fn secrets_of<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for text in texts {
        for name in Template(text).secrets() {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
    names
}

pub(super) fn address(url: &str) -> Result<(), String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let Some(rest) = rest else { return Err("`url` begins with https:// or http://".to_owned()) };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // Whoever names a branch does not say who is asked, nor who sees a secret.
    if host.is_empty() || host.contains(['{', '@']) || url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("`url` names its host in plain words, with no variable and no user in it".to_owned());
    }
    Template(url).validate()
}

pub(super) fn headers(headers: &BTreeMap<String, String>) -> Result<(), String> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    for (name, value) in headers {
        if name.is_empty() || !name.chars().all(is_token) {
            return Err(format!("`headers` has `{name}`, which is no name of a header"));
        }
        if value.chars().any(char::is_control) {
            return Err(format!("the header {name} has characters that no header has"));
        }
        Template(value).validate()?;
    }
    Ok(())
}

fn strings(json: &serde_json::Value) -> Vec<&str> {
    match json {
        serde_json::Value::String(text) => vec![text],
        serde_json::Value::Array(items) => items.iter().flat_map(strings).collect(),
        serde_json::Value::Object(fields) => fields.values().flat_map(strings).collect(),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => Vec::new(),
    }
}
