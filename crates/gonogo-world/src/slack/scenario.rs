//! The language in which a test says what is the case with a channel, and what
//! it expects to read there.

#![expect(clippy::return_self_not_must_use, reason = "each word takes effect at once; a sentence may end with any")]

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use super::channels::{Channel as Stored, PostedMessage};
use super::{Slack, channels::Content};

/// Longer than anything that should be said takes, on a busy machine too.
const LONGEST: Duration = Duration::from_secs(40);

/// A channel, to say more about. Words that expect something wait until it is
/// so, and fail the test with what there is if that takes too long.
#[derive(Debug, Clone, Copy)]
pub struct Channel<'a> {
    slack: &'a Slack,
    number: usize,
}

impl<'a> Channel<'a> {
    pub(super) fn new(slack: &'a Slack, name: &str) -> Self {
        let number = slack.state().channel(name);
        Self { slack, number }
    }

    /// Only its members see it.
    pub fn private(self) -> Self {
        self.is(|channel| channel.is_private = true)
    }

    /// People of another company are in it too.
    pub fn shared_with_others(self) -> Self {
        self.is(|channel| channel.shared_with.push("T00000002".to_owned()))
    }

    /// Nobody invited the bot.
    pub fn without_the_bot(self) -> Self {
        self.is(|channel| channel.has_bot = false)
    }

    /// The bot was invited.
    pub fn invites_the_bot(self) -> Self {
        self.is(|channel| channel.has_bot = true)
    }

    /// Nothing can be said in it any more.
    pub fn archived(self) -> Self {
        self.is(|channel| channel.is_archived = true)
    }

    /// Somebody says this many things in it.
    pub fn chatters(self, messages: usize) -> Self {
        for number in 0..messages {
            let mut state = self.slack.state();
            let ts = state.next_ts();
            let text = format!("chatter {number}");
            let content = Content { text, blocks: Vec::new(), metadata: None, links_names: false };
            let channel = state.channels.get_mut(self.number).expect("channels stay");
            channel.post(ts, content);
        }
        self
    }

    /// Somebody deletes every message.
    pub fn emptied(self) -> Self {
        self.is(|channel| channel.messages.clear())
    }

    /// The id by which programs call it.
    pub fn id(self) -> String {
        self.with(|channel| channel.id.clone())
    }

    /// The messages as they are now, without waiting.
    pub fn messages(self) -> Vec<PostedMessage> {
        self.with(|channel| channel.messages.clone())
    }

    /// One message has said this, in its text or in a version of it, and no other has.
    #[track_caller]
    pub fn said_once(self, words: &str) -> PostedMessage {
        let says = |message: &&PostedMessage| {
            message.text.contains(words) || message.versions.iter().any(|version| version.contains(words))
        };
        let wanted = format!("one message with \"{words}\"");
        self.wait(&wanted, |messages| match messages.iter().filter(says).collect::<Vec<_>>().as_slice() {
            [only] => Some((*only).clone()),
            _ => None,
        })
    }

    /// The newest message reads like this, in a part of its text or blocks.
    #[track_caller]
    pub fn shows(self, words: &str) -> PostedMessage {
        let wanted = format!("a newest message with \"{words}\"");
        let says = |message: &PostedMessage| message.text.contains(words) || message.seen().contains(words);
        self.wait(&wanted, |messages| messages.last().filter(|newest| says(newest)).cloned())
    }

    /// There are so many messages, which were changed so often in all.
    #[track_caller]
    pub fn has(self, messages: usize, changes: usize) {
        let now = self.messages();
        let changed: usize = now.iter().map(|message| message.changes).sum();
        let told = self.told();
        assert_eq!((now.len(), changed), (messages, changes), "messages, and changes of them, in\n{told}");
    }

    #[track_caller]
    fn wait<T>(self, wanted: &str, look: impl Fn(&[PostedMessage]) -> Option<T>) -> T {
        let begin = Instant::now();
        loop {
            if let Some(found) = look(&self.messages()) {
                return found;
            }
            let left = LONGEST.saturating_sub(begin.elapsed());
            assert!(!left.is_zero(), "{} did not come to have {wanted}:\n{}", self.name(), self.told());
            // What the program says in between is looked at soon.
            let soon = left.min(Duration::from_millis(50));
            let waited = self.slack.shared.changed.wait_timeout(self.slack.state(), soon);
            drop(waited.unwrap_or_else(PoisonError::into_inner));
        }
    }

    fn name(self) -> String {
        self.with(|channel| format!("#{}", channel.name))
    }

    fn told(self) -> String {
        let lines = self.messages().into_iter().map(|message| {
            let (ts, changes, text, seen) = (&message.ts, message.changes, &message.text, message.seen());
            format!("- {ts}, changed {changes} times: {text}\n{seen}\n")
        });
        lines.collect()
    }

    fn is(self, change: impl FnOnce(&mut Stored)) -> Self {
        change(self.slack.state().channels.get_mut(self.number).expect("channels stay"));
        self
    }

    fn with<T>(self, look: impl FnOnce(&Stored) -> T) -> T {
        look(self.slack.state().channels.get(self.number).expect("channels stay"))
    }
}
