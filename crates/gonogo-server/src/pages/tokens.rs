//! Tokens of programs: made, told once, and revoked.

use super::layout::{self, Shown, ago, away, outside};
use super::table::table;
use crate::App;
use crate::session::{Session, not_our_form};
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use gonogo_core::person::Scope;
use gonogo_engine::commands::tokens::{MOST_NAME, TokenError, make_token, revoke_token, tokens_for};
use gonogo_store::{TokenId, TokenRow};
use jiff::Timestamp;
use maud::{Markup, html};
use secrecy::ExposeSecret;
use serde::Deserialize;
use std::collections::HashMap;

/// For how long one may be made.
const DAYS: [i64; 4] = [7, 30, 90, 366];

#[derive(Debug, Deserialize)]
pub(crate) struct Wanted {
    form: String,
    name: String,
    days: i64,
    /// A scope is a field of its own that is there where it is ticked.
    #[serde(flatten)]
    ticked: HashMap<String, String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Revoked {
    form: String,
}

pub(crate) async fn page(State(app): State<App>, session: Session) -> Shown {
    shown(&app, &session, &html! {}).await
}

pub(crate) async fn make(State(app): State<App>, session: Session, Form(wanted): Form<Wanted>) -> Response {
    if !session.sent(&wanted.form) {
        return not_our_form();
    }
    let scopes = Scope::ALL.into_iter().filter(|scope| wanted.ticked.contains_key(scope.word())).collect();
    let token = match make_token(&app.serving, &session.person, &wanted.name, scopes, wanted.days).await {
        Ok(token) => token,
        Err(error) => return refused(&app, &session, &error).await,
    };
    let said = html! {
        section.answer.is-go aria-label="The new token" {
            p.headline { "Copy the token now: it is told here once, and kept nowhere." }
            pre { (token.expose_secret()) }
        }
    };
    (StatusCode::CREATED, shown(&app, &session, &said).await).into_response()
}

pub(crate) async fn revoke(
    State(app): State<App>,
    session: Session,
    Path(id): Path<i64>,
    Form(form): Form<Revoked>,
) -> Response {
    if !session.sent(&form.form) {
        return not_our_form();
    }
    match revoke_token(&app.serving, &session.person, TokenId(id)).await {
        Ok(()) => Redirect::to("/tokens").into_response(),
        Err(error) => refused(&app, &session, &error).await,
    }
}

async fn refused(app: &App, session: &Session, error: &TokenError) -> Response {
    let status = match error {
        TokenError::Store(error) => return away(error).into_response(),
        TokenError::Forbidden(_) => StatusCode::FORBIDDEN,
        TokenError::Input(_) => StatusCode::UNPROCESSABLE_ENTITY,
        TokenError::Gone => StatusCode::CONFLICT,
    };
    let said = html! { p.stale role="alert" { (error) } };
    (status, shown(app, session, &said).await).into_response()
}

async fn shown(app: &App, session: &Session, said: &Markup) -> Shown {
    let rows = tokens_for(&app.serving, &session.person).await.map_err(|e| away(&e))?;
    let now = (app.serving.clock)();
    let main = html! {
        (said)
        p { "A program comes with a token in your name, and may at most what you may. What it can ask: " a href="/api" { "the API" } "." }
        @if rows.is_empty() { p { "There is no token yet. Make one below." } }
        @else {
            (table(["For", "Whose", "May", "Made", "Ends", "Last used", "Revoke"], rows.iter().map(|row| told(row, session, now))))
        }
        section {
            h2 { "Make a token" }
            form method="post" action="/tokens" {
                input type="hidden" name="form" value=(session.form_word());
                label { "What is it for?" input name="name" autocomplete="off" maxlength=(MOST_NAME) required; }
                fieldset {
                    legend { "What may it do?" }
                    @for scope in Scope::ALL.into_iter().filter(|scope| session.person.greatest_role() >= scope.needs()) {
                        label.tick { input type="checkbox" name=(scope.word()); b { (scope.word()) } ": " (scope.means()) }
                    }
                }
                label { "For how long?" select name="days" { @for days in DAYS { option value=(days) { (days) " days" } } } }
                button { "Make it" }
            }
        }
    };
    Ok(layout::page("Tokens", false, Some(session), &main))
}

fn told(row: &TokenRow, session: &Session, now: Timestamp) -> [Markup; 7] {
    let scopes: Vec<&str> = row.scopes.iter().map(|scope| scope.word()).collect();
    [
        html! { (outside(&row.name)) },
        html! { (outside(&row.person)) },
        html! { (scopes.join(", ")) },
        ago(row.added_at, now),
        html! { @if row.until <= now { "has ended" } @else { time datetime=(row.until) { (row.until.strftime("%Y-%m-%d")) } } },
        html! { @if let Some(used) = row.last_used_at { (ago(used, now)) } @else { "never" } },
        html! {
            form.inline method="post" action={ "/tokens/" (row.id.0) "/revoke" } {
                input type="hidden" name="form" value=(session.form_word());
                button aria-label={ "Revoke " (outside(&row.name)) } { "Revoke" }
            }
        },
    ]
}
