//! What people do about a candidate: let a finding pass, take that back, have it
//! judged again.

use super::layout::{self, away};
use crate::App;
use crate::session::{Session, not_our_form};
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use gonogo_engine::commands::waive::{WaiveError, check_again, take_back, waive};
use gonogo_store::{CandidateId, WaiverId};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct Waived {
    form: String,
    fingerprint: String,
    why: String,
    days: i64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct TakenBack {
    form: String,
    candidate: i64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Again {
    form: String,
}

pub(crate) async fn give(
    State(app): State<App>,
    session: Session,
    Path(candidate): Path<i64>,
    Form(form): Form<Waived>,
) -> Response {
    if !session.sent(&form.form) {
        return not_our_form();
    }
    let id = CandidateId(candidate);
    let done = waive(&app.serving, &session.person, id, &form.fingerprint, &form.why, form.days).await;
    ended(done, &session, candidate)
}

pub(crate) async fn take(
    State(app): State<App>,
    session: Session,
    Path((service, waiver)): Path<(String, i64)>,
    Form(form): Form<TakenBack>,
) -> Response {
    if !session.sent(&form.form) {
        return not_our_form();
    }
    let done = take_back(&app.serving, &session.person, &service, WaiverId(waiver)).await;
    ended(done, &session, form.candidate)
}

pub(crate) async fn again(
    State(app): State<App>,
    session: Session,
    Path(candidate): Path<i64>,
    Form(form): Form<Again>,
) -> Response {
    if !session.sent(&form.form) {
        return not_our_form();
    }
    ended(check_again(&app.serving, &session.person, CandidateId(candidate)).await, &session, candidate)
}

fn ended(done: Result<(), WaiveError>, session: &Session, candidate: i64) -> Response {
    let status = match &done {
        Ok(()) => return Redirect::to(&format!("/candidates/{candidate}")).into_response(),
        Err(WaiveError::Store(error)) => return away(error).into_response(),
        Err(WaiveError::Forbidden(_)) => StatusCode::FORBIDDEN,
        Err(WaiveError::Input(_)) => StatusCode::UNPROCESSABLE_ENTITY,
        Err(WaiveError::Gone(_)) => StatusCode::CONFLICT,
    };
    let said = done.err().map(|error| error.to_string()).unwrap_or_default();
    let main = maud::html! {
        p.stale role="alert" { (said) }
        p { a href={ "/candidates/" (candidate) } { "Back to the candidate" } }
    };
    (status, layout::page("Not done", false, Some(session), &main)).into_response()
}
