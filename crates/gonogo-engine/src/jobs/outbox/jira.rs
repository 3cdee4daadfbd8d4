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
use gonogo_remote::jira::{Comment, Known, Moved, NotWritten, Tracker, tracker};
use gonogo_store::{NewMessage, Outgoing, StoreError};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub(super) const COMMENT: &str = "jira-comment";
pub(in crate::jobs) const TRANSITION: &str = "jira-transition";

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
pub(super) async fn comment(serving: &Serving, message: &Outgoing) -> Result<Result<String, NotSaid>, StoreError> {
    let (jira, issue, said) = match comments(serving, message) {
        Ok(ready) => ready,
        Err(not) => return Ok(Err(not)),
    };
    serving.store.message_begins(message, (serving.clock)()).await?;
    // Each try looks for ours first: a second one changes it.
    Ok(jira.comment(&issue, &said).await.map_err(|not| not_written(message, &not)))
}

/// Who is asked, on which issue, to say what.
fn comments(serving: &Serving, message: &Outgoing) -> Result<(Box<dyn Tracker>, IssueKey, Comment), NotSaid> {
    let wanted: CommentWanted = meaning(message)?;
    Ok((ask(serving, message, &wanted.tracker)?, issue(&wanted.story)?, wanted.rendered()))
}

/// The state that it is in.
pub(super) async fn transition(serving: &Serving, message: &Outgoing) -> Result<String, NotSaid> {
    let wanted: TransitionWanted = meaning(message)?;
    let (jira, issue) = (ask(serving, message, &wanted.tracker)?, issue(&wanted.story)?);
    match jira.move_to(&issue, &wanted.state).await.map_err(|not| not_written(message, &not))? {
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

fn ask(serving: &Serving, message: &Outgoing, at: &TrackerAt) -> Result<Box<dyn Tracker>, NotSaid> {
    let policy = TrackerPolicy::at(at.kind, at.url.clone());
    may_ask(&policy, &serving.outside).map_err(|why| NotSaid::never(said(&why)))?;
    let credentials = (serving.outside.credentials)(at.kind)
        .map_err(|error| Why::new(format!("no usable credentials for the tracker: {error}"), error.fix()));
    let jira = credentials.and_then(|credentials| tracker(&policy, &credentials, &serving.outside.http));
    jira.map_err(|why| not_written(message, &NotWritten { why, known: Known::NotYet }))
}

/// What came of an earlier try is not known any better for this one's end.
fn not_written(message: &Outgoing, not: &NotWritten) -> NotSaid {
    let sure = match not.known {
        Known::Nothing => Sure::No,
        _ if message.begun_at.is_some() => Sure::No,
        Known::NotYet => Sure::NotSaid,
        Known::Never => Sure::NeverSaid,
    };
    NotSaid { error: said(&not.why), until: None, sure }
}

fn said(why: &Why) -> String {
    format!("{}: {}", why.said, why.fix)
}
