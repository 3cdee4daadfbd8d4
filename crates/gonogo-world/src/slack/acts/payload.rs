//! An act as Slack tells it: the payload of an interaction.

use std::time::Instant;

use serde_json::{Map, Value, json};

use super::{Modal, Trigger};
use crate::slack::api::TEAM;
use crate::slack::channels::Content;
use crate::slack::state::State;

impl State {
    /// Somebody presses the button of the newest message in a channel that has one
    /// with this label, or of the message with this `ts`.
    pub(in super::super) fn press(
        &mut self,
        member: &str,
        channel: usize,
        ts: Option<&str>,
        label: &str,
    ) -> Option<Value> {
        let trigger = self.trigger(member);
        let user = self.user(member)?;
        let channel = self.channels.get(channel)?;
        let mut candidates = channel.messages.iter().rev().filter(|message| ts.is_none_or(|ts| message.ts == ts));
        let (message, block, button) = candidates.find_map(|message| button(message, label))?;
        let mut action = json!({
            "type": "button",
            "block_id": block["block_id"].as_str().unwrap_or("b1"),
            "action_ts": message.ts,
        });
        for name in ["action_id", "text", "value"] {
            action[name] = button[name].clone();
        }
        Some(json!({
            "type": "block_actions",
            "user": user,
            "api_app_id": "A00000001",
            "token": "verification-token",
            "container": {"type": "message", "message_ts": message.ts, "channel_id": channel.id, "is_ephemeral": false},
            "trigger_id": trigger,
            "team": {"id": TEAM, "domain": "acme"},
            "enterprise": null,
            "is_enterprise_install": false,
            "channel": {"id": channel.id, "name": channel.name},
            "message": message.json(false),
            "state": {"values": {}},
            "response_url": format!("{}/actions/{trigger}", self.web_url),
            "actions": [action],
        }))
    }

    /// Somebody sends their modal, with these values by block: what they wrote, or
    /// the label that they chose. As Slack does, it is not sent before it is whole.
    pub(in super::super) fn submit(&mut self, member: &str, values: &[(&str, &str)]) -> Result<Value, String> {
        let trigger = self.trigger(member);
        let user = self.user(member).ok_or_else(|| format!("{member} is nobody here"))?;
        let modal = self.acts.modals.iter_mut().rev().find(|modal| modal.member == member);
        let modal = modal.ok_or_else(|| format!("{member} has no modal open"))?;
        let filled = filled_in(modal, values)?;
        modal.errors.clear();
        let (id, view) = (&modal.id, &modal.view);
        Ok(json!({
            "type": "view_submission",
            "team": {"id": TEAM, "domain": "acme"},
            "user": user,
            "api_app_id": "A00000001",
            "token": "verification-token",
            "trigger_id": trigger,
            "view": {
                "id": id,
                "team_id": TEAM,
                "type": "modal",
                "blocks": view["blocks"],
                "private_metadata": view["private_metadata"].as_str().unwrap_or_default(),
                "callback_id": view["callback_id"].as_str().unwrap_or_default(),
                "state": {"values": filled},
                "hash": format!("{id}.h"),
                "title": view["title"],
                "root_view_id": id,
                "app_id": "A00000001",
                "bot_id": super::super::api::BOT,
            },
            "response_urls": [],
            "is_enterprise_install": false,
            "enterprise": null,
        }))
    }

    /// Somebody writes something: the event that the program is told of, if there are
    /// links, the channel's number, and the message's name.
    pub(in super::super) fn write(
        &mut self,
        member: &str,
        number: usize,
        text: &str,
    ) -> (Option<Value>, usize, String) {
        let ts = self.next_ts();
        let content = Content { text: text.to_owned(), blocks: Vec::new(), metadata: None, links_names: false };
        let channel = &mut self.channels[number];
        channel.post(ts.clone(), content);
        channel.message_mut(&ts).expect("it was posted").author = Some(member.to_owned());
        let (id, is_shared) = (channel.id.clone(), !channel.shared_with.is_empty());
        let links: Vec<Value> = text
            .split_whitespace()
            .filter(|word| word.starts_with("http://") || word.starts_with("https://"))
            .map(|url| json!({"domain": url.split('/').nth(2).unwrap_or_default(), "url": url}))
            .collect();
        if links.is_empty() || !self.has_scope("links:read") {
            return (None, number, ts);
        }
        let user = self.user(member).map(|user| user["id"].clone()).unwrap_or_default();
        let event = json!({
            "type": "link_shared",
            "user": user,
            "channel": id,
            "message_ts": ts,
            "links": links,
            "event_ts": ts,
            "source": "conversations_history",
            "unfurl_id": format!("{id}-{ts}"),
            "is_bot_user_member": channel_has_bot(self, number),
        });
        let mut told = self.event(&event);
        if !self.acts.leaves_sharing_out {
            told["is_ext_shared_channel"] = is_shared.into();
        }
        (Some(told), number, ts)
    }

    /// Somebody writes a slash command.
    pub(in super::super) fn command(&mut self, member: &str, channel: usize, command: &str, text: &str) -> Value {
        let trigger = self.trigger(member);
        let user = self.user(member).unwrap_or_default();
        let channel = &self.channels[channel];
        json!({
            "token": "verification-token",
            "team_id": TEAM,
            "team_domain": "acme",
            "channel_id": channel.id,
            "channel_name": channel.name,
            "user_id": user["id"],
            "user_name": user["name"],
            "command": command,
            "text": escaped(text),
            "api_app_id": "A00000001",
            "is_enterprise_install": "false",
            "response_url": format!("{}/commands/{trigger}", self.web_url),
            "trigger_id": trigger,
        })
    }

    /// Somebody names the app in a message.
    pub(in super::super) fn mention(&mut self, member: &str, channel: usize, words: &str) -> Value {
        let ts = self.next_ts();
        let user = self.user(member).map(|user| user["id"].clone()).unwrap_or_default();
        let event = json!({
            "type": "app_mention",
            "user": user,
            "text": format!("<@U0GONOGO> {}", escaped(words)),
            "ts": ts,
            "channel": self.channels[channel].id,
            "event_ts": ts,
        });
        self.event(&event)
    }

    /// What the program is told of an event.
    fn event(&mut self, event: &Value) -> Value {
        json!({
            "token": "verification-token",
            "team_id": TEAM,
            "api_app_id": "A00000001",
            "event": event,
            "type": "event_callback",
            "event_id": format!("Ev{:08}", self.acts.next()),
            "event_time": 1_700_000_000,
        })
    }

    fn trigger(&mut self, member: &str) -> String {
        let id = format!("{}.{TEAM}.d8c1bb837935619ccad0f624c448ffb3", self.acts.next());
        self.acts.triggers.push(Trigger { id: id.clone(), member: member.to_owned(), given_at: Instant::now() });
        id
    }

    fn user(&self, member: &str) -> Option<Value> {
        let found = self.channels.iter().find(|channel| channel.is_direct() && channel.name == member)?;
        Some(json!({"id": found.id, "username": found.name, "name": found.name, "team_id": TEAM}))
    }
}

/// As Slack has what people type.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn button<'a>(
    message: &'a crate::slack::channels::PostedMessage,
    label: &str,
) -> Option<(&'a crate::slack::channels::PostedMessage, &'a Value, &'a Value)> {
    let actions = message.blocks.iter().filter(|block| block["type"] == "actions");
    let mut buttons = actions
        .flat_map(|block| block["elements"].as_array().into_iter().flatten().map(move |element| (block, element)));
    let found = buttons.find(|(_, element)| element["text"]["text"] == label)?;
    Some((message, found.0, found.1))
}

/// The state of a modal's fields, in Slack's shape.
fn filled_in(modal: &Modal, values: &[(&str, &str)]) -> Result<Map<String, Value>, String> {
    let mut state = Map::new();
    let inputs = modal.view["blocks"].as_array().into_iter().flatten().filter(|block| block["type"] == "input");
    for block in inputs {
        let (id, element) = (block["block_id"].as_str().unwrap_or_default(), &block["element"]);
        let given = values.iter().find(|(block, _)| *block == id).map(|(_, value)| *value);
        let action = element["action_id"].as_str().unwrap_or_default();
        let filled = if element["type"] == "static_select" {
            let options = element["options"].as_array().cloned().unwrap_or_default();
            let chosen = match given {
                Some(label) => options.into_iter().find(|option| option["text"]["text"] == label),
                None => Some(element["initial_option"].clone()).filter(|option| !option.is_null()),
            };
            let chosen = chosen.ok_or_else(|| format!("{id}: {given:?} is none of the options"))?;
            json!({"type": "static_select", "selected_option": chosen})
        } else {
            let most = element["max_length"].as_u64().unwrap_or(3_000);
            let text = given.unwrap_or_default();
            if text.is_empty() || text.chars().count() as u64 > most {
                return Err(format!("{id}: please complete this required field, in up to {most} characters"));
            }
            json!({"type": "plain_text_input", "value": text})
        };
        state.insert(id.to_owned(), json!({action: filled}));
    }
    let unknown = values.iter().find(|(block, _)| !state.contains_key(*block));
    match unknown {
        Some((block, _)) => Err(format!("there is no field {block}")),
        None => Ok(state),
    }
}

fn channel_has_bot(state: &State, number: usize) -> bool {
    state.channels.get(number).is_some_and(|channel| channel.has_bot)
}
