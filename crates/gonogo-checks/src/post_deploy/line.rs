//! What a story asks to be looked at after a deploy, as its field says.

use super::{ENTRY, PostDeploy};
use crate::story_fields::{field_of, is_invisible};
use gonogo_core::fact::Why;
use gonogo_core::say;
use gonogo_core::story::{FieldValue, Issue, TrackerPerson, same_word};

/// More of a field is cut.
const MOST: usize = 4_000;

/// What a story asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToLookAt {
    /// The field is empty.
    Nothing,
    /// It says that there is nothing, perhaps with the reason.
    NotNeeded(String),
    Checks {
        said: String,
        owner: Option<TrackerPerson>,
    },
}

impl PostDeploy {
    pub fn of(&self, issue: &Issue) -> Result<ToLookAt, Why> {
        let Some(field) = &self.field else { return Ok(ToLookAt::Nothing) };
        let said = match field_of(issue, field, ENTRY.name)? {
            FieldValue::Text(text) => text.trim().to_owned(),
            FieldValue::Number(number) => number.to_string(),
            FieldValue::Person(person) => person.name.clone(),
            FieldValue::Empty | FieldValue::NoSuchField | FieldValue::Ambiguous(_) => String::new(),
        };
        if is_invisible(&said) {
            return Ok(ToLookAt::Nothing);
        }
        let said = say::cut(&said, MOST);
        if self.says_none(&said) {
            return Ok(ToLookAt::NotNeeded(said));
        }
        Ok(ToLookAt::Checks { said, owner: self.owner_of(issue)? })
    }

    fn owner_of(&self, issue: &Issue) -> Result<Option<TrackerPerson>, Why> {
        let named = self.owner_field.as_ref().map(|field| field_of(issue, field, ENTRY.name)).transpose()?;
        Ok(match named {
            Some(FieldValue::Person(person)) => Some(person.clone()),
            Some(FieldValue::Text(name)) if !is_invisible(name) => {
                Some(TrackerPerson { id: String::new(), name: say::cut(name.trim(), 100) })
            }
            _ => issue.assignee.clone(),
        })
    }

    /// One of the words alone, or with a reason behind it in one line. "None. Look
    /// at the orders" asks for something all the same.
    fn says_none(&self, said: &str) -> bool {
        let is_none = |text: &str| self.none_words.iter().any(|word| same_word(text, word));
        if is_none(said) || is_none(said.trim_end_matches(['.', '!'])) {
            return true;
        }
        let reasons = [":", " (", " because ", " since ", " - ", " – ", " — "];
        let reason = |between: &&str| said.split_once(*between).is_some_and(|(word, _)| is_none(word));
        !said.contains('\n') && reasons.iter().any(reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gonogo_core::story::{IssueType, Status};
    use std::collections::BTreeMap;

    fn issue(fields: &[(&str, FieldValue)]) -> Issue {
        Issue {
            key: "STORY-9".parse().unwrap(),
            title: String::new(),
            kind: IssueType { id: String::new(), name: String::new(), subtask: false },
            status: Status { id: String::new(), name: String::new() },
            is_done: false,
            reporter: None,
            assignee: Some(person("Ana")),
            parent: None,
            labels: Vec::new(),
            created_at: None,
            url: String::new(),
            fields: fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            field_ids: BTreeMap::new(),
            history: None,
        }
    }

    fn person(name: &str) -> TrackerPerson {
        TrackerPerson { id: format!("id of {name}"), name: name.to_owned() }
    }

    fn text(text: &str) -> FieldValue {
        FieldValue::Text(text.to_owned())
    }

    fn rule() -> PostDeploy {
        PostDeploy { field: Some("Look".to_owned()), owner_field: Some("Looks".to_owned()), ..PostDeploy::default() }
    }

    #[test]
    fn a_story_that_says_that_there_is_nothing_asks_for_nothing() {
        let of = |said: &str| rule().of(&issue(&[("Look", text(said)), ("Looks", FieldValue::Empty)])).unwrap();
        for none in [
            "None",
            " n/a ",
            "-",
            "No checks needed.",
            "None: off until STORY-88",
            "none because it is a footer",
            "N/A (text only)",
        ] {
            assert_eq!(of(none), ToLookAt::NotNeeded(none.trim().to_owned()), "{none}");
        }
        for empty in ["", "\u{200b}\n"] {
            assert_eq!(of(empty), ToLookAt::Nothing);
        }
        for some in
            ["None. Look at the orders", "No errors in the log", "None: see below\n1. look", "tbd", "Nonesuch: look"]
        {
            assert!(matches!(of(some), ToLookAt::Checks { .. }), "{some}");
        }
        assert!(matches!(of(&"x".repeat(9_000)), ToLookAt::Checks { said, .. } if said.chars().count() == MOST));
    }

    #[test]
    fn who_looks_is_in_the_field_for_it_else_the_assignee() {
        let owner = |value: FieldValue| match rule().of(&issue(&[("Look", text("x")), ("Looks", value)])) {
            Ok(ToLookAt::Checks { owner, .. }) => owner.map(|owner| owner.name),
            other => panic!("{other:?}"),
        };
        assert_eq!(owner(FieldValue::Person(person("Lee"))).as_deref(), Some("Lee"));
        assert_eq!(owner(text(" on call ")).as_deref(), Some("on call"));
        assert_eq!(owner(FieldValue::Empty).as_deref(), Some("Ana"));
    }

    #[test]
    fn a_field_that_is_not_there_is_never_an_empty_one() {
        let said = rule().of(&issue(&[("Look", FieldValue::NoSuchField)])).unwrap_err().said;
        assert_eq!(said, "the tracker has no field \"Look\"");
        let said = rule().of(&issue(&[("Look", text("x")), ("Looks", FieldValue::NoSuchField)])).unwrap_err().said;
        assert_eq!(said, "the tracker has no field \"Looks\"");
    }
}
