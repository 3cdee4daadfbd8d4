//! A page of a search, by POST or, where that is not allowed, by GET.

use super::Base;
use crate::http::{HttpError, Method};
use serde_json::Value;
use std::sync::atomic::{AtomicBool, Ordering};

/// How a flavour searches.
pub(super) struct Paging<'a> {
    pub path: &'static str,
    /// Whether there is more, and the body that asks for it.
    pub next: fn(answer: &Value, body: &mut Value) -> bool,
    /// Whether a proxy, or the server, lets nobody search by POST; `None` where all do.
    pub takes_only_get: Option<&'a AtomicBool>,
}

impl Base {
    /// By POST, which takes queries of any length; where that is not allowed, by
    /// GET, for this and all later pages.
    pub(super) async fn page(&self, paging: &Paging<'_>, body: &Value) -> Result<Value, HttpError> {
        let unsent = |why: gonogo_core::fact::Why| HttpError::Client(why.said);
        let only_get = paging.takes_only_get;
        if only_get.is_none_or(|only| !only.load(Ordering::Relaxed)) {
            let answer = self.http.json(&self.ask(Method::POST, paging.path, Some(body)).map_err(unsent)?).await;
            match (answer, only_get) {
                (Err(HttpError::Status { status: 405, .. }), Some(only)) => only.store(true, Ordering::Relaxed),
                (answer, _) => return answer,
            }
        }
        let mut ask = self.ask(Method::GET, paging.path, None).map_err(unsent)?;
        ask.url.query_pairs_mut().extend_pairs(as_query(body));
        self.http.json(&ask).await
    }
}

/// The members of a body as a query has them: lists separated by commas.
fn as_query(body: &Value) -> Vec<(&str, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let one = |value: &Value| match value {
        Value::Array(list) => list.iter().map(text).collect::<Vec<_>>().join(","),
        value => text(value),
    };
    body.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), one(value))).collect()
}
