//! Jira Data Center, REST v2: `/field` and `/search`.

use super::cloud::{field_list, read_issues};
use super::issue::Reader;
use super::{Account, Base, MOST_KEYS, MOST_PAGES, Selection, Tracker, access, by_key};
use futures_util::future::BoxFuture;
use gonogo_core::fact::{Fact, Why};
use gonogo_core::ids::IssueKey;
use gonogo_core::story::Issue;
use serde_json::{Value, json};

#[derive(Debug)]
pub(super) struct DataCenter {
    base: Base,
}

impl DataCenter {
    pub(super) fn new(base: Base) -> Self {
        Self { base }
    }

    async fn by_keys(&self, keys: &[IssueKey], reader: &Reader<'_>) -> Result<Vec<Issue>, Why> {
        let list: Vec<String> = keys.iter().map(ToString::to_string).collect();
        self.search_all(&format!("key in ({})", list.join(", ")), reader).await
    }

    /// Pages until all is there. Unknown keys must not fail the whole query.
    async fn search_all(&self, query: &str, reader: &Reader<'_>) -> Result<Vec<Issue>, Why> {
        let mut issues = Vec::new();
        for _ in 0..MOST_PAGES {
            let mut body = json!({
                "jql": query,
                "startAt": issues.len(),
                "maxResults": MOST_KEYS,
                "fields": field_list(reader.fields),
                "validateQuery": false,
            });
            if reader.history {
                body["expand"] = json!(["changelog"]);
            }
            let answer = self.base.post("/rest/api/2/search", &body).await?;
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
            match self.search_all(query, &reader).await {
                Ok(issues) => Fact::Known(issues),
                Err(why) => Fact::Unknown(why),
            }
        })
    }

    fn account(&self) -> BoxFuture<'_, Result<Account, Why>> {
        Box::pin(access::account(&self.base, "/rest/api/2"))
    }
}
