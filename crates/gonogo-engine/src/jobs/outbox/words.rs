//! What was said, or could not be, in words for people.

use super::early::{self, EarlyCommentWanted};
use super::email::{self, Mailed};
use super::jira::{self, CommentWanted, TransitionWanted, Turned};
use super::marks::{self, FieldWanted, VersionsWanted};
use super::slack::{self, Told};
use super::turned::did;
use gonogo_store::{MessageRow, MessageState};
use serde::de::DeserializeOwned;

/// Of one message about one story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// By what: Slack, Jira.
    pub how: &'static str,
    /// What it said, or did.
    pub said: String,
}

/// One thing that a message tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Such as a story's key.
    pub subject: String,
    pub said: String,
    /// Where it is shown, from the server's address on or whole.
    pub link: String,
}

impl About {
    fn story(story: String, said: String) -> Self {
        Self { link: format!("/stories/{story}"), subject: story, said }
    }
}

/// What a message says of a story.
pub fn words(message: &MessageRow, story: &str) -> Words {
    let said = about(message).into_iter().find(|about| about.subject == story).map(|about| about.said);
    Words { how: how(&message.kind), said: said.unwrap_or_default() }
}

/// By what a kind of message is said.
pub fn how(kind: &str) -> &'static str {
    match kind {
        slack::KIND => "Slack",
        jira::COMMENT => "a comment in Jira",
        early::COMMENT => "an early comment in Jira",
        jira::TRANSITION => "Jira",
        marks::VERSIONS => "a fix version in Jira",
        marks::FIELD => "a field in Jira",
        email::KIND => "e-mail",
        _ => "a way that this version does not know",
    }
}

/// All that a message tells of.
pub fn about(message: &MessageRow) -> Vec<About> {
    let one = |story: String, said: String| vec![About::story(story, said)];
    let read = match message.kind.as_str() {
        slack::KIND => read::<Told>(message).map(told_of),
        jira::COMMENT => {
            let said = |turned: Option<Turned>| match turned {
                Some(turned) => did(turned.is_deployed, ""),
                None => "what its post-deploy checks came to".to_owned(),
            };
            read::<CommentWanted>(message).map(|wanted| one(wanted.story, said(wanted.turned)))
        }
        jira::TRANSITION => {
            read::<TransitionWanted>(message).map(|wanted| one(wanted.story, format!("moves to {}", wanted.state)))
        }
        early::COMMENT => read::<EarlyCommentWanted>(message).map(|wanted| {
            let did = wanted.did();
            one(wanted.story, did)
        }),
        marks::VERSIONS => read::<VersionsWanted>(message).map(|wanted| {
            let did = wanted.did();
            one(wanted.story, did)
        }),
        marks::FIELD => read::<FieldWanted>(message).map(|wanted| {
            let did = wanted.did();
            one(wanted.story, did)
        }),
        email::KIND => read::<Mailed>(message).map(|mailed| match mailed {
            Mailed::Stories(stories) => told_of(Told::Stories(stories)),
            Mailed::Coming(coming) => told_of(Told::Coming(coming)),
            Mailed::Early(told) => told_of(Told::Early(told)),
            Mailed::Turned(verdict) => {
                vec![About { subject: verdict.of_branch(), said: verdict.turned(), link: verdict.page().to_owned() }]
            }
            Mailed::Plan(plan) => {
                vec![About { subject: plan.of_branch(), said: format!("plan, sent by {}", plan.by), link: plan.page }]
            }
        }),
        _ => None,
    };
    read.unwrap_or_default()
}

/// What a person does about one that does not go on by itself.
pub fn to_do(message: &MessageRow) -> Option<String> {
    let place = &message.target;
    match message.state {
        MessageState::Failed => Some("Mend what it says and have it said again, or drop it.".to_owned()),
        MessageState::Doubtful => {
            let look = match message.kind.as_str() {
                slack::KIND => format!("Look in {place} whether it is there"),
                email::KIND => format!("Ask {place} whether it came, or look into the mail server's log"),
                _ => format!("Look at {place} whether it is done"),
            };
            Some(format!("{look}: if so, drop it; if not, have it said again."))
        }
        MessageState::Waits | MessageState::Said | MessageState::Dropped => None,
    }
}

fn told_of(told: Told) -> Vec<About> {
    match told {
        Told::Stories(stories) => {
            stories.into_iter().map(|told| About::story(told.story.clone(), told.did())).collect()
        }
        Told::Coming(coming) => {
            vec![About::story(coming.story, format!("is about to ship, to {}", coming.team))]
        }
        Told::Early(told) => told.into_iter().map(|one| About::story(one.story.clone(), one.did())).collect(),
        Told::Late(late) => {
            let said = "waits for a look at production, and is late";
            late.looks.into_iter().map(|look| About::story(look.story, said.to_owned())).collect()
        }
    }
}

fn read<T: DeserializeOwned>(message: &MessageRow) -> Option<T> {
    serde_json::from_str(&message.meaning).ok()
}
