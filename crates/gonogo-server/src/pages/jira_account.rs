//! Joining one's Jira account: there and back.

use super::account;
use super::layout::{self, away, outside};
use crate::App;
use crate::session::{Session, escaped, next_of, not_our_form};
use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use gonogo_engine::commands::jira_account::{BackFromJira, JoinError, Standing, begin, finish, part_from_jira};
use maud::{Markup, html};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct Joining {
    #[serde(default)]
    form: String,
    next: Option<String>,
}

/// What Jira sends back.
#[derive(Debug, Deserialize)]
pub(crate) struct Returned {
    code: Option<String>,
    #[serde(default)]
    state: String,
    error: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Parting {
    form: String,
}

/// What one's account page says of it.
pub(super) fn offer(standing: &Standing, form_word: &str) -> Markup {
    let join = |words: &str| html! { p { (link(form_word, "/account", words)) } };
    html! {
        @match standing {
            Standing::NotSetUp | Standing::Joined => {}
            Standing::NotJoined => {
                (join("Join your Jira account"))
                p.quiet { "Then you fill in fields of stories, and move them, from here: in Jira that is done by you." }
            }
            Standing::Ended(why) => {
                p.stale { "From here you cannot act in Jira any more: " (outside(why)) "." }
                (join("Join your Jira account anew"))
            }
        }
    }
}

/// A link and not a form, since a form may lead nowhere but to us; it carries the
/// form's word.
pub(super) fn link(form_word: &str, next: &str, words: &str) -> Markup {
    html! { a.button href={ "/account/jira?form=" (form_word) "&next=" (escaped(next)) } { (words) } }
}

pub(crate) async fn join(State(app): State<App>, session: Session, Query(asked): Query<Joining>) -> Response {
    if !session.sent(&asked.form) {
        return not_our_form();
    }
    let next = asked.next.as_deref().map_or("/account", |next| next_of(Some(next)));
    match begin(&app.serving, &session.person, &session.form_word(), next).await {
        Ok(address) => Redirect::to(&address).into_response(),
        Err(error) => not_joined(&session, &error),
    }
}

pub(crate) async fn back(State(app): State<App>, session: Session, Query(returned): Query<Returned>) -> Response {
    let code = match (returned.code, returned.error) {
        (Some(code), None) => Ok(code),
        (_, Some(error)) if error == "access_denied" => Err("you said no there".to_owned()),
        (_, Some(error)) => Err(error.chars().take(100).collect()),
        (None, None) => Err("it sent no code".to_owned()),
    };
    let back = BackFromJira { state: returned.state, code };
    match finish(&app.serving, &session.person, &session.form_word(), back).await {
        Ok(next) => Redirect::to(next_of(Some(&next))).into_response(),
        Err(error) => not_joined(&session, &error),
    }
}

pub(crate) async fn part(State(app): State<App>, session: Session, Form(parting): Form<Parting>) -> Response {
    if !session.sent(&parting.form) {
        return not_our_form();
    }
    let done = part_from_jira(&app.serving, &session.person).await;
    account::ended(&app, &session, done).await
}

fn not_joined(session: &Session, error: &JoinError) -> Response {
    let status = match error {
        JoinError::Store(error) => return away(error).into_response(),
        JoinError::NotSetUp => StatusCode::NOT_FOUND,
        JoinError::TooMany => StatusCode::TOO_MANY_REQUESTS,
        JoinError::NotBegun => StatusCode::BAD_REQUEST,
        JoinError::Refused { .. } => StatusCode::BAD_GATEWAY,
        JoinError::Taken => StatusCode::CONFLICT,
    };
    let main = html! {
        p.stale role="alert" { (outside(&error.to_string())) "." }
        p { a href="/account" { "Back to your account" } }
    };
    (status, layout::page("Not joined", false, Some(session), &main)).into_response()
}
