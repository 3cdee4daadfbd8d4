//! What was said of a story, in words for its page.

use super::jira::{self, CommentWanted, TransitionWanted};
use super::slack::{self, Told};
use gonogo_store::MessageRow;
use serde::de::DeserializeOwned;

/// Of one message about one story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// By what: Slack, Jira.
    pub how: &'static str,
    /// What it said, or did.
    pub said: String,
}

/// What a message says of a story.
pub fn words(message: &MessageRow, story: &str) -> Words {
    let (how, said) = match message.kind.as_str() {
        slack::KIND => ("Slack", read::<Told>(message).and_then(|told| told_of(told, story))),
        jira::COMMENT => {
            ("a comment in Jira", read::<CommentWanted>(message).map(|wanted| turn(wanted.is_deployed, false)))
        }
        jira::TRANSITION => {
            ("Jira", read::<TransitionWanted>(message).map(|wanted| format!("moves to {}", wanted.state)))
        }
        _ => ("a way that this version does not know", None),
    };
    Words { how, said: said.unwrap_or_default() }
}

fn told_of(told: Told, story: &str) -> Option<String> {
    match told {
        Told::Stories(stories) => {
            stories.into_iter().find(|told| told.story == story).map(|told| turn(told.is_deployed, told.flag.is_some()))
        }
        Told::Coming(coming) => Some(format!("is about to ship, to {}", coming.team)),
    }
}

fn turn(is_deployed: bool, is_off: bool) -> String {
    match (is_deployed, is_off) {
        (true, true) => "was deployed, off for customers",
        (true, false) => "was deployed",
        (false, _) => "was rolled back",
    }
    .to_owned()
}

fn read<T: DeserializeOwned>(message: &MessageRow) -> Option<T> {
    serde_json::from_str(&message.meaning).ok()
}
