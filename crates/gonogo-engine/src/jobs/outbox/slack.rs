//! A message in Slack that is said once: posted, or found where it may have been.

use super::coming::StoryComing;
use super::early::{self, EarlyTold};
use super::late::ChecksLate;
use super::turned::{self, StoryTold};
use super::{NotSaid, Sure};
use crate::serving::Serving;
use gonogo_remote::slack::{Message, MessageKey, Slack, SlackError};
use gonogo_store::{NewMessage, Outgoing, StoreError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(super) const KIND: &str = "slack";

/// The meaning of a message; outside texts are as they came.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Told {
    /// Stories that turned, told in one message.
    Stories(Vec<StoryTold>),
    /// A story is on its way, and a team has to know.
    Coming(Box<StoryComing>),
    /// Nobody has looked in time.
    Late(Box<ChecksLate>),
    /// Stories lack something before their gate.
    Early(Vec<EarlyTold>),
}

impl Told {
    pub(super) fn message(&self, channel: &str, key: String, stories: Vec<String>, at: Timestamp) -> NewMessage {
        // Strings: there is always JSON for them.
        let meaning = serde_json::to_string(self).unwrap_or_default();
        NewMessage { kind: KIND, target: channel.to_owned(), key, meaning, stories, at }
    }

    fn rendered(&self) -> Message {
        match self {
            Self::Stories(stories) => turned::rendered(stories),
            Self::Coming(coming) => coming.rendered(),
            Self::Late(late) => late.rendered(),
            Self::Early(told) => early::rendered(told),
        }
    }
}

/// Where it stands, as `CHANNEL TS`.
pub(super) async fn say(serving: &Serving, message: &Outgoing) -> Result<Result<String, NotSaid>, StoreError> {
    let Some(slack) = &serving.slack else {
        return Ok(Err(NotSaid::never("there is no [slack] any more")));
    };
    let told: Told = match serde_json::from_str(&message.meaning) {
        Ok(told) => told,
        Err(error) => return Ok(Err(NotSaid::never(format!("what is to be said cannot be read: {error}")))),
    };
    let (key, now) = (MessageKey(message.key.clone()), (serving.clock)());
    if let Some(since) = message.begun_at.or(message.again_at.map(|_| message.added_at)) {
        match slack.find(&message.target, &key, since, now).await {
            Ok(Some(place)) => return Ok(Ok(format!("{} {}", place.channel, place.ts))),
            Ok(None) => {}
            // Who has it said again knows that it is not there.
            Err(_) if message.begun_at.is_none() => {}
            Err(error) => return Ok(Err(not_said(&error, Sure::No))),
        }
    }
    serving.store.message_begins(message, now).await?;
    Ok(post(slack, message, &key, &told.rendered(), now).await)
}

async fn post(
    slack: &Slack,
    message: &Outgoing,
    key: &MessageKey,
    said: &Message,
    now: Timestamp,
) -> Result<String, NotSaid> {
    match slack.post(&message.target, key, said, now).await {
        Ok(place) => Ok(format!("{} {}", place.channel, place.ts)),
        Err(error) => Err(not_said(&error, if error.did_nothing() { Sure::NotSaid } else { Sure::No })),
    }
}

fn not_said(error: &SlackError, sure: Sure) -> NotSaid {
    let why = error.why();
    NotSaid { error: format!("{}: {}", why.said, why.fix), until: error.until(), sure }
}
