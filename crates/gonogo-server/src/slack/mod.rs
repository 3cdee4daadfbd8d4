//! What comes from Slack, whichever way: stored before it is acknowledged, under
//! the id that Slack gave it. What somebody waits for is done at once; the rest is
//! worked on later.

mod socket;

pub(crate) use socket::listen;

use crate::App;
use gonogo_engine::commands::from_slack::{SlackSays, answer_again, cannot_wait, done_now, slack, slack_kept};
use gonogo_engine::jobs::{DELIVERY, SLACK};
use gonogo_store::{Delivery, DeliveryId, Received, StoreError};
use serde_json::Value;
use std::time::Duration;

/// Slack waits for three seconds.
const WITHIN: Duration = Duration::from_millis(2_700);

/// What Slack is told.
#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    /// It was taken, with what its sender is to see.
    Taken(Option<Value>),
    /// It cannot be read.
    Odd,
    /// Then Slack sends it again, or its sender sees that it failed.
    NotStored,
}

/// An event, or the payload of an interaction.
pub(crate) async fn dispatch(app: &App, payload: &Value) -> Answer {
    let answer = match tokio::time::timeout(WITHIN, taken(app, payload)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            tracing::error!(source = SLACK, %error, "a delivery could not be stored");
            Answer::NotStored
        }
        Err(_) => {
            tracing::warn!(source = SLACK, within_ms = WITHIN.as_millis(), "a delivery was not done in time");
            Answer::NotStored
        }
    };
    let outcome = match answer {
        Answer::Taken(_) => "stored",
        Answer::NotStored => "not-stored",
        Answer::Odd => "refused",
    };
    metrics::counter!("gonogo_deliveries_total", "source" => SLACK, "outcome" => outcome).increment(1);
    answer
}

async fn taken(app: &App, payload: &Value) -> Result<Answer, StoreError> {
    let Some(hook) = slack(payload) else { return Ok(Answer::Odd) };
    let store = &app.serving.store;
    let delivery = Delivery {
        source: SLACK.to_owned(),
        delivery_id: hook.id,
        event: hook.event,
        body: slack_kept(payload).to_string().into_bytes(),
        received_at: (app.serving.clock)(),
    };
    if !cannot_wait(&hook.says) {
        store.receive(delivery, DELIVERY).await?;
        return Ok(Answer::Taken(None));
    }
    let id = match store.receive_for_now(delivery).await? {
        Received::New(id) => id,
        Received::Known(id) => match store.outcome_of(id).await? {
            Some(outcome) => return Ok(Answer::Taken(answer_again(&hook.says, &outcome))),
            // Whoever stored it did not come to the end.
            None => id,
        },
    };
    now(app, id, &hook.says).await
}

async fn now(app: &App, id: DeliveryId, says: &SlackSays) -> Result<Answer, StoreError> {
    let done = done_now(&app.serving, says).await?;
    app.serving.store.delivery_led_to(id, done.outcome).await?;
    Ok(Answer::Taken(done.answer))
}
