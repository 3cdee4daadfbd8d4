//! A program with a token.

use crate::support::World;
use serde_json::Value;

pub(crate) struct Api<'w> {
    world: &'w World,
    pub token: String,
}

pub(crate) struct Answered {
    pub status: u16,
    pub head: String,
    /// `Null` where there is none.
    pub body: Value,
}

impl Answered {
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        let line = |line: &str| line.split_once(": ").is_some_and(|(key, _)| key.eq_ignore_ascii_case(name));
        let found = self.head.lines().find(|one| line(one)).and_then(|line| line.split_once(": "));
        found.unwrap_or_else(|| panic!("no {name} in {}", self.head)).1
    }
}

/// Makes a token on the page, as the person who is signed in.
#[track_caller]
pub(crate) fn token(world: &World, scopes: &[&str]) -> String {
    let mut fields = vec![("name", "ci"), ("days", "7")];
    fields.extend(scopes.iter().map(|scope| (*scope, "on")));
    let (status, page) = world.submit("/tokens", "/tokens", &fields);
    assert_eq!(status, 201, "{page}");
    let begin = page.find("gonogo_").expect("the token is told");
    page[begin..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

impl<'w> Api<'w> {
    /// With a token for all scopes.
    #[track_caller]
    pub(crate) fn of(world: &'w World) -> Self {
        Self::with(world, &["read", "waive", "production", "messages", "stories", "deploy", "admin"])
    }

    #[track_caller]
    pub(crate) fn with(world: &'w World, scopes: &[&str]) -> Self {
        Self::by(world, &token(world, scopes))
    }

    /// With a token that is at hand.
    pub(crate) fn by(world: &'w World, token: &str) -> Self {
        Self { world, token: token.to_owned() }
    }

    pub(crate) fn send(&self, method: &str, path: &str, more: &[(&str, &str)], body: &str) -> Answered {
        let bearer = format!("Bearer {}", self.token);
        let mut headers = vec![("Authorization", bearer.as_str())];
        if !body.is_empty() && more.iter().all(|(name, _)| *name != "Content-Type") {
            headers.push(("Content-Type", "application/json"));
        }
        headers.extend_from_slice(more);
        let (status, text) = self.world.send(method, &format!("/api/v1{path}"), &headers, body);
        let (head, body) = text.split_once("\r\n\r\n").expect("an answer has a head");
        let body = if body.is_empty() { Value::Null } else { serde_json::from_str(body).expect("JSON") };
        Answered { status, head: head.to_owned(), body }
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Value {
        let answered = self.send("GET", path, &[], "");
        assert_eq!(answered.status, 200, "{path}: {}", answered.body);
        answered.body
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answered {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send("POST", path, &[], &body)
    }

    /// The same, under a key of its own.
    pub(crate) fn post_once(&self, key: &str, path: &str, body: &Value) -> Answered {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send("POST", path, &[("Idempotency-Key", key)], &body)
    }

    /// What somebody did, the newest first.
    #[track_caller]
    pub(crate) fn deeds(&self) -> Vec<String> {
        let list = self.get("/audit");
        let items = list["items"].as_array().expect("a list");
        items.iter().map(|one| one["action"].as_str().expect("a text").to_owned()).collect()
    }
}
