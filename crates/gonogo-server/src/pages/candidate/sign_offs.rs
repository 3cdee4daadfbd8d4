//! The sign-offs of a deploy: who has to give each, who has, and the buttons.

use super::look::Look;
use crate::App;
use crate::pages::layout::{self, ago, away, outside};
use crate::pages::table::table;
use crate::session::{Session, not_our_form};
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use gonogo_core::person::Act;
use gonogo_core::policy::SignOff;
use gonogo_core::say;
use gonogo_engine::commands::acknowledge::Speaker;
use gonogo_engine::commands::sign_off::{SignOffError, Standing, may_give, sign_off, take_back};
use gonogo_store::{CandidateId, SignOffId, SignOffRow};
use maud::{Markup, html};
use serde::Deserialize;
use std::fmt::Write;

#[derive(Debug, Deserialize)]
pub(crate) struct Given {
    form: String,
    name: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct TakenBack {
    form: String,
}

const NONE: &str = "The policy asks for none.";

/// Those that the policy wants, and what else stands.
pub(super) fn section(
    look: &Look,
    wanted: &[SignOff],
    given: &[Standing],
    speaker: &Speaker<'_>,
    session: &Session,
) -> Markup {
    let others = given.iter().map(|one| &one.row).filter(|row| wanted.iter().all(|one| one.name != row.name));
    html! {
        section {
            h2 id="sign-offs" { "Sign-offs" }
            @if wanted.is_empty() && given.is_empty() { p { (NONE) } }
            @else {
                (table(["Sign-off", "By whom", "Given"], wanted.iter().map(|one| {
                    let row = given.iter().find(|given| given.row.name == one.name);
                    [html! { (outside(&one.name)) }, html! { (outside(&one.by.to_string())) }, state(look, one, row, speaker, session)]
                }).chain(others.map(|row| {
                    [html! { (outside(&row.name)) }, html! { "asked for no more" }, stands(look, row, session)]
                }))))
                p.quiet { "Each is for exactly this head over what runs: another head, or another production, needs new ones." }
            }
        }
    }
}

fn state(look: &Look, wanted: &SignOff, given: Option<&Standing>, speaker: &Speaker<'_>, session: &Session) -> Markup {
    let may = || may_give(speaker, &look.candidate.service, wanted).is_ok();
    html! {
        @if let Some(old) = given.filter(|given| !given.counts) {
            span.no-go { "✗ of " (outside(&old.row.by)) ", who may not give it any more" } " "
        }
        @match given.filter(|given| given.counts) {
            Some(given) => (stands(look, &given.row, session)),
            None if look.candidate.is_open && look.candidate.stage.is_deploy() && may() => {
                form.inline.no-print method="post" action={ (look.path()) "/sign-offs" } {
                    input type="hidden" name="form" value=(session.form_word());
                    input type="hidden" name="name" value=(wanted.name);
                    button { "Sign off as " (outside(&wanted.name)) }
                }
            }
            None => span.waiting { "… not given" },
        }
    }
}

fn stands(look: &Look, row: &SignOffRow, session: &Session) -> Markup {
    let person = &session.person;
    let may = row.by_id == person.id || person.may_at(&look.candidate.service, Act::Waive).is_ok();
    html! {
        span.go { "✓ " (outside(&row.by)) } ", " (ago(row.at, look.now)) " "
        @if look.candidate.is_open && may {
            form.inline.no-print method="post" action={ (look.path()) "/sign-offs/" (row.id.0) "/take-back" } {
                input type="hidden" name="form" value=(session.form_word());
                button { "Take back" }
            }
        }
    }
}

pub(super) fn written(wanted: &[SignOff], given: &[Standing]) -> String {
    let mut out = "\n## Sign-offs\n\n".to_owned();
    for one in wanted {
        let given = given.iter().find(|given| given.row.name == one.name && given.counts);
        let said = match given.map(|given| &given.row) {
            Some(row) => format!("{}, {}", row.by, say::minute(row.at)),
            None => format!("not given, by {}", one.by),
        };
        let _ = writeln!(out, "- {}: {}", say::markdown(&one.name), say::markdown(&said));
    }
    if wanted.is_empty() {
        let _ = writeln!(out, "{NONE}");
    }
    out
}

pub(crate) async fn give(
    State(app): State<App>,
    session: Session,
    Path(id): Path<i64>,
    Form(given): Form<Given>,
) -> Response {
    if !session.sent(&given.form) {
        return not_our_form();
    }
    let done = sign_off(&app.serving, &session.person, CandidateId(id), &given.name).await.map(drop);
    ended(done, id, &session)
}

pub(crate) async fn take(
    State(app): State<App>,
    session: Session,
    Path((id, given)): Path<(i64, i64)>,
    Form(taken): Form<TakenBack>,
) -> Response {
    if !session.sent(&taken.form) {
        return not_our_form();
    }
    ended(take_back(&app.serving, &session.person, CandidateId(id), SignOffId(given)).await, id, &session)
}

fn ended(done: Result<(), SignOffError>, id: i64, session: &Session) -> Response {
    let place = format!("/candidates/{id}/plan#sign-offs");
    let error = match done {
        Ok(()) => return Redirect::to(&place).into_response(),
        Err(SignOffError::Store(error)) => return away(&error).into_response(),
        Err(error) => error,
    };
    let status = match &error {
        SignOffError::Forbidden(_) | SignOffError::NotNamed { .. } => StatusCode::FORBIDDEN,
        SignOffError::Gone(_) | SignOffError::Store(_) => StatusCode::CONFLICT,
    };
    let main = html! {
        p.stale role="alert" { (outside(&error.to_string())) "." }
        p { a href=(place) { "Back to the plan" } }
    };
    (status, layout::page("Not done", false, Some(session), &main)).into_response()
}
