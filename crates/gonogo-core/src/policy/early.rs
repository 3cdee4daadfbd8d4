//! `[early]`: when a story is far enough that its owner is told what it lacks,
//! before anything ships it.

use crate::story::Status;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// States whose names have this word are review, where nothing else is said.
const REVIEW: &str = "review";

/// What is told before the gate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Early {
    /// States, by name or id, from which on a story has its required fields; without
    /// it those with "review" in their name, and those that may ship.
    pub review: Option<Vec<String>>,
}

impl Early {
    pub(super) fn validate(&self) -> Result<(), String> {
        match &self.review {
            Some(states) if states.iter().any(|state| state.trim().is_empty()) => {
                Err("a state in review has no name".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Whether a story in this state has been filled in.
    pub fn is_review(&self, state: &Status, may_ship: bool) -> bool {
        match &self.review {
            Some(states) => states.iter().any(|word| state.is(word)),
            None => may_ship || state.name.to_lowercase().contains(REVIEW),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn review_is_what_is_called_so_or_what_the_policy_names() {
        let state = |name: &str| Status { id: "7".to_owned(), name: name.to_owned() };
        let usual = Early::default();
        assert!(usual.is_review(&state("Code review"), false) && usual.is_review(&state("Ready"), true));
        assert!(!usual.is_review(&state("In Progress"), false));
        let named = Early { review: Some(vec!["prüfung".to_owned()]) };
        assert!(named.is_review(&state("Prüfung"), false) && !named.is_review(&state("In Review"), true));
        assert!(Early { review: Some(vec![" ".to_owned()]) }.validate().is_err());
    }
}
