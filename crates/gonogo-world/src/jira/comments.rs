//! Comments on issues, with the properties that programs put into them.

use jiff::Timestamp;
use serde_json::Value;

use super::Issue;
use super::scenario::text_of;
use super::state::State;

#[derive(Debug, Clone)]
pub(super) struct Comment {
    pub(super) id: u64,
    pub(super) author: String,
    /// Text, or on Cloud ADF.
    pub(super) body: Value,
    /// Each with its key and value.
    pub(super) properties: Vec<Value>,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
}

impl State {
    /// Somebody comments on an issue now; the comment's id.
    pub(super) fn comment_on(&mut self, issue: u64, author: &str, body: Value, properties: Vec<Value>) -> u64 {
        self.person_mut(author);
        let (id, at) = (self.next_history(), self.tick());
        let author = author.to_owned();
        let comment = Comment { id, author, body, properties, created: at, updated: at };
        self.issue_mut(issue).comments.push(comment);
        id
    }
}

impl Issue<'_> {
    /// Somebody comments on it now.
    #[expect(clippy::return_self_not_must_use, reason = "the word takes effect at once")]
    pub fn commented(self, who: &str, text: &str) -> Self {
        self.with_state(|state, id| state.comment_on(id, who, text.into(), Vec::new()));
        self
    }

    /// What its comments say now, the oldest first.
    pub fn comments(self) -> Vec<String> {
        self.with_state(|state, id| state.issue_mut(id).comments.iter().map(|comment| text_of(&comment.body)).collect())
    }
}
