//! Deploys by break-glass: the form, the mark that stays, and what is written afterwards.

use super::deploys::refused;
use super::layout::{ago, outside};
use crate::App;
use crate::session::{Session, not_our_form};
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use gonogo_core::person::Act;
use gonogo_engine::commands::break_glass::{break_glass, write_follow_up};
use gonogo_store::{CandidateId, DeployId, DeployRow, Glass};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct Breaking {
    form: String,
    why: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Following {
    form: String,
    text: String,
}

/// For who may, of what cannot be deployed as ever.
pub(crate) fn form(candidate: CandidateId, session: &Session) -> Markup {
    html! {
        details {
            summary { "Break glass: deploy it all the same…" }
            form method="post" action={ "/candidates/" (candidate.0) "/break-glass" } {
                input type="hidden" name="form" value=(session.form_word());
                p.quiet { "In spite of its verdict, of the times for deploys, and without an approval. It is told in Slack, marked on the deploy for ever, and its follow-up is asked for until it is written." }
                label { "Why can it not wait?" textarea name="why" rows="2" maxlength="500" required {} }
                button { "Break glass and deploy" }
            }
        }
    }
}

/// In a list.
pub(crate) fn mark(row: &DeployRow) -> Markup {
    html! { @if row.glass.is_some() { br; span.verdict.no-go { "⚠ Break-glass" } } }
}

/// On the deploy's page, for ever.
pub(crate) fn shown(row: &DeployRow, session: &Session, now: Timestamp) -> Markup {
    html! {
        @if let Some(glass) = &row.glass {
            section.stale aria-label="Break-glass" {
                p { b { "⚠ Break-glass" } " by " (outside(&glass.by)) " " (ago(glass.at, now)) ": " (outside(&glass.why)) }
                p { "In spite of: " (outside(&glass.around)) "." }
                (follow_up(row, glass, session, now))
            }
        }
    }
}

fn follow_up(row: &DeployRow, glass: &Glass, session: &Session, now: Timestamp) -> Markup {
    let may = session.person.may_at(&row.service, Act::Deploy).is_ok();
    html! {
        @match &glass.follow_up {
            Some(text) => {
                p { "Follow-up by " (outside(&text.by)) " " (ago(text.at, now)) ":" }
                p.said { (gonogo_core::say::printable_lines(&text.text)) }
            },
            None if row.state.has_ended() && may => {
                form method="post" action={ "/deploys/" (row.id.0) "/follow-up" } {
                    input type="hidden" name="form" value=(session.form_word());
                    label { "Follow-up: what was wrong, and what keeps it from coming again?" textarea name="text" rows="4" maxlength="10000" required {} }
                    button { "Write it" }
                }
            },
            None => p { "Its follow-up is not written yet." },
        }
    }
}

pub(crate) async fn breaks(
    State(app): State<App>,
    session: Session,
    Path(candidate): Path<i64>,
    Form(sent): Form<Breaking>,
) -> Response {
    if !session.sent(&sent.form) {
        return not_our_form();
    }
    match break_glass(&app.serving, &session.person, CandidateId(candidate), &sent.why, None).await {
        Ok(id) => Redirect::to(&format!("/deploys/{}", id.0)).into_response(),
        Err(error) => refused(&error, &session),
    }
}

pub(crate) async fn follows(
    State(app): State<App>,
    session: Session,
    Path(id): Path<i64>,
    Form(sent): Form<Following>,
) -> Response {
    if !session.sent(&sent.form) {
        return not_our_form();
    }
    match write_follow_up(&app.serving, &session.person, DeployId(id), &sent.text).await {
        Ok(()) => Redirect::to(&format!("/deploys/{id}")).into_response(),
        Err(error) => refused(&error, &session),
    }
}
