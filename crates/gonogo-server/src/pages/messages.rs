//! What is said outside once: what waits, what was said, and what wants a person.

use super::dead_work::{Again, ended};
use super::layout::{self, Shown, ago, away, outside};
use super::table::table;
use crate::App;
use crate::session::{Session, escaped, not_our_form};
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use gonogo_core::person::Act;
use gonogo_core::say;
use gonogo_engine::commands::messages::{drop_message, say_again};
use gonogo_engine::jobs::{About, about, how, kinds, to_do};
use gonogo_store::views::{MessagesWanted, Troubled};
use gonogo_store::{MessageId, MessageRow, MessageState};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

const ROWS: u32 = 100;
/// What of an error, and how much of a digest, stands in a row.
const MOST_ERROR: usize = 600;
const MOST_ABOUT: usize = 5;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    state: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    story: String,
    before: Option<i64>,
}

/// What one may do about a message, as it stands in the address.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Doing {
    SayAgain,
    Drop,
}

pub(crate) async fn page(State(app): State<App>, session: Session, Query(asked): Query<Asked>) -> Shown {
    let some = |text: &str| Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
    let wanted = MessagesWanted {
        state: MessageState::of(&asked.state),
        kind: some(&asked.kind),
        story: some(&asked.story).map(|key| key.to_uppercase()),
    };
    let before = asked.before.map(MessageId);
    let rows = app.serving.store.messages(wanted, before, ROWS).await.map_err(|e| away(&e))?;
    let now = (app.serving.clock)();
    let last = rows.last().filter(|_| rows.len() == ROWS as usize);
    let main = html! {
        p { "What people outside are told once: of stories on their way and in production, of what is late, and of verdicts by e-mail. What GitHub and Slack show of a verdict is changed in place, and is not listed." }
        (filters(&asked))
        @if rows.is_empty() { p { "There is none that fits. What is said, and to whom, is configured: see docs/stories.md." } }
        @else {
            (table(["Since", "By", "To", "What", "Stands", "Do"], rows.iter().map(|row| [
                ago(row.added_at, now),
                html! { (how(&row.kind)) },
                html! { (outside(&row.target)) },
                what(&about(row)),
                stands(row, now),
                acts(&session, row),
            ])))
        }
        @if let Some(last) = last {
            nav.pages aria-label="Pages" {
                a rel="next" href={ "/messages?" (query(&asked)) "&before=" (last.id.0) } { "Older" }
            }
        }
    };
    Ok(layout::page("Messages", false, Some(&session), &main))
}

fn filters(asked: &Asked) -> Markup {
    html! {
        form.row method="get" action="/messages" {
            label {
                "State"
                select name="state" {
                    option value="" { "all" }
                    @for state in MessageState::ALL {
                        option value=(state.word()) selected[state.word() == asked.state] { (words_of(state)) }
                    }
                }
            }
            label {
                "By"
                select name="kind" {
                    option value="" { "all" }
                    @for kind in kinds() { option value=(kind) selected[kind == asked.kind] { (how(kind)) } }
                }
            }
            label { "Story" input name="story" value=(outside(&asked.story)) size="12" autocomplete="off"; }
            button { "Show" }
        }
    }
}

fn query(asked: &Asked) -> String {
    let all = [("state", &asked.state), ("kind", &asked.kind), ("story", &asked.story)];
    all.map(|(name, value)| format!("{name}={}", escaped(value))).join("&")
}

fn words_of(state: MessageState) -> &'static str {
    match state {
        MessageState::Waits => "waits",
        MessageState::Said => "said",
        MessageState::Doubtful => "in doubt",
        MessageState::Failed => "failed",
        MessageState::Dropped => "dropped",
    }
}

fn what(all: &[About]) -> Markup {
    let more = all.len().saturating_sub(MOST_ABOUT);
    html! {
        @for (number, one) in all.iter().take(MOST_ABOUT).enumerate() {
            @if number > 0 { ", " }
            a href=(one.link) { (outside(&one.subject)) } " " (outside(&one.said))
        }
        @if more > 0 { " and " (more) " more" }
    }
}

fn stands(row: &MessageRow, now: Timestamp) -> Markup {
    html! {
        b { (words_of(row.state)) }
        @if let Some(at) = row.done_at { " " (ago(at, now)) }
        @if row.attempts > 0 { ", tried " (say::count(usize::try_from(row.attempts).unwrap_or(0), "time")) }
        @if let Some(at) = row.next_at.filter(|at| *at > now) { ", again in " (in_words(at, now)) }
        @if let Some(error) = row.error.as_deref().filter(|_| row.state != MessageState::Said) {
            p { (say::cut(&outside(error), MOST_ERROR)) }
        }
        @if let Some(to_do) = to_do(row) { p.fix { "→ " (outside(&to_do)) } }
    }
}

fn in_words(at: Timestamp, now: Timestamp) -> String {
    let left = at.duration_since(now);
    if left.as_mins() > 0 { format!("{} min", left.as_mins()) } else { format!("{} s", left.as_secs().max(1)) }
}

fn acts(session: &Session, row: &MessageRow) -> Markup {
    let (may_again, may_drop) = match row.state {
        MessageState::Doubtful | MessageState::Failed => (true, true),
        MessageState::Waits => (false, true),
        MessageState::Said | MessageState::Dropped => (false, false),
    };
    let button = |act: &str, said: &str| {
        html! {
            form.inline method="post" action={ "/messages/" (row.id.0) "/" (act) } {
                input type="hidden" name="form" value=(session.form_word());
                button aria-label={ (said) ": message " (row.id.0) " to " (outside(&row.target)) } { (said) }
            }
        }
    };
    html! {
        @if session.person.may(Act::SeeToMessages).is_ok() {
            @if may_again { (button("say-again", "Say again")) " " }
            @if may_drop { (button("drop", "Drop")) }
        }
    }
}

pub(crate) async fn change(
    State(app): State<App>,
    session: Session,
    Path((id, doing)): Path<(i64, Doing)>,
    Form(form): Form<Again>,
) -> Response {
    if !session.sent(&form.form) {
        return not_our_form();
    }
    let (who, id) = (&session.person, MessageId(id));
    let done = match doing {
        Doing::SayAgain => say_again(&app.serving, who, id).await,
        Doing::Drop => drop_message(&app.serving, who, id).await,
    };
    ended(done, "/messages")
}

/// What waits for somebody who may see to it.
pub(crate) fn hint(session: &Session, troubled: Troubled) -> Markup {
    let Troubled { doubtful, failed } = troubled;
    html! {
        @if session.person.may(Act::SeeToMessages).is_ok() {
            @if failed > 0 {
                p.hint { a href="/messages?state=failed" { (say::count(failed as usize, "message")) } " could not be said: say it again, or drop it." }
            }
            @if doubtful > 0 {
                p.hint { a href="/messages?state=doubtful" { (say::count(doubtful as usize, "message")) } " may have been said, and nobody knows: look, and decide." }
            }
        }
    }
}
