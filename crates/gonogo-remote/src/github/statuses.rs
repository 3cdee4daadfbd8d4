//! Commit statuses: what we say of a SHA.

use super::{GitHub, GitHubError, RepositoryName};
use gonogo_core::ids::Sha;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Characters that GitHub takes in a description.
pub const MOST_DESCRIPTION: usize = 140;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StatusState {
    Pending,
    Success,
    Failure,
    Error,
}

/// A status of one context.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitStatus {
    pub context: String,
    pub state: StatusState,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub target_url: Option<String>,
}

impl GitHub {
    pub async fn post_status(
        &self,
        name: &RepositoryName,
        sha: Sha,
        status: &CommitStatus,
        now: Timestamp,
    ) -> Result<(), GitHubError> {
        let body = json!({
            "state": status.state,
            "context": status.context,
            "description": status.description.as_deref().map(cut),
            "target_url": status.target_url,
        });
        let path = format!("/statuses/{sha}");
        let answer = self.post(name, &path, &body, now).await?;
        let odd = || GitHubError::odd(&name.path(&path), "it does not show our status");
        if is_shown(status, &answer) { Ok(()) } else { Err(odd()) }
    }
}

/// A proxy's page may say 200 for GitHub, which has taken nothing then.
fn is_shown(status: &CommitStatus, answer: &Value) -> bool {
    CommitStatus::deserialize(answer).is_ok_and(|shown| shown.context == status.context && shown.state == status.state)
}

fn cut(text: &str) -> String {
    if text.chars().count() <= MOST_DESCRIPTION {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(MOST_DESCRIPTION - 1).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_status_in_the_answer_says_that_it_was_taken() {
        let state = StatusState::Success;
        let status = CommitStatus { context: "gonogo".to_owned(), state, description: None, target_url: None };
        assert!(is_shown(&status, &json!({"id": 1, "context": "gonogo", "state": "success", "description": "Go"})));
        for other in [
            json!({"context": "gonogo", "state": "pending"}),
            json!({"context": "other", "state": "success"}),
            json!({"status": "ok"}),
            json!([]),
            Value::Null,
        ] {
            assert!(!is_shown(&status, &other), "{other}");
        }
    }

    #[test]
    fn a_description_is_cut_between_characters() {
        let long = "é".repeat(141);
        assert_eq!(cut(&long).chars().count(), MOST_DESCRIPTION);
        assert!(cut(&long).ends_with('…'));
        assert_eq!(cut(&long[2..]), &long[2..]);
    }
}
