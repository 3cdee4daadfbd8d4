//! Signing in with another system: there and back, and joining an account of
//! its to one's own.

use super::{account, layout};
use crate::App;
use crate::session::{Session, cookie, next_of, not_our_form, ticket_cookie, ticket_of, token_of, used_ticket};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use gonogo_engine::commands::people::{PersonError, sign_out};
use gonogo_engine::commands::sign_in::{Back, Came, CameNot, With, begin, finish, has_to_ask};
use secrecy::ExposeSecret;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Asked {
    next: Option<String>,
    /// Then whoever is not signed in there is asked nothing.
    silent: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Joining {
    #[serde(default)]
    form: String,
}

/// What that system sends back.
#[derive(Debug, Deserialize)]
struct Returned {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

/// Where a silent sign-in begins, for who wanted to see `next`.
pub(crate) fn silent_address(with: With, next: &str) -> String {
    format!("/sign-in/{}?silent=yes&next={}", with.word(), crate::session::escaped(next))
}

/// What such a system's sign-in has, below its own word.
pub(crate) fn routes(with: With) -> Router<App> {
    let word = with.word();
    Router::new()
        .route(&format!("/sign-in/{word}"), get(async move |app, asked| go(with, app, asked).await))
        .route(
            &format!("/sign-in/{word}/callback"),
            get(async move |app, headers, returned| back(with, app, headers, returned).await),
        )
        .route(&format!("/account/{word}"), get(async move |app, session, asked| join(with, app, session, asked).await))
        .route(
            &format!("/account/{word}/part"),
            post(async move |app, session, form| account::part(with, app, session, form).await),
        )
}

async fn go(with: With, State(app): State<App>, Query(asked): Query<Asked>) -> Response {
    let next = next_of(asked.next.as_deref());
    sent(&app, with, None, next, asked.silent.is_some()).await
}

/// There, to join it to the account of who is signed in. A link and not a form,
/// since a form may lead nowhere but to us; it carries the form's word.
async fn join(with: With, State(app): State<App>, session: Session, Query(asked): Query<Joining>) -> Response {
    if !session.sent(&asked.form) {
        return not_our_form();
    }
    sent(&app, with, Some(session.form_word()), "/account", false).await
}

async fn sent(app: &App, with: With, joins: Option<String>, next: &str, is_silent: bool) -> Response {
    let (address, ticket) = match begin(&app.serving, with, joins, is_silent).await {
        Ok(begun) => begun,
        Err(error) => return not_come(&error),
    };
    let mut answer = Redirect::to(&address).into_response();
    set(&mut answer, ticket_cookie(&ticket, next, &app.serving.pages));
    answer
}

async fn back(with: With, State(app): State<App>, headers: HeaderMap, Query(returned): Query<Returned>) -> Response {
    let used = returned.state.as_deref().and_then(|state| used_ticket(with, state, &app.serving.pages));
    let mut answer = came(with, &app, &headers, returned).await;
    set(&mut answer, used);
    answer
}

async fn came(with: With, app: &App, headers: &HeaderMap, returned: Returned) -> Response {
    let name = || with.name(&app.serving).unwrap_or_default().to_owned();
    let kept = returned.state.as_deref().and_then(|state| ticket_of(with, state, headers));
    if let Some(error) = returned.error {
        let next = kept.as_ref().map_or("/", |(_, next)| *next);
        return refused(name(), &error, next);
    }
    let (Some(code), Some(state), Some((ticket, next))) = (returned.code, returned.state, kept) else {
        return not_come(&CameNot::NotBegun { name: name() });
    };
    let session = match Session::of(headers, app).await {
        Ok(session) => session.ok(),
        // Whoever comes anew does not depend on what they were before.
        Err(PersonError::NotKnown { .. }) => None,
        Err(error) => return layout::trouble(&error),
    };
    let joiner = session.as_ref().filter(|session| ticket.joins.as_deref().is_some_and(|word| session.sent(word)));
    let back = Back { code, state, issuer: returned.iss };
    match finish(&app.serving, &ticket, &back, joiner.map(|session| &session.person)).await {
        Ok(Came::Joined) => Redirect::to("/account").into_response(),
        Ok(Came::In { token }) => {
            // Who was signed in here before is so no more.
            if let Some(old) = token_of(headers)
                && let Err(error) = sign_out(&app.serving, old.expose_secret()).await
            {
                return layout::away(&error).into_response();
            }
            let mut answer = Redirect::to(next).into_response();
            set(&mut answer, Some(cookie(Some(token.expose_secret()), &app.serving.pages)));
            answer
        }
        Err(error) => not_come(&error),
    }
}

/// Who was to be let in silently, and has to be asked something there, begins
/// anew by hand.
fn refused(name: String, error: &str, next: &str) -> Response {
    if has_to_ask(error) {
        return Redirect::to(&format!("/sign-in?next={}", crate::session::escaped(next))).into_response();
    }
    let said = layout::outside(&error.chars().take(100).collect::<String>());
    not_come(&CameNot::Refused { name, said })
}

fn set(answer: &mut Response, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

fn not_come(error: &CameNot) -> Response {
    let status = match error {
        CameNot::Store(error) => return layout::away(error).into_response(),
        CameNot::NotSetUp => StatusCode::NOT_FOUND,
        CameNot::NotBegun { .. } => StatusCode::BAD_REQUEST,
        CameNot::Refused { .. } | CameNot::NotBelieved { .. } => StatusCode::BAD_GATEWAY,
        CameNot::NoWayIn { .. } | CameNot::Deactivated => StatusCode::FORBIDDEN,
        CameNot::Taken { .. } => StatusCode::CONFLICT,
    };
    let main = maud::html! {
        p.stale role="alert" { (layout::outside(&error.to_string())) "." }
        p { a href="/sign-in" { "Back to the page to sign in" } }
    };
    (status, layout::page("Not signed in", false, None, &main)).into_response()
}
