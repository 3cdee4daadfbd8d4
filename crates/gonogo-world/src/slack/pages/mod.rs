//! The channel page: what people read there.

mod acts;
mod markup;

use jiff::Timestamp;
use maud::{Markup, html};
use serde_json::Value;

use super::channels::{Channel, PostedMessage};
use super::state::State;
use crate::page::{Page, asset, refusal};
use crate::serve::{Answer, Ask};
use markup::{marked, plain};

/// Messages that are shown: the newest.
const MOST: usize = 100;

impl State {
    /// The page at this path, or what a form on one comes to.
    pub(super) fn page_for(&mut self, ask: &Ask) -> Option<Answer> {
        let segments: Vec<&str> = ask.path.trim_matches('/').split('/').collect();
        let is_page = match ask.method.as_str() {
            "GET" => matches!(segments.as_slice(), ["" | "world.css" | "world.js"] | ["archives", _]),
            "POST" => matches!(segments.as_slice(), ["archives", _, _]),
            _ => false,
        };
        if !is_page {
            return None;
        }
        if let Some(answer) = refusal(ask, &self.web_url).or_else(|| asset(ask)) {
            return Some(answer);
        }
        if ask.method == "POST" {
            let done = self.form_for(ask);
            return Some(done.unwrap_or_else(|| self.titled("Not found").not_found()));
        }
        let ["archives", given] = segments.as_slice() else { return Some(self.channels_page()) };
        let number = self.known_channel(given);
        Some(match number.and_then(|number| self.channels.get(number)) {
            Some(channel) => self.channel_page(channel, &self.viewer(ask)),
            None => self.titled("Not found").not_found(),
        })
    }

    fn titled<'a>(&'a self, title: &'a str) -> Page<'a> {
        Page { system: "Slack", title, is_live: true, tour: self.tour.as_deref() }
    }

    fn channels_page(&self) -> Answer {
        let main = html! {
            @if self.channels.is_empty() { p { "There is no channel yet." } }
            ul {
                @for channel in &self.channels {
                    li {
                        a href={ "/archives/" (channel.id) } { "#" (channel.name) }
                        " " span.quiet { (channel.messages.len()) @if channel.messages.len() == 1 { " message" } @else { " messages" } }
                    }
                }
            }
        };
        self.titled("Channels").answer(200, &main)
    }

    fn channel_page(&self, channel: &Channel, viewer: &str) -> Answer {
        let main = html! {
            @if self.acts.listener.is_some() { p.quiet.small { "You are " b { (viewer) } " here." } }
            @if channel.messages.is_empty() {
                p { "Nothing was said here yet. gonogo speaks when a branch turns No-Go, and when it turns Go again." }
            }
            @if channel.messages.len() > MOST { p.quiet { "The newest " (MOST) " of " (channel.messages.len()) " messages" } }
            ol.messages { @for message in channel.messages.iter().rev().take(MOST).rev() { (message_item(message, &channel.id, viewer)) } }
            (self.alone(&channel.id, &channel.name, viewer))
        };
        self.titled(&format!("#{}", channel.name)).answer(200, &main)
    }
}

fn message_item(message: &PostedMessage, channel: &str, viewer: &str) -> Markup {
    let press = acts::presser(channel, &message.ts, viewer);
    html! {
        li {
            span.face aria-hidden="true" { (message.author.as_deref().unwrap_or("gonogo").chars().take(1).collect::<String>()) }
            p {
                b { (message.author.as_deref().unwrap_or("gonogo")) } " "
                span.quiet.small { @if message.author.is_none() { "app" } @if let Some(time) = time_of(message) { " · " (time) } }
                @if message.changes > 0 { " " span.quiet.small { "(edited)" } }
            }
            @if message.blocks.is_empty() { p { (marked(&message.text)) } }
            @for block in &message.blocks { (shown(block, &press)) }
            @for block in message.unfurls.values().flatten() { div.answer { (shown(block, &press)) } }
        }
    }
}

/// When it was posted: the beginning of its `ts`.
fn time_of(message: &PostedMessage) -> Option<String> {
    let seconds = message.ts.split('.').next()?.parse().ok()?;
    Some(Timestamp::from_second(seconds).ok()?.strftime("%H:%M UTC").to_string())
}

/// One block, as far as the API takes them.
fn shown(block: &Value, press: &dyn Fn(&str) -> Markup) -> Markup {
    let list = |name: &str| block[name].as_array().cloned().unwrap_or_default();
    html! {
        @match block["type"].as_str() {
            Some("header") => p { b { (plain(&block["text"])) } },
            Some("context") => p.context { @for element in list("elements") { (text(&element)) " " } },
            Some("actions") => div.row { @for element in list("elements") { (button(&element, press)) " " } },
            Some("divider") => hr;,
            _ => {
                @if block["text"].is_object() { p { (text(&block["text"])) } }
                @for field in list("fields") { p { (text(&field)) } }
            }
        }
    }
}

fn text(object: &Value) -> Markup {
    if object["type"] == "mrkdwn" {
        return marked(object["text"].as_str().unwrap_or_default());
    }
    html! { (plain(object)) }
}

/// A button that leads somewhere, or that a program hears of.
fn button(element: &Value, press: &dyn Fn(&str) -> Markup) -> Markup {
    let url = element["url"].as_str().filter(|url| markup::leads(url));
    html! {
        @match url {
            Some(url) => a.do href=(url) { (plain(&element["text"])) },
            None => (press(plain(&element["text"]))),
        }
    }
}
