//! What people do in Slack: each is the same command as on a page, by the person
//! who joined that Slack account. What they are told of it, they are told there.

mod deploying;
mod locking;
mod modal;
mod refusing;
mod stopping;
mod telling;
mod waiving;
mod who;

pub use gonogo_read::slack::{Asked, Pressed, SlackHook, SlackSays, Submitted, slack, slack_kept};

use super::waive::check_again;
use crate::serving::Serving;
use gonogo_core::deploy::Signal;
use gonogo_core::say;
use gonogo_store::{CandidateId, StoreError};
use serde_json::Value;
use telling::Telling;
use who::{Who, who};

/// Buttons of ours, as Slack has them back.
pub(crate) const CHECK_AGAIN: &str = "check-again";
pub(crate) const WAIVE: &str = "waive";
pub(crate) const APPROVE: &str = "deploy-approve";
pub(crate) const SIGNALS: [(Signal, &str); 4] = [
    (Signal::Halt, "deploy-halt"),
    (Signal::Resume, "deploy-resume"),
    (Signal::RollBack, "deploy-roll-back"),
    (Signal::Abandon, "deploy-abandon"),
];

/// Words on a step that a deploy waits with: which deploy and which act stands with them.
pub(crate) const GO_ON: &str = "deploy-go-on";
pub(crate) const YES: &str = "deploy-yes";
pub(crate) const NO: &str = "deploy-no";

/// How what was not done begins, where it is listed.
const NOT_DONE: &str = "not done: ";

/// What came of something that cannot wait.
#[derive(Debug)]
pub struct Done {
    /// For the list of deliveries.
    pub outcome: String,
    /// What Slack is answered; without it that it was taken.
    pub answer: Option<Value>,
}

impl From<String> for Done {
    fn from(outcome: String) -> Self {
        Self { outcome, answer: None }
    }
}

/// Whether Slack waits for what comes of it: a modal is opened within three
/// seconds, and what is wrong with one is its answer.
pub fn cannot_wait(says: &SlackSays) -> bool {
    match says {
        SlackSays::Pressed(pressed) => pressed.button == WAIVE || pressed.button == NO,
        SlackSays::Submitted(_) => true,
        // Who sent a command sees what is answered.
        SlackSays::Asked(asked) => asked.command.is_some(),
        SlackSays::Shared(_) | SlackSays::Other => false,
    }
}

/// Does what [cannot wait](cannot_wait).
pub async fn done_now(serving: &Serving, says: &SlackSays) -> Result<Done, StoreError> {
    match says {
        SlackSays::Pressed(pressed) => press(serving, pressed).await.map(Done::from),
        SlackSays::Submitted(submitted) if submitted.modal == NO => refusing::submit(serving, submitted).await,
        SlackSays::Submitted(submitted) => waiving::submit(serving, submitted).await,
        SlackSays::Asked(asked) => deploying::by_command(serving, asked).await,
        SlackSays::Shared(_) | SlackSays::Other => Ok(nothing().into()),
    }
}

/// What Slack is answered when the same comes again.
pub fn answer_again(says: &SlackSays, outcome: &str) -> Option<Value> {
    match says {
        SlackSays::Submitted(_) => Some(modal::errors(modal::WHY, outcome.strip_prefix(NOT_DONE)?)),
        SlackSays::Asked(_) => Some(deploying::alone(&say::slack(outcome))),
        SlackSays::Pressed(_) | SlackSays::Shared(_) | SlackSays::Other => None,
    }
}

/// What comes of words in which we are named.
pub(crate) async fn asked_by_name(serving: &Serving, asked: &Asked) -> Result<String, StoreError> {
    deploying::by_name(serving, asked).await
}

/// What comes of a button.
pub(crate) async fn press(serving: &Serving, pressed: &Pressed) -> Result<String, StoreError> {
    let telling = Telling { serving, channel: &pressed.channel, member: &pressed.member };
    let person = match who(serving, &pressed.member.id).await? {
        Who::Person(person) => person,
        Who::TooLongAgo => return Ok(telling.sign_in_first().await),
        Who::Nobody => return telling.offers_to_join().await,
    };
    if pressed.button == NO {
        return Ok(refusing::open(serving, &person, pressed).await);
    }
    if let Some(outcome) = deploying::press(serving, &telling, &person, pressed).await? {
        return Ok(outcome);
    }
    let Ok(candidate) = pressed.value.parse().map(CandidateId) else { return Ok(nothing()) };
    match pressed.button.as_str() {
        CHECK_AGAIN => match check_again(serving, &person, candidate).await {
            Ok(()) => {
                let done = format!("judges it again, for {}", person.name);
                Ok(telling.did(done, "It is judged again. What it says above changes where the verdict does.").await)
            }
            Err(error) => telling.refuses(error, &person).await,
        },
        WAIVE => match waiving::open(serving, &person, candidate, &pressed.trigger).await {
            Ok(outcome) => Ok(outcome),
            Err(error) => telling.refuses(error, &person).await,
        },
        _ => Ok(nothing()),
    }
}

fn nothing() -> String {
    "nothing to do: this version does not know it".to_owned()
}
