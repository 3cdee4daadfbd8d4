//! A request to the API, taken apart: read strictly, so that a test learns of
//! what GitHub would pass over.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::answers::{Done, Refusal};
use crate::github::access::Caller;
use crate::github::state::State;
use crate::serve::Ask;

const PAGE_LIMIT: usize = 100;
const PAGE: usize = 30;

#[derive(Debug)]
pub(super) struct Call {
    pub(super) ask: Ask,
    pub(super) caller: Caller,
    /// Decoded.
    segments: Vec<String>,
    body: Map<String, Value>,
}

impl Call {
    pub(super) fn new(ask: &Ask, path: &str, caller: Caller) -> Result<Self, Refusal> {
        let decode = |segment: &str| percent_decode_str(segment).decode_utf8_lossy().into_owned();
        let segments = path.trim_start_matches('/').split('/').map(decode).collect();
        let body = match serde_json::from_slice(&ask.body) {
            Ok(Value::Object(body)) => body,
            _ if ask.body.is_empty() => Map::new(),
            _ => return Err(Refusal::surprise(400, "Problems parsing JSON")),
        };
        Ok(Self { ask: ask.clone(), caller, segments, body })
    }

    pub(super) fn method(&self) -> &str {
        self.ask.method.as_str()
    }

    pub(super) fn segments(&self) -> Vec<&str> {
        self.segments.iter().map(String::as_str).collect()
    }

    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.ask.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.body.get(name).is_some_and(|value| !value.is_null())
    }

    pub(super) fn value(&self, name: &str) -> &Value {
        self.body.get(name).unwrap_or(&Value::Null)
    }

    /// A string of the body.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Refusal> {
        match self.value(name) {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text.clone())),
            other => Err(wrong_type(name, "a string", other)),
        }
    }

    pub(super) fn needed_text(&self, name: &str) -> Result<String, Refusal> {
        self.text(name)?
            .ok_or_else(|| Refusal::surprise(422, format!("Invalid request.\n\n\"{name}\" wasn't supplied.")))
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.value(name) {
            Value::Null => Ok(None),
            Value::Bool(flag) => Ok(Some(*flag)),
            other => Err(wrong_type(name, "a boolean", other)),
        }
    }

    pub(super) fn list(&self, name: &str) -> Result<Option<Vec<Value>>, Refusal> {
        match self.value(name) {
            Value::Null => Ok(None),
            Value::Array(values) => Ok(Some(values.clone())),
            other => Err(wrong_type(name, "an array", other)),
        }
    }

    /// The login in whose name it is done.
    pub(super) fn actor(&self) -> String {
        self.caller.token().map_or_else(|| "robin".to_owned(), |token| token.owner.clone())
    }
}

fn wrong_type(name: &str, wanted: &str, got: &Value) -> Refusal {
    Refusal::surprise(422, format!("Invalid request.\n\nFor '{name}', {got} is not {wanted}."))
}

impl State {
    /// Notes query parameters and parts of the body that nothing here reads:
    /// GitHub passes over them, and a test should not.
    pub(super) fn knows(&mut self, call: &Call, names: &[&str]) {
        let asked = call.ask.query.iter().map(|(name, _)| name.clone()).chain(call.body.keys().cloned());
        let unknown: Vec<String> = asked.filter(|name| !names.contains(&name.as_str())).collect();
        for name in unknown {
            self.unexpected(format!("{} {}: '{name}' means nothing there", call.ask.method, call.ask.path));
        }
    }

    /// One page of all, with the links to the others.
    pub(super) fn page<T>(&mut self, call: &Call, all: Vec<T>) -> (Vec<T>, Option<String>) {
        let number = |name: &str| call.query(name).and_then(|text| text.parse::<usize>().ok());
        let (size, page) = (number("per_page").unwrap_or(PAGE), number("page").unwrap_or(1).max(1));
        if size > PAGE_LIMIT || size == 0 {
            self.unexpected(format!("{}: a page of {size}, where {PAGE_LIMIT} is the most", call.ask.path));
        }
        let size = size.clamp(1, PAGE_LIMIT);
        let last = all.len().div_ceil(size).max(1);
        let url = |page: usize| {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.extend_pairs(call.ask.query.iter().filter(|(name, _)| name != "page"));
            query.append_pair("page", &page.to_string());
            format!("{}{}?{}", self.web_url, call.ask.path, query.finish())
        };
        let mut links = Vec::new();
        if page > 1 {
            links.push(format!("<{}>; rel=\"prev\"", url((page - 1).min(last))));
        }
        if page < last {
            links.push(format!("<{}>; rel=\"next\"", url(page + 1)));
            links.push(format!("<{}>; rel=\"last\"", url(last)));
        }
        if page > 1 {
            links.push(format!("<{}>; rel=\"first\"", url(1)));
        }
        let items = all.into_iter().skip((page - 1) * size).take(size).collect();
        (items, (!links.is_empty()).then(|| links.join(", ")))
    }

    /// A page that is a bare list.
    pub(super) fn list(&mut self, call: &Call, all: Vec<Value>) -> Done {
        let (items, links) = self.page(call, all);
        linked(Done::ok(items.into()), links)
    }

    /// A page that is a part of an object, with the count of all.
    pub(super) fn counted(&mut self, call: &Call, name: &str, all: Vec<Value>) -> Done {
        let total = all.len();
        let (items, links) = self.page(call, all);
        let mut json = Map::new();
        json.insert("total_count".to_owned(), total.into());
        json.insert(name.to_owned(), items.into());
        linked(Done::ok(json.into()), links)
    }
}

pub(super) fn linked(done: Done, links: Option<String>) -> Done {
    match links {
        Some(links) => done.header("Link", links),
        None => done,
    }
}
