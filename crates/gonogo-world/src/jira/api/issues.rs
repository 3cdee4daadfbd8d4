//! One issue, and its history page by page.

use serde_json::{Value, json};

use super::super::state::{Flavour, State};
use super::Answered;
use super::answers::Refusal;
use super::parameters::Parameters;
use crate::serve::Ask;

impl State {
    /// `KEY`, `KEY/changelog`, its comments and transitions.
    pub(super) fn one_issue(&mut self, ask: &Ask, rest: &str) -> Answered {
        match rest.split_once('/') {
            None if ask.method == "GET" => self.issue_alone(ask, rest),
            None if ask.method == "PUT" => self.edit_issue(ask, rest),
            Some((key, "changelog")) if ask.method == "GET" && self.flavour == Flavour::Cloud => {
                self.changelog(ask, key)
            }
            Some((key, rest)) => self.of_issue(ask, key, rest),
            None => Err(Refusal::no_such_path(rest)),
        }
    }

    fn issue_alone(&mut self, ask: &Ask, key: &str) -> Answered {
        let known = ["fields", "expand", "properties", "updateHistory", "fieldsByKeys"];
        let parameters = Parameters::read(ask, &known)?;
        let selection = self.selection(parameters.list("fields")?, parameters.list("expand")?, true)?;
        let issue = self.visible(key).ok_or_else(|| self.no_such_issue())?;
        Ok(self.issue_json(issue, &selection))
    }

    /// Oldest first, unlike within an issue.
    fn changelog(&mut self, ask: &Ask, key: &str) -> Answered {
        let parameters = Parameters::read(ask, &["startAt", "maxResults"])?;
        let start = parameters.number("startAt")?.unwrap_or(0);
        let size = parameters.number("maxResults")?.unwrap_or(100);
        let size = size.min(self.changelog_limit);
        let issue = self.visible(key).ok_or_else(|| self.no_such_issue())?;
        let values: Vec<Value> =
            issue.history.iter().skip(start).take(size).map(|change| self.change_json(change)).collect();
        Ok(json!({
            "self": format!("{}{}", self.base_url, ask.target),
            "startAt": start,
            "maxResults": size,
            "total": issue.history.len(),
            "isLast": start + values.len() >= issue.history.len(),
            "values": values,
        }))
    }

    /// Deleted, hidden, never there: Jira does not say which.
    pub(super) fn no_such_issue(&self) -> Refusal {
        let message = match self.flavour {
            Flavour::Cloud => "Issue does not exist or you do not have permission to see it.",
            Flavour::DataCenter => "Issue Does Not Exist",
        };
        Refusal::quiet(404, message)
    }
}
