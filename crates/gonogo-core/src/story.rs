//! A story as the tracker told it.

use crate::ids::IssueKey;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A workflow state: trackers rename states, so both name and id count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    pub id: String,
    pub name: String,
}

impl Status {
    /// Whether the policy's word means this state: its id, or its name in any case.
    pub fn is(&self, word: &str) -> bool {
        self.id == word || same_word(&self.name, word)
    }
}

/// Names of states, types and fields are compared trimmed and in any case.
pub fn same_word(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueType {
    pub id: String,
    pub name: String,
    pub subtask: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackerPerson {
    pub id: String,
    pub name: String,
}

/// The issue that a sub-task is part of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    pub key: IssueKey,
    pub title: String,
    pub status: Option<Status>,
}

/// A field's value, as text; rich text is flattened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldValue {
    Empty,
    Text(String),
    Number(f64),
    Person(TrackerPerson),
    /// The tracker has no field of this name or id.
    NoSuchField,
    /// Several fields have this name; their ids.
    Ambiguous(Vec<String>),
}

/// One change in an issue's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub at: Timestamp,
    pub by: Option<TrackerPerson>,
    /// The field's id where the tracker tells it, else its name.
    pub field: String,
    /// The value before; of a state its name and id, of other fields its text.
    pub from: Option<Status>,
    pub to: Option<Status>,
}

/// An issue's history, as far as the tracker tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// Oldest first.
    pub changes: Vec<Change>,
    /// Whether older changes exist that were not told.
    pub cut: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Issue {
    /// The key that the tracker answers with: another one than asked for where
    /// the issue was moved.
    pub key: IssueKey,
    pub title: String,
    pub kind: IssueType,
    pub status: Status,
    /// Whether its state is one of those that end it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_done: bool,
    pub assignee: Option<TrackerPerson>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reporter: Option<TrackerPerson>,
    pub parent: Option<Parent>,
    pub labels: Vec<String>,
    pub created_at: Option<Timestamp>,
    pub url: String,
    /// By the name or id that the policy uses.
    pub fields: BTreeMap<String, FieldValue>,
    /// The id behind each name that the policy uses, as the history names it.
    pub field_ids: BTreeMap<String, String>,
    /// Only where a check needs it.
    pub history: Option<History>,
}

/// What a team knows of a story.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aware {
    /// When it was told first.
    pub told_at: Option<Timestamp>,
    /// Why it could not be told when that was tried last.
    pub trouble: Option<String>,
    /// Who said that it knows.
    pub acknowledged_by: Option<String>,
}

/// What a search for ready stories found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ready {
    pub issues: Vec<Issue>,
}
