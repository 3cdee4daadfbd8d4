//! Services.

use super::asked::{Asked, At, Reader, limit, position, slice};
use super::operation::{Operation, read};
use super::refusal::Refusal;
use crate::App;
use axum::Json;
use axum::extract::State;
use gonogo_api as api;
use gonogo_core::policy::ProductionSource;
use gonogo_engine::jobs;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        read::<api::Page<api::Service>>("/services", "services", "All services, by name").asked::<api::Part>().by(all),
        read::<api::Service>("/services/{service}", "service", "One service").by(one),
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

async fn told(app: &App) -> Result<Vec<api::Service>, Refusal> {
    let troubles = app.serving.store.troubles(jobs::SYNC).await?;
    let trouble_of = |repository: &str| troubles.iter().find(|trouble| trouble.key == repository).map(|t| t.error.clone());
    let tell = |service: &gonogo_engine::Service| api::Service {
        name: service.name.clone(),
        repository: service.repository.to_string(),
        production: reference(service.production.as_ref()),
        trouble: trouble_of(&service.repository.to_string()),
    };
    let mut all: Vec<api::Service> = app.serving.services.iter().map(tell).collect();
    all.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(all)
}

fn reference(source: Option<&ProductionSource>) -> Option<String> {
    match source {
        Some(ProductionSource::Ref(name)) => Some(name.clone()),
        _ => None,
    }
}
