//! The deploy plan of a candidate: what to know before it ships, and whom to ask.

use crate::digest::Digest;
use crate::evidence::Evidence;
use gonogo_api::{Check, CheckLine, CheckState};
use gonogo_core::policy::{SignOff, Turn};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Who is called when it goes wrong, where the policy says so.
    pub on_call: Option<Turn>,
    pub stories: Vec<PlannedStory>,
    /// Paths of the shipping commits that change a database's schema.
    pub migrations: Vec<String>,
    /// What each check came to.
    pub verifications: Vec<CheckLine>,
    /// What the policy wants signed off, and by whom.
    pub sign_offs: Vec<SignOff>,
    /// What it was judged from cannot be read: nothing is known of what the policy
    /// says and asks for.
    pub is_unread: bool,
}

/// What a plan says then.
pub const UNREAD: &str = "What it was judged from is not kept, or was kept by another version: who is on call, what the policy asks of stories, and what is to be signed off are not known until it is judged anew.";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedStory {
    pub key: String,
    pub title: String,
    pub kind: Option<String>,
    pub owner: Option<String>,
    pub url: Option<String>,
    /// The fields that the policy asks for, such as the risk and the post-deploy
    /// checks, with what they say.
    pub fields: Vec<(String, String)>,
}

impl Plan {
    /// Of what ships, for a deploy now.
    pub fn of(check: &Check, evidence: Option<&Evidence>, now: Timestamp) -> Self {
        let stories = check.stories.iter().filter(|story| story.ships).map(|story| PlannedStory {
            key: story.key.clone(),
            title: story.title.clone().unwrap_or_default(),
            kind: story.kind.clone(),
            owner: story.assignee.clone(),
            url: story.url.clone(),
            fields: evidence.map(|evidence| fields(evidence, &story.key)).unwrap_or_default(),
        });
        Self {
            on_call: evidence.and_then(|evidence| evidence.on_call(now)),
            stories: stories.collect(),
            migrations: Digest::of(check, evidence).migrations,
            verifications: check.checks.clone(),
            sign_offs: evidence.map(|evidence| evidence.sign_offs().to_vec()).unwrap_or_default(),
            is_unread: evidence.is_none(),
        }
    }
}

/// `maria, until Mon 30 Nov 2026 09:00 (Europe/Berlin)`
pub fn on_call_words(turn: &Turn) -> String {
    format!("{}, until {} ({})", turn.who, turn.until.strftime("%a %d %b %Y %H:%M"), turn.zone)
}

/// What a check came to.
pub fn verification(line: &CheckLine) -> String {
    let word = match line.state {
        CheckState::Passed => "✓ passed",
        CheckState::Found => "found something",
        CheckState::Waiting => "… waits",
        CheckState::Off => "off",
        CheckState::CouldNotCheck => "could not check",
    };
    line.why.as_ref().map_or_else(|| word.to_owned(), |why| format!("{word} ({why})"))
}

fn fields(evidence: &Evidence, key: &str) -> Vec<(String, String)> {
    evidence.fields(key).into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
