//! An admin has something worked on once more: a delivery, or work that was
//! given up.

use super::from_slack::{SlackHook, SlackSays, slack};
use super::people::deed_of;
use crate::jobs::{DELIVERY, SLACK};
use crate::serving::Serving;
use gonogo_core::person::{Act, Forbidden, Person};
use gonogo_store::{Delivery, DeliveryId, JobId, NewJob, StoreError};
use thiserror::Error;

#[derive(Debug, Error)]
pub enum RunAgainError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Forbidden(Forbidden),
    #[error("{0}")]
    Gone(&'static str),
}

pub async fn run_delivery_again(serving: &Serving, who: &Person, id: DeliveryId) -> Result<(), RunAgainError> {
    let actor = who.may(Act::RunAgain).map_err(RunAgainError::Forbidden)?;
    let Some(delivery) = serving.store.delivery(id).await? else {
        return Err(RunAgainError::Gone("there is no such delivery"));
    };
    if is_an_act(&delivery) {
        return Err(RunAgainError::Gone(
            "what somebody did in Slack is not done again in their name: they press again",
        ));
    }
    let now = (serving.clock)();
    let detail = format!("{} {}", delivery.event, delivery.delivery_id);
    let deed = deed_of(&actor, now, "ran a delivery again", &delivery.source, &detail);
    let job = NewJob { kind: DELIVERY, key: id.0.to_string(), body: String::new(), run_at: now };
    Ok(serving.store.enqueue_for(job, deed).await?)
}

/// Whether an event that Slack told may be something that somebody did there.
pub fn is_done_by_a_member(source: &str, event: &str) -> bool {
    source == SLACK
        && ["block_actions", "view_submission", "command", "app_mention"].iter().any(|act| event.starts_with(act))
}

/// A hook is a hint where to look, and may be read again; a press of a button is not.
fn is_an_act(delivery: &Delivery) -> bool {
    let hook = || slack(&serde_json::from_slice(&delivery.body).ok()?);
    let is_one =
        |hook: SlackHook| matches!(hook.says, SlackSays::Pressed(_) | SlackSays::Submitted(_) | SlackSays::Asked(_));
    delivery.source == SLACK && hook().is_some_and(is_one)
}

pub async fn run_dead_work_again(serving: &Serving, who: &Person, id: JobId) -> Result<(), RunAgainError> {
    let actor = who.may(Act::RunAgain).map_err(RunAgainError::Forbidden)?;
    let deed = deed_of(&actor, (serving.clock)(), "ran dead work again", &format!("work {}", id.0), "");
    if !serving.store.run_dead_work(id, deed).await? {
        return Err(RunAgainError::Gone("there is no such dead work: it may run by now"));
    }
    Ok(())
}
