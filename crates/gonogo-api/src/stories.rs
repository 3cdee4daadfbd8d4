//! A story, over all services.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a story waits and runs, and who was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoryEverywhere {
    pub key: String,
    /// Null where the tracker did not tell it.
    pub title: Option<String>,
    /// Open candidates that have it.
    pub waits: Vec<StoryWaits>,
    /// What the gates of services would find in it, before anything ships it.
    pub lacks: Vec<StoryLacks>,
    /// Those that have to know of it, by name and service.
    pub teams: Vec<StoryTeam>,
    /// Services into whose production it came since they are watched.
    pub runs: Vec<StoryRuns>,
    /// Where git has commits that name it, as long as no deploy that was seen brought
    /// it: what runs since before services are watched, and branches.
    pub named: Vec<StoryNamed>,
    /// The newest first.
    pub told: Vec<StoryTold>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoryWaits {
    pub service: String,
    pub branch: String,
    pub candidate: i64,
    /// Else it was reverted, or is in production already.
    pub ships: bool,
}

/// The newest commit of a service that names a story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoryNamed {
    pub service: String,
    pub commit: String,
    /// Whether it is in production; else it is on branches alone.
    pub runs: bool,
    /// Some of those, where it is not in production.
    pub branches: Vec<String>,
}

/// One thing that a story lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoryLacks {
    /// As the check has it.
    pub code: String,
    pub said: String,
    pub fix: String,
    /// Whose gates ask for it.
    pub services: Vec<String>,
    /// RFC 3339, UTC.
    pub since: String,
    /// When its owner was to be told; null where nobody is. RFC 3339, UTC.
    pub told_at: Option<String>,
}

/// A team that has to know of a story before it ships, by the policy of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoryTeam {
    pub team: String,
    /// For another one it may be told elsewhere, and somebody else says that it knows.
    pub service: String,
    /// When it was told; null while it was not. RFC 3339, UTC.
    pub told_at: Option<String>,
    /// What keeps it from being told, and who mends that.
    pub error: Option<String>,
    /// Who said for this service that it knows, if somebody did.
    pub acknowledged_by: Option<String>,
    pub acknowledged_at: Option<String>,
}

/// That a team knows of a story, said for each service that lets who says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAcknowledgement {
    pub team: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoryRuns {
    pub service: String,
    /// Whether all that runs has it; else it went again.
    pub is_live: bool,
    /// RFC 3339, UTC.
    pub since: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoryTold {
    /// `slack`, `jira-comment`, `jira-transition`, `jira-fix-version`, `jira-field`,
    /// `jira-early`, `email`; others may come.
    pub kind: String,
    /// The channel, or the issue.
    pub target: String,
    /// "was deployed"
    pub said: String,
    pub state: ToldState,
    /// When it was said, or when it was given up; null while it waits. RFC 3339, UTC.
    pub at: Option<String>,
    /// Why it was not said when it was tried last.
    pub error: Option<String>,
}

/// How far a message is: `doubtful` where it may have been said and nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ToldState {
    Waits,
    Said,
    Doubtful,
    Failed,
    /// A person wants it to be said no more.
    Dropped,
}

/// What a person could mend of a story in Jira, as the policies that judged it ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoryMends {
    /// The issue's key, and where it is.
    pub issue: String,
    pub url: String,
    /// What the token's person is called in Jira.
    pub acting_as: String,
    pub fields: Vec<MendField>,
    /// The state that it is in, where it may not ship from that.
    pub wrong_state: Option<String>,
    /// Transitions that lead to a state from which it may.
    pub moves: Vec<MendMove>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MendField {
    /// As the policy calls it.
    pub field: String,
    pub kind: MendKind,
    /// What may be chosen, where that is a list.
    pub choices: Vec<MendChoice>,
    /// Which field it says of that somebody has read it.
    pub confirms: Option<String>,
    /// Why it is done in Jira alone; null where it may be from here.
    pub elsewhere: Option<String>,
}

/// How a field is given: `confirm` takes no values, and names the token's person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MendKind {
    Line,
    Text,
    Number,
    Day,
    One,
    Several,
    Labels,
    Confirm,
    Elsewhere,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MendChoice {
    pub id: String,
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MendMove {
    /// The transition's id.
    pub transition: String,
    pub name: String,
    pub to: String,
    /// What Jira asks for with it: then it is made there.
    pub asks: Vec<String>,
}

/// A field is to be filled in, under the name of the token's person in Jira.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFieldValue {
    /// As the policy calls it.
    #[schemars(length(min = 1, max = 255))]
    pub field: String,
    /// One, several where the field takes them, or none to confirm. Choices by id or
    /// by name.
    #[serde(default)]
    pub values: Vec<String>,
}

/// A story is to be moved, under the name of the token's person in Jira.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMove {
    /// The transition's id.
    #[schemars(length(min = 1, max = 40))]
    pub transition: String,
}
