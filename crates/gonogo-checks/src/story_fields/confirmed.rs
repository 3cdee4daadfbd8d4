//! Whether somebody other than the assignee confirmed a field after its text
//! last changed, as far as the tracker's history tells.

use gonogo_core::fact::Why;
use gonogo_core::story::{Change, FieldValue, History, Issue, TrackerPerson, same_word};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a field is confirmed: by a field that names who did, or by passing a state.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirm {
    /// The field whose text is confirmed.
    pub field: String,
    /// A field with the person who confirmed it.
    pub by_field: Option<String>,
    /// A state; whoever moved the story out of it confirmed the text.
    pub by_state: Option<String>,
}

pub(super) enum Confirmed {
    Yes,
    /// What is wrong, and what mends it.
    No(String, String),
    Unknown(Why),
}

impl Confirm {
    pub(super) fn fields(&self) -> impl Iterator<Item = String> {
        [Some(self.field.clone()), self.by_field.clone()].into_iter().flatten()
    }

    pub(super) fn look_at(&self, issue: &Issue, says_nothing: impl Fn(&FieldValue) -> bool) -> Confirmed {
        match issue.fields.get(&self.field) {
            None | Some(FieldValue::NoSuchField | FieldValue::Ambiguous(_)) => {
                let said = format!("the tracker has no one field \"{}\"", self.field);
                return Confirmed::Unknown(Why::new(
                    said,
                    "mend field in [[checks.story-fields.confirm]], or write its id",
                ));
            }
            // Nothing to confirm; `required` says that it is missing.
            Some(value) if says_nothing(value) => return Confirmed::Yes,
            Some(_) => {}
        }
        match (&self.by_field, &self.by_state) {
            (Some(by), _) => self.by_field(issue, by),
            (None, Some(state)) => self.by_state(issue, state),
            (None, None) => Confirmed::Yes, // refused when the policy is read
        }
    }

    fn by_field(&self, issue: &Issue, by: &str) -> Confirmed {
        let who = match issue.fields.get(by) {
            Some(FieldValue::Person(who)) => who,
            Some(FieldValue::Empty) => {
                return self.no(
                    &format!("is not confirmed: \"{by}\" is empty"),
                    format!("let somebody else read it and fill in \"{by}\""),
                );
            }
            Some(FieldValue::Text(_) | FieldValue::Number(_)) => {
                let said = format!("\"{by}\" does not hold a person");
                return Confirmed::Unknown(Why::new(said, "name a field of the kind user as by_field"));
            }
            Some(FieldValue::Ambiguous(_) | FieldValue::NoSuchField) | None => {
                let said = format!("the tracker has no one field \"{by}\"");
                return Confirmed::Unknown(Why::new(said, "mend by_field in [[checks.story-fields.confirm]]"));
            }
        };
        if is_assignee(issue, who) {
            return self.no(
                &format!("was confirmed by its own assignee, {}", who.name),
                "let somebody else read it".to_owned(),
            );
        }
        let changed = last_change(issue, &self.field).map(|c| c.at);
        let confirmed = last_change(issue, by).map(|c| c.at);
        match (changed, confirmed) {
            (Some(changed), Some(confirmed)) if changed > confirmed => self.changed_since(changed),
            (Some(changed), None) if issue.history.as_ref().is_some_and(|h| !h.cut) => self.changed_since(changed),
            _ => Confirmed::Yes,
        }
    }

    fn by_state(&self, issue: &Issue, state: &str) -> Confirmed {
        let Some(History { changes, cut }) = &issue.history else {
            return Confirmed::Unknown(Why::new(
                "the tracker does not tell its history",
                "let the token see it, or use by_field",
            ));
        };
        let changed = last_change(issue, &self.field).map(|c| c.at);
        let passed = |c: &&Change| c.field == "status" && c.from.as_ref().is_some_and(|from| from.is(state));
        let by_other = |c: &&Change| c.by.as_ref().is_some_and(|who| !is_assignee(issue, who));
        let last = changes.iter().filter(passed).filter(by_other).map(|c| c.at).max();
        match (last, changed) {
            (Some(last), Some(changed)) if changed > last => self.changed_since(changed),
            (Some(_), _) => Confirmed::Yes,
            (None, _) if *cut => Confirmed::Unknown(Why::new(
                "the tracker tells only its newest changes",
                "look at its history in the tracker, or use by_field",
            )),
            (None, _) => self.no(
                &format!("is not confirmed: nobody but the assignee moved it out of {state}"),
                format!("let somebody else review it and move it out of {state}"),
            ),
        }
    }

    fn no(&self, what: &str, fix: impl Into<String>) -> Confirmed {
        Confirmed::No(format!("\"{}\" {what}", self.field), fix.into())
    }

    fn changed_since(&self, at: Timestamp) -> Confirmed {
        let day = at.strftime("%Y-%m-%d %H:%M UTC");
        self.no(&format!("changed on {day}, after it was confirmed"), "let somebody else read it again".to_owned())
    }
}

fn is_assignee(issue: &Issue, who: &TrackerPerson) -> bool {
    issue.assignee.as_ref().is_some_and(|a| a.id == who.id)
}

fn last_change<'a>(issue: &'a Issue, field: &str) -> Option<&'a Change> {
    let id = issue.field_ids.get(field);
    let changes = issue.history.as_ref().map(|h| h.changes.as_slice()).unwrap_or_default();
    changes.iter().rfind(|c| id.is_some_and(|id| c.field == *id) || same_word(&c.field, field))
}
