//! Filling in a story's fields, and moving it, under one's own name in Jira. What
//! may be chosen is asked when the page is opened.

use super::super::jira_account::link;
use crate::App;
use crate::pages::layout::{self, Shown, away, outside};
use crate::session::{Session, not_our_form};
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use gonogo_core::say;
use gonogo_core::story::FieldValue;
use gonogo_engine::JiraEntry as Entry;
use gonogo_engine::commands::jira_account::Standing;
use gonogo_engine::commands::mend_story::{Mend, MendError, Offer, Offered, Wanted, mend, offer};
use gonogo_engine::commands::people::random_word;
use maud::{Markup, html};
use secrecy::ExposeSecret;

/// What was sent and not done.
struct Typed {
    /// The field, or the transition, that it was for.
    of: String,
    given: Vec<String>,
    said: String,
}

pub(crate) async fn page(State(app): State<App>, session: Session, Path(key): Path<String>) -> Shown {
    shown(&app, &session, &key.to_uppercase(), None).await
}

/// A field's form has its values one by one.
pub(crate) async fn fill(
    State(app): State<App>,
    session: Session,
    Path(key): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let one = |name: &str| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let given = pairs.iter().filter(|(name, _)| name == "value").map(|(_, value)| value.clone());
    let name = one("field").unwrap_or_default();
    let wanted = Mend::Field { name: name.clone(), given: given.collect() };
    done(&app, &session, &key, &one, name, wanted).await
}

pub(crate) async fn go(
    State(app): State<App>,
    session: Session,
    Path(key): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let one = |name: &str| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let way = one("way").unwrap_or_default();
    done(&app, &session, &key, &one, String::new(), Mend::Move { way }).await
}

async fn done(
    app: &App,
    session: &Session,
    key: &str,
    one: &impl Fn(&str) -> Option<String>,
    of: String,
    wanted: Mend,
) -> Response {
    let key = key.to_uppercase();
    if !session.sent(&one("form").unwrap_or_default()) {
        return not_our_form();
    }
    let once = one("once").unwrap_or_default();
    let given = match &wanted {
        Mend::Field { given, .. } => given.clone(),
        Mend::Move { .. } => Vec::new(),
    };
    let error = match mend(&app.serving, &session.person, &key, wanted, &format!("page {once}")).await {
        Ok(()) => return Redirect::to(&format!("/stories/{key}")).into_response(),
        Err(MendError::Store(error)) => return away(&error).into_response(),
        Err(error) => error,
    };
    let status = match &error {
        MendError::Forbidden(_) => StatusCode::FORBIDDEN,
        MendError::Gone(_) | MendError::Doubtful(_) | MendError::NotActing(_) | MendError::KeyUsed => {
            StatusCode::CONFLICT
        }
        MendError::Input(_) | MendError::Store(_) => StatusCode::UNPROCESSABLE_ENTITY,
        MendError::Jira(_) => StatusCode::BAD_GATEWAY,
    };
    let typed = Typed { of, given, said: error.to_string() };
    (status, shown(app, session, &key, Some(&typed)).await).into_response()
}

async fn shown(app: &App, session: &Session, key: &str, typed: Option<&Typed>) -> Shown {
    let main = match offer(&app.serving, &session.person, key).await {
        Ok(offer) => forms(&offer, key, session, typed),
        Err(MendError::Store(error)) => return Err(away(&error)),
        Err(error) => {
            let wanted = Wanted::of(&app.serving, key).await.map_err(|e| away(&e))?;
            html! {
                (told(typed, |_| true))
                (instead(&error, wanted.as_ref(), key, session))
            }
        }
    };
    let main = html! {
        (main)
        p { a href={ "/stories/" (key) } { "Back to " (key) } }
    };
    Ok(layout::page(&format!("Mend {key}"), false, Some(session), &main))
}

/// What was sent, and why it was not done, where it is shown.
fn told(typed: Option<&Typed>, is_here: impl Fn(&str) -> bool) -> Markup {
    html! {
        @if let Some(typed) = typed.filter(|typed| is_here(&typed.of)) {
            p.stale role="alert" { (outside(&typed.said)) "." }
            @for given in typed.given.iter().filter(|given| !given.is_empty()) {
                p.quiet { "You had written: " (outside(given)) }
            }
        }
    }
}

/// Where nothing can be done from here: why, and the way to the very place.
fn instead(error: &MendError, wanted: Option<&Wanted>, key: &str, session: &Session) -> Markup {
    let here = format!("/stories/{key}/mend");
    let standing = match error {
        MendError::NotActing(error) => error.standing(),
        _ => None,
    };
    html! {
        @match &standing {
            Some(Standing::NotJoined) => {
                p { "Your Jira account is not joined yet. Once it is, you do this here, under your own name in Jira." }
                p { (link(&session.form_word(), &here, "Join your Jira account")) }
            }
            Some(Standing::Ended(why)) => {
                p.stale { "From here you cannot act in Jira any more: " (outside(why)) "." }
                p { (link(&session.form_word(), &here, "Join your Jira account anew")) }
            }
            _ => p.stale { (outside(&error.to_string())) "." },
        }
        @if let Some(wanted) = wanted {
            (in_jira(wanted))
            ul {
                @for field in &wanted.mends.fields {
                    li {
                        "“" (outside(&field.name)) "” "
                        @match &field.confirms {
                            Some(other) => { "has to confirm “" (outside(other)) "”" }
                            None => "has to be filled in",
                        }
                    }
                }
                @if !wanted.mends.states.is_empty() {
                    li { "it may ship from " (outside(&say::list(&wanted.mends.states, 6))) }
                }
            }
        }
    }
}

fn in_jira(wanted: &Wanted) -> Markup {
    html! {
        @if wanted.url.starts_with("http") {
            p { a href=(wanted.url) rel="noreferrer" { "Open " (wanted.issue.to_string()) " in Jira" } }
        }
    }
}

fn forms(offer: &Offer, key: &str, session: &Session, typed: Option<&Typed>) -> Markup {
    let services: Vec<&str> = offer.wanted.services().into_iter().collect();
    let is_field = |of: &str| offer.fields.iter().any(|one| one.field.name == of && one.elsewhere.is_none());
    html! {
        p { "What " (say::list(&services, 6)) " waits for. In Jira it is done by " b { (outside(&offer.acting.account.name)) } "." }
        (in_jira(&offer.wanted))
        (told(typed, |of| !is_field(of)))
        @if offer.fields.is_empty() && offer.wrong_state.is_none() {
            p { "Nothing is missing in Jira any more: it is judged again in a moment." }
        }
        @for one in &offer.fields {
            section {
                h2 { "“" (outside(&one.field.name)) "”" }
                @match &one.elsewhere {
                    Some(why) => p { "In Jira: " (outside(why)) "." },
                    None => {
                        @if let Some(typed) = typed.filter(|typed| typed.of == one.field.name) {
                            p.stale role="alert" { (outside(&typed.said)) "." }
                        }
                        (field(one, key, session, typed.filter(|typed| typed.of == one.field.name)))
                    }
                }
            }
        }
        @if let Some(state) = &offer.wrong_state { (moves(offer, state, key, session)) }
    }
}

fn moves(offer: &Offer, state: &str, key: &str, session: &Session) -> Markup {
    html! {
        section {
            h2 { "It is " (outside(state)) }
            @if offer.ways.is_empty() {
                p {
                    "From there no transition that you may make leads to "
                    (outside(&say::list(&offer.wanted.mends.states, 6))) ": look at the workflow in Jira."
                }
            }
            div.acts {
                @for way in &offer.ways {
                    @if way.asks.is_empty() {
                        form.inline method="post" action={ "/stories/" (key) "/mend/state" } {
                            (hidden(session))
                            input type="hidden" name="way" value=(way.id);
                            button { (outside(&way.name)) @if !leads(&way.name, &way.to.name) { ": to " (outside(&way.to.name)) } }
                        }
                    } @else {
                        span { (outside(&way.name)) ": Jira asks for " (outside(&say::list(&way.asks, 6))) " with it; make it there." }
                    }
                }
            }
        }
    }
}

fn hidden(session: &Session) -> Markup {
    html! {
        input type="hidden" name="form" value=(session.form_word());
        // Sent twice it is done once.
        input type="hidden" name="once" value=(random_word().expose_secret());
    }
}

fn field(one: &Offered, key: &str, session: &Session, typed: Option<&Typed>) -> Markup {
    let given: Vec<&str> = typed.iter().flat_map(|typed| &typed.given).map(String::as_str).collect();
    html! {
        @if let FieldValue::Text(now) = &one.field.now { p.quiet { "Now it says: " (outside(&say::cut(now, 400))) } }
        form method="post" action={ "/stories/" (key) "/mend/field" } {
            (hidden(session))
            input type="hidden" name="field" value=(one.field.name);
            @if let Some(other) = &one.confirms {
                p { "Your name there says that you have read “" (outside(other)) "”, and agree." }
                button { "I have read it: confirm" }
            } @else {
                (entry(&one.field.entry, &outside(&one.field.name), &given))
                button { "Fill it in" }
            }
        }
    }
}

/// Whether a transition is called by where it leads: `To Done`.
fn leads(name: &str, to: &str) -> bool {
    name.to_lowercase().ends_with(&to.to_lowercase())
}

/// How a value is given; what was given before stays.
fn entry(entry: &Entry, label: &str, given: &[&str]) -> Markup {
    let first = given.first().copied().unwrap_or_default();
    let line = |kind: &str, step: Option<&str>| {
        html! { label { (label) input type=(kind) name="value" value=(first) step=[step] required; } }
    };
    match entry {
        Entry::Line => line("text", None),
        Entry::Labels => html! {
            label { (label) ", words apart by spaces" input name="value" value=(first) required; }
        },
        Entry::Number => line("number", Some("any")),
        Entry::Day => line("date", None),
        Entry::Text => html! {
            label { (label) textarea name="value" rows="5" required { (first) } }
        },
        Entry::One(choices) => html! {
            label {
                (label)
                select name="value" required {
                    option value="" { "choose" }
                    @for choice in choices { option value=(choice.id) selected[given.contains(&choice.id.as_str())] { (outside(&choice.name)) } }
                }
            }
        },
        Entry::Several(choices) => html! {
            fieldset {
                legend { (label) }
                @for choice in choices {
                    label.tick { input type="checkbox" name="value" value=(choice.id) checked[given.contains(&choice.id.as_str())]; " " (outside(&choice.name)) }
                }
            }
        },
        Entry::Person | Entry::Elsewhere(_) => html! {},
    }
}
