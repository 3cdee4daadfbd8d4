//! People and what they may.

use super::layout::{self, ago, away, outside};
use super::person::ways_in;
use super::table::table;
use crate::App;
use crate::session::{Session, not_our_form};
use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use gonogo_core::person::{Act, Role};
use gonogo_engine::commands::people::{LEAST_PASSWORD, PersonError, add_person};
use maud::{Markup, html};
use secrecy::SecretString;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct Added {
    form: String,
    name: String,
    password: SecretString,
    role: String,
}

pub(crate) async fn page(State(app): State<App>, session: Session) -> Result<Markup, (StatusCode, Markup)> {
    shown(&app, &session, None).await
}

pub(crate) async fn add(State(app): State<App>, session: Session, Form(added): Form<Added>) -> Response {
    if !session.sent(&added.form) {
        return not_our_form();
    }
    let Ok(role) = added.role.parse() else { return StatusCode::UNPROCESSABLE_ENTITY.into_response() };
    let name = added.name.trim();
    let (status, said) = match add_person(&app.serving, &session.person, name, added.password, role).await {
        Ok(Some(_)) => return Redirect::to("/people").into_response(),
        Ok(None) => (StatusCode::CONFLICT, format!("there is a {name} already")),
        Err(error @ PersonError::Forbidden(_)) => (StatusCode::FORBIDDEN, error.to_string()),
        Err(error @ PersonError::Input(_)) => (StatusCode::UNPROCESSABLE_ENTITY, error.to_string()),
        Err(error) => return layout::trouble(&error),
    };
    (status, shown(&app, &session, Some(&said)).await).into_response()
}

async fn shown(app: &App, session: &Session, said: Option<&str>) -> Result<Markup, (StatusCode, Markup)> {
    let people = app.serving.store.people().await.map_err(|e| away(&e))?;
    let now = (app.serving.clock)();
    let main = html! {
        @if let Some(said) = said { p.stale role="alert" { (said) } }
        (table(["Name", "Role", "At single services", "Signs in", "Added"], people.iter().map(|row| [
            html! { a href={ "/people/" (row.person.id) } { (outside(&row.person.name)) } @if row.deactivated_at.is_some() { " (deactivated)" } },
            html! { (row.person.role.word()) },
            html! { @for (at, (service, role)) in row.person.at.iter().enumerate() { @if at > 0 { ", " } (service) ": " (role.word()) } },
            html! { (ways_in(row)) },
            ago(row.added_at, now),
        ])))
        @if session.person.may(Act::AddPerson).is_ok() {
            section {
                h2 { "Add somebody" }
                form method="post" action="/people" {
                    input type="hidden" name="form" value=(session.form_word());
                    label { "Name" input name="name" autocomplete="off" required; }
                    label {
                        "A password to begin with, " (LEAST_PASSWORD) " characters or more"
                        input type="password" name="password" autocomplete="new-password" minlength=(LEAST_PASSWORD) required;
                    }
                    label { "Role" select name="role" { @for role in Role::ALL { option value=(role.word()) { (role.word()) } } } }
                    button { "Add" }
                }
            }
        }
    };
    Ok(layout::page("People", false, Some(session), &main))
}
