//! Locks of services by people: given, and taken off. A service tells of its own.

use super::asked::At;
use super::once::Ask;
use super::operation::{Operation, write};
use super::refusal::Refusal;
use crate::App;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use gonogo_api as api;
use gonogo_core::person::Act;
use gonogo_engine::commands::locks::{lock_service, take_lock_off};
use gonogo_store::ServiceLock;
use jiff::SignedDuration;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        write("/services/{service}/lock", "lockService", "Locks it: nobody else has a deploy of it begin", Act::Lock)
            .takes::<api::NewServiceLock>()
            .makes::<api::Made>()
            .by(locks),
        write("/services/{service}/lock/end", "unlockService", "Takes its lock off, whoever gave it", Act::Lock)
            .takes::<api::LockEnd>()
            .comes_to(StatusCode::NO_CONTENT)
            .by(unlocks),
    ]
}

async fn locks(
    State(app): State<App>,
    At(service): At<String>,
    ask: Ask<api::NewServiceLock>,
) -> Result<Response, Refusal> {
    exists(&app, &service)?;
    ask.done(&app, StatusCode::CREATED, |serving, who, new: api::NewServiceLock| {
        Box::pin(async move {
            let lasts = SignedDuration::from_secs(new.seconds);
            Ok(Some(lock_service(serving, &who, &service, &new.why, lasts).await?.id))
        })
    })
    .await
}

async fn unlocks(State(app): State<App>, At(service): At<String>, ask: Ask<api::LockEnd>) -> Result<Response, Refusal> {
    exists(&app, &service)?;
    ask.done(&app, StatusCode::NO_CONTENT, |serving, who, end: api::LockEnd| {
        Box::pin(async move {
            take_lock_off(serving, &who, &service, None, &end.why).await?;
            Ok(None)
        })
    })
    .await
}

fn exists(app: &App, service: &str) -> Result<(), Refusal> {
    app.serving.service(service).map(drop).ok_or_else(|| Refusal::not_there("service"))
}

pub(super) fn lock_told(lock: &ServiceLock) -> api::ServiceLock {
    api::ServiceLock {
        id: lock.id,
        by: lock.by.clone(),
        why: lock.why.clone(),
        at: lock.at.to_string(),
        until: lock.until.to_string(),
    }
}
