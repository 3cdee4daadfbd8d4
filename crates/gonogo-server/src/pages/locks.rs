//! A service's lock by a person: shown where it keeps somebody from deploying, given and
//! taken off on the service's page.

use super::deploys::refused;
use super::layout::{ago, outside};
use crate::App;
use crate::session::{Session, not_our_form};
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use gonogo_core::person::Act;
use gonogo_core::say;
use gonogo_engine::commands::locks::{lock_service, take_lock_off};
use gonogo_store::ServiceLock;
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use serde::Deserialize;

/// How long a lock may last, and what is chosen first.
const HOURS: [(i64, &str); 8] = [
    (1, "1 hour"),
    (2, "2 hours"),
    (4, "4 hours"),
    (8, "8 hours"),
    (24, "1 day"),
    (72, "3 days"),
    (168, "1 week"),
    (336, "2 weeks"),
];
const USUAL: i64 = 4;

#[derive(Debug, Deserialize)]
pub(crate) struct Locking {
    form: String,
    why: String,
    hours: i64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Unlocking {
    form: String,
    #[serde(default)]
    why: String,
}

/// Who has locked it, until when, and why.
pub(crate) fn banner(lock: Option<&ServiceLock>, now: Timestamp) -> Markup {
    html! {
        @if let Some(lock) = lock {
            p.stale role="status" {
                "⚑ " b { (lock.service) " is locked" } " by " (outside(&lock.by)) " until " (say::minute(lock.until))
                " (" (ago(lock.until, now)) "): " (outside(&lock.why)) ". Nobody else deploys it until then. "
                a href={ "/services/" (lock.service) "#lock" } { "The lock" }
            }
        }
    }
}

/// On the service's page: the lock, and the forms for it.
pub(super) fn section(service: &str, lock: Option<&ServiceLock>, session: &Session, now: Timestamp) -> Markup {
    let may = session.person.may_at(service, Act::Lock).is_ok();
    let word = session.form_word();
    html! {
        @if let Some(lock) = lock {
            section id="lock" {
                h2 { "Lock" }
                p { "Locked by " b { (outside(&lock.by)) } " " (ago(lock.at, now)) ", until " (say::minute(lock.until)) ": " (outside(&lock.why)) ". Who owns it deploys as ever; it holds no more from then on." }
                @if may { (off(lock, session)) }
            }
        }
        @if may && lock.is_none_or(|lock| lock.by_id == session.person.id) {
            details {
                summary { @if lock.is_some() { "Lock it anew…" } @else { "Lock it against deploys of others…" } }
                form method="post" action={ "/services/" (service) "/lock" } {
                    input type="hidden" name="form" value=(word);
                    label { "Why?" input name="why" required maxlength="500" autocomplete="off"; }
                    label {
                        "For how long?"
                        select name="hours" { @for (hours, said) in HOURS { option value=(hours) selected[hours == USUAL] { (said) } } }
                    }
                    button { "Lock" }
                }
            }
        }
    }
}

fn off(lock: &ServiceLock, session: &Session) -> Markup {
    let is_own = lock.by_id == session.person.id;
    html! {
        form.row method="post" action={ "/services/" (lock.service) "/lock/" (lock.id) "/end" } {
            input type="hidden" name="form" value=(session.form_word());
            @if !is_own { label { "Why is it taken off?" input name="why" required maxlength="500" size="40" autocomplete="off"; } }
            button { "Take the lock off" }
        }
    }
}

pub(crate) async fn lock(
    State(app): State<App>,
    session: Session,
    Path(service): Path<String>,
    Form(sent): Form<Locking>,
) -> Response {
    if !session.sent(&sent.form) {
        return not_our_form();
    }
    if app.serving.service(&service).is_none() {
        return super::layout::not_found().await.into_response();
    }
    // A month is too long, however many hours there are.
    let lasts = SignedDuration::from_hours(sent.hours.clamp(0, 720));
    match lock_service(&app.serving, &session.person, &service, &sent.why, lasts).await {
        Ok(_) => Redirect::to(&format!("/services/{service}#lock")).into_response(),
        Err(error) => refused(&error, &session),
    }
}

pub(crate) async fn unlock(
    State(app): State<App>,
    session: Session,
    Path((service, id)): Path<(String, i64)>,
    Form(sent): Form<Unlocking>,
) -> Response {
    if !session.sent(&sent.form) {
        return not_our_form();
    }
    match take_lock_off(&app.serving, &session.person, &service, Some(id), &sent.why).await {
        Ok(_) => Redirect::to(&format!("/services/{service}")).into_response(),
        Err(error) => refused(&error, &session),
    }
}
