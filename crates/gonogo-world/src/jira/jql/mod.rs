//! JQL, as far as the program sends it and users write it. The rest is refused
//! in Jira's words.

mod check;
mod lex;
mod matching;
mod parse;
mod subject;

use std::cmp::Ordering;

use super::state::{Issue, State};
use parse::{Clause, Sort};

/// A query that reads well; whether its names exist is another question.
#[derive(Debug)]
pub(super) struct Query {
    clause: Option<Clause>,
    order: Vec<(Sort, bool)>,
}

impl Query {
    /// Reads a query, or says as Jira does why not.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        parse::query(text)
    }

    /// Whether it asks for everything.
    pub(super) fn is_unbounded(&self) -> bool {
        self.clause.is_none()
    }

    /// What it names that does not exist, in Jira's words.
    pub(super) fn problems(&self, state: &State) -> Vec<String> {
        let mut problems = Vec::new();
        if let Some(clause) = &self.clause {
            check::clause(clause, state, &mut problems);
        }
        problems
    }

    /// The visible issues that match, in order. What does not exist matches
    /// nothing.
    pub(super) fn run<'a>(&self, state: &'a State) -> Vec<&'a Issue> {
        let mut found: Vec<&Issue> = state
            .issues
            .iter()
            .filter(|issue| state.may_see(issue))
            .filter(|issue| {
                let clause = self.clause.as_ref();
                clause.is_none_or(|clause| matching::clause(clause, issue, state))
            })
            .collect();
        found.sort_by(|one, other| self.compare(one, other));
        found
    }

    fn compare(&self, one: &Issue, other: &Issue) -> Ordering {
        let newest_first = other.id.cmp(&one.id);
        self.order
            .iter()
            .map(|(sort, is_descending)| {
                let order = match sort {
                    Sort::Key => key_parts(&one.key).cmp(&key_parts(&other.key)),
                    Sort::Created => one.created.cmp(&other.created),
                    Sort::Updated => one.updated.cmp(&other.updated),
                };
                if *is_descending { order.reverse() } else { order }
            })
            .fold(Ordering::Equal, Ordering::then)
            .then(newest_first)
    }
}

fn key_parts(key: &str) -> (&str, u64) {
    key.rsplit_once('-').map_or((key, 0), |(project, number)| (project, number.parse().unwrap_or(0)))
}
