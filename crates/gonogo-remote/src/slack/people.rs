//! What one person sees alone: a modal, and words in a channel that nobody else
//! reads.

use super::{Message, Slack, SlackError};
use jiff::Timestamp;
use serde_json::{Value, json};

impl Slack {
    /// Opens a modal to whom this trigger is of: good once, for three seconds.
    pub async fn open_modal(&self, trigger: &str, view: &Value, now: Timestamp) -> Result<(), SlackError> {
        self.say("views.open", &json!({"trigger_id": trigger, "view": view}), now).await.map(drop)
    }

    /// Says something to one member of a channel. It is kept nowhere.
    pub async fn whisper(
        &self,
        channel: &str,
        member: &str,
        message: &Message,
        now: Timestamp,
    ) -> Result<(), SlackError> {
        let body = json!({
            "channel": channel,
            "user": member,
            "text": message.text,
            "blocks": message.blocks,
            "parse": "none",
            "link_names": false,
        });
        self.say("chat.postEphemeral", &body, now).await.map(drop)
    }
}
