//! People, what waits for them, and what they did.

use super::asked::{Asked, Reader, before, limit, page, position, slice};
use super::once::Ask;
use super::operation::{Operation, read, write};
use super::refusal::{Kind, Refusal};
use crate::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use gonogo_api as api;
use gonogo_core::person::{Act, Role};
use gonogo_engine::commands::people::add_person;
use gonogo_engine::commands::waits::{Wait, waits_for};
use gonogo_store::{AuditAsked, AuditRow, CandidateId, PersonRow};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        read::<Vec<api::WaitsForYou>>("/waits", "waits", "What waits for the token's person").by(waits),
        read::<api::Page<api::Person>>("/people", "people", "People, by name").asked::<api::Part>().by(people),
        write("/people", "addPerson", "Adds somebody", Act::AddPerson)
            .takes::<api::NewPerson>()
            .makes::<api::Made>()
            .by(add),
        read::<api::Page<api::AuditEntry>>("/audit", "audit", "What people did, the newest first")
            .asked::<api::Part>()
            .by(audit),
    ]
}

async fn waits(State(app): State<App>, reader: Reader) -> Result<Json<Vec<api::WaitsForYou>>, Refusal> {
    let kept = |(candidate, name): (CandidateId, String)| api::KeptCandidate { candidate: candidate.0, name };
    let tell = |wait: Wait| api::WaitsForYou {
        page: format!("{}{}", app.serving.pages, wait.page),
        service: wait.service,
        what: wait.what,
        fix: wait.fix,
        keeps: wait.keeps.into_iter().map(kept).collect(),
    };
    Ok(Json(waits_for(&app.serving, &reader.person).await?.into_iter().map(tell).collect()))
}

async fn people(
    State(app): State<App>,
    _: Reader,
    Asked(part): Asked<api::Part>,
) -> Result<Json<api::Page<api::Person>>, Refusal> {
    let limit = limit(part.limit)?;
    let from = position(&part)?;
    let (rows, next) = slice(app.serving.store.people().await?, from, limit);
    let tell = |row: PersonRow| api::Person {
        id: row.person.id,
        name: row.person.name,
        role: told(row.person.role),
        at: row.person.at.into_iter().map(|(service, role)| (service, told(role))).collect(),
        added_at: row.added_at.to_string(),
        deactivated_at: row.deactivated_at.map(|at| at.to_string()),
    };
    Ok(Json(api::Page { items: rows.into_iter().map(tell).collect(), next: next.map(|at| at.to_string()) }))
}

async fn add(State(app): State<App>, ask: Ask<api::NewPerson>) -> Result<Response, Refusal> {
    ask.done(&app, StatusCode::CREATED, |serving, who, new: api::NewPerson| {
        Box::pin(async move {
            let added = add_person(serving, &who, &new.name, new.password, meant(new.role)).await?;
            let taken = || Refusal::new(Kind::Conflict, format!("there is a {} already", new.name));
            added.map(|person| Some(person.id)).ok_or_else(taken)
        })
    })
    .await
}

async fn audit(
    State(app): State<App>,
    _: Reader,
    Asked(part): Asked<api::Part>,
) -> Result<Json<api::Page<api::AuditEntry>>, Refusal> {
    let most = limit(part.limit)?;
    let rows = app.serving.store.audit(&AuditAsked::default(), before(&part)?, most).await?;
    let tell = |row: AuditRow| api::AuditEntry {
        id: row.id,
        at: row.at.to_string(),
        actor: row.actor,
        action: row.action,
        subject: row.subject,
        detail: row.detail,
    };
    Ok(Json(page(rows, most, |row| row.id, tell)))
}

fn told(role: Role) -> api::Role {
    match role {
        Role::Viewer => api::Role::Viewer,
        Role::Developer => api::Role::Developer,
        Role::ReleaseManager => api::Role::ReleaseManager,
        Role::Admin => api::Role::Admin,
    }
}

fn meant(role: api::Role) -> Role {
    match role {
        api::Role::Viewer => Role::Viewer,
        api::Role::Developer => Role::Developer,
        api::Role::ReleaseManager => Role::ReleaseManager,
        api::Role::Admin => Role::Admin,
    }
}
