//! An act on a story as it is written down, and what came of one whose end nobody
//! told: that is looked for in the tracker, by the server's own token.

use super::super::people::deed;
use super::judge_anew;
use crate::gather::may_ask;
use crate::serving::Serving;
use gonogo_core::fact::{Fact, Why};
use gonogo_core::policy::{Tracker as TrackerPolicy, TrackerKind};
use gonogo_core::say;
use gonogo_core::story::{FieldValue, Issue};
use gonogo_remote::jira::Selection;
use gonogo_store::{StoreError, StoryActEnd, StoryActId, StoryActOutcome, StoryActRow};
use serde::{Deserialize, Serialize};

/// Of a value, where it is shown.
const MOST_SAID: usize = 500;

/// What is done, as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Meaning {
    pub kind: TrackerKind,
    pub tracker: String,
    /// The issue's own key.
    pub issue: String,
    #[serde(flatten)]
    pub what: What,
    /// The hash of a program's request that has a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum What {
    Field {
        /// As the policy calls it, and Jira.
        name: String,
        id: String,
        wanted: FieldValue,
    },
    Move {
        /// The state that it leads to, by its id and name.
        state: String,
        named: String,
    },
}

impl Meaning {
    pub(super) fn began(&self) -> &'static str {
        match self.what {
            What::Field { .. } => "began to fill in a field",
            What::Move { .. } => "began to move a story",
        }
    }

    pub(super) fn ended(&self, outcome: StoryActOutcome) -> &'static str {
        match (&self.what, outcome) {
            (What::Field { .. }, StoryActOutcome::Done) => "filled in a field",
            (What::Move { .. }, StoryActOutcome::Done) => "moved a story",
            (What::Field { .. }, _) => "did not fill in a field",
            (What::Move { .. }, _) => "did not move a story",
        }
    }

    /// In words.
    pub(super) fn said(&self) -> String {
        match &self.what {
            What::Field { name, wanted, .. } => format!("\"{name}\": {}", text(wanted)),
            What::Move { named, .. } => format!("to {named}"),
        }
    }

    /// Whether it was asked for by another request than this.
    pub(super) fn is_of_another(&self, request: Option<&str>) -> bool {
        self.request.is_some() && self.request.as_deref() != request
    }

    fn is_so(&self, issue: &Issue) -> bool {
        match &self.what {
            What::Field { id, wanted, .. } => issue.fields.get(id).is_some_and(|found| is_same(found, wanted)),
            What::Move { state, .. } => issue.status.id == *state,
        }
    }
}

/// What an act is, for people.
pub fn words(row: &StoryActRow) -> String {
    let read = serde_json::from_str::<Meaning>(&row.meaning);
    read.map_or_else(|_| "something that cannot be read".to_owned(), |meaning| say::cut(&meaning.said(), MOST_SAID))
}

fn text(value: &FieldValue) -> String {
    match value {
        FieldValue::Text(text) => text.clone(),
        FieldValue::Number(number) => number.to_string(),
        FieldValue::Person(who) => who.name.clone(),
        FieldValue::Empty | FieldValue::NoSuchField | FieldValue::Ambiguous(_) => String::new(),
    }
}

/// Jira orders lists, and lays text out, in its own way.
fn is_same(one: &FieldValue, other: &FieldValue) -> bool {
    match (one, other) {
        (FieldValue::Person(one), FieldValue::Person(other)) => one.id == other.id,
        (FieldValue::Number(one), FieldValue::Number(other)) => one.total_cmp(other).is_eq(),
        (FieldValue::Text(one), FieldValue::Text(other)) => parts(one) == parts(other),
        _ => false,
    }
}

fn parts(text: &str) -> Vec<String> {
    let plain = |part: &str| part.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut parts: Vec<String> = text.split(',').map(plain).collect();
    parts.sort_unstable();
    parts
}

/// When an act is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Looks {
    /// It may be under way still.
    AtOnce,
    Later,
}

/// What came of an act that nobody told the end of: looked for, never done again.
pub(crate) async fn settle(serving: &Serving, id: i64, looks: Looks) -> Result<Result<(), Why>, StoreError> {
    let Some(row) = serving.store.story_act(StoryActId(id)).await?.filter(|row| row.ended.is_none()) else {
        return Ok(Ok(()));
    };
    let Ok(meaning) = serde_json::from_str::<Meaning>(&row.meaning) else {
        return Ok(Err(Why::new("what was begun cannot be read", "look at the story in Jira")));
    };
    let is_there = match looked_for(serving, &meaning).await {
        Ok(false) if looks == Looks::AtOnce => return Ok(Err(Why::new("Jira does not have it yet", "wait a minute"))),
        Ok(is_there) => is_there,
        Err(why) => return Ok(Err(why)),
    };
    let (outcome, said) = if is_there {
        (StoryActOutcome::Done, "found in Jira, after it was not known what came of it")
    } else {
        (StoryActOutcome::NotThere, "Jira does not have it: it was not written, or was changed since")
    };
    end(serving, &row, &meaning, outcome, said).await?;
    Ok(Ok(()))
}

async fn end(
    serving: &Serving,
    row: &StoryActRow,
    meaning: &Meaning,
    outcome: StoryActOutcome,
    said: &str,
) -> Result<(), StoreError> {
    let now = (serving.clock)();
    let deed = deed(now, &row.by, meaning.ended(outcome), &row.story, &format!("{} ({said})", meaning.said()));
    serving.store.end_story_act(row.id, StoryActEnd { outcome, said: said.to_owned(), at: now }, deed).await?;
    judge_anew(serving, [&row.story, &meaning.issue]).await
}

/// Whether Jira has it now.
async fn looked_for(serving: &Serving, meaning: &Meaning) -> Result<bool, Why> {
    let policy = TrackerPolicy::at(meaning.kind, meaning.tracker.clone());
    may_ask(&policy, &serving.outside)?;
    let jira = serving.outside.jiras.tracker(&policy)?;
    let key = meaning.issue.parse().map_err(|_| Why::new("no issue's key", "look at the story in Jira"))?;
    let field = match &meaning.what {
        What::Field { id, .. } => Some(id.clone()),
        What::Move { .. } => None,
    };
    let selection = Selection { fields: field.into_iter().collect(), history: false };
    match jira.issues(&[key], &selection).await.pop() {
        Some(Fact::Known(issue)) => Ok(meaning.is_so(&issue)),
        Some(Fact::Absent) | None => Ok(false),
        Some(Fact::Unknown(why)) => Err(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_known_again_as_jira_tells_it() {
        let text = |text: &str| FieldValue::Text(text.to_owned());
        for (one, other, same) in [
            (text("High: all invoices"), text("High:  all\ninvoices "), true),
            (text("web, api"), text("api, web"), true),
            (text("web"), text("api"), false),
            (FieldValue::Number(3.0), FieldValue::Number(3.0), true),
            (FieldValue::Empty, FieldValue::Empty, false),
        ] {
            assert_eq!(is_same(&one, &other), same, "{one:?} {other:?}");
        }
    }

    #[test]
    fn what_is_kept_is_read_again() {
        let what =
            What::Field { name: "Risk".to_owned(), id: "customfield_1".to_owned(), wanted: FieldValue::Number(1.0) };
        let (tracker, issue) = ("https://jira.example".to_owned(), "STORY-1".to_owned());
        let meaning = Meaning { kind: TrackerKind::JiraCloud, tracker, issue, what, request: None };
        assert_eq!(serde_json::from_str::<Meaning>(&serde_json::to_string(&meaning).unwrap()).unwrap(), meaning);
    }
}
