//! Systems that are away: letting all pass, for hours, that one leaves
//! unchecked in a service, and the banner that says so while it holds.

use super::layout::outside;
use super::waivers::ended;
use crate::App;
use crate::session::{Session, not_our_form};
use axum::Form;
use axum::extract::{Path, State};
use axum::response::Response;
use gonogo_api::Check;
use gonogo_core::fact::System;
use gonogo_core::person::Act;
use gonogo_core::say;
use gonogo_core::waiver::{Covers, LONGEST_FOR_SYSTEM, Standing};
use gonogo_engine::commands::waive_system::{is_left_by, waive_system};
use gonogo_store::WaiverRow;
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct Waived {
    form: String,
    system: System,
    why: String,
    hours: i64,
    /// Where to go back to.
    candidate: i64,
}

pub(crate) async fn give(
    State(app): State<App>,
    session: Session,
    Path(service): Path<String>,
    Form(form): Form<Waived>,
) -> Response {
    if !session.sent(&form.form) {
        return not_our_form();
    }
    // A day is too long, however many there are.
    let lasts = SignedDuration::from_hours(form.hours.clamp(0, 24));
    let done = waive_system(&app.serving, &session.person, &service, form.system, &form.why, lasts).await;
    ended(done.map(drop), &session, Some(form.candidate))
}

/// What is let pass now, loudly.
pub(super) fn banner(waivers: &[WaiverRow], now: Timestamp) -> Markup {
    let holds = |row: &&WaiverRow| {
        let stands = Standing::of(row.is_proposed(), row.until, now);
        matches!(row.fingerprint.parse(), Ok(Covers::System(_))) && stands != Standing::Lapsed
    };
    html! {
        @for row in waivers.iter().filter(holds) {
            p.stale role="status" {
                "⚑ Until " (say::hour(row.until)) " " b { (outside(&row.said)) }
                @if row.is_proposed() { " would pass, once a second person confirms it: " } @else { " is let pass: " }
                (outside(&row.why)) " (" (outside(&row.by)) "). Then it blocks again. "
                a href={ "/waivers?service=" (row.service) } { "Waivers" }
            }
        }
    }
}

/// The forms for the systems that leave something unchecked, for who may.
pub(super) fn forms(check: &Check, waivers: &[WaiverRow], candidate: i64, session: &Session, now: Timestamp) -> Markup {
    let service = check.service.as_str();
    let may = session.person.may_at(service, Act::Waive).is_ok();
    let is_asked = |system: &System| {
        let of_it = Covers::System(*system).to_string();
        let is_waived = waivers.iter().any(|row| row.fingerprint == of_it && now < row.until);
        !is_waived && check.findings.iter().any(|one| one.waiver.is_none() && is_left_by(one, *system))
    };
    html! {
        @for system in System::ALL.into_iter().filter(|system| may && is_asked(system)) {
            details id={ "waive-" (system.word()) } {
                summary { "Waive all that " (system.name()) " leaves unchecked…" }
                form method="post" action={ "/services/" (service) "/waivers" } {
                    input type="hidden" name="form" value=(session.form_word());
                    input type="hidden" name="system" value=(system.word());
                    input type="hidden" name="candidate" value=(candidate);
                    p.quiet { "In all candidates of " (service) ", also of later heads. What " (system.name()) " does answer is judged as ever." }
                    label { "Why may it pass?" textarea name="why" rows="2" maxlength="2000" required {} }
                    label {
                        "For how long?"
                        select name="hours" {
                            @for hours in 1..=LONGEST_FOR_SYSTEM.as_hours() { option value=(hours) { (hours) @if hours == 1 { " hour" } @else { " hours" } } }
                        }
                    }
                    button { "Waive" }
                }
            }
        }
    }
}
