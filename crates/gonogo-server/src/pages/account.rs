//! One's own account: what one may, who one is elsewhere, the password. And
//! choosing a password by a link.

use super::layout::{self, Shown, away, outside};
use super::table::table;
use crate::App;
use crate::session::{Session, not_our_form};
use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use gonogo_engine::commands::accounts::{change_password, part_from, use_link};
use gonogo_engine::commands::jira_account::{JIRA, Standing, standing};
use gonogo_engine::commands::people::{LEAST_PASSWORD, PersonError};
use gonogo_engine::commands::sign_in::With;
use gonogo_engine::commands::slack_join::{SLACK, offered, open_link, part_from_slack, send_link, take_offer};
use gonogo_store::PersonRow;
use maud::{Markup, html};
use secrecy::SecretString;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct NewPassword {
    form: String,
    old: SecretString,
    password: SecretString,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Parting {
    form: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Member {
    form: String,
    member: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Link {
    #[serde(default)]
    code: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Taken {
    form: String,
    code: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Chosen {
    code: String,
    password: SecretString,
}

pub(crate) async fn page(State(app): State<App>, session: Session) -> Shown {
    shown(&app, &session, None).await
}

pub(crate) async fn password(State(app): State<App>, session: Session, Form(new): Form<NewPassword>) -> Response {
    if !session.sent(&new.form) {
        return not_our_form();
    }
    let done = change_password(&app.serving, &session.person, session.token(), new.old, new.password).await;
    ended(&app, &session, done).await
}

pub(crate) async fn part(
    with: With,
    State(app): State<App>,
    session: Session,
    Form(parting): Form<Parting>,
) -> Response {
    if !session.sent(&parting.form) {
        return not_our_form();
    }
    let done = part_from(&app.serving, &session.person, with).await;
    ended(&app, &session, done).await
}

/// Has Slack bring its owner a link.
pub(crate) async fn slack_link(State(app): State<App>, session: Session, Form(asked): Form<Member>) -> Response {
    if !session.sent(&asked.form) {
        return not_our_form();
    }
    match send_link(&app.serving, &session.person, asked.member.trim()).await {
        Ok(()) => {
            let said = "gonogo wrote to you in Slack. Open the link there, where you are signed in here.";
            layout::message("Look into Slack", said).into_response()
        }
        error => ended(&app, &session, error).await,
    }
}

/// From Slack. Following it is enough: nobody else has the code.
pub(crate) async fn slack_open(State(app): State<App>, session: Session, Query(link): Query<Link>) -> Response {
    let done = open_link(&app.serving, &session.person, &link.code).await;
    ended(&app, &session, done).await
}

/// From Slack too, where a button was pressed by nobody that is known here. Anybody
/// may have sent the link on: so it is asked whose account it is.
pub(crate) async fn slack_offered(State(app): State<App>, session: Session, Query(link): Query<Link>) -> Response {
    let (member, name) = match offered(&app.serving, &link.code).await {
        Ok(found) => found,
        Err(error) => return ended(&app, &session, Err(error)).await,
    };
    let main = html! {
        p {
            "Is the Slack account " b { (outside(&name)) } " (" code { (outside(&member)) } ") yours? Then what is pressed in Slack              with it is done here as " b { (outside(&session.person.name)) } "."
        }
        p.hint { "Say yes only if you pressed a button there yourself, just now. If somebody sent you this link, close the page." }
        form method="post" action="/account/slack/offer" {
            input type="hidden" name="form" value=(session.form_word());
            input type="hidden" name="code" value=(link.code);
            button { "It is mine: join it" }
        }
    };
    layout::page("Join your Slack account", false, Some(&session), &main).into_response()
}

pub(crate) async fn slack_taken(State(app): State<App>, session: Session, Form(taken): Form<Taken>) -> Response {
    if !session.sent(&taken.form) {
        return not_our_form();
    }
    let done = take_offer(&app.serving, &session.person, &taken.code).await;
    ended(&app, &session, done).await
}

pub(crate) async fn slack_part(State(app): State<App>, session: Session, Form(parting): Form<Parting>) -> Response {
    if !session.sent(&parting.form) {
        return not_our_form();
    }
    let done = part_from_slack(&app.serving, &session.person).await;
    ended(&app, &session, done).await
}

pub(super) async fn ended(app: &App, session: &Session, done: Result<(), PersonError>) -> Response {
    match done {
        Ok(()) => Redirect::to("/account").into_response(),
        Err(PersonError::Input(said)) => {
            (StatusCode::UNPROCESSABLE_ENTITY, shown(app, session, Some(&said)).await).into_response()
        }
        Err(error) => layout::trouble(&error),
    }
}

async fn shown(app: &App, session: &Session, said: Option<&str>) -> Shown {
    let row = app.serving.store.person(session.person.id).await.map_err(|e| away(&e))?;
    let jira = standing(&app.serving, &session.person).await.map_err(|e| away(&e))?;
    let main = html! {
        @if let Some(said) = said { p.stale role="alert" { (said) "." } }
        p { "You are " b { (outside(&session.person.name)) } ": " (session.person.role.word()) " for all services." }
        @if !session.person.at.is_empty() {
            (table(["Service", "There you are"], session.person.at.keys().map(|service| [
                html! { (service) },
                html! { (session.person.role_at(service).word()) },
            ])))
        }
        @if let Some(row) = &row { (elsewhere(app, session, row, &jira)) (own_password(session, row)) }
    };
    Ok(layout::page("Your account", false, Some(session), &main))
}

fn elsewhere(app: &App, session: &Session, row: &PersonRow, jira: &Standing) -> Markup {
    let elsewhere = super::sign_in::elsewhere(app);
    let is_joined = |with: With| row.identities.iter().any(|identity| identity.source == with.word());
    let called = |word: &str| {
        let found = elsewhere.iter().find(|(with, _)| with.word() == word);
        let own = match word {
            SLACK => "Slack",
            JIRA => "Jira",
            other => other,
        };
        outside(found.map_or(own, |(_, name)| name))
    };
    html! {
        section {
            h2 { "Who you are elsewhere" }
            @for identity in &row.identities {
                p { (called(&identity.source)) ": " b { (outside(&identity.name)) } }
                form method="post" action={ "/account/" (identity.source) "/part" } {
                    input type="hidden" name="form" value=(session.form_word());
                    button { "Part from " (called(&identity.source)) }
                }
            }
            @for (with, name) in elsewhere.iter().filter(|(with, _)| !is_joined(*with)) {
                p {
                    a.button href={ "/account/" (with.word()) "?form=" (session.form_word()) } {
                        "Join your " (outside(name)) " account"
                    }
                }
                p.quiet { "Then you can sign in with it too." }
            }
            @if app.serving.slack.is_some() && !row.identities.iter().any(|identity| identity.source == SLACK) {
                form method="post" action="/account/slack" {
                    input type="hidden" name="form" value=(session.form_word());
                    label { "Your member id in Slack, such as U024BE7LH: in your profile there, under ⋮" input name="member" required; }
                    button { "Join your Slack account" }
                }
                p.quiet { "gonogo writes to you there; the link in that message joins it." }
            }
            (super::jira_account::offer(jira, &session.form_word()))
            @if elsewhere.is_empty() && row.identities.is_empty() {
                p.quiet { "Nowhere that gonogo knows of: signing in with another system is not set up." }
            }
        }
    }
}

fn own_password(session: &Session, row: &PersonRow) -> Markup {
    html! {
        section {
            h2 { "Password" }
            @if row.has_password {
                form method="post" action="/account/password" {
                    input type="hidden" name="form" value=(session.form_word());
                    label { "Until now" input type="password" name="old" autocomplete="current-password" required; }
                    (new_password("From now on"))
                    button { "Change it" }
                }
                p.quiet { "Your other sessions end." }
            } @else { p.quiet { "You have none. An admin can make you a link to choose one." } }
        }
    }
}

fn new_password(label: &str) -> Markup {
    html! {
        label {
            (label) ", " (LEAST_PASSWORD) " characters or more"
            input type="password" name="password" autocomplete="new-password" minlength=(LEAST_PASSWORD) required;
        }
    }
}

pub(crate) async fn choose(Query(link): Query<Link>) -> Markup {
    choosing(&link.code, None)
}

pub(crate) async fn chosen(State(app): State<App>, Form(chosen): Form<Chosen>) -> Response {
    match use_link(&app.serving, &chosen.code, chosen.password).await {
        Ok(true) => Redirect::to("/sign-in").into_response(),
        Ok(false) => {
            let said = "This link was used already, or is too old. An admin makes a new one.";
            (StatusCode::FORBIDDEN, choosing("", Some(said))).into_response()
        }
        Err(PersonError::Input(said)) => {
            (StatusCode::UNPROCESSABLE_ENTITY, choosing(&chosen.code, Some(&said))).into_response()
        }
        Err(error) => layout::trouble(&error),
    }
}

fn choosing(code: &str, said: Option<&str>) -> Markup {
    let main = html! {
        @if let Some(said) = said { p.stale role="alert" { (said) } }
        form method="post" action="/choose-password" {
            label { "Code" input name="code" value=(code) autocomplete="off" required; }
            (new_password("Your new password"))
            button { "Choose it" }
        }
    };
    layout::page("Choose a password", false, None, &main)
}
