//! What only Data Center has: searches with offsets.

use serde_json::{Value, json};

use super::super::jql::Query;
use super::super::state::State;
use super::Answered;
use super::answers::Refusal;
use super::parameters::Parameters;
use crate::serve::Ask;

impl State {
    pub(super) fn data_center(&mut self, ask: &Ask, rest: &str) -> Answered {
        match (ask.method.as_str(), rest) {
            ("GET" | "POST", "search") => self.search_by_offset(ask),
            _ => self.common(ask, rest),
        }
    }

    fn search_by_offset(&mut self, ask: &Ask) -> Answered {
        let known = ["jql", "startAt", "maxResults", "fields", "expand", "validateQuery"];
        let parameters = Parameters::read(ask, &known)?;
        let jql = parameters.text("jql")?.unwrap_or_default();
        let query = Query::parse(jql).map_err(|message| Refusal::surprise(400, message))?;
        let problems = query.problems(self);
        if !problems.is_empty() && parameters.wants_validation()? {
            return Err(Refusal::bad_query(400, problems));
        }
        let selection = self.selection(parameters.array(ask, "fields")?, parameters.array(ask, "expand")?, true)?;
        let start = parameters.number("startAt")?.unwrap_or(0);
        let size = parameters.number("maxResults")?.unwrap_or(50);
        let size = size.min(self.page_limit);

        let matching = query.run(self);
        let issues: Vec<Value> =
            matching.iter().skip(start).take(size).map(|issue| self.issue_json(issue, &selection)).collect();
        let mut page = json!({
            "expand": "schema,names",
            "startAt": start,
            "maxResults": size,
            "total": matching.len(),
            "issues": issues,
        });
        if !problems.is_empty() {
            page["warningMessages"] = problems.into();
        }
        Ok(page)
    }
}
