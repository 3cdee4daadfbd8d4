//! Slack's Web API with a bot's token: the calls that we make, their limits, and
//! errors that say what to do.

mod channels;
mod error;
mod limits;
mod messages;
mod people;
mod socket;
mod standing;
mod unfurl;

pub use channels::{ChannelStanding, is_channel_id, is_member_id};
pub use error::SlackError;
pub use messages::{MOST_SECTION, Message, MessageKey, Place};
pub use socket::{Socket, SocketMode, Told};
pub use standing::Standing;
pub use unfurl::Unfurl;

use crate::http::{Again, Answer, Ask, Connections, Http, HttpError};
use crate::secret::Secret;
use jiff::Timestamp;
use limits::Limits;
use reqwest::header::HeaderValue;
use reqwest::{Method, Url};
use secrecy::ExposeSecret;
use serde_json::Value;
use std::time::Duration;

/// Slack answers sooner, or not at all.
const PATIENCE: Duration = Duration::from_secs(8);
/// So many pages of a list are read, and no more: no team has as much.
const MOST_PAGES: usize = 100;

/// A client of one team's Slack.
#[derive(Debug)]
pub struct Slack {
    api: Url,
    connections: Connections,
    token: Secret,
    limits: Limits,
}

impl Slack {
    /// `api` is `https://slack.com/api/`.
    pub fn new(mut api: Url, connections: Connections, token: Secret) -> Self {
        if !api.path().ends_with('/') {
            api.set_path(&format!("{}/", api.path()));
        }
        Self { api, connections: connections.of("slack"), token, limits: Limits::default() }
    }

    /// A method that says something. It is sent once: what came of it has to be
    /// looked at before it is said again.
    async fn say(&self, method: &'static str, body: &Value, now: Timestamp) -> Result<Value, SlackError> {
        let mut ask = Ask::new(Method::POST, self.url(method)?, Some(body));
        ask.again = Again::MustNotCome;
        self.send(method, ask, body["channel"].as_str(), now).await
    }

    /// A method that reads; those take no JSON.
    async fn read(
        &self,
        method: &'static str,
        query: &[(&str, &str)],
        channel: Option<&str>,
        now: Timestamp,
    ) -> Result<Value, SlackError> {
        let mut url = self.url(method)?;
        url.query_pairs_mut().extend_pairs(query);
        self.send(method, Ask::new(Method::GET, url, None), channel, now).await
    }

    async fn send(
        &self,
        method: &'static str,
        ask: Ask<'_>,
        channel: Option<&str>,
        now: Timestamp,
    ) -> Result<Value, SlackError> {
        taken(method, channel, self.answer(method, ask, now).await?)
    }

    async fn answer(&self, method: &'static str, mut ask: Ask<'_>, now: Timestamp) -> Result<Answer, SlackError> {
        self.limits.may_ask(method, now)?;
        let authorization = HeaderValue::from_str(&format!("Bearer {}", self.token.now().expose_secret()))
            .map_err(|_| SlackError::Unauthorized("it has characters that no token has".to_owned()))?;
        let http = Http::over(&self.connections, Some(authorization));
        ask.sees = |status| status.is_client_error();
        let answer = tokio::time::timeout(PATIENCE, http.answer(&ask)).await;
        let answer = answer.map_err(|_| SlackError::Http(HttpError::TimedOut(PATIENCE)))?.map_err(SlackError::Http)?;
        if answer.status.as_u16() == 429 {
            return Err(self.limits.refused(method, &answer, now));
        }
        Ok(answer)
    }

    fn url(&self, method: &str) -> Result<Url, SlackError> {
        self.api.join(method).map_err(|e| SlackError::Address(format!("{}{method}: {e}", self.api)))
    }
}

/// A proxy's page may say 200 for Slack; only `ok` says that it was Slack.
fn taken(method: &'static str, channel: Option<&str>, answer: Answer) -> Result<Value, SlackError> {
    let text = |name: &str| answer.body.get(name).and_then(Value::as_str);
    match (answer.body.get("ok").and_then(Value::as_bool), text("error")) {
        (Some(true), _) if answer.status.is_success() => Ok(answer.body),
        (Some(false), Some(error)) => Err(SlackError::refused(method, channel, error, text("needed"))),
        _ => Err(SlackError::odd(method, format!("{} without a word of Slack's", answer.status.as_u16()))),
    }
}

/// The cursor of the next page, where there is one.
fn next_cursor(page: &Value) -> Option<String> {
    let cursor = page["response_metadata"]["next_cursor"].as_str().unwrap_or_default();
    (!cursor.is_empty()).then(|| cursor.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::StatusCode;
    use serde_json::json;

    #[test]
    fn only_slacks_ok_says_that_it_was_taken() {
        let answer = |status: u16, body: Value| {
            let answer =
                Answer { status: StatusCode::from_u16(status).unwrap(), headers: [].into_iter().collect(), body };
            taken("chat.update", Some("C1"), answer)
        };
        assert!(answer(200, json!({"ok": true, "ts": "1.0"})).is_ok());
        assert!(matches!(
            answer(200, json!({"ok": false, "error": "not_in_channel"})),
            Err(SlackError::Channel { .. })
        ));
        for (status, body) in
            [(200, json!({"status": "ok"})), (200, json!([])), (403, Value::Null), (404, json!({"ok": true}))]
        {
            assert!(matches!(answer(status, body), Err(SlackError::Odd { .. })), "{status}");
        }
    }
}
