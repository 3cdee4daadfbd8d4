//! Signing in with GitHub: there and back.

use super::layout;
use crate::App;
use crate::session::{Session, cookie, next_of, not_our_form, ticket_cookie, ticket_of};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use gonogo_engine::commands::github_sign_in::{Back, Came, CameNot, begin, finish};
use gonogo_engine::commands::people::sign_out;
use secrecy::ExposeSecret;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    next: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Joining {
    #[serde(default)]
    form: String,
}

/// What GitHub sends back.
#[derive(Debug, Deserialize)]
pub(crate) struct Returned {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

pub(crate) async fn go(State(app): State<App>, Query(asked): Query<Asked>) -> Response {
    sent(&app, None, next_of(asked.next.as_deref()))
}

/// To GitHub, to join it to the account of who is signed in. A link and not a
/// form, since a form may lead nowhere but to us; it carries the form's word.
pub(crate) async fn join(State(app): State<App>, session: Session, Query(asked): Query<Joining>) -> Response {
    if !session.sent(&asked.form) {
        return not_our_form();
    }
    sent(&app, Some(session.form_word()), "/account")
}

fn sent(app: &App, joins: Option<String>, next: &str) -> Response {
    let Some((address, ticket)) = begin(&app.serving, joins) else { return not_come(&CameNot::NotSetUp) };
    let kept = ticket_cookie(Some((&ticket, next)), &app.serving.pages);
    ([(header::SET_COOKIE, kept)], Redirect::to(&address)).into_response()
}

pub(crate) async fn back(State(app): State<App>, headers: HeaderMap, Query(returned): Query<Returned>) -> Response {
    let mut answer = came(&app, &headers, returned).await;
    set(&mut answer, ticket_cookie(None, &app.serving.pages));
    answer
}

async fn came(app: &App, headers: &HeaderMap, returned: Returned) -> Response {
    if let Some(error) = returned.error {
        let said = layout::outside(&error.chars().take(100).collect::<String>());
        return not_come(&CameNot::GitHub { said });
    }
    let (Some(code), Some(state), Some((ticket, next))) = (returned.code, returned.state, ticket_of(headers)) else {
        return not_come(&CameNot::NotBegun);
    };
    let session = match Session::of(headers, app).await {
        Ok(session) => session,
        Err(error) => return layout::trouble(&error),
    };
    let joiner = session.as_ref().filter(|session| ticket.joins.as_deref().is_some_and(|word| session.sent(word)));
    match finish(&app.serving, &ticket, &Back { code, state }, joiner.map(|session| &session.person)).await {
        Ok(Came::Joined) => Redirect::to("/account").into_response(),
        Ok(Came::In { token }) => {
            // Who was signed in here before is so no more.
            if let Some(old) = session
                && let Err(error) = sign_out(&app.serving, &old.person, old.token()).await
            {
                return layout::away(&error).into_response();
            }
            let mut answer = Redirect::to(next).into_response();
            set(&mut answer, cookie(Some(token.expose_secret()), &app.serving.pages));
            answer
        }
        Err(error) => not_come(&error),
    }
}

fn set(answer: &mut Response, cookie: HeaderValue) {
    answer.headers_mut().append(header::SET_COOKIE, cookie);
}

fn not_come(error: &CameNot) -> Response {
    let status = match error {
        CameNot::Store(error) => return layout::away(error).into_response(),
        CameNot::NotSetUp => StatusCode::NOT_FOUND,
        CameNot::NotBegun => StatusCode::BAD_REQUEST,
        CameNot::GitHub { .. } => StatusCode::BAD_GATEWAY,
        CameNot::NoWayIn { .. } | CameNot::Deactivated => StatusCode::FORBIDDEN,
        CameNot::Taken => StatusCode::CONFLICT,
    };
    let main = maud::html! {
        p.stale role="alert" { (layout::outside(&error.to_string())) "." }
        p { a href="/sign-in" { "Back to the page to sign in" } }
    };
    (status, layout::page("Not signed in", false, None, &main)).into_response()
}
