//! Which channels there are, and what was said in one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Answered;
use super::answers::Refusal;
use super::arguments::Arguments;
use crate::slack::state::State;

const MOST_CHANNELS: usize = 1_000;
const MOST_MESSAGES: usize = 999;
const PAGE: usize = 100;

impl State {
    pub(super) fn list(&mut self, arguments: &Arguments) -> Answered {
        self.knows("conversations.list", arguments, &["types", "exclude_archived", "limit", "cursor", "team_id"]);
        arguments.not_json()?;
        let types: Vec<&str> = arguments.text("types").unwrap_or("public_channel").split(',').map(str::trim).collect();
        for kind in &types {
            match *kind {
                "public_channel" => self.wants_scope("channels:read")?,
                "private_channel" => self.wants_scope("groups:read")?,
                _ => return Err(Refusal::surprise("invalid_types")),
            }
        }
        let limit = arguments.number("limit", PAGE, MOST_CHANNELS)?;
        let is_seen = |is_private: bool, has_bot: bool| {
            let kind = if is_private { "private_channel" } else { "public_channel" };
            types.contains(&kind) && (has_bot || !is_private)
        };
        let without_archived = arguments.flag("exclude_archived");
        let listed = self.channels.iter().filter(|channel| !channel.is_direct());
        let all = listed.filter(|channel| is_seen(channel.is_private, channel.has_bot));
        let all = all.filter(|channel| !(without_archived && channel.is_archived));
        let (channels, next) = page(all.map(super::super::channels::Channel::json).collect(), arguments, limit)?;
        Ok(json!({"channels": channels, "response_metadata": {"next_cursor": next}}))
    }

    pub(super) fn info(&mut self, arguments: &Arguments) -> Answered {
        self.knows("conversations.info", arguments, &["channel", "include_locale", "include_num_members"]);
        arguments.not_json()?;
        let id = arguments.needed("channel")?;
        let channel = self.channels.iter().find(|channel| channel.id == id);
        let channel = channel.filter(|channel| channel.has_bot || !channel.is_private);
        let channel = channel.ok_or_else(|| Refusal::quiet("channel_not_found"))?;
        self.wants_scope(if channel.is_private { "groups:read" } else { "channels:read" })?;
        Ok(json!({"channel": channel.json()}))
    }

    /// Newest first.
    pub(super) fn history(&mut self, arguments: &Arguments) -> Answered {
        let known = ["channel", "oldest", "latest", "inclusive", "limit", "cursor", "include_all_metadata"];
        self.knows("conversations.history", arguments, &known);
        arguments.not_json()?;
        let id = arguments.needed("channel")?;
        // Here a name is no channel.
        let channel = self.channels.iter().find(|channel| channel.id == id);
        let channel = channel.filter(|channel| channel.has_bot || !channel.is_private);
        let channel = channel.ok_or_else(|| Refusal::quiet("channel_not_found"))?;
        self.wants_scope(if channel.is_private { "groups:history" } else { "channels:history" })?;
        if !channel.has_bot {
            return Err(Refusal::quiet("not_in_channel"));
        }
        let limit = arguments.number("limit", PAGE, MOST_MESSAGES)?;
        let (oldest, latest) = (ts(arguments, "oldest")?, ts(arguments, "latest")?);
        let inclusive = arguments.flag("inclusive");
        let is_within = |at: &str| {
            let at = micros(at).unwrap_or_default();
            let after = oldest.is_none_or(|oldest| at > oldest || inclusive && at == oldest);
            after && latest.is_none_or(|latest| at < latest || inclusive && at == latest)
        };
        let with_metadata = arguments.flag("include_all_metadata");
        let all = channel.messages.iter().rev().filter(|message| is_within(&message.ts));
        let (messages, next) = page(all.map(|message| message.json(with_metadata)).collect(), arguments, limit)?;
        Ok(json!({
            "messages": messages,
            "has_more": !next.is_empty(),
            "pin_count": 0,
            "response_metadata": {"next_cursor": next},
        }))
    }
}

fn ts(arguments: &Arguments, name: &str) -> Result<Option<i128>, Refusal> {
    let wrong = if name == "oldest" { "invalid_ts_oldest" } else { "invalid_ts_latest" };
    let read = |text: &str| micros(text).ok_or_else(|| Refusal::surprise(wrong));
    arguments.text(name).map(read).transpose()
}

/// `1700000000.000100`; the fraction may be missing.
fn micros(ts: &str) -> Option<i128> {
    let (seconds, fraction) = ts.split_once('.').unwrap_or((ts, ""));
    let fraction = format!("{fraction:0<6}");
    Some(seconds.parse::<i128>().ok()? * 1_000_000 + fraction.get(..6)?.parse::<i128>().ok()?)
}

/// One page of all, and the cursor of the next, empty where there is none.
fn page(all: Vec<Value>, arguments: &Arguments, limit: usize) -> Result<(Vec<Value>, String), Refusal> {
    let start = match arguments.text("cursor") {
        None => 0,
        Some(cursor) => place(cursor).ok_or_else(|| Refusal::surprise("invalid_cursor"))?,
    };
    let end = start + limit;
    let next = if end < all.len() { STANDARD.encode(format!("next:{end}")) } else { String::new() };
    Ok((all.into_iter().skip(start).take(limit).collect(), next))
}

fn place(cursor: &str) -> Option<usize> {
    let text = String::from_utf8(STANDARD.decode(cursor).ok()?).ok()?;
    text.strip_prefix("next:")?.parse().ok()
}
