//! What is said outside once: listed, said again, dropped.

use super::asked::{Asked, At, Reader, before, limit, page};
use super::once::Ask;
use super::operation::{Operation, read, remove, write};
use super::refusal::{Kind, Refusal};
use crate::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use gonogo_api as api;
use gonogo_core::person::Act;
use gonogo_engine::commands::messages::{drop_message, say_again};
use gonogo_engine::commands::send_plan::send_plan;
use gonogo_engine::jobs::{about, to_do};
use gonogo_store::views::MessagesWanted;
use gonogo_store::{CandidateId, MessageId, MessageRow, MessageState};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        read::<api::Page<api::Message>>("/messages", "messages", "What is said outside once, the newest first")
            .asked::<api::MessagesAsked>()
            .by(all),
        write("/messages/{message}/tries", "sayAgain", "Has a message said again", Act::SeeToMessages)
            .comes_to(StatusCode::ACCEPTED)
            .by(again),
        remove("/messages/{message}", "dropMessage", "Has a message never said", Act::SeeToMessages)
            .comes_to(StatusCode::NO_CONTENT)
            .by(dropped),
        write("/candidates/{candidate}/plan/mails", "sendPlan", "Sends its deploy plan by e-mail", Act::SendPlan)
            .takes::<api::PlanTo>()
            .comes_to(StatusCode::ACCEPTED)
            .by(plan),
    ]
}

async fn all(
    State(app): State<App>,
    _: Reader,
    Asked(asked): Asked<api::MessagesAsked>,
) -> Result<Json<api::Page<api::Message>>, Refusal> {
    let part = asked.part();
    let (most, before) = (limit(part.limit)?, before(&part)?.map(MessageId));
    let is_empty = |text: &Option<String>| text.as_deref() == Some("");
    if is_empty(&asked.kind) || is_empty(&asked.story) {
        return Err(Refusal::new(Kind::Malformed, "in the address: kind and story are words, or left out"));
    }
    let story = asked.story.map(|key| key.to_uppercase());
    let wanted = MessagesWanted { state: asked.state.map(state_of), kind: asked.kind, story };
    let rows = app.serving.store.messages(wanted, before, most).await?;
    Ok(Json(page(rows, most, |row| row.id.0, told)))
}

async fn again(State(app): State<App>, At(id): At<i64>, ask: Ask<()>) -> Result<Response, Refusal> {
    ask.done(&app, StatusCode::ACCEPTED, |serving, who, ()| {
        Box::pin(async move {
            say_again(serving, &who, MessageId(id)).await?;
            Ok(None)
        })
    })
    .await
}

async fn dropped(State(app): State<App>, At(id): At<i64>, ask: Ask<()>) -> Result<Response, Refusal> {
    ask.done(&app, StatusCode::NO_CONTENT, |serving, who, ()| {
        Box::pin(async move {
            drop_message(serving, &who, MessageId(id)).await?;
            Ok(None)
        })
    })
    .await
}

async fn plan(State(app): State<App>, At(id): At<i64>, ask: Ask<api::PlanTo>) -> Result<Response, Refusal> {
    ask.done(&app, StatusCode::ACCEPTED, |serving, who, wanted| {
        Box::pin(async move {
            send_plan(serving, &who, CandidateId(id), &wanted.to, None).await?;
            Ok(None)
        })
    })
    .await
}

fn told(row: MessageRow) -> api::Message {
    let about = about(&row).into_iter().map(|one| api::MessageAbout { subject: one.subject, said: one.said });
    api::Message {
        id: row.id.0,
        about: about.collect(),
        state: told_state(row.state),
        added_at: row.added_at.to_string(),
        done_at: row.done_at.map(|at| at.to_string()),
        attempts: row.attempts,
        next_at: row.next_at.map(|at| at.to_string()),
        to_do: to_do(&row),
        kind: row.kind,
        target: row.target,
        error: row.error,
    }
}

/// The wire's word for a state.
pub(super) fn told_state(state: MessageState) -> api::ToldState {
    match state {
        MessageState::Waits => api::ToldState::Waits,
        MessageState::Said => api::ToldState::Said,
        MessageState::Doubtful => api::ToldState::Doubtful,
        MessageState::Failed => api::ToldState::Failed,
        MessageState::Dropped => api::ToldState::Dropped,
    }
}

fn state_of(state: api::ToldState) -> MessageState {
    match state {
        api::ToldState::Waits => MessageState::Waits,
        api::ToldState::Said => MessageState::Said,
        api::ToldState::Doubtful => MessageState::Doubtful,
        api::ToldState::Failed => MessageState::Failed,
        api::ToldState::Dropped => MessageState::Dropped,
    }
}
