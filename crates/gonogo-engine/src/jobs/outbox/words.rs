//! What was said of a story, in words for its page.

use super::jira::{self, CommentWanted, TransitionWanted};
use super::slack::{self, StoriesTold};
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
    let turn = |is_deployed: bool| if is_deployed { "was deployed" } else { "was rolled back" }.to_owned();
    let (how, said) = match message.kind.as_str() {
        slack::KIND => {
            let told =
                read::<StoriesTold>(message).and_then(|told| told.stories.into_iter().find(|s| s.story == story));
            ("Slack", told.map(|told| turn(told.is_deployed)))
        }
        jira::COMMENT => ("a comment in Jira", read::<CommentWanted>(message).map(|wanted| turn(wanted.is_deployed))),
        jira::TRANSITION => {
            ("Jira", read::<TransitionWanted>(message).map(|wanted| format!("moves to {}", wanted.state)))
        }
        _ => ("a way that this version does not know", None),
    };
    Words { how, said: said.unwrap_or_default() }
}

fn read<T: DeserializeOwned>(message: &MessageRow) -> Option<T> {
    serde_json::from_str(&message.meaning).ok()
}
