//! Lines of deploys' checklists: what is to be looked at, whose it is, what came
//! of it, and the form by which somebody says so.

use super::layout::{ago, outside};
use crate::session::Session;
use gonogo_core::person::Act;
use gonogo_core::post_deploy::{LookState, Seen};
use gonogo_core::say;
use gonogo_store::{LookAnswer, LookRow};
use jiff::Timestamp;
use maud::{Markup, html};

const MOST_NOTE: u32 = 2_000;

/// Where each line says which deploy it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    OneDeploy,
    Several,
}

pub(super) fn checklist(rows: &[LookRow], of: Of, session: &Session, now: Timestamp) -> Markup {
    html! {
        ul.findings { @for row in rows { li id={ "check-" (row.id.0) } { (line(row, of, session, now)) } } }
    }
}

/// `✓ passed`
pub(super) fn state(row: &LookRow, now: Timestamp) -> Markup {
    let (class, said) = match row.state {
        LookState::Passed => ("go", "✓ passed"),
        LookState::Failed => ("no-go", "✗ failed"),
        LookState::Open if row.due_at < now => ("waiting", "… not answered, and late"),
        LookState::Open => ("waiting", "… not answered yet"),
        LookState::Unread => ("waiting", "… is being read"),
        LookState::Unreadable => ("no-go", "✗ cannot be read"),
        LookState::NotNeeded => ("quiet", "– nothing to look at"),
        LookState::Gone => ("quiet", "– not asked any more"),
    };
    html! { span class={ "verdict " (class) } { (said) } }
}

fn line(row: &LookRow, of: Of, session: &Session, now: Timestamp) -> Markup {
    html! {
        p {
            (state(row, now)) " " a href={ "/stories/" (row.story) } { (row.story) } " "
            (say::cut(&outside(&row.title), 200))
        }
        @if of == Of::Several {
            p.quiet { "in " (row.service) ", " a href=(place(row)) { "the deploy of " code { (row.running.short()) } } ", " (ago(row.deployed_at, now)) }
        }
        @if !row.checks.is_empty() { p.said { (lines(&row.checks)) } }
        @if let Some(trouble) = &row.trouble { p.stale { "What is to be looked at is not known: " (outside(trouble)) } }
        p.quiet { (owner(row)) @if !row.state.is_settled() { ", by " (say::minute(row.due_at)) } }
        @for answer in &row.answers { (answered(answer, now)) }
        (acts(row, session))
    }
}

/// Outside text whose lines stay lines.
fn lines(text: &str) -> String {
    text.lines().map(outside).collect::<Vec<_>>().join("\n")
}

pub(super) fn place(row: &LookRow) -> String {
    format!("/services/{}/deploys/{}", row.service, row.deploy)
}

pub(super) fn owner(row: &LookRow) -> String {
    row.whose().map_or_else(|| "nobody is named".to_owned(), outside)
}

fn answered(answer: &LookAnswer, now: Timestamp) -> Markup {
    html! {
        p.fix {
            (outside(&answer.by)) " said that it " (answer.seen.word()) ", " (ago(answer.at, now))
            @if !answer.note.is_empty() { ": " span.said { (lines(&answer.note)) } }
        }
    }
}

/// Who may answer sees the form, who may not whom to ask.
fn acts(row: &LookRow, session: &Session) -> Markup {
    let summary = if row.answers.is_empty() { "Answer…" } else { "Correct…" };
    html! {
        @if row.state != LookState::Gone {
            details.no-print {
                summary { (summary) }
                @match session.person.may_at(&row.service, Act::AnswerChecks) {
                    Ok(_) => { (form(row, session)) (own(row, session)) }
                    Err(forbidden) => p.quiet { (forbidden) },
                }
            }
        }
    }
}

/// Who looks in the owner's place is reminded in theirs.
fn own(row: &LookRow, session: &Session) -> Markup {
    let is_theirs = row.taken_by.as_deref() == Some(session.person.name.as_str());
    html! {
        @if !row.state.is_settled() && !is_theirs {
            form.inline method="post" action={ "/post-deploy/" (row.id.0) "/owner" } {
                input type="hidden" name="form" value=(session.form_word());
                button { "I look at it" }
            }
        }
    }
}

fn form(row: &LookRow, session: &Session) -> Markup {
    html! {
        form method="post" action={ "/post-deploy/" (row.id.0) "/answers" } {
            input type="hidden" name="form" value=(session.form_word());
            label { "What was seen?" textarea name="note" rows="2" maxlength=(MOST_NOTE) required[!row.answers.is_empty()] {} }
            div.acts {
                button name="seen" value=(Seen::Passed.word()) { "✓ It is as it should be" }
                button name="seen" value=(Seen::Failed.word()) { "✗ It is not" }
            }
        }
    }
}
