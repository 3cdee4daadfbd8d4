//! Socket Mode: programs hold connections open, by an app's token, and are told over
//! one of them what the app's addresses would be told.

use std::time::{Duration, Instant};

use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::sync::{Arc, PoisonError};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

use super::Shared;
use super::state::State;
use crate::serve::{Conversation, Socket};

/// An envelope is acknowledged within this.
const PATIENCE: Duration = Duration::from_secs(3);

/// Lines to programs.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The app's token, where Socket Mode is switched on.
    pub(super) token: Option<String>,
    /// Good once each.
    pub(super) tickets: Vec<String>,
    pub(super) open: Vec<Line>,
    /// How many were opened.
    pub(super) opened: usize,
    /// What was acknowledged, with what was said then.
    pub(super) acknowledged: Vec<(String, Option<Value>)>,
    /// An envelope's number, and whose turn it is.
    next: usize,
}

#[derive(Debug)]
pub(super) struct Line {
    number: usize,
    say: mpsc::UnboundedSender<Say>,
}

#[derive(Debug)]
enum Say {
    Text(String),
    /// Without a word more.
    BreakOff,
}

impl Lines {
    /// Over the next line; its number.
    fn say(&mut self, text: &str) -> bool {
        self.next += 1;
        let turn = self.next;
        let Some(line) = (!self.open.is_empty()).then(|| &self.open[turn % self.open.len()]) else { return false };
        line.say.send(Say::Text(text.to_owned())).is_ok()
    }

    /// Every line hears this.
    pub(super) fn say_all(&self, word: &Value) {
        for line in &self.open {
            drop(line.say.send(Say::Text(word.to_string())));
        }
    }

    /// Every line ends at once.
    pub(super) fn break_off(&mut self) {
        for line in self.open.drain(..) {
            drop(line.say.send(Say::BreakOff));
        }
    }
}

impl State {
    /// The answer to `apps.connections.open`.
    pub(super) fn new_ticket(&mut self) -> Value {
        let ticket = format!("ticket-{}", self.acts.next());
        self.lines.tickets.push(ticket.clone());
        // `http` becomes `ws`, `https` becomes `wss`.
        let url = self.web_url.replacen("http", "ws", 1);
        json!({"url": format!("{url}/link/?ticket={ticket}&app_id=A00000001")})
    }
}

impl Shared {
    /// A conversation on the line of this ticket.
    pub(super) fn line(&self, ticket: &str) -> Option<Conversation> {
        let shared = self.own.upgrade()?;
        let mut state = self.state();
        let at = state.lines.tickets.iter().position(|known| known == ticket)?;
        state.lines.tickets.remove(at);
        Some(Box::new(move |socket| speaks(shared, socket).boxed()))
    }

    /// Tells a program of something, by its envelope, and again over another line
    /// where one breaks off: what it answered.
    pub(super) fn tells(&self, kind: &str, payload: &Value) -> Result<Option<Value>, String> {
        let id = format!("envelope-{}", self.state().acts.next());
        let envelope = |attempt: u32| {
            json!({
                "envelope_id": id,
                "type": kind,
                "payload": payload,
                "accepts_response_payload": kind != "events_api",
                "retry_attempt": attempt,
                "retry_reason": if attempt > 0 { "timeout" } else { "" },
            })
        };
        let begin = Instant::now();
        let mut attempt = 0;
        let mut lines_of_last = usize::MAX;
        loop {
            let mut state = self.state();
            let found = state.lines.acknowledged.iter().position(|(known, _)| *known == id);
            if let Some(at) = found {
                return Ok(state.lines.acknowledged.remove(at).1);
            }
            // Whoever it was said to is there no more, or nobody was yet.
            if state.lines.opened != lines_of_last && !state.lines.open.is_empty() {
                lines_of_last = state.lines.opened;
                state.lines.say(&envelope(attempt).to_string());
                attempt += 1;
            }
            let left = (PATIENCE * 4).saturating_sub(begin.elapsed());
            if left.is_zero() {
                return Err("nobody acknowledged it".to_owned());
            }
            let waited = self.changed.wait_timeout(state, left.min(Duration::from_millis(20)));
            drop(waited.unwrap_or_else(PoisonError::into_inner));
        }
    }

    fn takes_line(&self) -> (usize, usize, mpsc::UnboundedReceiver<Say>) {
        let (say, said) = mpsc::unbounded_channel();
        let mut state = self.state();
        state.lines.opened += 1;
        let number = state.lines.opened;
        state.lines.open.push(Line { number, say });
        (number, state.lines.open.len(), said)
    }

    /// What a program says: that an envelope was taken.
    fn hears(&self, text: &str) {
        let mut state = self.state();
        match serde_json::from_str::<Value>(text) {
            Ok(word) if word["envelope_id"].is_string() => {
                let id = word["envelope_id"].as_str().unwrap_or_default().to_owned();
                let payload = Some(word["payload"].clone()).filter(|payload| !payload.is_null());
                state.lines.acknowledged.push((id, payload));
            }
            _ => state.unexpected(format!("a word over a line that is no acknowledgement: {text}")),
        }
        drop(state);
        self.changed.notify_all();
    }
}

async fn speaks(shared: Arc<Shared>, mut socket: Socket) {
    let (number, lines, mut said) = shared.takes_line();
    let hello = json!({
        "type": "hello",
        "num_connections": lines,
        "debug_info": {"host": "applink-world", "build_number": 1, "approximate_connection_time": 18_060},
        "connection_info": {"app_id": "A00000001"},
    });
    let mut is_open = socket.send(Message::text(hello.to_string())).await.is_ok();
    shared.changed.notify_all();
    // The shared state is let go of while nothing is said: it ends with its Slack.
    let own = Arc::downgrade(&shared);
    drop(shared);
    while is_open {
        is_open = tokio::select! {
            say = said.recv() => match say {
                Some(Say::Text(text)) => socket.send(Message::text(text)).await.is_ok(),
                Some(Say::BreakOff) | None => false,
            },
            came = socket.next() => match came {
                Some(Ok(Message::Text(text))) => own.upgrade().is_some_and(|shared| { shared.hears(&text); true }),
                Some(Ok(Message::Close(_)) | Err(_)) | None => false,
                Some(Ok(_)) => true,
            },
        };
    }
    if let Some(shared) = own.upgrade() {
        shared.state().lines.open.retain(|line| line.number != number);
        shared.changed.notify_all();
    }
}
