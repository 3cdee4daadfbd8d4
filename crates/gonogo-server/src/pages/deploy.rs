//! A deploy, as production's move showed it: what ran before and after, and what
//! is to be looked at since. And all of a service that is not settled.

use super::checklist::{Of, checklist};
use super::layout::{self, Follows, Shown, ago, away, not_found, outside};
use crate::App;
use crate::session::{Session, not_our_form};
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use gonogo_core::post_deploy::Seen;
use gonogo_core::running::Running;
use gonogo_engine::commands::post_deploy::{AnswerError, answer, take};
use gonogo_store::views::CandidatesWanted;
use gonogo_store::{LookId, LookRow, LooksWanted, Only, ProductionMove, StoreError};
use maud::{Markup, html};
use serde::Deserialize;

/// Lines on a page.
const ROWS: u32 = 100;
/// The newest deploy, in the place of a number.
const LAST: &str = "last";

#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    /// Lines older than this one.
    before: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    form: String,
    seen: Seen,
    note: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Taken {
    form: String,
}

pub(crate) async fn page(
    State(app): State<App>,
    session: Session,
    Path((service, deploy)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Shown {
    if app.serving.service(&service).is_none() {
        return Err(not_found().await);
    }
    let store = &app.serving.store;
    let since = store.cursor().await.map_err(|e| away(&e))?;
    let Some(moved) = find(&app, &service, &deploy).await.map_err(|e| away(&e))? else { return Err(not_found().await) };
    let before = asked.before.map(LookId);
    let wanted = LooksWanted { deploy: Some(moved.id), before, ..LooksWanted::default() };
    let rows = store.looks(wanted, ROWS).await.map_err(|e| away(&e))?;
    let unread = store.unread_moves(&service).await.map_err(|e| away(&e))?;
    let is_unread = unread.iter().any(|one| one.id == moved.id);
    let candidate = candidate_of(&app, &moved).await.map_err(|e| away(&e))?;
    let now = (app.serving.clock)();
    let main = html! {
        p {
            "Since " (ago(moved.seen_at, now)) " " (commits(&moved.running)) " runs"
            @match &moved.before { Some(before) => { " instead of " (commits(before)) }, None => ", as it was known the first time" }
            ", known as " b { (outside(&moved.name)) } "."
        }
        p {
            a href={ "/services/" (service) } { "The service" } " · "
            a href={ "/services/" (service) "/post-deploy" } { "All of it that is not settled" }
            @if let Some(id) = candidate { " · " a href={ "/candidates/" (id) "/plan" } { "The plan of this deploy" } }
        }
        section {
            h2 { "Post-deploy checks" }
            @if is_unread { (being_read()) }
            @else if rows.is_empty() { p { "No story that came with this deploy asks for anything to be looked at. The policy's " code { "[checks.post-deploy]" } " says in which field stories do." } }
            @if !rows.is_empty() { (checklist(&rows, Of::OneDeploy, &session, now)) }
            (older(&rows, &format!("/services/{service}/deploys/{}", moved.id)))
        }
    };
    let follows = Follows { candidate: None, since };
    Ok(layout::live_page(&format!("{service}: deploy of {}", moved.running.short()), false, &session, &follows, &main))
}

pub(crate) async fn unsettled(
    State(app): State<App>,
    session: Session,
    Path(service): Path<String>,
    Query(asked): Query<Asked>,
) -> Shown {
    if app.serving.service(&service).is_none() {
        return Err(not_found().await);
    }
    let store = &app.serving.store;
    let since = store.cursor().await.map_err(|e| away(&e))?;
    let before = asked.before.map(LookId);
    let wanted = LooksWanted { service: service.clone(), only: Only::Unsettled, before, ..LooksWanted::default() };
    let rows = store.looks(wanted, ROWS).await.map_err(|e| away(&e))?;
    let is_unread = !store.unread_moves(&service).await.map_err(|e| away(&e))?.is_empty();
    let now = (app.serving.clock)();
    let main = html! {
        p { a href={ "/services/" (service) } { "The service" } " · " a href={ "/services/" (service) "/deploys/last" } { "Its last deploy" } }
        @if is_unread { (being_read()) }
        @else if rows.is_empty() { p { "Nothing waits for an answer: what stories asked to be looked at was looked at." } }
        @if !rows.is_empty() { (checklist(&rows, Of::Several, &session, now)) }
        (older(&rows, &format!("/services/{service}/post-deploy")))
    };
    let follows = Follows { candidate: None, since };
    Ok(layout::live_page(&format!("{service}: post-deploy checks"), false, &session, &follows, &main))
}

pub(crate) async fn tell(
    State(app): State<App>,
    session: Session,
    Path(id): Path<i64>,
    Form(sent): Form<Sent>,
) -> Response {
    if !session.sent(&sent.form) {
        return not_our_form();
    }
    let done = answer(&app.serving, &session.person, LookId(id), sent.seen, &sent.note).await;
    ended(done, &session).await
}

pub(crate) async fn own(
    State(app): State<App>,
    session: Session,
    Path(id): Path<i64>,
    Form(sent): Form<Taken>,
) -> Response {
    if !session.sent(&sent.form) {
        return not_our_form();
    }
    ended(take(&app.serving, &session.person, LookId(id)).await, &session).await
}

async fn ended(done: Result<LookRow, AnswerError>, session: &Session) -> Response {
    let (status, error) = match done {
        Ok(row) => {
            let place = format!("/services/{}/deploys/{}#check-{}", row.service, row.deploy, row.id.0);
            return Redirect::to(&place).into_response();
        }
        Err(AnswerError::Store(error)) => return away(&error).into_response(),
        Err(AnswerError::NotThere) => return not_found().await.into_response(),
        Err(error @ AnswerError::Forbidden(_)) => (StatusCode::FORBIDDEN, error),
        Err(error @ AnswerError::Input(_)) => (StatusCode::UNPROCESSABLE_ENTITY, error),
        Err(error @ AnswerError::Gone(_)) => (StatusCode::CONFLICT, error),
    };
    let main = html! {
        p.stale role="alert" { (outside(&error.to_string())) "." }
        p { "Go back, and nothing that you wrote is lost." }
    };
    (status, layout::page("Not done", false, Some(session), &main)).into_response()
}

/// Which stories came with a deploy is not known yet.
pub(crate) fn being_read() -> Markup {
    html! { p.waiting { (BEING_READ) } }
}

pub(crate) const BEING_READ: &str =
    "… What came with the last deploy is being read: whether it asks for anything to be looked at is not known yet.";

/// A move of the service's production.
async fn find(app: &App, service: &str, deploy: &str) -> Result<Option<ProductionMove>, StoreError> {
    let store = &app.serving.store;
    let id = match deploy {
        LAST => None,
        number => match number.parse::<i64>().ok().and_then(|id| id.checked_add(1)) {
            Some(after) => Some(after),
            None => return Ok(None),
        },
    };
    let newest = store.production_moves(service, id, 1).await?.pop();
    Ok(newest.filter(|moved| id.is_none_or(|after| moved.id + 1 == after)))
}

/// The candidate that was deployed, where it was one.
async fn candidate_of(app: &App, moved: &ProductionMove) -> Result<Option<i64>, StoreError> {
    let Some(head) = moved.running.only() else { return Ok(None) };
    let wanted =
        CandidatesWanted { service: moved.service.clone(), head: head.to_string(), ..CandidatesWanted::default() };
    let rows = app.serving.store.candidates(wanted, None, ROWS).await?;
    let is_it = |row: &&gonogo_store::views::CandidateRow| {
        row.candidate.stage.is_deploy() && row.candidate.production == moved.before
    };
    Ok(rows.iter().find(is_it).map(|row| row.candidate.id.0))
}

fn commits(running: &Running) -> Markup {
    html! {
        @for (at, sha) in running.shas().iter().enumerate() {
            @if at > 0 { " and " }
            code title=(sha) { (sha.short()) }
        }
    }
}

fn older(rows: &[LookRow], path: &str) -> Markup {
    html! {
        @if let Some(last) = rows.last().filter(|_| rows.len() == ROWS as usize) {
            nav.pages aria-label="Pages" { a rel="next" href={ (path) "?before=" (last.id.0) } { "More" } }
        }
    }
}
