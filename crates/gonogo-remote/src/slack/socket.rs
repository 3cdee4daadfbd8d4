//! Socket Mode: what Slack tells comes over a WebSocket that we open, so that
//! nobody outside has to reach us. It goes the way of every other request, through
//! the same proxies and by the same certificates.

use super::{Slack, SlackError};
use crate::http::{Again, Ask, Connections, HttpError, Upgraded, upgraded};
use crate::secret::Secret;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures_util::{SinkExt, StreamExt};
use jiff::Timestamp;
use reqwest::header::HeaderValue;
use reqwest::{Method, Url};
use ring::digest;
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::{Value, json};
use std::fmt;
use std::time::Duration;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Message, Role, WebSocketConfig};

const OPEN: &str = "apps.connections.open";
/// Slack's first word comes within this.
const PATIENCE: Duration = Duration::from_secs(10);
/// After so long without a word we ask whether somebody is there, and after as long
/// again nobody is. Slack asks oftener.
const QUIET: Duration = Duration::from_secs(30);
/// An envelope holds a message or a modal.
const MOST: usize = 4 << 20;
/// What a server adds to a key, to show that it speaks WebSocket (RFC 6455, 1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Opens connections by the app's own token, `xapp-…`.
#[derive(Debug)]
pub struct SocketMode {
    app: Slack,
    connections: Connections,
}

/// An open connection.
pub struct Socket {
    stream: WebSocketStream<Upgraded>,
    has_asked: bool,
}

/// What comes over a connection.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// Wants to be acknowledged under its id, within three seconds.
    Envelope { id: String, payload: Value },
    /// It will be closed: another is to be opened.
    Goodbye { why: String },
    /// Nothing that is of use.
    Other,
}

impl SocketMode {
    pub fn new(api: Url, connections: Connections, token: Secret) -> Self {
        Self { app: Slack::new(api, connections.clone(), token), connections: connections.of("slack") }
    }

    /// An address that is good once, for a minute: whether Slack lets us in.
    pub async fn address(&self, now: Timestamp) -> Result<Url, SlackError> {
        let mut ask = Ask::new(Method::POST, self.app.url(OPEN)?, None);
        // Whoever wants a connection comes back by itself.
        ask.again = Again::MustNotCome;
        let answer = self.app.send(OPEN, ask, None, now).await.map_err(of_app)?;
        let text = answer["url"].as_str().ok_or_else(|| SlackError::odd(OPEN, "no address"))?;
        // It holds a ticket: it is not repeated.
        text.parse().map_err(|_| SlackError::odd(OPEN, "an address that is none"))
    }

    /// A connection, once Slack has said hello on it.
    pub async fn connect(&self, now: Timestamp) -> Result<Socket, SlackError> {
        let opened = timeout(PATIENCE, self.open(now)).await;
        opened.unwrap_or(Err(SlackError::Http(HttpError::TimedOut(PATIENCE))))
    }

    async fn open(&self, now: Timestamp) -> Result<Socket, SlackError> {
        let mut url = self.address(now).await?;
        let scheme = if url.scheme() == "ws" { "http" } else { "https" };
        url.set_scheme(scheme).map_err(|()| SlackError::odd(OPEN, "an address that is no WebSocket's"))?;
        let mut bytes = [0_u8; 16];
        SystemRandom::new().fill(&mut bytes).map_err(|_| SlackError::Socket("no random bytes".to_owned()))?;
        let key = BASE64_STANDARD.encode(bytes);
        let value = HeaderValue::from_str(&key).map_err(|error| SlackError::Socket(error.to_string()))?;
        let (headers, io) = upgraded(&self.connections, url, value).await.map_err(SlackError::Http)?;
        let accept = headers.get("sec-websocket-accept").and_then(|value| value.to_str().ok());
        if accept != Some(accepting(&key).as_str()) {
            return Err(SlackError::Socket("it speaks no WebSocket".to_owned()));
        }
        let config = WebSocketConfig::default().max_message_size(Some(MOST)).max_frame_size(Some(MOST));
        let stream = WebSocketStream::from_raw_socket(io, Role::Client, Some(config)).await;
        let mut socket = Socket { stream, has_asked: false };
        loop {
            match socket.word().await? {
                Some(word) if word["type"] == "hello" => return Ok(socket),
                Some(word) => return Err(SlackError::Socket(format!("it does not say hello, but {}", word["type"]))),
                None => {}
            }
        }
    }
}

/// The app's token is another one than the bot's.
fn of_app(error: SlackError) -> SlackError {
    match error {
        SlackError::Unauthorized(said) => SlackError::AppToken(said),
        SlackError::Refused { said, .. } if said == "not_allowed_token_type" => SlackError::AppToken(said),
        other => other,
    }
}

fn accepting(key: &str) -> String {
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, format!("{key}{GUID}").as_bytes());
    BASE64_STANDARD.encode(hash.as_ref())
}

impl Socket {
    /// What comes next. Nothing is lost where this is not waited for to its end.
    pub async fn next(&mut self) -> Result<Told, SlackError> {
        let Some(word) = self.word().await? else { return Ok(Told::Other) };
        let text = |name: &str| word[name].as_str().map(str::to_owned);
        Ok(match (text("envelope_id"), word["type"].as_str()) {
            (Some(id), _) => Told::Envelope { id, payload: word["payload"].clone() },
            (None, Some("disconnect")) => Told::Goodbye { why: text("reason").unwrap_or_default() },
            _ => Told::Other,
        })
    }

    /// Says that an envelope was taken, with what its sender is to see.
    pub async fn acknowledge(&mut self, id: &str, answer: Option<&Value>) -> Result<(), SlackError> {
        let mut said = json!({"envelope_id": id});
        if let Some(answer) = answer {
            said["payload"] = answer.clone();
        }
        self.send(Message::text(said.to_string())).await
    }

    /// Ends it in order.
    pub async fn close(mut self) {
        // Whoever does not hear it sees the end all the same.
        drop(timeout(Duration::from_secs(1), self.stream.close(None)).await);
    }

    async fn send(&mut self, message: Message) -> Result<(), SlackError> {
        let sent = timeout(PATIENCE, self.stream.send(message)).await;
        let sent = sent.map_err(|_| SlackError::Socket(format!("it takes nothing for {} s", PATIENCE.as_secs())))?;
        sent.map_err(|error| SlackError::Socket(error.to_string()))
    }

    /// The next text as JSON; `None` for what is none of it.
    async fn word(&mut self) -> Result<Option<Value>, SlackError> {
        let Ok(came) = timeout(QUIET, self.stream.next()).await else {
            if self.has_asked {
                return Err(SlackError::Socket(format!("nothing came for {} s", 2 * QUIET.as_secs())));
            }
            self.has_asked = true;
            self.send(Message::Ping(Vec::new().into())).await?;
            return Ok(None);
        };
        self.has_asked = false;
        match came {
            Some(Ok(Message::Text(text))) => Ok(gonogo_read::json::parse(text.as_bytes()).ok()),
            Some(Ok(Message::Close(_))) | None => Err(SlackError::Socket("it was closed".to_owned())),
            Some(Ok(_)) => Ok(None),
            Some(Err(error)) => Err(SlackError::Socket(error.to_string())),
        }
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("has_asked", &self.has_asked).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::accepting;

    /// The example of RFC 6455.
    #[test]
    fn who_speaks_websocket_shows_it_by_the_key() {
        assert_eq!(accepting("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
