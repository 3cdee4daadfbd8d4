//! What a link in somebody's message is shown by.

use super::{Slack, SlackError};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Where the links stand.
#[derive(Clone, Copy, Debug)]
pub enum Unfurl<'a> {
    Message {
        channel: &'a str,
        ts: &'a str,
    },
    /// Wherever Slack has them under this id, also while they are written.
    Of {
        id: &'a str,
        source: &'a str,
    },
}

impl Slack {
    /// Shows these blocks below these links, by link. The same again changes nothing.
    pub async fn unfurl(&self, at: Unfurl<'_>, unfurls: &Value, now: Timestamp) -> Result<(), SlackError> {
        let body = match at {
            Unfurl::Message { channel, ts } => json!({"channel": channel, "ts": ts, "unfurls": unfurls}),
            Unfurl::Of { id, source } => json!({"unfurl_id": id, "source": source, "unfurls": unfurls}),
        };
        self.say("chat.unfurl", &body, now).await.map(drop)
    }
}
