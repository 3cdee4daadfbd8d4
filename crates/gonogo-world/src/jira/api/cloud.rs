//! What only Cloud has: bulk fetches, and searches with page tokens.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::jql::Query;
use super::super::state::State;
use super::Answered;
use super::answers::Refusal;
use super::parameters::Parameters;
use crate::serve::Ask;

const BULK_LIMIT: usize = 100;

impl State {
    pub(super) fn cloud(&mut self, ask: &Ask, rest: &str) -> Answered {
        match (ask.method.as_str(), rest) {
            ("POST", "issue/bulkfetch") => self.bulk_fetch(ask),
            ("GET" | "POST", "search/jql") => self.search_by_token(ask),
            ("GET" | "POST", "search") => Err(Refusal::surprise(
                410,
                "The requested API has been removed. Please migrate to the \
                 /rest/api/3/search/jql API. A full migration guideline is available at \
                 https://developer.atlassian.com/changelog/#CHANGE-2046",
            )),
            _ => self.common(ask, rest),
        }
    }

    fn bulk_fetch(&mut self, ask: &Ask) -> Answered {
        let known = ["issueIdsOrKeys", "fields", "expand", "properties", "fieldsByKeys"];
        let parameters = Parameters::read(ask, &known)?;
        let Some(wanted) = parameters.array(ask, "issueIdsOrKeys")? else {
            return Err(Refusal::bad_payload());
        };
        if wanted.is_empty() || wanted.len() > BULK_LIMIT {
            let message =
                format!("The number of issues requested must be between 1 and {BULK_LIMIT}, not {}.", wanted.len());
            return Err(Refusal::surprise(400, message));
        }
        let selection = self.selection(parameters.array(ask, "fields")?, parameters.array(ask, "expand")?, true)?;

        let mut found: Vec<u64> = Vec::new();
        for id_or_key in &wanted {
            if let Some(issue) = self.visible(id_or_key)
                && !found.contains(&issue.id)
            {
                found.push(issue.id);
            }
        }
        let issues: Vec<Value> =
            found.iter().filter_map(|id| self.by_id(*id)).map(|issue| self.issue_json(issue, &selection)).collect();
        Ok(json!({
            "expand": "renderedFields,names,schema,operations,editmeta,changelog",
            "issues": issues,
            "issueErrors": [],
        }))
    }

    fn search_by_token(&mut self, ask: &Ask) -> Answered {
        let known = [
            "jql",
            "fields",
            "maxResults",
            "nextPageToken",
            "expand",
            "properties",
            "fieldsByKeys",
            "failFast",
            "reconcileIssues",
        ];
        let parameters = Parameters::read(ask, &known)?;
        let jql = parameters.text("jql")?.unwrap_or_default();
        let query = Query::parse(jql).map_err(|message| Refusal::surprise(400, message))?;
        if query.is_unbounded() {
            return Err(Refusal::surprise(
                400,
                "Unbounded JQL queries are not allowed here. \
                 Please add a search restriction to your query.",
            ));
        }
        let problems = query.problems(self);
        if !problems.is_empty() {
            return Err(Refusal::bad_query(400, problems));
        }
        // A string here, unlike everywhere else.
        parameters.text("expand")?;
        let selection = self.selection(parameters.array(ask, "fields")?, parameters.list("expand")?, false)?;
        let start = match parameters.text("nextPageToken")? {
            None => 0,
            Some(token) => read_token(token, jql)
                .ok_or_else(|| Refusal::surprise(400, "The provided next page token is invalid."))?,
        };
        let size = parameters.number("maxResults")?.unwrap_or(50);
        let size = size.min(self.page_limit);

        let matching = query.run(self);
        let issues: Vec<Value> = matching
            .iter()
            .skip(start)
            .take(size)
            .map(|issue| {
                if selection.is_empty() {
                    json!({"id": issue.id.to_string()})
                } else {
                    self.issue_json(issue, &selection)
                }
            })
            .collect();
        let end = start + issues.len();
        let is_last = end >= matching.len();
        let mut page = json!({"issues": issues, "isLast": is_last});
        if !is_last {
            page["nextPageToken"] = token(end, jql).into();
        }
        Ok(page)
    }
}

fn token(start: usize, jql: &str) -> String {
    STANDARD.encode(format!("{start} {jql}"))
}

/// Where the page begins, if the token is one of ours for the same query.
fn read_token(token: &str, jql: &str) -> Option<usize> {
    let text = String::from_utf8(STANDARD.decode(token).ok()?).ok()?;
    let (start, its_jql) = text.split_once(' ')?;
    (its_jql == jql).then(|| start.parse().ok()).flatten()
}
