//! A mail that is sent once. What the server may have taken cannot be looked for:
//! a person has to say whether it is sent again.

use super::coming::StoryComing;
use super::early::{self, EarlyTold};
use super::plan::PlanTold;
use super::turned::{self, StoryTold};
use super::{NotSaid, Sure};
use crate::jobs::message::MessageWanted;
use crate::serving::{MailRoom, Serving};
use gonogo_core::email::EmailAddress;
use gonogo_core::say::Letter;
use gonogo_remote::http::Url;
use gonogo_remote::mail::{Mail, MessageId, SmtpError};
use gonogo_store::{NewMessage, Outgoing, StoreError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(super) const KIND: &str = "email";

/// The meaning of a mail; outside texts are as they came.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::jobs) enum Mailed {
    /// Stories that turned, told in one mail.
    Stories(Vec<StoryTold>),
    /// A story is on its way, and a team has to know.
    Coming(Box<StoryComing>),
    /// A branch turned Go or No-Go.
    Turned(Box<MessageWanted>),
    /// Somebody sends a deploy plan.
    Plan(Box<PlanTold>),
    /// Stories lack something before their gate.
    Early(Vec<EarlyTold>),
}

impl Mailed {
    pub(in crate::jobs) fn message(
        &self,
        to: &EmailAddress,
        key: String,
        stories: Vec<String>,
        at: Timestamp,
    ) -> NewMessage {
        // Strings and numbers: there is always JSON for them.
        let meaning = serde_json::to_string(self).unwrap_or_default();
        NewMessage { kind: KIND, target: to.to_string(), key, meaning, stories, at }
    }

    fn letter(&self) -> Letter {
        match self {
            Self::Stories(stories) => turned::letter(stories),
            Self::Coming(coming) => coming.letter(),
            Self::Turned(verdict) => verdict.letter(),
            Self::Plan(plan) => plan.letter(),
            Self::Early(told) => early::letter(told),
        }
    }

    /// What its conversation is about, for who reads by conversation.
    fn thread(&self) -> Option<String> {
        match self {
            Self::Stories(stories) => match stories.as_slice() {
                [story] => Some(format!("story {}", story.story)),
                _ => None,
            },
            Self::Early(told) => match told.as_slice() {
                [one] => Some(format!("story {}", one.story)),
                _ => None,
            },
            Self::Coming(coming) => Some(format!("story {}", coming.story)),
            Self::Turned(verdict) => Some(format!("verdict {}", verdict.of_branch())),
            Self::Plan(plan) => Some(format!("plan {}", plan.of_branch())),
        }
    }
}

/// What the server answered.
pub(super) async fn say(serving: &Serving, message: &Outgoing) -> Result<Result<String, NotSaid>, StoreError> {
    let Some(room) = &serving.mail else {
        return Ok(Err(NotSaid::never("there is no [mail] in the server's configuration: write one")));
    };
    if let Some(since) = message.begun_at {
        let error = format!("it was begun at {since}, and gonogo ended before it knew whether it was taken");
        return Ok(Err(NotSaid { error, until: None, sure: Sure::No }));
    }
    let (to, mail) = match written(serving, room, message) {
        Ok(written) => written,
        Err(not) => return Ok(Err(not)),
    };
    let smtp = &room.smtp;
    let mut open = match smtp.open().await {
        Ok(open) => open,
        Err(error) => return Ok(Err(not_said(&error))),
    };
    if let Err(error) = smtp.offer(&mut open, &to).await {
        return Ok(Err(not_said(&error)));
    }
    serving.store.message_begins(message, (serving.clock)()).await?;
    Ok(smtp.say(open, &mail).await.map_err(|error| not_said(&error)))
}

/// To whom, and what.
fn written(serving: &Serving, room: &MailRoom, message: &Outgoing) -> Result<(EmailAddress, Vec<u8>), NotSaid> {
    let to: EmailAddress = message.target.parse().map_err(|error| NotSaid::never(format!("{error}")))?;
    if !room.reaches(&to) {
        return Err(NotSaid::never(format!(
            "{to} is outside of the domains that may be written to: add {} to domains in [mail], or mend the address",
            to.domain()
        )));
    }
    let unread = |error| NotSaid::never(format!("what is to be said cannot be read: {error}"));
    let mailed: Mailed = serde_json::from_str(&message.meaning).map_err(unread)?;
    let letter = mailed.letter();
    let host = host_of(&serving.pages);
    let mail = Mail {
        to: &to,
        subject: letter.subject(),
        text: letter.text(),
        html: letter.html(),
        id: MessageId::of(&message.key, &host),
        thread: mailed.thread().map(|thread| MessageId::of(&format!("{} {thread}", serving.pages), &host)),
        at: (serving.clock)(),
    };
    let bytes = mail.bytes(&room.smtp.sender).map_err(|error| not_said(&error))?;
    Ok((to, bytes))
}

/// Where our mails are from, as their ids say it.
fn host_of(pages: &str) -> String {
    let url: Option<Url> = pages.parse().ok();
    url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| "gonogo".to_owned())
}

fn not_said(error: &SmtpError) -> NotSaid {
    let sure = match (error.is_doubtful(), error.is_for_good()) {
        (true, _) => Sure::No,
        (false, true) => Sure::NeverSaid,
        (false, false) => Sure::NotSaid,
    };
    let why = error.why();
    NotSaid { error: format!("{}: {}", why.said, why.fix), until: None, sure }
}
