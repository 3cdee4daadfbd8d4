//! An approval in the middle: people are asked whether the deploy goes on.

use crate::person::Role;
use crate::say;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const MOST_TEXT: usize = 300;

/// Who is asked, and what: who is all of this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct QuestionTable {
    /// At the service, or more.
    pub role: Role,
    /// These alone, called as in `[[awareness]]`; without it whoever has the role.
    pub people: Option<Vec<String>>,
    /// What they are asked.
    pub question: String,
    /// After so many hours nobody has said yes: the step has failed.
    pub hours: u32,
    /// Whoever asked for the deploy does not say yes alone.
    pub by_another: bool,
}

impl Default for QuestionTable {
    fn default() -> Self {
        let question = "Shall it go on?".to_owned();
        Self { role: Role::Developer, people: None, question, hours: 8, by_another: true }
    }
}

/// The same in a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    pub role: Role,
    pub people: Option<Vec<String>>,
    pub question: String,
    pub hours: u32,
    pub by_another: bool,
}

impl QuestionTable {
    pub(super) fn validate(&self) -> Result<(), String> {
        if self.people.as_ref().is_some_and(Vec::is_empty) {
            return Err("`approval.people` names nobody: leave it out, or name somebody".to_owned());
        }
        if self.question.trim().is_empty() || self.question.len() > MOST_TEXT {
            return Err(format!("`approval.question` has up to {MOST_TEXT} bytes"));
        }
        if !(1..=24 * 7).contains(&self.hours) {
            return Err("`approval.hours` is from 1 to 168".to_owned());
        }
        Ok(())
    }

    pub(super) fn asked(&self) -> Question {
        let Self { role, people, question, hours, by_another } = self.clone();
        Question { role, people, question, hours, by_another }
    }
}

impl Question {
    /// `a release-manager`, or the names of those who are asked.
    pub fn whom(&self) -> String {
        match &self.people {
            Some(people) => say::list(people, people.len()),
            None => format!("a {}", self.role.word()),
        }
    }
}
