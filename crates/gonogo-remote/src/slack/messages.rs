//! Messages: said, changed in place, and found again by the key in them.

use super::{MOST_PAGES, Slack, SlackError, next_cursor};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// Characters that Slack takes in a section.
pub const MOST_SECTION: usize = 3_000;

const POST: &str = "chat.postMessage";
const UPDATE: &str = "chat.update";
const HISTORY: &str = "conversations.history";
/// What our metadata are called.
const EVENT: &str = "gonogo_message";
/// Our clock and Slack's do not differ by more.
const SKEW: SignedDuration = SignedDuration::from_mins(10);

/// By what a message is found again: no two messages have the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageKey(pub String);

/// What a message says.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// For notifications, in Slack's markup.
    pub text: String,
    /// What is read in the channel.
    pub blocks: Vec<Value>,
}

/// Where a message stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Slack's id of the channel.
    pub channel: String,
    /// Slack's name of the message within it.
    pub ts: String,
}

impl Slack {
    /// Says it, in a channel by name or by id.
    pub async fn post(
        &self,
        channel: &str,
        key: &MessageKey,
        message: &Message,
        now: Timestamp,
    ) -> Result<Place, SlackError> {
        let mut body = body(channel, key, message);
        body["unfurl_links"] = false.into();
        body["unfurl_media"] = false.into();
        let answer = self.say(POST, &body, now).await?;
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        match (text("channel"), text("ts")) {
            (Some(channel), Some(ts)) => Ok(Place { channel, ts }),
            _ => Err(SlackError::odd(POST, "it does not say where our message stands")),
        }
    }

    /// Says something else in its place.
    pub async fn update(
        &self,
        place: &Place,
        key: &MessageKey,
        message: &Message,
        now: Timestamp,
    ) -> Result<(), SlackError> {
        let mut body = body(&place.channel, key, message);
        body["ts"] = place.ts.as_str().into();
        let answer = self.say(UPDATE, &body, now).await?;
        if answer["ts"] == place.ts { Ok(()) } else { Err(SlackError::odd(UPDATE, "it changed another message")) }
    }

    /// The message with this key, said since then, if it is in the channel.
    pub async fn find(
        &self,
        channel: &str,
        key: &MessageKey,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Place>, SlackError> {
        let channel = self.channel_id(channel, now).await?;
        let oldest = since.saturating_sub(SKEW).unwrap_or(Timestamp::UNIX_EPOCH).as_second().to_string();
        let mut cursor = String::new();
        for _ in 0..MOST_PAGES {
            let all = [("channel", channel.as_str()), ("oldest", &oldest), ("limit", "200")];
            let mut query = all.to_vec();
            query.push(("include_all_metadata", "true"));
            query.extend((!cursor.is_empty()).then_some(("cursor", cursor.as_str())));
            let page = self.read(HISTORY, &query, Some(&channel), now).await?;
            let messages = page["messages"].as_array().ok_or_else(|| SlackError::odd(HISTORY, "no messages"))?;
            if let Some(ts) = messages.iter().find(|message| is_ours(message, key)).and_then(|m| m["ts"].as_str()) {
                return Ok(Some(Place { channel, ts: ts.to_owned() }));
            }
            match next_cursor(&page) {
                Some(next) => cursor = next,
                None => return Ok(None),
            }
        }
        Err(SlackError::odd(HISTORY, "its pages do not end"))
    }
}

/// Names are never linked: who is called is said by us alone.
fn body(channel: &str, key: &MessageKey, message: &Message) -> Value {
    json!({
        "channel": channel,
        "text": message.text,
        "blocks": message.blocks,
        "parse": "none",
        "link_names": false,
        "metadata": {"event_type": EVENT, "event_payload": {"key": key.0}},
    })
}

fn is_ours(message: &Value, key: &MessageKey) -> bool {
    let metadata = &message["metadata"];
    metadata["event_type"] == EVENT && metadata["event_payload"]["key"] == key.0.as_str()
}
