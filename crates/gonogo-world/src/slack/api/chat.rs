//! Saying something, and saying it otherwise.

use serde_json::{Value, json};

use super::answers::Refusal;
use super::arguments::Arguments;
use super::{Answered, blocks};
use crate::slack::channels::Content;
use crate::slack::state::State;

const MOST_TEXT: usize = 40_000;
const MOST_METADATA: usize = 16_000;

const OF_BOTH: [&str; 7] = ["channel", "text", "blocks", "metadata", "parse", "link_names", "mrkdwn"];

impl State {
    pub(super) fn post_message(&mut self, arguments: &Arguments) -> Answered {
        let known = [&OF_BOTH[..], &["unfurl_links", "unfurl_media"]].concat();
        self.knows("chat.postMessage", arguments, &known);
        self.wants_scope("chat:write")?;
        let number = self.writable(arguments.needed("channel")?)?;
        let content = content(arguments)?;
        if self.channels[number].is_busy(self.pause) {
            return Err(Refusal::rate_limited(self.pause));
        }
        let ts = self.next_ts();
        let channel = &mut self.channels[number];
        let message = channel.post(ts, content).json(true);
        Ok(json!({"channel": channel.id, "ts": message["ts"], "message": message}))
    }

    /// Wants the channel's id: a name is no channel to it.
    pub(super) fn update(&mut self, arguments: &Arguments) -> Answered {
        self.knows("chat.update", arguments, &[&OF_BOTH[..], &["ts"]].concat());
        self.wants_scope("chat:write")?;
        let (id, ts) = (arguments.needed("channel")?, arguments.needed("ts")?);
        let content = content(arguments)?;
        let by_id = self.channels.iter().position(|channel| channel.id == id);
        let number = by_id.ok_or_else(|| Refusal::quiet("channel_not_found"))?;
        let number = self.writable(id).map(|_| number)?;
        let channel = &mut self.channels[number];
        let id = channel.id.clone();
        let message = channel.message_mut(ts).ok_or_else(|| Refusal::quiet("message_not_found"))?;
        message.change(content);
        Ok(json!({"channel": id, "ts": ts, "text": message.text, "message": message.json(true)}))
    }

    /// The channel, if the bot may write to it.
    pub(super) fn writable(&self, given: &str) -> Result<usize, Refusal> {
        let number = self.known_channel(given).ok_or_else(|| Refusal::quiet("channel_not_found"))?;
        let channel = &self.channels[number];
        if channel.is_archived {
            return Err(Refusal::quiet("is_archived"));
        }
        match (channel.has_bot, channel.is_private) {
            (true, _) => Ok(number),
            // It does not even learn that there is such a channel.
            (false, true) => Err(Refusal::quiet("channel_not_found")),
            (false, false) => Err(Refusal::quiet("not_in_channel")),
        }
    }
}

fn content(arguments: &Arguments) -> Result<Content, Refusal> {
    let text = arguments.text("text").unwrap_or_default().to_owned();
    let blocks = arguments.json("blocks", "invalid_blocks_format")?.map(blocks::taken).transpose()?.unwrap_or_default();
    if text.is_empty() && blocks.is_empty() {
        return Err(Refusal::surprise("no_text"));
    }
    if text.chars().count() > MOST_TEXT {
        return Err(Refusal::surprise("msg_too_long"));
    }
    let metadata = arguments.json("metadata", "invalid_metadata_format")?.map(metadata).transpose()?;
    let links_names = arguments.flag("link_names") || arguments.text("parse") == Some("full");
    Ok(Content { text, blocks, metadata, links_names })
}

fn metadata(given: Value) -> Result<Value, Refusal> {
    let is_whole = given["event_type"].as_str().is_some_and(|name| !name.is_empty());
    if !is_whole || !given["event_payload"].is_object() {
        return Err(Refusal::surprise("invalid_metadata_format"));
    }
    if given.to_string().len() > MOST_METADATA {
        return Err(Refusal::surprise("metadata_too_large"));
    }
    Ok(given)
}
