//! Services.

use super::asked::{Asked, At, Reader, limit, position, slice};
use super::locks::lock_told;
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
use gonogo_core::running::Running;
use gonogo_engine::commands::compare::compare;
use gonogo_engine::commands::production::say_what_runs;
use gonogo_engine::jobs;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        read::<api::Page<api::Service>>("/services", "services", "All services, by name").asked::<api::Part>().by(all),
        read::<api::Service>("/services/{service}", "service", "One service").by(one),
        read::<api::Check>("/services/{service}/comparison", "compare", "What one commit would bring over another")
            .asked::<api::Compared>()
            .by(compared),
        write(
            "/services/{service}/production",
            "sayWhatRuns",
            "Says what runs, where the service's production is told",
            Act::SayWhatRuns,
        )
        .takes::<api::NewProduction>()
        .comes_to(StatusCode::ACCEPTED)
        .by(say),
    ]
}

async fn all(
    State(app): State<App>,
    _: Reader,
    Asked(part): Asked<api::Part>,
) -> Result<Json<api::Page<api::Service>>, Refusal> {
    let limit = limit(part.limit)?;
    let from = position(&part)?;
    let (items, next) = slice(told(&app).await?, from, limit);
    Ok(Json(api::Page { items, next: next.map(|at| at.to_string()) }))
}

async fn one(State(app): State<App>, _: Reader, At(name): At<String>) -> Result<Json<api::Service>, Refusal> {
    let found = told(&app).await?.into_iter().find(|service| service.name == name);
    found.map(Json).ok_or_else(|| Refusal::not_there("service"))
}

async fn compared(
    State(app): State<App>,
    reader: Reader,
    At(service): At<String>,
    Asked(asked): Asked<api::Compared>,
) -> Result<Json<api::Check>, Refusal> {
    Ok(Json(compare(&app.serving, &reader.person, &service, &asked.from, &asked.to).await?.check))
}

async fn say(
    State(app): State<App>,
    At(service): At<String>,
    ask: Ask<api::NewProduction>,
) -> Result<Response, Refusal> {
    ask.done(&app, StatusCode::ACCEPTED, |serving, who, new: api::NewProduction| {
        Box::pin(async move {
            let running: Vec<String> = new.running.into_iter().map(|sha| sha.0).collect();
            say_what_runs(serving, &who, &service, &running).await?;
            Ok(None)
        })
    })
    .await
}

/// Nobody knows yet what runs there.
const NOT_LOOKED_AT: &str = "it was not looked at yet";

async fn told(app: &App) -> Result<Vec<api::Service>, Refusal> {
    let troubles = app.serving.store.troubles(jobs::SYNC).await?;
    let productions = app.serving.store.productions().await?;
    let trouble_of = |repository: &str| troubles.iter().find(|t| t.key == repository).map(|t| t.error.clone());
    let running = |name: &str| productions.get(name).and_then(|row| row.running.as_ref());
    let unknown = |name: &str| match productions.get(name) {
        Some(row) => jobs::not_known(&app.serving, row),
        None => Some(NOT_LOOKED_AT.to_owned()),
    };
    let locks = app.serving.store.service_locks((app.serving.clock)()).await?;
    let tell = |service: &gonogo_engine::Service| api::Service {
        name: service.name.clone(),
        repository: service.repository.to_string(),
        running: running(&service.name).into_iter().flat_map(Running::shas).map(ToString::to_string).collect(),
        running_unknown: unknown(&service.name),
        trouble: trouble_of(&service.repository.to_string()),
        lock: locks.iter().find(|lock| lock.service == service.name).map(lock_told),
    };
    let mut all: Vec<api::Service> = app.serving.services.iter().map(tell).collect();
    all.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(all)
}
