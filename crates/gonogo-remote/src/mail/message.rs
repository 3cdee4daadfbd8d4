//! A mail as bytes: RFC 5322 with a plain and an HTML part.

use super::{Sender, SmtpError};
use gonogo_core::email::EmailAddress;
use jiff::Timestamp;
use lettre::Message;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use sha2::{Digest, Sha256};
use std::error::Error;
use std::fmt::Write;
use std::time::{Duration, SystemTime};

/// By it a mail is the same one, however often it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageId(String);

impl MessageId {
    /// Of what is called so by us, who are there.
    pub fn of(key: &str, host: &str) -> Self {
        let hash = Sha256::digest(key.as_bytes());
        let word = hash.iter().take(20).fold(String::new(), |mut word, byte| {
            let _ = write!(word, "{byte:02x}"); // a String takes all
            word
        });
        Self(format!("<gonogo.{word}@{host}>"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Debug)]
pub struct Mail<'a> {
    pub to: &'a EmailAddress,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub id: MessageId,
    /// What it belongs to, for who reads by conversation.
    pub thread: Option<MessageId>,
    pub at: Timestamp,
}

/// RFC 3834: no person wrote it, and no machine shall answer.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// What begins like an encoded word (RFC 2047) would be read as one: somebody wrote it.
fn plain(subject: &str) -> String {
    subject.replace("=?", "= ?")
}

impl Mail<'_> {
    pub fn bytes(self, sender: &Sender) -> Result<Vec<u8>, SmtpError> {
        let unsayable = |said: String| SmtpError::Unsayable { said };
        let to = self.to.as_str().parse().map_err(|_| unsayable(format!("`{}` is no address", self.to)))?;
        let mut builder = Message::builder()
            .from(sender.from.clone())
            .to(Mailbox::new(None, to))
            .subject(plain(&self.subject))
            .date(SystemTime::UNIX_EPOCH + Duration::from_secs(self.at.as_second().try_into().unwrap_or(0)))
            .message_id(Some(self.id.0))
            .header(AutoSubmitted);
        if let Some(reply_to) = &sender.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        if let Some(MessageId(thread)) = self.thread {
            builder = builder.in_reply_to(thread.clone()).references(thread);
        }
        let message = builder.multipart(MultiPart::alternative_plain_html(self.text, self.html));
        Ok(message.map_err(|error| unsayable(error.to_string()))?.formatted())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_wrote_is_no_encoded_word() {
        assert_eq!(plain("=?utf-8?q?Go?= web"), "= ?utf-8?q?Go?= web");
    }
}
