//! What people do about a candidate: let a finding pass, agree to that, take it
//! back, have it judged again. And the list of all waivers.

use super::layout::{self, Shown, ago, away, outside};
use super::paging::{Asked, Pages};
use super::table::table;
use crate::App;
use crate::session::{Session, escaped, not_our_form};
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use gonogo_core::person::Act;
use gonogo_core::say;
use gonogo_core::waiver::Standing;
use gonogo_engine::commands::waive::{ToWaive, WaiveError, check_again, confirm, may_confirm, take_back, waive};
use gonogo_store::{CandidateId, WaiverId, WaiverRow};
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Waivers on a page of the list.
const ROWS: usize = 100;

#[derive(Debug, Deserialize)]
pub(crate) struct Waived {
    form: String,
    fingerprint: String,
    why: String,
    days: i64,
    #[serde(default, rename = "where")]
    place: Place,
}

/// As it stands in the form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Place {
    #[default]
    Service,
    Branch,
}

#[derive(Debug, Deserialize)]
pub(crate) struct About {
    form: String,
    /// Where to go back to; without one to the list.
    candidate: Option<i64>,
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
    let Waived { fingerprint, why, days, place, .. } = &form;
    let asked = ToWaive { fingerprint, why, days: *days, this_branch: *place == Place::Branch };
    let done = waive(&app.serving, &session.person, id, asked).await;
    ended(done.map(drop), &session, Some(candidate))
}

/// What one may do about a waiver that is there, as it stands in the address.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Doing {
    TakeBack,
    Confirm,
}

pub(crate) async fn change(
    State(app): State<App>,
    session: Session,
    Path((service, waiver, doing)): Path<(String, i64, Doing)>,
    Form(form): Form<About>,
) -> Response {
    if !session.sent(&form.form) {
        return not_our_form();
    }
    let (who, waiver) = (&session.person, WaiverId(waiver));
    let done = match doing {
        Doing::TakeBack => take_back(&app.serving, who, &service, waiver).await,
        Doing::Confirm => confirm(&app.serving, who, &service, waiver).await,
    };
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
    ended(check_again(&app.serving, &session.person, CandidateId(candidate)).await, &session, Some(candidate))
}

pub(super) fn ended(done: Result<(), WaiveError>, session: &Session, candidate: Option<i64>) -> Response {
    let (place, name) = match candidate {
        Some(id) => (format!("/candidates/{id}"), "the candidate"),
        None => ("/waivers".to_owned(), "the waivers"),
    };
    let status = match &done {
        Ok(()) => return Redirect::to(&place).into_response(),
        Err(WaiveError::Store(error)) => return away(error).into_response(),
        Err(WaiveError::Forbidden(_)) => StatusCode::FORBIDDEN,
        Err(WaiveError::Input(_)) => StatusCode::UNPROCESSABLE_ENTITY,
        Err(WaiveError::Gone(_)) => StatusCode::CONFLICT,
    };
    let said = done.err().map(|error| error.to_string()).unwrap_or_default();
    let main = html! {
        p.stale role="alert" { (said) }
        p { a href=(place) { "Back to " (name) } }
    };
    (status, layout::page("Not done", false, Some(session), &main)).into_response()
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Which {
    #[serde(default)]
    service: String,
    #[serde(default)]
    state: String,
    #[serde(flatten)]
    paging: Asked,
}

/// The words for a waiver's standing in an address.
const STATES: [(&str, Standing); 4] = [
    ("proposed", Standing::Proposed),
    ("soon", Standing::LapsesSoon),
    ("holds", Standing::Holds),
    ("lapsed", Standing::Lapsed),
];

pub(crate) async fn page(State(app): State<App>, session: Session, Query(which): Query<Which>) -> Shown {
    let service = Some(which.service.as_str()).filter(|name| !name.is_empty());
    let mut rows = app.serving.store.all_waivers(service).await.map_err(|e| away(&e))?;
    let now = (app.serving.clock)();
    let standing = |row: &WaiverRow| Standing::of(row.is_proposed(), row.until, now);
    let state = STATES.iter().find(|(word, _)| *word == which.state).map(|(_, state)| *state);
    rows.retain(|row| state.is_none_or(|state| standing(row) == state));
    let pages = Pages::of(&rows, which.paging, ROWS);
    let mut to_confirm = BTreeSet::new();
    for row in pages.rows.iter().filter(|row| standing(row) == Standing::Proposed) {
        if may_confirm(&app.serving, &session.person, row).await.map_err(|e| away(&e))? {
            to_confirm.insert(row.id);
        }
    }
    let main = html! {
        form.row method="get" action="/waivers" {
            label {
                "Service"
                select name="service" {
                    option value="" { "all" }
                    @for service in &app.serving.services { option selected[service.name == which.service] { (service.name) } }
                }
            }
            label {
                "Which"
                select name="state" {
                    option value="" { "all" }
                    @for (word, state) in STATES { option value=(word) selected[word == which.state] { (state.words()) } }
                }
            }
            button { "Show" }
        }
        @if rows.is_empty() { p { "There is none that fits. A waiver is given on a candidate's page, beside what blocks it." } }
        @else {
            (table(["Service", "What", "Stands", "Until", "By", "Why", "To do"], pages.rows.iter().map(|row| [
                html! { (row.service) @if let Some(branch) = &row.branch { ", " (outside(branch)) " alone" } },
                html! { (outside(&row.said)) },
                html! { (standing(row).words()) },
                html! { (say::minute(row.until)) },
                html! { (outside(&row.by)) @if let Some(second) = &row.confirmed_by { ", confirmed by " (outside(second)) } " " (ago(row.given_at, now)) },
                html! { (outside(&row.why)) },
                acts(&session, row, standing(row), to_confirm.contains(&row.id)),
            ])))
            (pages.links_with("/waivers", &format!("service={}&state={}", escaped(&which.service), escaped(&which.state))))
        }
    };
    Ok(layout::page("Waivers", false, Some(&session), &main))
}

fn acts(session: &Session, row: &WaiverRow, standing: Standing, may_confirm: bool) -> Markup {
    let is_own = row.by_id == session.person.id;
    let may_end = is_own || session.person.may_at(&row.service, Act::Waive).is_ok();
    let button = |act: &str, said: &str| {
        html! {
            form.inline method="post" action={ "/services/" (row.service) "/waivers/" (row.id.0) "/" (act) } {
                input type="hidden" name="form" value=(session.form_word());
                button aria-label={ (said) ": " (outside(&row.said)) } { (said) }
            }
        }
    };
    html! {
        @if may_confirm { (button("confirm", "Confirm")) " " }
        @if standing != Standing::Lapsed && may_end { (button("take-back", "Take back")) }
    }
}
