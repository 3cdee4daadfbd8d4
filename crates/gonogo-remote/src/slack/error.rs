//! What can go wrong with Slack, for a person who can mend it.

use crate::http::HttpError;
use gonogo_core::fact::Why;
use jiff::Timestamp;
use thiserror::Error;

#[derive(Debug, Error)]
pub enum SlackError {
    #[error(transparent)]
    Http(HttpError),
    #[error("it does not take our token ({0})")]
    Unauthorized(String),
    #[error("it does not take the app's token ({0})")]
    AppToken(String),
    #[error("the connection for what comes in ended: {0}")]
    Socket(String),
    #[error("our token lacks the scope {needed} for {method}")]
    Scope { method: &'static str, needed: String },
    #[error("we are not in the channel {channel} ({said})")]
    Channel { channel: String, said: String },
    #[error("the message is there no more")]
    MessageGone,
    #[error("it refuses {method} ({said})")]
    Refused { method: &'static str, said: String },
    #[error("it is in trouble at {method} ({said})")]
    Trouble { method: &'static str, said: String },
    #[error("it takes no more until {until}")]
    Limited { until: Timestamp },
    #[error("the address is wrong: {0}")]
    Address(String),
    #[error("its answer to {method} could not be read: {said}")]
    Odd { method: &'static str, said: String },
}

/// Slack's words for its own trouble: it may have done what was asked.
const TROUBLE: [&str; 4] = ["internal_error", "fatal_error", "service_unavailable", "request_timeout"];

impl SlackError {
    pub(super) fn odd(method: &'static str, said: impl Into<String>) -> Self {
        Self::Odd { method, said: said.into() }
    }

    /// By the word in an answer that is not `ok`.
    pub(super) fn refused(method: &'static str, channel: Option<&str>, error: &str, needed: Option<&str>) -> Self {
        let said: String = error.chars().take(100).collect();
        match error {
            "not_authed" | "invalid_auth" | "account_inactive" | "token_revoked" | "token_expired" => {
                Self::Unauthorized(said)
            }
            "missing_scope" => Self::Scope { method, needed: needed.unwrap_or("that Slack does not name").to_owned() },
            "channel_not_found" | "not_in_channel" | "is_archived" => {
                Self::Channel { channel: channel.unwrap_or_default().to_owned(), said }
            }
            "message_not_found" => Self::MessageGone,
            word if TROUBLE.contains(&word) => Self::Trouble { method, said },
            _ => Self::Refused { method, said },
        }
    }

    /// When it makes sense to ask again, where Slack says so.
    pub fn until(&self) -> Option<Timestamp> {
        if let Self::Limited { until } = self { Some(*until) } else { None }
    }

    /// Whether it is sure that nothing was done. Otherwise a message may stand
    /// in the channel, and nobody told us so.
    pub fn did_nothing(&self) -> bool {
        !matches!(self, Self::Http(_) | Self::Socket(_) | Self::Trouble { .. } | Self::Odd { .. })
    }

    pub fn why(&self) -> Why {
        let fix = match self {
            Self::Unauthorized(_) => "renew GONOGO_SLACK_TOKEN: the bot's token begins with xoxb-",
            Self::AppToken(_) => {
                "renew GONOGO_SLACK_APP_TOKEN: it begins with xapp-, and has the scope connections:write"
            }
            Self::Socket(_) => "another is opened; if none stays, look at what lies between, such as a proxy",
            Self::Scope { .. } => "add the scope to the app, and install it again",
            Self::Channel { .. } => {
                "invite the bot to the channel, or name another where it stands: in gonogo-server.toml, or in [[awareness]]"
            }
            Self::Limited { .. } => "nothing to do: it is asked again then",
            Self::MessageGone => "nothing to do: somebody deleted it",
            Self::Http(HttpError::Certificate(_)) => "name its certificate authority in GONOGO_CA_FILE",
            Self::Http(HttpError::Connect(_) | HttpError::TimedOut(_)) | Self::Address(_) => {
                "look at [slack] url, HTTPS_PROXY and the network"
            }
            Self::Http(_) | Self::Refused { .. } | Self::Trouble { .. } | Self::Odd { .. } => {
                "it is tried again; if it stays, look at Slack's status page"
            }
        };
        Why::new(format!("Slack: {self}"), fix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_refusal_says_that_nothing_was_done() {
        let of = |error| SlackError::refused("chat.postMessage", Some("#deploys"), error, None);
        for error in ["invalid_auth", "missing_scope", "not_in_channel", "invalid_blocks", "message_not_found"] {
            assert!(of(error).did_nothing(), "{error}");
        }
        for error in TROUBLE {
            assert!(!of(error).did_nothing(), "{error}");
        }
        assert!(!SlackError::Http(HttpError::BrokeOff).did_nothing());
        assert!(!SlackError::odd("chat.postMessage", "x").did_nothing());
    }

    #[test]
    fn errors_say_what_to_do() {
        let why = SlackError::AppToken("invalid_auth".to_owned()).why();
        assert_eq!(why.said, "Slack: it does not take the app's token (invalid_auth)");
        assert!(why.fix.contains("xapp-"), "{}", why.fix);
        let why = SlackError::refused("chat.postMessage", Some("#deploys"), "not_in_channel", None).why();
        assert_eq!(why.said, "Slack: we are not in the channel #deploys (not_in_channel)");
        assert!(why.fix.starts_with("invite the bot to the channel, or name another where it stands: "), "{}", why.fix);
        let why = SlackError::refused("conversations.history", None, "missing_scope", Some("channels:history")).why();
        assert_eq!(why.said, "Slack: our token lacks the scope channels:history for conversations.history");
    }
}
