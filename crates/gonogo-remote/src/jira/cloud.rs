//! Jira Cloud, REST v3: `/field`, `/issue/bulkfetch` and `/search/jql` alone.

use super::changed::Changes;
use super::fields::FieldId;
use super::issue::{Reader, USUAL};
use super::paging::Paging;
use super::writing::Writing;
use super::{
    Account, Base, Comment, FieldTo, MOST_PAGES, Moved, NotWritten, Selection, Tracker, Versions, access, by_key,
};
use futures_util::future::BoxFuture;
use gonogo_core::fact::{Fact, Why};
use gonogo_core::ids::IssueKey;
use gonogo_core::story::Issue;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const CHANGED: Paging<'_> = Paging { path: "/rest/api/3/search/jql", next: by_token, takes_only_get: None };

/// Whether there is more, and the body that asks for it.
fn by_token(answer: &Value, body: &mut Value) -> bool {
    let token = answer["nextPageToken"].as_str();
    body["nextPageToken"] = json!(token);
    token.is_some()
}

#[derive(Debug)]
pub(super) struct Cloud {
    base: Base,
}

impl Cloud {
    pub(super) fn new(base: Base) -> Self {
        Self { base }
    }

    async fn bulk(&self, keys: &[IssueKey], reader: &Reader<'_>) -> Result<Vec<Seen>, Why> {
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

/// An issue of an answer; where it cannot be read, that of this key cannot.
pub(super) type Seen = (IssueKey, Result<Issue, Why>);

pub(super) fn read_issues(answer: &Value, reader: &Reader<'_>) -> Result<Vec<Seen>, Why> {
    let odd = |what: &str| {
        Why::new(format!("Jira: an answer that cannot be read: {what}"), "look at [tracker] url and kind, and at Jira")
    };
    let list = answer.get("issues").and_then(Value::as_array).ok_or_else(|| odd("it holds no issues"))?;
    let read = |json: &Value| {
        let key = json.get("key").and_then(Value::as_str).and_then(|key| key.parse::<IssueKey>().ok());
        let key = key.ok_or_else(|| odd("an issue without a key"))?;
        let issue = reader.issue(json).ok_or_else(|| odd(&format!("{key} lacks what no issue lacks")));
        Ok((key, issue))
    };
    list.iter().map(read).collect()
}

/// All of what a search found: a part of it is no answer.
pub(super) fn whole(found: Vec<Seen>) -> Result<Vec<Issue>, Why> {
    found.into_iter().map(|(_, issue)| issue).collect()
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

    fn changed<'a>(&'a self, projects: &'a [String], minutes: u32) -> BoxFuture<'a, Result<Changes, Why>> {
        Box::pin(self.base.changed(&CHANGED, projects, minutes))
    }

    fn account(&self) -> BoxFuture<'_, Result<Account, Why>> {
        Box::pin(access::account(&self.base, "/rest/api/3"))
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

impl Cloud {
    fn writing(&self) -> Writing<'_> {
        Writing { base: &self.base, api: "/rest/api/3", is_document: true }
    }

    async fn search_all(&self, query: &str, selection: &Selection) -> Result<Vec<Issue>, Why> {
        let fields = self.base.field_ids("/rest/api/3/field", &selection.fields).await?;
        let reader = Reader { url: &self.base.url, fields: &fields, history: false };
        let mut body = json!({ "jql": query, "fields": field_list(&fields), "maxResults": 100 });
        let mut issues = Vec::new();
        for _ in 0..MOST_PAGES {
            let answer = self.base.post("/rest/api/3/search/jql", &body).await?;
            issues.extend(whole(read_issues(&answer, &reader)?)?);
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
