//! Says what waits in the outbox, each message once: what may have been said is
//! looked for by its key, or put before a person, as its kind has it.

mod coming;
mod early;
mod email;
mod jira;
mod late;
mod marks;
mod plan;
mod slack;
mod turned;
mod words;

pub(super) use coming::StoryComing;
pub(super) use early::{EarlyCommentWanted, EarlyTold, early_mailed, early_told};
pub(super) use email::Mailed;
pub(super) use jira::{CommentWanted, TRANSITION, TransitionWanted, Turned};
pub(super) use late::{ChecksLate, LateLook};
pub(super) use marks::{FieldWanted, VersionsWanted};
pub(crate) use plan::{PlanOf, PlanTold};
pub(super) use turned::{StoryTold, stories_mailed, stories_told};
pub use words::{About, Words, about, how, to_do, words};

use super::{contained, show, told};
use crate::serving::Serving;
use gonogo_store::{Ended, Outgoing, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::time::{Duration, Instant};

/// A way to say something.
struct Kind {
    name: &'static str,
    repeat: Repeat,
    /// One try ends within this: its lease is longer, so that nobody else says the same.
    within: Duration,
}

/// What is done about a message of which nobody knows whether it was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Repeat {
    /// It is looked for: by the key that we put into it, or by what it changed.
    FoundAgain,
    /// It cannot be looked for: a person has to say.
    Asked,
}

/// How messages are said; each kind has a worker of its own.
const KINDS: [Kind; 7] = [
    Kind { name: slack::KIND, repeat: Repeat::FoundAgain, within: WITHIN },
    // There is one of ours on an issue, which is found and changed.
    Kind { name: jira::COMMENT, repeat: Repeat::FoundAgain, within: WITHIN },
    // So is this one.
    Kind { name: early::COMMENT, repeat: Repeat::FoundAgain, within: WITHIN },
    // The state tells.
    Kind { name: jira::TRANSITION, repeat: Repeat::FoundAgain, within: WITHIN },
    // So do its versions, and its field.
    Kind { name: marks::VERSIONS, repeat: Repeat::FoundAgain, within: WITHIN },
    Kind { name: marks::FIELD, repeat: Repeat::FoundAgain, within: WITHIN },
    // Mail servers let strangers wait.
    Kind { name: email::KIND, repeat: Repeat::Asked, within: gonogo_remote::mail::WITHIN },
];

const WITHIN: Duration = Duration::from_secs(15);
/// How much longer than a try a lease is.
const AND: Duration = Duration::from_secs(5);
/// What could not be said for so long is no news any more.
const OLD: SignedDuration = SignedDuration::from_hours(24);

/// By their words.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|kind| kind.name)
}

fn kind_of(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// The next message of a kind, for as long as it may take to say it.
pub(super) async fn next(serving: &Serving, kind: &'static str) -> Result<Option<Outgoing>, StoreError> {
    let now = (serving.clock)();
    let lease = kind_of(kind).map_or(WITHIN, |kind| kind.within) + AND;
    let until = now.saturating_add(lease).unwrap_or(Timestamp::MAX);
    serving.store.lease_message(kind, now, until).await
}

/// Why a message was not said.
#[derive(Debug)]
struct NotSaid {
    error: String,
    /// When the other system wants to be asked again, where it says so.
    until: Option<Timestamp>,
    sure: Sure,
}

/// What is known of a message that was not said in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sure {
    /// It was not, and may be later.
    NotSaid,
    /// It was not, and never will be.
    NeverSaid,
    /// It may have been.
    No,
}

impl NotSaid {
    fn never(error: impl Into<String>) -> Self {
        Self { error: error.into(), until: None, sure: Sure::NeverSaid }
    }
}

/// One message, said, or put off until it may be tried again.
pub(super) async fn say(serving: &Serving, message: &Outgoing) -> Result<(), StoreError> {
    let begun = Instant::now();
    let perhaps = |error| Err(NotSaid { error, until: None, sure: Sure::No });
    let within = kind_of(&message.kind).map_or(WITHIN, |kind| kind.within);
    let said = match contained(tokio::time::timeout(within, try_to(serving, message))).await {
        Ok(Ok(said)) => said?,
        Ok(Err(_)) => perhaps(format!("no answer within {} s", within.as_secs())),
        Err(fault) => perhaps(fault),
    };
    told::said(message, begun, said.as_ref().err().map(|not| not.error.as_str()));
    let now = (serving.clock)();
    serving.store.message_ended(message, ended(message, said, now), now).await
}

/// The place where it stands then. What the store refuses is nobody's answer.
async fn try_to(serving: &Serving, message: &Outgoing) -> Result<Result<String, NotSaid>, StoreError> {
    match message.kind.as_str() {
        slack::KIND => slack::say(serving, message).await,
        jira::COMMENT => jira::comment(serving, message).await,
        jira::TRANSITION => jira::transition(serving, message).await,
        early::COMMENT => early::comment(serving, message).await,
        marks::VERSIONS => marks::versions(serving, message).await,
        marks::FIELD => marks::field(serving, message).await,
        email::KIND => email::say(serving, message).await,
        other => Ok(Err(NotSaid::never(format!("this version does not know `{other}`")))),
    }
}

fn ended(message: &Outgoing, said: Result<String, NotSaid>, now: Timestamp) -> Ended {
    let NotSaid { error, until, sure } = match said {
        Ok(place) => return Ended::Said { place },
        Err(not) => not,
    };
    let again_at = until.unwrap_or_else(|| show::later(now, message.attempts));
    let since = message.again_at.map_or(message.added_at, |at| at.max(message.added_at));
    let is_old = again_at.duration_since(since) > OLD;
    let repeat = kind_of(&message.kind).map(|kind| kind.repeat);
    match (sure, repeat) {
        (Sure::NeverSaid, _) => Ended::Failed { error },
        (Sure::NotSaid, _) if is_old => Ended::Failed { error },
        (Sure::NotSaid, _) => Ended::NotSaid { again_at, error },
        (Sure::No, Some(Repeat::FoundAgain)) if !is_old => Ended::Perhaps { again_at, error },
        (Sure::No, _) => Ended::Doubtful { error },
    }
}
