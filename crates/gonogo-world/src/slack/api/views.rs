//! What one member sees alone: modals, and whispers in a channel.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::answers::Refusal;
use super::arguments::Arguments;
use super::{Answered, blocks};
use crate::slack::acts::{Modal, Whisper};
use crate::slack::state::State;

/// A trigger is good for so long.
const GOOD_FOR: Duration = Duration::from_secs(3);
const MOST_TITLE: usize = 24;
const MOST_METADATA: usize = 3_000;
const MOST_CALLBACK: usize = 255;
const MOST_BLOCKS: usize = 100;

impl State {
    pub(super) fn open_view(&mut self, arguments: &Arguments) -> Answered {
        self.knows("views.open", arguments, &["trigger_id", "view"]);
        let trigger = arguments.needed("trigger_id")?;
        let view =
            arguments.json("view", "invalid_arguments")?.ok_or_else(|| Refusal::surprise("invalid_arguments"))?;
        let view = taken(view)?;
        let found = self.acts.triggers.iter().position(|known| known.id == trigger);
        // It is good once.
        let found = found.ok_or_else(|| Refusal::quiet("invalid_trigger_id"))?;
        let trigger = self.acts.triggers.remove(found);
        if trigger.given_at.elapsed() > GOOD_FOR {
            return Err(Refusal::quiet("expired_trigger_id"));
        }
        let id = format!("V{:08}", self.acts.next());
        let shown = json!({"id": id, "team_id": super::TEAM, "type": "modal", "blocks": view["blocks"], "hash": format!("{id}.h")});
        self.acts.modals.push(Modal { id, member: trigger.member, view, errors: Map::new() });
        Ok(json!({"view": shown}))
    }

    pub(super) fn post_ephemeral(&mut self, arguments: &Arguments) -> Answered {
        let known = ["channel", "user", "text", "blocks", "parse", "link_names"];
        self.knows("chat.postEphemeral", arguments, &known);
        self.wants_scope("chat:write")?;
        let number = self.writable(arguments.needed("channel")?)?;
        let user = arguments.needed("user")?;
        let member = self.channels.iter().find(|channel| channel.is_direct() && channel.id == user);
        let member = member.map(|member| member.name.clone()).ok_or_else(|| Refusal::quiet("user_not_in_channel"))?;
        let text = arguments.needed("text")?.to_owned();
        if let Some(given) = arguments.json("blocks", "invalid_blocks_format")? {
            blocks::taken(given)?;
        }
        let ts = self.next_ts();
        let channel = self.channels[number].name.clone();
        self.acts.whispers.push(Whisper { channel, member, text });
        Ok(json!({"message_ts": ts}))
    }
}

impl State {
    /// Only links that Slack told of are shown by something.
    pub(super) fn unfurl(&mut self, arguments: &Arguments) -> Answered {
        self.knows("chat.unfurl", arguments, &["channel", "ts", "unfurl_id", "source", "unfurls"]);
        self.wants_scope("links:write")?;
        let unfurls = arguments.json("unfurls", "invalid_unfurls_format")?;
        let Some(Value::Object(unfurls)) = unfurls else { return Err(Refusal::surprise("missing_unfurls")) };
        let (id, ts) = match (arguments.text("unfurl_id"), arguments.text("source")) {
            (Some(id), Some(_)) => id.split_once('-').ok_or_else(|| Refusal::surprise("invalid_unfurl_id"))?,
            _ => (arguments.needed("channel")?, arguments.needed("ts")?),
        };
        let channel = self.channels.iter_mut().find(|channel| channel.id == id);
        let channel = channel.ok_or_else(|| Refusal::quiet("channel_not_found"))?;
        let message = channel.message_mut(ts).ok_or_else(|| Refusal::quiet("cannot_find_message"))?;
        for (link, shown) in unfurls {
            if !message.text.contains(link.as_str()) {
                return Err(Refusal::surprise("cannot_unfurl_url"));
            }
            let taken = blocks::taken(shown["blocks"].clone())?;
            message.unfurls.insert(link, taken);
        }
        Ok(json!({}))
    }
}

/// The view, if Slack takes it.
pub(super) fn taken(view: Value) -> Result<Value, Refusal> {
    let wrong = |why: &str, at: &str| Refusal::told("invalid_arguments", &format!("{why} [json-pointer:/view/{at}]"));
    if view["type"] != "modal" {
        return Err(wrong("unsupported type", "type"));
    }
    for name in ["title", "submit", "close"] {
        let Some(text) = view[name]["text"].as_str() else {
            if name == "title" || !view[name].is_null() {
                return Err(wrong("missing required field", name));
            }
            continue;
        };
        if view[name]["type"] != "plain_text" || !(1..=MOST_TITLE).contains(&text.chars().count()) {
            return Err(wrong(&format!("must be plain text of less than {} characters", MOST_TITLE + 1), name));
        }
    }
    let length = |name: &str| view[name].as_str().map_or(0, |text| text.chars().count());
    if length("private_metadata") > MOST_METADATA || length("callback_id") > MOST_CALLBACK {
        return Err(wrong("too long", "private_metadata"));
    }
    let blocks = view["blocks"].as_array().filter(|blocks| (1..=MOST_BLOCKS).contains(&blocks.len()));
    let blocks = blocks.ok_or_else(|| wrong("must be a list of 1 to 100", "blocks"))?;
    let has_input = blocks::taken_in_modal(blocks)?;
    if has_input && view["submit"].is_null() {
        return Err(wrong("required where there is an input block", "submit"));
    }
    Ok(view)
}
