//! Signing in and out, and the first admin.

use super::layout::{self, outside};
use crate::App;
use crate::session::{cookie, escaped, is_form_of, next_of, not_our_form, token_of};
use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use gonogo_engine::commands::people::{LEAST_PASSWORD, PersonError, SignIn, add_first, let_in, sign_in, sign_out};
use gonogo_engine::commands::sign_in::{With, sign_out_address};
use maud::{Markup, html};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    next: Option<String>,
    /// What was done just before.
    done: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Given {
    name: String,
    password: SecretString,
    next: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct FirstAsked {
    code: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct FirstGiven {
    code: String,
    name: String,
    password: SecretString,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Leaving {
    form: String,
}

pub(crate) async fn form(State(app): State<App>, Query(asked): Query<Asked>) -> Response {
    let next = next_of(asked.next.as_deref());
    let is_new = asked.done.as_deref() == Some(FIRST_ADMIN);
    let said = html! {
        @if is_new { p role="status" { "You are the first admin now. Sign in by the name and the password that you chose." } }
    };
    let Some(door) = &app.door else { return page(&app, next, &said).into_response() };
    match let_in(&app.serving, &door.person).await {
        Ok(Some(token)) => entered(&app, &token, next),
        Ok(None) => page(&app, next, &wrong("Whom this demo lets in is not there.")).into_response(),
        Err(error) => layout::away(&error).into_response(),
    }
}

/// Where somebody became the first admin.
const FIRST_ADMIN: &str = "first-admin";

/// With the cookie of a session that has begun.
fn entered(app: &App, token: &SecretString, next: &str) -> Response {
    let cookie = cookie(Some(token.expose_secret()), &app.serving.pages);
    ([(header::SET_COOKIE, cookie)], Redirect::to(next)).into_response()
}

pub(crate) async fn enter(State(app): State<App>, Form(given): Form<Given>) -> Response {
    let next = next_of(given.next.as_deref());
    match sign_in(&app.serving, given.name.trim(), given.password).await {
        Ok(SignIn::Done { token }) => entered(&app, &token, next),
        Ok(SignIn::Wrong) => {
            (StatusCode::UNAUTHORIZED, page(&app, next, &wrong("The name or the password is wrong."))).into_response()
        }
        Ok(SignIn::TooOften { until }) => {
            let said =
                format!("Too many wrong passwords for this name. Try again after {}.", until.strftime("%H:%M:%S UTC"));
            (StatusCode::TOO_MANY_REQUESTS, page(&app, next, &wrong(&said))).into_response()
        }
        Err(error) => layout::trouble(&error),
    }
}

/// Whether the session may go on matters to nobody any more: it ends.
pub(crate) async fn leave(State(app): State<App>, headers: HeaderMap, Form(form): Form<Leaving>) -> Response {
    let Some(token) = token_of(&headers) else { return Redirect::to("/sign-in").into_response() };
    if !is_form_of(&token, &form.form) {
        return not_our_form();
    }
    let there = sign_out_address(&app.serving, token.expose_secret()).await;
    if let Err(error) = sign_out(&app.serving, token.expose_secret()).await {
        return layout::away(&error).into_response();
    }
    let forgotten = [(header::SET_COOKIE, cookie(None, &app.serving.pages))];
    match there {
        Some(address) => (forgotten, signed_out(&app, &address)).into_response(),
        None => (forgotten, Redirect::to("/sign-in")).into_response(),
    }
}

/// Out here, and still in there. A link, since a form may lead nowhere but to us.
fn signed_out(app: &App, address: &str) -> Markup {
    let name = outside(With::Oidc.name(&app.serving).unwrap_or_default());
    let main = html! {
        p { "You are signed out of gonogo. At " (name) " you are signed in still." }
        p { a.button href=(address) { "Sign out of " (name) " too" } }
        p { a href="/sign-in" { "Sign in again" } }
    };
    layout::page("Signed out", false, None, &main)
}

pub(crate) async fn first_form(Query(asked): Query<FirstAsked>) -> Markup {
    first_page(asked.code.as_deref().unwrap_or_default(), None)
}

pub(crate) async fn add_first_admin(State(app): State<App>, Form(given): Form<FirstGiven>) -> Response {
    match add_first(&app.serving, &given.code, given.name.trim(), given.password).await {
        Ok(true) => Redirect::to(&format!("/sign-in?done={FIRST_ADMIN}")).into_response(),
        Ok(false) => {
            let said = "The code is not the one that was printed at start, or there is an admin already.";
            (StatusCode::FORBIDDEN, first_page("", Some(said))).into_response()
        }
        Err(PersonError::Input(said)) => {
            (StatusCode::UNPROCESSABLE_ENTITY, first_page(&given.code, Some(&said))).into_response()
        }
        Err(error) => layout::trouble(&error),
    }
}

/// The systems that people may sign in with, and what they are called.
pub(crate) fn elsewhere(app: &App) -> Vec<(With, &str)> {
    With::ALL.into_iter().filter_map(|with| Some((with, with.name(&app.serving)?))).collect()
}

fn wrong(said: &str) -> Markup {
    html! { p.stale role="alert" { (said) } }
}

fn page(app: &App, next: &str, said: &Markup) -> Markup {
    let elsewhere = elsewhere(app);
    let main = html! {
        (said)
        @for (with, name) in &elsewhere {
            p { a.button href={ "/sign-in/" (with.word()) "?next=" (escaped(next)) } { "Sign in with " (outside(name)) } }
        }
        @if !elsewhere.is_empty() { p.quiet { "Or by a name and a password of gonogo's own:" } }
        form method="post" action="/sign-in" {
            input type="hidden" name="next" value=(next);
            label { "Name" input name="name" autocomplete="username" required autofocus; }
            label { "Password" input type="password" name="password" autocomplete="current-password" required; }
            button { "Sign in" }
        }
        p.quiet { "No account? An admin adds people." }
    };
    layout::page("Sign in", false, None, &main)
}

fn first_page(code: &str, said: Option<&str>) -> Markup {
    let main = html! {
        p { "Nobody may sign in yet. Whoever has the code that the server printed at start becomes its first admin." }
        @if let Some(said) = said { (wrong(said)) }
        form method="post" action="/first-admin" {
            label { "Code" input name="code" value=(code) required; }
            label { "Name" input name="name" autocomplete="username" required; }
            label {
                "Password, " (LEAST_PASSWORD) " characters or more"
                input type="password" name="password" autocomplete="new-password" minlength=(LEAST_PASSWORD) required;
            }
            button { "Become admin" }
        }
    };
    layout::page("The first admin", false, None, &main)
}
