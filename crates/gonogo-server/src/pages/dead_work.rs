//! Work that was given up, and trying it again.

use super::layout::{self, Shown, ago, away, outside};
use super::table::table;
use crate::App;
use crate::session::{Session, not_our_form};
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use gonogo_core::person::Act;
use gonogo_core::say;
use gonogo_engine::commands::run_again::{RunAgainError, run_dead_work_again};
use gonogo_store::JobId;
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::HashMap;

const ROWS: u32 = 100;
/// What of an error stands in a row.
const MOST_ERROR: usize = 600;

#[derive(Debug, Deserialize)]
pub(crate) struct Again {
    pub form: String,
}

pub(crate) async fn page(
    State(app): State<App>,
    session: Session,
    Query(query): Query<HashMap<String, String>>,
) -> Shown {
    let before = query.get("before").and_then(|text| text.parse().ok());
    let rows = app.serving.store.dead_work(before, ROWS).await.map_err(|e| away(&e))?;
    let now = (app.serving.clock)();
    let last = rows.last().filter(|_| rows.len() == ROWS as usize);
    let main = html! {
        @if rows.is_empty() { p { "Nothing was given up." } }
        @else {
            p { "This failed too often, and is not tried any more until somebody says so." }
            (table(["Given up", "Work", "With", "Tried", "Why", "Again"], rows.iter().map(|row| [
                ago(row.dead_at, now),
                html! { (outside(&row.kind)) },
                html! { (outside(&row.key)) },
                html! { (say::count(usize::try_from(row.attempts).unwrap_or(0), "time")) },
                html! { (say::cut(&outside(&row.error), MOST_ERROR)) },
                run_again(&session, &format!("/dead-work/{}/runs", row.id.0), "Try again"),
            ])))
        }
        @if let Some(last) = last { p { a href={ "/dead-work?before=" (last.id.0) } { "Older" } } }
    };
    Ok(layout::page("Dead work", false, Some(&session), &main))
}

/// The button of who may.
pub(crate) fn run_again(session: &Session, action: &str, said: &str) -> Markup {
    html! {
        @if session.person.may(Act::RunAgain).is_ok() {
            form.inline method="post" action=(action) {
                input type="hidden" name="form" value=(session.form_word());
                button { (said) }
            }
        }
    }
}

/// What waits for somebody who may see to it.
pub(crate) fn hint(session: &Session, given_up: i64) -> Markup {
    let number = usize::try_from(given_up).unwrap_or(0);
    html! {
        @if number > 0 && session.person.may(Act::RunAgain).is_ok() {
            p.hint { a href="/dead-work" { (say::count(number, "piece")) " of work" } " failed too often, and is not tried any more." }
        }
    }
}

pub(crate) async fn run(
    State(app): State<App>,
    session: Session,
    Path(id): Path<i64>,
    Form(form): Form<Again>,
) -> Response {
    if !session.sent(&form.form) {
        return not_our_form();
    }
    ended(run_dead_work_again(&app.serving, &session.person, JobId(id)).await, "/dead-work")
}

/// Back to the list, or why it was not done.
pub(crate) fn ended(done: Result<(), RunAgainError>, list: &str) -> Response {
    let error = match done {
        Ok(()) => return Redirect::to(list).into_response(),
        Err(RunAgainError::Store(error)) => return away(&error).into_response(),
        Err(error) => error,
    };
    let status = match error {
        RunAgainError::Forbidden(_) => StatusCode::FORBIDDEN,
        _ => StatusCode::CONFLICT,
    };
    (status, layout::message("Not done", &error.to_string())).into_response()
}
