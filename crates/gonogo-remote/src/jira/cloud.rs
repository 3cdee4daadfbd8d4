//! Jira Cloud, REST v3: `/field`, `/issue/bulkfetch` and `/search/jql` alone.

use super::fields::FieldId;
use super::issue::{Reader, USUAL};
use super::{Account, Base, MOST_PAGES, Selection, Tracker, access, by_key};
use futures_util::future::BoxFuture;
use gonogo_core::fact::{Fact, Why};
use gonogo_core::ids::IssueKey;
use gonogo_core::story::Issue;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Debug)]
pub(super) struct Cloud {
    base: Base,
}

impl Cloud {
    pub(super) fn new(base: Base) -> Self {
        Self { base }
    }

    async fn bulk(&self, keys: &[IssueKey], reader: &Reader<'_>) -> Result<Vec<Issue>, Why> {
        let mut body = json!({
            "issueIdsOrKeys": keys.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "fields": field_list(reader.fields),
        });
        if reader.history {
            body["expand"] = json!(["changelog"]);
        }
        let answer = self.base.post("/rest/api/3/issue/bulkfetch", &body).await?;
        read_issues(&answer, reader)
    }
}

/// The ids to ask for: the usual and the policy's.
pub(super) fn field_list(fields: &BTreeMap<String, FieldId>) -> Vec<String> {
    let theirs = fields.values().filter_map(|id| match id {
        FieldId::Id(id) => Some(id.clone()),
        FieldId::NoSuchField | FieldId::Ambiguous(_) => None,
    });
    let mut list: Vec<String> = USUAL.iter().map(|f| (*f).to_owned()).chain(theirs).collect();
    list.sort_unstable();
    list.dedup();
    list
}

pub(super) fn read_issues(answer: &Value, reader: &Reader<'_>) -> Result<Vec<Issue>, Why> {
    let odd = || Why::new("Jira: an answer that cannot be read: it holds no issues", "look at [tracker] url and kind");
    let list = answer.get("issues").and_then(Value::as_array).ok_or_else(odd)?;
    list.iter().map(|json| reader.issue(json).ok_or_else(odd)).collect()
}

impl Tracker for Cloud {
    fn issues<'a>(&'a self, keys: &'a [IssueKey], selection: &'a Selection) -> BoxFuture<'a, Vec<Fact<Issue>>> {
        Box::pin(async move {
            let fields = match self.base.field_ids("/rest/api/3/field", &selection.fields).await {
                Ok(fields) => fields,
                Err(why) => return keys.iter().map(|_| Fact::Unknown(why.clone())).collect(),
            };
            let reader = Reader { url: &self.base.url, fields: &fields, history: selection.history };
            by_key::all(keys, |chunk| self.bulk(chunk, &reader)).await
        })
    }

    fn search<'a>(&'a self, query: &'a str, selection: &'a Selection) -> BoxFuture<'a, Fact<Vec<Issue>>> {
        Box::pin(async move {
            match self.search_all(query, selection).await {
                Ok(issues) => Fact::Known(issues),
                Err(why) => Fact::Unknown(why),
            }
        })
    }

    fn account(&self) -> BoxFuture<'_, Result<Account, Why>> {
        Box::pin(access::account(&self.base, "/rest/api/3"))
    }
}

impl Cloud {
    async fn search_all(&self, query: &str, selection: &Selection) -> Result<Vec<Issue>, Why> {
        let fields = self.base.field_ids("/rest/api/3/field", &selection.fields).await?;
        let reader = Reader { url: &self.base.url, fields: &fields, history: false };
        let mut body = json!({ "jql": query, "fields": field_list(&fields), "maxResults": 100 });
        let mut issues = Vec::new();
        for _ in 0..MOST_PAGES {
            let answer = self.base.post("/rest/api/3/search/jql", &body).await?;
            issues.extend(read_issues(&answer, &reader)?);
            match answer.get("nextPageToken").and_then(Value::as_str) {
                Some(token) => body["nextPageToken"] = json!(token),
                None => return Ok(issues),
            }
        }
        Err(Why::new(
            format!("Jira: the query finds over {} issues", issues.len()),
            "narrow it: it should find what is ready for one deploy",
        ))
    }
}
