//! `gonogo.check/1`: the answer of `gonogo check --format json`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The name of this format, in its first field.
pub const CHECK_SCHEMA: &str = "gonogo.check/1";

/// What would ship, whether it may, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// Always `gonogo.check/1`.
    pub schema: String,
    pub service: String,
    /// The folder of the repository that the service is, where it is not all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    pub verdict: Verdict,
    pub production: Production,
    pub head: Head,
    /// How far one can ship when the head is no-go.
    pub newest_go: Option<NewestGo>,
    /// Newest first.
    pub commits: Vec<Commit>,
    /// Commits that production has and head lacks.
    pub missing_from_head: Vec<String>,
    /// What ships, or appears to; keys that are only mentioned are not here.
    pub stories: Vec<Story>,
    /// What blocks first.
    pub findings: Vec<Finding>,
    pub waivers: Vec<Waiver>,
    pub checks: Vec<CheckLine>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Go,
    NoGo,
    Waiting,
}

impl Verdict {
    pub fn word(self) -> &'static str {
        match self {
            Self::Go => "go",
            Self::NoGo => "no-go",
            Self::Waiting => "waiting",
        }
    }
}

impl Check {
    /// Where the tracker did not answer: of when the oldest story is.
    pub fn as_of(&self) -> Option<&str> {
        self.stories.iter().filter_map(|story| story.as_of.as_deref()).min()
    }

    /// Whether nothing of the service's folder differs from production.
    pub fn concerns_nothing(&self) -> bool {
        let is_same = self.commits.is_empty() && self.missing_from_head.is_empty();
        self.path.is_some() && self.production.sha.is_some() && is_same
    }
}

/// Where production is; before a merge, the base that the head was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Production {
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// Null when it is not known.
    pub sha: Option<String>,
    /// All that run, while a deploy is half done.
    pub shas: Vec<String>,
    /// Why this was taken, or why it is not known.
    pub why: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Head {
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    pub sha: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NewestGo {
    pub sha: String,
    /// How many commits of the range ship with it.
    pub commits: usize,
    /// What came next and blocks.
    pub then: Option<String>,
    /// Stories of which only a part ships.
    pub partial: Vec<Partial>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Partial {
    pub key: String,
    /// The flag that hides the rest.
    pub behind: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Commit {
    pub sha: String,
    pub subject: String,
    pub author: String,
    pub co_authors: Vec<String>,
    /// RFC 3339, UTC.
    /// Null where the commit has no time that can be read.
    pub committed_at: Option<String>,
    /// The stories that it belongs to.
    pub keys: Vec<String>,
    pub mentions: Vec<String>,
    pub pull_request: Option<u64>,
    /// Marked with a no-key word.
    pub no_key: bool,
    pub reverts: Vec<String>,
    /// False when reverted within the range, or in production already.
    pub ships: bool,
    pub already_in_production: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Story {
    pub key: String,
    pub title: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub status: Option<String>,
    pub parent: Option<String>,
    pub assignee: Option<String>,
    pub url: Option<String>,
    pub commits: Vec<String>,
    pub ships: bool,
    /// Whether something of it that production has is taken away; left out where
    /// it is not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub taken_back: bool,
    pub tracker: TrackerState,
    /// Where the tracker did not answer: of when what stands here is. RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
}

/// What the tracker said of a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TrackerState {
    Known,
    Absent,
    Unknown,
    Off,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    pub check: String,
    pub code: String,
    pub severity: Severity,
    pub subject: Subject,
    pub at: Option<At>,
    pub message: String,
    pub fix: String,
    /// Where the docs explain the code.
    pub docs: String,
    pub fingerprint: String,
    pub waiver: Option<WaivedBy>,
    /// Of what could not be checked: who was asked in vain, `tracker` or `code-host`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Block,
    Wait,
    Warn,
    Note,
}

impl Severity {
    pub fn word(self) -> &'static str {
        match self {
            Self::Block => "blocks",
            Self::Wait => "waits",
            Self::Warn => "warns",
            Self::Note => "is a note",
        }
    }
}

/// A full SHA for a commit, the key for a story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    pub kind: String,
    pub id: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct At {
    pub path: String,
    pub line: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaivedBy {
    pub by: String,
    pub why: String,
    pub until: String,
    /// Where all was let pass that this system leaves unchecked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Waiver {
    pub fingerprint: String,
    pub state: WaiverState,
    pub by: String,
    pub why: String,
    pub until: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WaiverState {
    Applied,
    Expired,
    Void,
    Unneeded,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckLine {
    pub name: String,
    pub level: Level,
    pub state: CheckState,
    /// Why it is off or could not check.
    pub why: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Block,
    Warn,
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CheckState {
    Passed,
    Found,
    Waiting,
    Off,
    CouldNotCheck,
}
