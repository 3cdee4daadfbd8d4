//! What a test can have people do.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::{Listener, Modal, Parcel, Whisper};
use crate::slack::channels::PostedMessage;
use crate::slack::state::State;
use crate::slack::{Shared, Slack};

/// Longer than anything takes that should come of it.
const LONGEST: Duration = Duration::from_secs(40);

/// What an act came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Acted {
    /// The program took it; a modal that was sent is closed, or another one now.
    Taken,
    /// What is wrong with a modal, by its block; it stays open.
    Wrong(Map<String, Value>),
    /// Its sender reads that it failed: the status, and what was said.
    Failed(u16, String),
}

impl Slack {
    /// The app's addresses are below this one: `/interactions`, `/events` and `/commands`.
    /// Slack signs with this secret.
    pub fn is_heard_at(&self, hooks: &str, signing_secret: &str) -> &Self {
        let at = |name: &str| format!("{hooks}/{name}");
        let (interactions, events, commands) = (at("interactions"), at("events"), at("commands"));
        let secret = signing_secret.to_owned();
        self.state().acts.listener = Some(Listener { interactions, events, commands, secret });
        self
    }

    /// Socket Mode is switched on, with this token of the app's: programs open lines,
    /// and are told over them.
    pub fn speaks_socket_mode(&self, token: &str) -> &Self {
        self.state().lines.token = Some(token.to_owned());
        self
    }

    /// Lines that are open now.
    pub fn lines(&self) -> usize {
        self.state().lines.open.len()
    }

    /// Lines that were opened so far.
    pub fn lines_opened(&self) -> usize {
        self.state().lines.opened
    }

    /// So many lines come to be open, of so many that were opened.
    #[track_caller]
    pub fn has_lines(&self, open: usize, opened: usize) {
        let of = |state: &State| (state.lines.open.len() == open && state.lines.opened == opened).then_some(());
        self.wait_for(&format!("{open} open lines of {opened}"), of);
    }

    /// Every line breaks off.
    pub fn breaks_lines(&self) -> &Self {
        self.state().lines.break_off();
        self
    }

    /// Says on every line that it will be closed, as Slack does every few hours.
    pub fn refreshes_lines(&self) -> &Self {
        let word =
            json!({"type": "disconnect", "reason": "refresh_requested", "debug_info": {"host": "applink-world"}});
        self.state().lines.say_all(&word);
        self
    }

    /// What the program is told of links no longer says whether others see them too.
    pub fn leaves_out_who_is_in_a_channel(&self) {
        self.state().acts.leaves_sharing_out = true;
    }

    /// A member writes this in a channel; of links in it to the app's domain the
    /// program is told.
    #[track_caller]
    pub fn writes(&self, member: &str, channel: &str, text: &str) -> PostedMessage {
        let (told, number, ts) = {
            let mut state = self.state();
            state.member(member);
            let number = state.channel(channel);
            state.write(member, number, text)
        };
        if let Some(payload) = told {
            assert_eq!(self.shared.tells_event(&payload), Acted::Taken, "{payload}");
        }
        let mut state = self.state();
        state.channels[number].message_mut(&ts).expect("messages stay").clone()
    }

    /// The message comes to show a link by something with these words in it.
    #[track_caller]
    pub fn unfurls(&self, channel: &str, link: &str, words: &str) -> String {
        let name = channel.trim_start_matches('#');
        let of = |state: &State| {
            let found = state.channels.iter().find(|channel| channel.name == name)?;
            let shown = found.messages.iter().rev().find_map(|message| message.unfurled(link));
            shown.filter(|shown| shown.contains(words))
        };
        self.wait_for(&format!("\"{words}\" below {link}"), of)
    }

    /// A member presses the button with this label, of the newest message of the
    /// channel that has one.
    #[track_caller]
    pub fn presses(&self, member: &str, channel: &str, label: &str) -> Acted {
        let payload = self.pressed(member, channel, label);
        self.shared.acts(&payload)
    }

    /// A member writes a slash command in a channel; what is answered they read alone.
    #[track_caller]
    pub fn commands(&self, member: &str, channel: &str, command: &str, text: &str) -> Acted {
        let payload = {
            let mut state = self.state();
            state.member(member);
            let number = state.channel(channel);
            state.command(member, number, command, text)
        };
        self.shared.commands(&payload)
    }

    /// A member names the app in a channel, with these words behind its name.
    #[track_caller]
    pub fn calls(&self, member: &str, channel: &str, words: &str) -> Acted {
        let payload = {
            let mut state = self.state();
            state.member(member);
            let number = state.channel(channel);
            state.mention(member, number, words)
        };
        self.shared.tells_event(&payload)
    }

    /// The same as a request, to be sent by hand.
    #[track_caller]
    pub fn press_parcel(&self, member: &str, channel: &str, label: &str) -> Parcel {
        let payload = self.pressed(member, channel, label);
        self.parcel(&payload)
    }

    /// A member fills in the modal that is open to them, with these values by block:
    /// what they write, or the label that they choose; and sends it.
    #[track_caller]
    pub fn fills_in(&self, member: &str, values: &[(&str, &str)]) -> Acted {
        self.sees_modal(member);
        let payload = self.state().submit(member, values).unwrap_or_else(|wrong| panic!("{wrong}"));
        self.shared.acts(&payload)
    }

    /// The same as a request, to be sent by hand: the modal stays as it is.
    #[track_caller]
    pub fn filled_parcel(&self, member: &str, values: &[(&str, &str)]) -> Parcel {
        self.sees_modal(member);
        let payload = self.state().submit(member, values).unwrap_or_else(|wrong| panic!("{wrong}"));
        self.parcel(&payload)
    }

    /// Finds out whether the app's address for events is its program's: what is answered.
    pub fn verifies(&self) -> (u16, String) {
        let listener = self.state().acts.listener.clone().expect("somebody listens: `is_heard_at` says where");
        let challenge = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P";
        let asked = json!({"token": "verification-token", "challenge": challenge, "type": "url_verification"});
        Parcel::event(&listener, &asked).send()
    }

    /// The modal that comes to be open to a member, as the program described it.
    #[track_caller]
    pub fn sees_modal(&self, member: &str) -> Value {
        let of = |state: &State| state.modal_of(member).map(|modal| modal.view.clone());
        self.wait_for(&format!("a modal for {member}"), of)
    }

    /// Whether a modal is open to a member now.
    pub fn has_modal(&self, member: &str) -> bool {
        self.state().modal_of(member).is_some()
    }

    /// What a member alone comes to read, with these words in it.
    #[track_caller]
    pub fn whispers(&self, member: &str, words: &str) -> Whisper {
        let is_it = |whisper: &&Whisper| whisper.member == member && whisper.text.contains(words);
        let of = |state: &State| state.acts.whispers.iter().rev().find(is_it).cloned();
        self.wait_for(&format!("\"{words}\" for {member} alone"), of)
    }

    /// All that members were told alone.
    pub fn all_whispers(&self) -> Vec<Whisper> {
        self.state().acts.whispers.clone()
    }

    #[track_caller]
    fn pressed(&self, member: &str, channel: &str, label: &str) -> Value {
        let mut state = self.state();
        state.member(member);
        let number = state.channel(channel);
        let pressed = state.press(member, number, None, label);
        pressed.unwrap_or_else(|| panic!("there is no button {label} in {channel}"))
    }

    #[track_caller]
    fn parcel(&self, payload: &Value) -> Parcel {
        let listener = self.state().acts.listener.clone().expect("somebody listens: `is_heard_at` says where");
        Parcel::interaction(&listener, payload)
    }

    #[track_caller]
    fn wait_for<T>(&self, wanted: &str, look: impl Fn(&State) -> Option<T>) -> T {
        let begin = Instant::now();
        let mut state = self.state();
        loop {
            if let Some(found) = look(&state) {
                return found;
            }
            let left = LONGEST.saturating_sub(begin.elapsed());
            assert!(!left.is_zero(), "there came no {wanted}; whispered: {:?}", state.acts.whispers);
            let soon = left.min(Duration::from_millis(50));
            state = self.shared.changed.wait_timeout(state, soon).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl State {
    pub(in super::super) fn modal_of(&self, member: &str) -> Option<&Modal> {
        self.acts.modals.iter().rev().find(|modal| modal.member == member)
    }
}

impl Shared {
    /// Tells the program of an act, and does what it answers.
    pub(in super::super) fn acts(&self, payload: &Value) -> Acted {
        let (listener, is_socket_mode) = self.ways();
        if is_socket_mode {
            return match self.tells("interactive", payload) {
                Ok(answer) => {
                    let body = answer.map(|answer| answer.to_string()).unwrap_or_default();
                    self.state().answered_act(payload, &body)
                }
                Err(why) => Acted::Failed(0, why),
            };
        }
        let Some(listener) = listener else { return Acted::Failed(0, "nobody listens".to_owned()) };
        let (status, body) = Parcel::interaction(&listener, payload).send();
        if status != 200 {
            return Acted::Failed(status, body);
        }
        self.state().answered_act(payload, &body)
    }

    /// Tells the program of a slash command, and shows its sender what it answers.
    pub(in super::super) fn commands(&self, payload: &Value) -> Acted {
        let (listener, is_socket_mode) = self.ways();
        let answered = if is_socket_mode {
            self.tells("slash_commands", payload).map_err(|why| Acted::Failed(0, why))
        } else if let Some(listener) = listener {
            match Parcel::command(&listener, payload).send() {
                (200, body) if body.is_empty() => Ok(None),
                (200, body) => serde_json::from_str(&body).map(Some).map_err(|_| Acted::Failed(200, body)),
                (status, body) => Err(Acted::Failed(status, body)),
            }
        } else {
            Err(Acted::Failed(0, "nobody listens".to_owned()))
        };
        match answered {
            Ok(Some(answer)) => self.state().answered_command(payload, &answer),
            Ok(None) => Acted::Taken,
            Err(failed) => failed,
        }
    }

    /// Tells the program of an event; what it answers means nothing.
    pub(in super::super) fn tells_event(&self, payload: &Value) -> Acted {
        let (listener, is_socket_mode) = self.ways();
        if is_socket_mode {
            return self.tells("events_api", payload).map_or_else(|why| Acted::Failed(0, why), |_| Acted::Taken);
        }
        let Some(listener) = listener else { return Acted::Failed(0, "nobody listens".to_owned()) };
        match Parcel::event(&listener, payload).send() {
            (200, _) => Acted::Taken,
            (status, body) => Acted::Failed(status, body),
        }
    }

    /// Where the program is told: over lines where Socket Mode is switched on.
    fn ways(&self) -> (Option<Listener>, bool) {
        let state = self.state();
        (state.acts.listener.clone(), state.lines.token.is_some())
    }
}

impl State {
    /// What the program answered to a slash command.
    fn answered_command(&mut self, payload: &Value, answer: &Value) -> Acted {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        match (answer["response_type"].as_str(), text(&answer["text"])) {
            (Some("ephemeral"), Some(said)) if !said.is_empty() => {
                let (channel, member) = (text(&payload["channel_name"]), text(&payload["user_name"]));
                let (channel, member) = (channel.unwrap_or_default(), member.unwrap_or_default());
                self.acts.whispers.push(Whisper { channel, member, text: said });
                Acted::Taken
            }
            _ => {
                self.unexpected(format!("the answer to a command: {answer}"));
                Acted::Failed(200, answer.to_string())
            }
        }
    }

    /// What the program answered to an act; only a modal's has a meaning.
    pub(in super::super) fn answered_act(&mut self, payload: &Value, body: &str) -> Acted {
        let Some(id) = payload["view"]["id"].as_str() else {
            if !body.is_empty() {
                self.unexpected(format!("the answer to a button means nothing: {body}"));
            }
            return Acted::Taken;
        };
        if body.is_empty() {
            self.acts.modals.retain(|modal| modal.id != id);
            return Acted::Taken;
        }
        let Ok(answer) = serde_json::from_str::<Value>(body) else {
            self.unexpected(format!("the answer to a modal is no JSON: {body}"));
            return Acted::Failed(200, body.to_owned());
        };
        match answer["response_action"].as_str() {
            Some("errors") => self.wrong(id, &answer),
            Some("clear") => {
                self.acts.modals.retain(|modal| modal.id != id);
                Acted::Taken
            }
            Some("update") => match super::super::api::view_taken(answer["view"].clone()) {
                Ok(view) => {
                    for modal in self.acts.modals.iter_mut().filter(|modal| modal.id == id) {
                        modal.view.clone_from(&view);
                    }
                    Acted::Taken
                }
                Err(why) => {
                    self.unexpected(format!("the view in an answer: {why}"));
                    Acted::Failed(200, why)
                }
            },
            other => {
                self.unexpected(format!("the answer to a modal: {other:?}"));
                Acted::Failed(200, body.to_owned())
            }
        }
    }

    fn wrong(&mut self, id: &str, answer: &Value) -> Acted {
        let errors = answer["errors"].as_object().cloned().unwrap_or_default();
        let modal = self.acts.modals.iter_mut().find(|modal| modal.id == id);
        let blocks = modal.as_ref().map(|modal| modal.view["blocks"].clone()).unwrap_or_default();
        let is_input = |name: &str| {
            blocks.as_array().into_iter().flatten().any(|block| block["type"] == "input" && block["block_id"] == name)
        };
        let lost: Vec<String> = errors.keys().filter(|name| !is_input(name)).cloned().collect();
        if let Some(modal) = modal {
            modal.errors.clone_from(&errors);
        }
        if errors.is_empty() || !lost.is_empty() {
            self.unexpected(format!("errors of a modal have to be at its input blocks: {answer}"));
        }
        Acted::Wrong(errors)
    }
}
