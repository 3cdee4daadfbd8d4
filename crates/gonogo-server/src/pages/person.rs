//! One person, as admins see them: what they may, and whether they may come in.

use super::layout::{self, Shown, ago, away, not_found, outside};
use crate::App;
use crate::session::{Session, escaped, not_our_form};
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use gonogo_core::person::{Act, Role};
use gonogo_engine::commands::accounts::{LINK_LASTS, make_link, set_active, set_role};
use gonogo_engine::commands::jira_account::{JIRA, take_jira_from};
use gonogo_engine::commands::people::PersonError;
use gonogo_engine::commands::sign_in::With;
use gonogo_store::PersonRow;
use jiff::Timestamp;
use maud::{Markup, html};
use secrecy::ExposeSecret;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct Given {
    form: String,
    /// Empty for all services.
    service: String,
    /// Empty to take away what was given at that service.
    role: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    form: String,
}

pub(crate) async fn page(State(app): State<App>, session: Session, Path(id): Path<i64>) -> Shown {
    shown(&app, &session, id, None).await
}

pub(crate) async fn role(
    State(app): State<App>,
    session: Session,
    Path(id): Path<i64>,
    Form(given): Form<Given>,
) -> Response {
    if !session.sent(&given.form) {
        return not_our_form();
    }
    let role = match given.role.as_str() {
        "" => None,
        word => match word.parse() {
            Ok(role) => Some(role),
            Err(()) => return StatusCode::UNPROCESSABLE_ENTITY.into_response(),
        },
    };
    let service = Some(given.service.as_str()).filter(|name| !name.is_empty());
    let done = set_role(&app.serving, &session.person, id, service, role).await;
    ended(&app, &session, id, done).await
}

/// As it stands in the address.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Doing {
    Activate,
    Deactivate,
    PartFromJira,
}

pub(crate) async fn change(
    State(app): State<App>,
    session: Session,
    Path((id, doing)): Path<(i64, Doing)>,
    Form(sent): Form<Sent>,
) -> Response {
    if !session.sent(&sent.form) {
        return not_our_form();
    }
    let done = match doing {
        Doing::Activate => set_active(&app.serving, &session.person, id, true).await,
        Doing::Deactivate => set_active(&app.serving, &session.person, id, false).await,
        Doing::PartFromJira => take_jira_from(&app.serving, &session.person, id).await,
    };
    ended(&app, &session, id, done).await
}

pub(crate) async fn link(
    State(app): State<App>,
    session: Session,
    Path(id): Path<i64>,
    Form(sent): Form<Sent>,
) -> Response {
    if !session.sent(&sent.form) {
        return not_our_form();
    }
    match make_link(&app.serving, &session.person, id).await {
        Ok(code) => {
            let address = format!("{}/choose-password?code={}", app.serving.pages, code.expose_secret());
            let said = html! {
                div.hint role="status" {
                    p { "Whoever opens this address within " (LINK_LASTS.as_hours()) " hours chooses the password, once. It is shown only now:" }
                    pre { (address) }
                }
            };
            shown(&app, &session, id, Some(&said)).await.into_response()
        }
        Err(error) => ended(&app, &session, id, Err(error)).await,
    }
}

async fn ended(app: &App, session: &Session, id: i64, done: Result<(), PersonError>) -> Response {
    match done {
        Ok(()) => Redirect::to(&format!("/people/{id}")).into_response(),
        Err(PersonError::Input(said)) => {
            let said = html! { p.stale role="alert" { (said) "." } };
            (StatusCode::UNPROCESSABLE_ENTITY, shown(app, session, id, Some(&said)).await).into_response()
        }
        Err(error) => layout::trouble(&error),
    }
}

async fn shown(app: &App, session: &Session, id: i64, said: Option<&Markup>) -> Shown {
    let Some(row) = app.serving.store.person(id).await.map_err(|e| away(&e))? else { return Err(not_found().await) };
    let services: Vec<&str> = app.serving.services.iter().map(|service| service.name.as_str()).collect();
    let main = html! {
        @if let Some(said) = said { (said) }
        (facts(&row, (app.serving.clock)()))
        @match session.person.may(Act::ChangePerson) {
            Ok(_) => (controls(session, &row, &services)),
            Err(forbidden) => p.quiet { (forbidden) },
        }
        p { a href={ "/audit?what=" (escaped(&row.person.name)) } { "What was done about them" } }
    };
    Ok(layout::page(&row.person.name, false, Some(session), &main))
}

fn facts(row: &PersonRow, now: Timestamp) -> Markup {
    let joined = row.identities.iter().filter(|one| With::of(&one.source).is_none());
    html! {
        p { "Added " (ago(row.added_at, now)) ". Signs in " (ways_in(row)) "." }
        @for one in joined { p { "Joined: " (one.source) ", as " b { (outside(&one.name)) } " (" code { (outside(&one.subject)) } ")." } }
        @if let Some(at) = row.deactivated_at { p.stale { "Deactivated " (ago(at, now)) ": they cannot sign in." } }
    }
}

/// In words.
pub(super) fn ways_in(row: &PersonRow) -> String {
    let password = row.has_password.then(|| "by a password".to_owned());
    let others = row.identities.iter().filter(|one| With::of(&one.source).is_some());
    let others = others.map(|one| format!("with {} as {}", one.source, outside(&one.name)));
    let all: Vec<String> = password.into_iter().chain(others).collect();
    if all.is_empty() { "in no way yet".to_owned() } else { all.join(", or ") }
}

fn controls(session: &Session, row: &PersonRow, services: &[&str]) -> Markup {
    let person = &row.person;
    let act = |name: &str| format!("/people/{}/{name}", person.id);
    let button = |name: &str, said: &str| {
        html! { form.inline method="post" action=(act(name)) { input type="hidden" name="form" value=(session.form_word()); button { (said) } } }
    };
    html! {
        section {
            h2 { "Roles" }
            @if !row.identities.is_empty() { p.quiet { "What an admin gives here. What another system says comes to it in sessions from there." } }
            (role_form(session, &act("role"), "", "For all services", Some(person.role)))
            @for service in services { (role_form(session, &act("role"), service, &format!("At {service}"), person.at.get(*service).copied())) }
        }
        section {
            h2 { "Coming in" }
            div.acts {
                @if row.deactivated_at.is_some() { (button("activate", "Activate")) }
                @else { (button("link", "Make a link to choose a password")) (button("deactivate", "Deactivate")) }
                @if row.identities.iter().any(|one| one.source == JIRA) { (button("part-from-jira", "Part from Jira")) }
            }
        }
    }
}

fn role_form(session: &Session, action: &str, service: &str, label: &str, now: Option<Role>) -> Markup {
    html! {
        form.row method="post" action=(action) {
            input type="hidden" name="form" value=(session.form_word());
            input type="hidden" name="service" value=(service);
            label {
                (label)
                select name="role" {
                    @if !service.is_empty() { option value="" selected[now.is_none()] { "as for all services" } }
                    @for role in Role::ALL { option value=(role.word()) selected[now == Some(role)] { (role.word()) } }
                }
            }
            button { "Set" }
        }
    }
}
