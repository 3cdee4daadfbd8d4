//! Jira Data Center, REST v2: `/field` and `/search`.

use super::changed::Changes;
use super::cloud::{Seen, field_list, read_issues, whole};
use super::issue::Reader;
use super::paging::Paging;
use super::writing::Writing;
use super::{
    Account, Base, Comment, FieldTo, MOST_KEYS, MOST_PAGES, Moved, NotWritten, Selection, Tracker, Versions, access,
    by_key,
};
use futures_util::future::BoxFuture;
use gonogo_core::fact::{Fact, Why};
use gonogo_core::ids::IssueKey;
use gonogo_core::story::Issue;
use serde_json::{Value, json};
use std::sync::atomic::AtomicBool;

const SEARCH: &str = "/rest/api/2/search";

/// Whether there is more, and the body that asks for it.
fn by_start(answer: &Value, body: &mut Value) -> bool {
    let number = |name: &str| answer[name].as_u64().unwrap_or(0);
    let here = answer["issues"].as_array().map_or(0, Vec::len) as u64;
    let next = number("startAt") + here;
    body["startAt"] = json!(next);
    next < number("total")
}

#[derive(Debug)]
pub(super) struct DataCenter {
    base: Base,
    /// A proxy, or the server, lets nobody search by POST.
    takes_only_get: AtomicBool,
}

impl DataCenter {
    pub(super) fn new(base: Base) -> Self {
        Self { base, takes_only_get: AtomicBool::new(false) }
    }

    fn writing(&self) -> Writing<'_> {
        Writing { base: &self.base, api: "/rest/api/2", is_document: false }
    }

    fn paging(&self) -> Paging<'_> {
        Paging { path: SEARCH, next: by_start, takes_only_get: Some(&self.takes_only_get) }
    }

    /// Unknown keys must not fail the whole query, which they do where it is validated.
    async fn by_keys(&self, keys: &[IssueKey], reader: &Reader<'_>) -> Result<Vec<Seen>, Why> {
        let list: Vec<String> = keys.iter().map(ToString::to_string).collect();
        let body = json!({ "jql": format!("key in ({})", list.join(", ")), "validateQuery": false });
        self.search_all(body, reader).await
    }

    /// Pages until all is there.
    async fn search_all(&self, mut body: Value, reader: &Reader<'_>) -> Result<Vec<Seen>, Why> {
        body["fields"] = json!(field_list(reader.fields));
        body["maxResults"] = json!(MOST_KEYS);
        if reader.history {
            body["expand"] = json!(["changelog"]);
        }
        let mut issues = Vec::new();
        for _ in 0..MOST_PAGES {
            body["startAt"] = json!(issues.len());
            let answer = self.base.page(&self.paging(), &body).await;
            let answer = answer.map_err(|error| self.base.why(SEARCH, &error))?;
            let page = read_issues(&answer, reader)?;
            let total = answer.get("total").and_then(Value::as_u64).unwrap_or(0);
            let is_last = page.is_empty();
            issues.extend(page);
            if is_last || issues.len() as u64 >= total {
                return Ok(issues);
            }
        }
        let said = format!("Jira: the query finds over {} issues", issues.len());
        Err(Why::new(said, "narrow it: it should find what is ready for one deploy"))
    }
}

impl Tracker for DataCenter {
    fn issues<'a>(&'a self, keys: &'a [IssueKey], selection: &'a Selection) -> BoxFuture<'a, Vec<Fact<Issue>>> {
        Box::pin(async move {
            let fields = match self.base.field_ids("/rest/api/2/field", &selection.fields).await {
                Ok(fields) => fields,
                Err(why) => return keys.iter().map(|_| Fact::Unknown(why.clone())).collect(),
            };
            let reader = Reader { url: &self.base.url, fields: &fields, history: selection.history };
            by_key::all(keys, |chunk| self.by_keys(chunk, &reader)).await
        })
    }

    fn search<'a>(&'a self, query: &'a str, selection: &'a Selection) -> BoxFuture<'a, Fact<Vec<Issue>>> {
        Box::pin(async move {
            let fields = match self.base.field_ids("/rest/api/2/field", &selection.fields).await {
                Ok(fields) => fields,
                Err(why) => return Fact::Unknown(why),
            };
            let reader = Reader { url: &self.base.url, fields: &fields, history: false };
            // Validated: a state or project that is none is an error, and not an empty list.
            match self.search_all(json!({ "jql": query }), &reader).await.and_then(whole) {
                Ok(issues) => Fact::Known(issues),
                Err(why) => Fact::Unknown(why),
            }
        })
    }

    fn changed<'a>(&'a self, projects: &'a [String], minutes: u32) -> BoxFuture<'a, Result<Changes, Why>> {
        Box::pin(async move { self.base.changed(&self.paging(), projects, minutes).await })
    }

    fn account(&self) -> BoxFuture<'_, Result<Account, Why>> {
        Box::pin(access::account(&self.base, "/rest/api/2"))
    }

    fn comment<'a>(&'a self, issue: &'a IssueKey, comment: &'a Comment) -> BoxFuture<'a, Result<String, NotWritten>> {
        Box::pin(async move { self.writing().comment(issue, comment).await })
    }

    fn move_to<'a>(&'a self, issue: &'a IssueKey, state: &'a str) -> BoxFuture<'a, Result<Moved, NotWritten>> {
        Box::pin(async move { self.writing().move_to(issue, state).await })
    }

    fn set_versions<'a>(&'a self, issue: &'a IssueKey, to: &'a Versions) -> BoxFuture<'a, Result<(), NotWritten>> {
        Box::pin(async move { self.writing().versions(issue, to).await })
    }

    fn set_field<'a>(
        &'a self,
        issue: &'a IssueKey,
        name: &'a str,
        to: &'a FieldTo,
    ) -> BoxFuture<'a, Result<(), NotWritten>> {
        Box::pin(async move { self.writing().field(issue, name, to).await })
    }
}
