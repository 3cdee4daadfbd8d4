//! Waivers: listed, given, taken back.

use super::asked::{Asked, At, Reader, before, limit, page};
use super::candidates::row;
use super::once::Ask;
use super::operation::{Operation, read, remove, write};
use super::refusal::Refusal;
use crate::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use gonogo_api as api;
use gonogo_core::fact::System;
use gonogo_core::person::Act;
use gonogo_engine::commands::waive::{ToWaive, confirm, take_back, waive};
use gonogo_engine::commands::waive_system::waive_system;
use gonogo_store::{CandidateId, WaiverId, WaiverRow};
use jiff::SignedDuration;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        write(
            "/candidates/{candidate}/waivers",
            "waive",
            "Lets a finding of it pass, for its whole service",
            Act::Waive,
        )
        .takes::<api::NewWaiver>()
        .makes::<api::Made>()
        .by(give),
        read::<api::Page<api::GivenWaiver>>(
            "/services/{service}/waivers",
            "waivers",
            "A service's waivers that were not taken back, the newest first",
        )
        .asked::<api::Part>()
        .by(all),
        write(
            "/services/{service}/waivers",
            "waiveSystem",
            "Lets all pass, for hours, that a system which is away leaves unchecked",
            Act::Waive,
        )
        .takes::<api::NewSystemWaiver>()
        .makes::<api::Made>()
        .by(give_of_system),
        write(
            "/services/{service}/waivers/{waiver}/confirmation",
            "confirmWaiver",
            "Agrees, as a second person, to a waiver that is proposed",
            Act::Waive,
        )
        .comes_to(StatusCode::NO_CONTENT)
        .by(agree),
        remove("/services/{service}/waivers/{waiver}", "takeBack", "Takes a waiver back", Act::Waive)
            .comes_to(StatusCode::NO_CONTENT)
            .by(take),
    ]
}

async fn give(State(app): State<App>, At(candidate): At<i64>, ask: Ask<api::NewWaiver>) -> Result<Response, Refusal> {
    row(&app, candidate).await?;
    ask.done(&app, StatusCode::CREATED, |serving, who, new: api::NewWaiver| {
        Box::pin(async move {
            let id = CandidateId(candidate);
            let api::NewWaiver { fingerprint, why, days, this_branch } = &new;
            let asked = ToWaive { fingerprint, why, days: *days, this_branch: *this_branch };
            let made = waive(serving, &who, id, asked).await?;
            Ok(Some(made.0))
        })
    })
    .await
}

async fn give_of_system(
    State(app): State<App>,
    At(service): At<String>,
    ask: Ask<api::NewSystemWaiver>,
) -> Result<Response, Refusal> {
    exists(&app, &service)?;
    ask.done(&app, StatusCode::CREATED, |serving, who, new: api::NewSystemWaiver| {
        Box::pin(async move {
            let system = match new.system {
                api::AwaySystem::Tracker => System::Tracker,
                api::AwaySystem::CodeHost => System::CodeHost,
            };
            let lasts = SignedDuration::from_secs(new.seconds);
            let made = waive_system(serving, &who, &service, system, &new.why, lasts).await?;
            Ok(Some(made.0))
        })
    })
    .await
}

async fn all(
    State(app): State<App>,
    _: Reader,
    At(service): At<String>,
    Asked(part): Asked<api::Part>,
) -> Result<Json<api::Page<api::GivenWaiver>>, Refusal> {
    let (most, before) = (limit(part.limit)?, before(&part)?.unwrap_or(i64::MAX));
    exists(&app, &service)?;
    let mut rows = app.serving.store.waivers(&service).await?;
    rows.retain(|row| row.id.0 < before);
    rows.truncate(most as usize);
    Ok(Json(page(rows, most, |row| row.id.0, |row| told(&service, row))))
}

async fn agree(
    State(app): State<App>,
    At((service, waiver)): At<(String, i64)>,
    ask: Ask<()>,
) -> Result<Response, Refusal> {
    exists(&app, &service)?;
    ask.done(&app, StatusCode::NO_CONTENT, |serving, who, ()| {
        Box::pin(async move {
            confirm(serving, &who, &service, WaiverId(waiver)).await?;
            Ok(None)
        })
    })
    .await
}

async fn take(
    State(app): State<App>,
    At((service, waiver)): At<(String, i64)>,
    ask: Ask<()>,
) -> Result<Response, Refusal> {
    exists(&app, &service)?;
    ask.done(&app, StatusCode::NO_CONTENT, |serving, who, ()| {
        Box::pin(async move {
            take_back(serving, &who, &service, WaiverId(waiver)).await?;
            Ok(None)
        })
    })
    .await
}

fn exists(app: &App, service: &str) -> Result<(), Refusal> {
    app.serving.service(service).map(drop).ok_or_else(|| Refusal::not_there("service"))
}

fn told(service: &str, row: WaiverRow) -> api::GivenWaiver {
    api::GivenWaiver {
        id: row.id.0,
        service: service.to_owned(),
        fingerprint: row.fingerprint,
        said: row.said,
        by: row.by,
        why: row.why,
        given_at: row.given_at.to_string(),
        until: row.until.to_string(),
        needs_second: row.needs_second,
        confirmed_by: row.confirmed_by,
        branch: row.branch,
    }
}
