//! Teams that have to know of a story, and the button by which one says that it
//! does.

use crate::App;
use crate::pages::layout::{self, ago, away, outside};
use crate::pages::table::table;
use crate::session::{Session, not_our_form};
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use gonogo_engine::commands::acknowledge::{self, AcknowledgeError};
use gonogo_engine::known_to;
use gonogo_store::AwarenessRow;
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    team: String,
    form: String,
}

/// `may_speak`: whether who is there may say for a service that a team knows.
pub(super) fn section(
    key: &str,
    teams: &[AwarenessRow],
    session: &Session,
    may_speak: &dyn Fn(&AwarenessRow) -> bool,
    now: Timestamp,
) -> Markup {
    let row = |team| row(key, team, may_speak(team).then_some(session), now);
    html! {
        @if !teams.is_empty() {
            section {
                h2 { "Teams that have to know" }
                (table(["Team", "For", "Was told", "Knows"], teams.iter().map(row)))
            }
        }
    }
}

fn row(key: &str, team: &AwarenessRow, speaker: Option<&Session>, now: Timestamp) -> [Markup; 4] {
    let known = known_to(team);
    [
        html! { (outside(&team.team)) },
        html! { (team.service) },
        html! {
            @match (known.told_at, &known.trouble) {
                (Some(at), _) => (ago(at, now)),
                (None, Some(trouble)) => { "not yet: " (outside(trouble)) }
                (None, None) => "not yet",
            }
        },
        html! {
            @match &team.acknowledged {
                Some((by, at)) => { "says " (outside(by)) ", " (ago(*at, now)) }
                None => @match speaker {
                    Some(session) => (form(key, &team.team, session)),
                    None => "nobody said so",
                }
            }
        },
    ]
}

fn form(key: &str, team: &str, session: &Session) -> Markup {
    html! {
        form method="post" action={ "/stories/" (key) "/acknowledged" } {
            input type="hidden" name="form" value=(session.form_word());
            input type="hidden" name="team" value=(team);
            button { (outside(team)) " knows" }
        }
    }
}

pub(crate) async fn acknowledge(
    State(app): State<App>,
    session: Session,
    Path(key): Path<String>,
    Form(sent): Form<Sent>,
) -> Response {
    if !session.sent(&sent.form) {
        return not_our_form();
    }
    let key = key.to_uppercase();
    let error = match acknowledge::acknowledge(&app.serving, &session.person, &sent.team, &key).await {
        Ok(()) => return Redirect::to(&format!("/stories/{key}")).into_response(),
        Err(AcknowledgeError::Store(error)) => return away(&error).into_response(),
        Err(error) => error,
    };
    let status = match &error {
        AcknowledgeError::Forbidden(_) => StatusCode::FORBIDDEN,
        AcknowledgeError::Gone(_) | AcknowledgeError::Store(_) => StatusCode::CONFLICT,
    };
    let main = html! {
        p.stale role="alert" { (outside(&error.to_string())) "." }
        p { a href={ "/stories/" (key) } { "Back to the story" } }
    };
    (status, layout::page("Not done", false, Some(&session), &main)).into_response()
}
