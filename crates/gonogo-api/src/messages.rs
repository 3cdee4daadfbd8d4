use crate::{Part, ToldState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that was said outside once, or is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    pub id: i64,
    /// By what: `slack`, `email`, or in Jira `jira-comment`, `jira-transition`,
    /// `jira-fix-version`, `jira-field` and `jira-early`; others may come.
    pub kind: String,
    /// Where: a channel, an issue, an address.
    pub target: String,
    /// All that it tells of.
    pub about: Vec<MessageAbout>,
    pub state: ToldState,
    /// RFC 3339, UTC, as all times here.
    pub added_at: String,
    /// When it was said, given up or dropped; null while it waits.
    pub done_at: Option<String>,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next; null where it is not.
    pub next_at: Option<String>,
    /// Why it was not said when it was tried last.
    pub error: Option<String>,
    /// What a person does about it; null where it goes on by itself.
    pub to_do: Option<String>,
}

/// One thing that a message tells of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MessageAbout {
    /// Such as a story's key.
    pub subject: String,
    pub said: String,
}

/// Whom a deploy plan is sent to by e-mail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanTo {
    /// Addresses; none: those that the server's configuration names.
    #[schemars(length(max = 20))]
    #[serde(default)]
    pub to: Vec<String>,
}

/// Which messages are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessagesAsked {
    pub state: Option<ToldState>,
    #[schemars(length(min = 1))]
    pub kind: Option<String>,
    /// That tell of this story, by its key.
    #[schemars(length(min = 1))]
    pub story: Option<String>,
    /// How many at most; 50 where it is not said.
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u32>,
    /// The `next` of the part before.
    #[schemars(regex(pattern = r"^[0-9]{1,18}$"))]
    pub cursor: Option<String>,
}

impl MessagesAsked {
    pub fn part(&self) -> Part {
        Part { limit: self.limit, cursor: self.cursor.clone() }
    }
}
