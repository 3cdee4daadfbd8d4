//! What a story's issue says of its deploys: one comment of ours, which changes,
//! and the state that it is in.

use super::{NotSaid, Sure};
use crate::gather::may_ask;
use crate::jobs::shipping::TrackerAt;
use crate::serving::Serving;
use gonogo_core::fact::Why;
use gonogo_core::ids::IssueKey;
use gonogo_core::policy::Tracker as TrackerPolicy;
use gonogo_core::say;
use gonogo_remote::jira::{Comment, Moved, Tracker, tracker};
use gonogo_store::{NewMessage, Outgoing};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub(super) const COMMENT: &str = "jira-comment";
pub(super) const TRANSITION: &str = "jira-transition";

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::jobs) struct CommentWanted {
    pub tracker: TrackerAt,
    pub story: String,
    /// Else it was rolled back.
    pub is_deployed: bool,
    /// That have it now, or that do not any more.
    pub services: Vec<String>,
    pub at: Timestamp,
    pub page: String,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::jobs) struct TransitionWanted {
    pub tracker: TrackerAt,
    pub story: String,
    /// By the name that the tracker has for it.
    pub state: String,
}

impl CommentWanted {
    pub(in crate::jobs) fn message(&self, key: String, at: Timestamp) -> NewMessage {
        new(COMMENT, &self.story, key, self, at)
    }

    fn rendered(&self) -> Comment {
        let (services, at) = (say::list(&self.services, self.services.len()), say::minute(self.at));
        let said = if self.is_deployed {
            format!("Deployed: in production of {services} since {at}.")
        } else {
            format!("Rolled back: not in production of {services} any more since {at}.")
        };
        Comment { key: self.page.clone(), lines: vec![said], link: self.page.clone() }
    }
}

impl TransitionWanted {
    pub(in crate::jobs) fn message(&self, key: String, at: Timestamp) -> NewMessage {
        new(TRANSITION, &self.story, key, self, at)
    }
}

fn new(kind: &'static str, story: &str, key: String, meaning: &impl Serialize, at: Timestamp) -> NewMessage {
    // Strings: there is always JSON for them.
    let meaning = serde_json::to_string(meaning).unwrap_or_default();
    NewMessage { kind, target: story.to_owned(), key, meaning, stories: vec![story.to_owned()], at }
}

/// The comment's id.
pub(super) async fn comment(serving: &Serving, message: &Outgoing) -> Result<String, NotSaid> {
    let wanted: CommentWanted = meaning(message)?;
    let (jira, issue) = (ask(serving, &wanted.tracker)?, issue(&wanted.story)?);
    // Each try looks for ours first: a second one changes it.
    jira.comment(&issue, &wanted.rendered()).await.map_err(|why| not_said(&why))
}

/// The state that it is in.
pub(super) async fn transition(serving: &Serving, message: &Outgoing) -> Result<String, NotSaid> {
    let wanted: TransitionWanted = meaning(message)?;
    let (jira, issue) = (ask(serving, &wanted.tracker)?, issue(&wanted.story)?);
    match jira.move_to(&issue, &wanted.state).await.map_err(|why| not_said(&why))? {
        Moved::Done | Moved::Already => Ok(wanted.state),
        Moved::NoWay { from, ways } => {
            let ways = if ways.is_empty() { "nowhere".to_owned() } else { say::list(&ways, ways.len()) };
            let story = &wanted.story;
            Err(NotSaid::never(format!(
                "no transition leads {story} from {from} to {}, only to {ways}: mend jira_transition in \
                 [story_deployed], or the workflow",
                wanted.state
            )))
        }
    }
}

fn meaning<T: DeserializeOwned>(message: &Outgoing) -> Result<T, NotSaid> {
    let read = serde_json::from_str(&message.meaning);
    read.map_err(|error| NotSaid::never(format!("what is to be said cannot be read: {error}")))
}

fn issue(story: &str) -> Result<IssueKey, NotSaid> {
    story.parse().map_err(|_| NotSaid::never(format!("`{story}` is no issue's key")))
}

fn ask(serving: &Serving, at: &TrackerAt) -> Result<Box<dyn Tracker>, NotSaid> {
    let policy = TrackerPolicy::at(at.kind, at.url.clone());
    may_ask(&policy, &serving.outside).map_err(|why| NotSaid::never(said(&why)))?;
    let credentials = (serving.outside.credentials)(at.kind)
        .map_err(|error| not_said(&Why::new(format!("no usable credentials for the tracker: {error}"), error.fix())))?;
    tracker(&policy, &credentials, &serving.outside.http).map_err(|why| not_said(&why))
}

fn not_said(why: &Why) -> NotSaid {
    NotSaid { error: said(why), until: None, sure: Sure::No }
}

fn said(why: &Why) -> String {
    format!("{}: {}", why.said, why.fix)
}
