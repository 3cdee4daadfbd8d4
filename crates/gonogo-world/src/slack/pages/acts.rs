//! What somebody does on the pages: they press a button, fill a modal in. Who they
//! are stands in the address.

use maud::{Markup, html};
use serde_json::Value;

use super::markup::{marked, plain};
use crate::page::{Form, see_other};
use crate::serve::{Answer, Ask};
use crate::slack::acts::{Modal, Whisper};
use crate::slack::state::State;

/// Who somebody is who has not said so.
const SOMEBODY: &str = "you";

impl State {
    /// Who looks at a page.
    pub(super) fn viewer(&self, ask: &Ask) -> String {
        let given = ask.query.iter().find(|(name, _)| name == "as").map(|(_, value)| value.clone());
        let first = || self.channels.iter().find(|channel| channel.is_direct()).map(|channel| channel.name.clone());
        given.filter(|name| !name.is_empty()).or_else(first).unwrap_or_else(|| SOMEBODY.to_owned())
    }

    /// What a form on a page comes to; what the program is told, it is told after.
    pub(super) fn form_for(&mut self, ask: &Ask) -> Option<Answer> {
        let segments: Vec<&str> = ask.path.trim_matches('/').split('/').collect();
        let form = Form::of(ask);
        let viewer = form.text("as").filter(|name| !name.is_empty()).unwrap_or(SOMEBODY).to_owned();
        self.member(&viewer);
        let ["archives", given, doing] = segments.as_slice() else { return None };
        let number = self.known_channel(given)?;
        match *doing {
            "presses" => {
                let label = form.text("button").unwrap_or_default();
                let told = self.press(&viewer, number, form.text("ts"), label);
                self.acts.errands.extend(told);
            }
            "modal" => {
                let modal = self.modal_of(&viewer)?.clone();
                let inputs = inputs(&modal);
                let values: Vec<(&str, &str)> =
                    inputs.iter().filter_map(|block| Some((block.as_str(), form.text(block)?))).collect();
                match self.submit(&viewer, &values) {
                    Ok(told) => self.acts.errands.push(told),
                    Err(why) => self.acts.say_wrong(&modal.id, &inputs, &why),
                }
            }
            "closed" => self.acts.modals.retain(|modal| modal.member != viewer),
            _ => return None,
        }
        Some(see_other(&format!("/archives/{given}?as={}", escaped(&viewer))))
    }

    /// The modal that is open to who looks, and what they alone were told.
    pub(super) fn alone(&self, channel: &str, name: &str, viewer: &str) -> Markup {
        let is_theirs = |whisper: &&Whisper| whisper.member == viewer && whisper.channel == name;
        let whispers: Vec<&Whisper> = self.acts.whispers.iter().filter(is_theirs).collect();
        html! {
            @for whisper in whispers.iter().rev().take(3).rev() {
                p.answer { span.quiet.small { "Only you see this: " } (marked(&whisper.text)) }
            }
            @if let Some(modal) = self.modal_of(viewer) { (dialog(modal, channel, viewer)) }
        }
    }
}

fn inputs(modal: &Modal) -> Vec<String> {
    let blocks = modal.view["blocks"].as_array().into_iter().flatten();
    let inputs = blocks.filter(|block| block["type"] == "input");
    inputs.filter_map(|block| block["block_id"].as_str().map(str::to_owned)).collect()
}

fn dialog(modal: &Modal, channel: &str, viewer: &str) -> Markup {
    let view = &modal.view;
    let at = format!("/archives/{channel}");
    html! {
        section.answer role="dialog" aria-labelledby="modal" {
            h2 id="modal" { (plain(&view["title"])) }
            form method="post" action={ (at) "/modal" } {
                input type="hidden" name="as" value=(viewer);
                @for block in view["blocks"].as_array().into_iter().flatten() {
                    @if block["type"] == "input" { (field(block, modal)) } @else { (super::shown(block, &|_| html! {})) }
                }
                @if view["submit"].is_object() { button.main { (plain(&view["submit"])) } }
            }
            form method="post" action={ (at) "/closed" } {
                input type="hidden" name="as" value=(viewer);
                button { @if view["close"].is_object() { (plain(&view["close"])) } @else { "Close" } }
            }
        }
    }
}

fn field(block: &Value, modal: &Modal) -> Markup {
    let name = block["block_id"].as_str().unwrap_or_default();
    let element = &block["element"];
    html! {
        label {
            (plain(&block["label"]))
            @if element["type"] == "static_select" {
                select name=(name) {
                    @for option in element["options"].as_array().into_iter().flatten() {
                        option selected[*option == element["initial_option"]] { (plain(&option["text"])) }
                    }
                }
            } @else { textarea name=(name) rows="3" {} }
        }
        @if let Some(error) = modal.errors.get(name).and_then(Value::as_str) { p.bad role="alert" { (error) } }
    }
}

/// The buttons of a message, for who looks.
pub(super) fn presser<'a>(channel: &'a str, ts: &'a str, viewer: &'a str) -> impl Fn(&str) -> Markup + 'a {
    move |label| {
        html! {
            form.row method="post" action={ "/archives/" (channel) "/presses" } {
                input type="hidden" name="as" value=(viewer);
                input type="hidden" name="ts" value=(ts);
                button name="button" value=(label) { (label) }
            }
        }
    }
}

fn escaped(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
