//! Channels, and what was said in them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::markup::{mentions_in, seen, seen_blocks};

#[derive(Debug)]
pub(super) struct Channel {
    pub(super) id: String,
    /// Without `#`.
    pub(super) name: String,
    pub(super) is_private: bool,
    pub(super) is_archived: bool,
    pub(super) has_bot: bool,
    /// Other companies whose people are in it too.
    pub(super) shared_with: Vec<String>,
    /// In their order.
    pub(super) messages: Vec<PostedMessage>,
    posted_at: Option<Instant>,
}

/// A message as it stands in a channel now.
#[derive(Debug, Clone)]
pub struct PostedMessage {
    pub ts: String,
    /// What notifications show, and what is shown where there are no blocks.
    pub text: String,
    pub blocks: Vec<Value>,
    /// Null where there is none.
    pub metadata: Value,
    /// How often it was changed since it was posted.
    pub changes: usize,
    /// Whom it called by a mention, now or before a change: `!channel`, `U123`.
    pub mentions: Vec<String>,
    /// What each version read like, the newest last.
    pub versions: Vec<String>,
    /// The member who wrote it; without one the bot.
    pub author: Option<String>,
    /// What links in it are shown by.
    pub unfurls: BTreeMap<String, Vec<Value>>,
}

/// What a program wants a message to be.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) text: String,
    pub(super) blocks: Vec<Value>,
    pub(super) metadata: Option<Value>,
    /// Plain `@channel` calls people too.
    pub(super) links_names: bool,
}

impl Channel {
    pub(super) fn new(number: usize, name: &str) -> Self {
        Self {
            id: format!("C0{:07}", number + 1),
            name: name.to_owned(),
            is_private: false,
            is_archived: false,
            has_bot: true,
            shared_with: Vec::new(),
            messages: Vec::new(),
            posted_at: None,
        }
    }

    /// What the bot says to one member alone.
    pub(super) fn direct(number: usize, name: &str) -> Self {
        Self { id: format!("U0{:07}", number + 1), is_private: true, ..Self::new(number, name) }
    }

    pub(super) fn is_direct(&self) -> bool {
        self.id.starts_with('U')
    }

    /// Whether so much time has not gone by since the last message.
    pub(super) fn is_busy(&self, pause: Duration) -> bool {
        self.posted_at.is_some_and(|at| at.elapsed() < pause)
    }

    pub(super) fn post(&mut self, ts: String, content: Content) -> &PostedMessage {
        self.posted_at = Some(Instant::now());
        let mut message = PostedMessage {
            ts,
            text: String::new(),
            blocks: Vec::new(),
            metadata: Value::Null,
            changes: 0,
            mentions: Vec::new(),
            versions: Vec::new(),
            author: None,
            unfurls: BTreeMap::new(),
        };
        message.become_this(content);
        self.messages.push(message);
        self.messages.last().expect("it was posted")
    }

    pub(super) fn message_mut(&mut self, ts: &str) -> Option<&mut PostedMessage> {
        self.messages.iter_mut().find(|message| message.ts == ts)
    }

    /// In the shape of `conversations.list`.
    pub(super) fn json(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": !self.is_private,
            "is_group": self.is_private,
            "is_private": self.is_private,
            "is_archived": self.is_archived,
            "is_member": self.has_bot,
            "is_shared": !self.shared_with.is_empty(),
            "is_ext_shared": !self.shared_with.is_empty(),
            "num_members": 2,
        })
    }
}

impl PostedMessage {
    pub(super) fn change(&mut self, content: Content) {
        self.changes += 1;
        self.become_this(content);
    }

    /// Metadata that is not given stays.
    fn become_this(&mut self, content: Content) {
        self.mentions.extend(mentions_in(&content));
        self.text = content.text;
        self.blocks = content.blocks;
        if let Some(metadata) = content.metadata {
            self.metadata = metadata;
        }
        self.versions.push(seen(self));
    }

    /// What a person reads in the channel.
    pub fn seen(&self) -> &str {
        self.versions.last().map_or("", String::as_str)
    }

    /// What a link in it is shown by, as a person reads it.
    pub fn unfurled(&self, link: &str) -> Option<String> {
        self.unfurls.get(link).map(|blocks| seen_blocks(blocks))
    }

    /// In the shape of `conversations.history`; metadata only where it is asked for.
    pub(super) fn json(&self, with_metadata: bool) -> Value {
        let mut json = json!({
            "type": "message",
            "subtype": "bot_message",
            "user": super::api::BOT_USER,
            "bot_id": super::api::BOT,
            "ts": self.ts,
            "text": self.text,
            "blocks": self.blocks,
        });
        if self.changes > 0 {
            json["edited"] = json!({"user": super::api::BOT, "ts": self.ts});
        }
        if with_metadata && !self.metadata.is_null() {
            json["metadata"] = self.metadata.clone();
        }
        json
    }
}
