//! What people do in this Slack that a program hears of: they press a button, fill
//! a modal in. And what only they see of what came of it.

mod control;
mod parcel;
mod payload;

use std::time::Instant;

use serde_json::{Map, Value};

pub use control::Acted;
pub use parcel::Parcel;

/// The program that listens, at the addresses that its app has here.
#[derive(Debug, Clone)]
pub(super) struct Listener {
    /// `…/interactions`
    pub(super) interactions: String,
    /// `…/events`
    pub(super) events: String,
    /// `…/commands`
    pub(super) commands: String,
    pub(super) secret: String,
}

/// With what a modal may be opened, once, for three seconds.
#[derive(Debug, Clone)]
pub(super) struct Trigger {
    pub(super) id: String,
    pub(super) member: String,
    pub(super) given_at: Instant,
}

/// A modal that is open to somebody.
#[derive(Debug, Clone)]
pub(super) struct Modal {
    pub(super) id: String,
    pub(super) member: String,
    pub(super) view: Value,
    /// What the program said is wrong, by block.
    pub(super) errors: Map<String, Value>,
}

/// What one member alone was told in a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whisper {
    /// Which channel, without `#`.
    pub channel: String,
    /// Who reads it.
    pub member: String,
    pub text: String,
}

/// What people do, and see alone.
#[derive(Debug, Default)]
pub(super) struct Acts {
    pub(super) listener: Option<Listener>,
    pub(super) triggers: Vec<Trigger>,
    pub(super) modals: Vec<Modal>,
    pub(super) whispers: Vec<Whisper>,
    /// How many acts there were: each has a number of its own.
    pub(super) acted: u64,
    /// Whether events leave out whether a channel is shared with others.
    pub(super) leaves_sharing_out: bool,
    /// Of what people did on pages the program is told after.
    pub(super) errands: Vec<Value>,
}

impl Acts {
    /// Slack's own word on a modal that is not whole.
    pub(super) fn say_wrong(&mut self, id: &str, inputs: &[String], why: &str) {
        let block = why.split(':').next().filter(|block| inputs.iter().any(|input| input == block));
        let block = block.or(inputs.first().map(String::as_str)).unwrap_or_default().to_owned();
        for modal in self.modals.iter_mut().filter(|modal| modal.id == id) {
            modal.errors = [(block.clone(), Value::from(why))].into_iter().collect();
        }
    }

    pub(super) fn next(&mut self) -> u64 {
        self.acted += 1;
        self.acted
    }
}
