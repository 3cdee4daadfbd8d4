//! What came in, and what was given up: listed, and run again.

use super::asked::{Asked, At, Reader, before, limit, page};
use super::once::Ask;
use super::operation::{Operation, read, write};
use super::refusal::Refusal;
use crate::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use gonogo_api as api;
use gonogo_core::person::Act;
use gonogo_engine::commands::run_again::{run_dead_work_again, run_delivery_again};
use gonogo_store::views::DeadWork;
use gonogo_store::{DeliveryId, DeliveryRow, JobId};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        read::<api::Page<api::Delivery>>("/deliveries", "deliveries", "What other systems sent, the newest first")
            .asked::<api::Part>()
            .by(deliveries),
        write("/deliveries/{delivery}/runs", "runDelivery", "Reads a delivery once more", Act::RunAgain)
            .comes_to(StatusCode::ACCEPTED)
            .by(run_delivery),
        read::<api::Page<api::DeadWork>>("/dead-work", "deadWork", "Work that was given up, the newest first")
            .asked::<api::Part>()
            .by(dead_work),
        write("/dead-work/{work}/runs", "runDeadWork", "Tries it again from the beginning", Act::RunAgain)
            .comes_to(StatusCode::ACCEPTED)
            .by(run_dead_work),
    ]
}

async fn deliveries(
    State(app): State<App>,
    _: Reader,
    Asked(part): Asked<api::Part>,
) -> Result<Json<api::Page<api::Delivery>>, Refusal> {
    let (most, before) = (limit(part.limit)?, before(&part)?.map(DeliveryId));
    let rows = app.serving.store.deliveries(before, most).await?;
    let tell = |row: DeliveryRow| api::Delivery {
        id: row.id.0,
        source: row.source,
        delivery_id: row.delivery_id,
        event: row.event,
        received_at: row.received_at.to_string(),
        outcome: row.outcome,
    };
    Ok(Json(page(rows, most, |row| row.id.0, tell)))
}

async fn run_delivery(State(app): State<App>, At(id): At<i64>, ask: Ask<()>) -> Result<Response, Refusal> {
    ask.done(&app, StatusCode::ACCEPTED, |serving, who, ()| {
        Box::pin(async move {
            run_delivery_again(serving, &who, DeliveryId(id)).await?;
            Ok(None)
        })
    })
    .await
}

async fn dead_work(
    State(app): State<App>,
    _: Reader,
    Asked(part): Asked<api::Part>,
) -> Result<Json<api::Page<api::DeadWork>>, Refusal> {
    let most = limit(part.limit)?;
    let rows = app.serving.store.dead_work(before(&part)?, most).await?;
    let tell = |row: DeadWork| api::DeadWork {
        id: row.id.0,
        kind: row.kind,
        key: row.key,
        attempts: row.attempts,
        dead_at: row.dead_at.to_string(),
        error: row.error,
    };
    Ok(Json(page(rows, most, |row| row.id.0, tell)))
}

async fn run_dead_work(State(app): State<App>, At(id): At<i64>, ask: Ask<()>) -> Result<Response, Refusal> {
    ask.done(&app, StatusCode::ACCEPTED, |serving, who, ()| {
        Box::pin(async move {
            run_dead_work_again(serving, &who, JobId(id)).await?;
            Ok(None)
        })
    })
    .await
}
