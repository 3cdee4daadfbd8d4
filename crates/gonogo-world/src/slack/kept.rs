//! What was said in a Slack, as JSON: for a world that goes on where it ended.

use serde_json::{Map, Value, json};

use super::Slack;
use super::channels::PostedMessage;

impl Slack {
    /// The messages, by the channel's name.
    pub fn kept(&self) -> Value {
        let state = self.state();
        let of = |messages: &[PostedMessage]| messages.iter().map(message_json).collect();
        let by_name: Map<String, Value> =
            state.channels.iter().map(|channel| (channel.name.clone(), of(&channel.messages))).collect();
        by_name.into()
    }

    /// Channels have these messages again; `None` where that is not what
    /// [`Slack::kept`] gave.
    #[must_use]
    pub fn goes_on(&self, kept: &Value) -> Option<()> {
        let mut state = self.state();
        for (name, messages) in kept.as_object()? {
            let messages = messages.as_array()?.iter().map(message).collect::<Option<_>>()?;
            let number = state.channel(name);
            state.channels.get_mut(number)?.messages = messages;
        }
        Some(())
    }
}

fn message_json(message: &PostedMessage) -> Value {
    json!({
        "ts": message.ts,
        "text": message.text,
        "blocks": message.blocks,
        "metadata": message.metadata,
        "changes": message.changes,
        "mentions": message.mentions,
        "versions": message.versions,
        "author": message.author,
        "unfurls": message.unfurls,
    })
}

fn message(json: &Value) -> Option<PostedMessage> {
    let texts = |name: &str| -> Option<Vec<String>> {
        json[name].as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
    };
    Some(PostedMessage {
        ts: json["ts"].as_str()?.to_owned(),
        text: json["text"].as_str()?.to_owned(),
        blocks: json["blocks"].as_array()?.clone(),
        metadata: json["metadata"].clone(),
        changes: usize::try_from(json["changes"].as_u64()?).ok()?,
        mentions: texts("mentions")?,
        versions: texts("versions")?,
        // A world that was kept before there were any has none.
        author: json["author"].as_str().map(str::to_owned),
        unfurls: serde_json::from_value(json["unfurls"].clone()).unwrap_or_default(),
    })
}
