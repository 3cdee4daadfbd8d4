//! Everything a Slack holds: a plain structure behind one lock.

use std::time::Duration;

use jiff::Timestamp;

use super::access::Bot;
use super::acts::Acts;
use super::channels::Channel;
use super::lines::Lines;
use crate::serve::{Fault, Record};

#[derive(Debug)]
pub(super) struct State {
    /// Where people go, without a slash at its end.
    pub(super) web_url: String,
    /// Where the tour is that pages lead back to.
    pub(super) tour: Option<String>,
    pub(super) bot: Bot,
    pub(super) channels: Vec<Channel>,
    pub(super) acts: Acts,
    pub(super) lines: Lines,
    /// How long a channel takes no other message; nothing while it is not asked for.
    pub(super) pause: Duration,
    /// Microseconds of the newest message: no two have the same.
    newest: i64,
    pub(super) faults: Vec<Fault>,
    pub(super) record: Record,
    pub(super) unexpected: Vec<String>,
    pub(super) expects_trouble: bool,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            web_url: String::new(),
            tour: None,
            bot: Bot::default(),
            channels: Vec::new(),
            acts: Acts::default(),
            lines: Lines::default(),
            pause: Duration::ZERO,
            newest: 0,
            faults: Vec::new(),
            record: Record::default(),
            unexpected: Vec::new(),
            expects_trouble: false,
        }
    }

    /// The number of the channel with this name, made if need be.
    pub(super) fn channel(&mut self, name: &str) -> usize {
        let name = name.trim_start_matches('#');
        let known = self.channels.iter().position(|channel| channel.name == name);
        known.unwrap_or_else(|| {
            let number = self.channels.len();
            self.channels.push(Channel::new(number, name));
            number
        })
    }

    /// The member of this name, made if need be.
    pub(super) fn member(&mut self, name: &str) {
        if !self.channels.iter().any(|channel| channel.name == name) {
            self.channels.push(Channel::direct(self.channels.len(), name));
        }
    }

    /// The channel that a program calls by its id, or by its name.
    pub(super) fn known_channel(&self, given: &str) -> Option<usize> {
        let name = given.trim_start_matches('#');
        self.channels.iter().position(|channel| channel.id == given || channel.name == name)
    }

    /// The time of a new message, as Slack writes it; also its name.
    pub(super) fn next_ts(&mut self) -> String {
        self.newest = now().as_microsecond().max(self.newest + 1);
        format!("{}.{:06}", self.newest / 1_000_000, self.newest % 1_000_000)
    }

    /// Notes what no test should have led to.
    pub(super) fn unexpected(&mut self, what: String) {
        self.unexpected.push(what);
    }
}

#[expect(clippy::disallowed_methods, reason = "the world outside has a clock of its own")]
fn now() -> Timestamp {
    Timestamp::now()
}
