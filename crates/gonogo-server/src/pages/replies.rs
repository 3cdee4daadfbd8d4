//! A step that a deploy waits with: until when, what is asked, and what a person may say.

use super::deploys::{done, end_button};
use super::layout::{not_found, outside};
use crate::App;
use crate::session::{Session, not_our_form};
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use gonogo_core::deploy::{ActKey, Does, Reply};
use gonogo_core::person::Act;
use gonogo_core::say;
use gonogo_engine::commands::deploy_reply::{reply, why_not_yes};
use gonogo_engine::{ToldAct, ToldDeploy};
use gonogo_store::{DeployId, StoreError};
use maud::{Markup, html};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct Said {
    form: String,
    reply: Word,
    #[serde(default)]
    why: String,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Word {
    GoOn,
    Yes,
    No,
}

/// What is waited with, and why not by this person where it is a question.
pub(super) struct Waiting<'t> {
    act: &'t ToldAct,
    why_not: Option<String>,
}

/// `None` where it waits with nothing, or somebody has said it already.
pub(super) async fn waiting<'t>(
    app: &App,
    told: &'t ToldDeploy,
    session: &Session,
) -> Result<Option<Waiting<'t>>, StoreError> {
    let Some(act) = told.may.waits.as_ref().and_then(|key| told.acts.iter().find(|act| act.key == *key)) else {
        return Ok(None);
    };
    let why_not = match act.does.question() {
        Some(question) => why_not_yes(&app.serving, &session.person, &told.row, question).await?,
        None => None,
    };
    Ok(Some(Waiting { act, why_not }))
}

pub(super) fn shown(waiting: &Waiting<'_>, told: &ToldDeploy, session: &Session) -> Markup {
    let Waiting { act, why_not } = waiting;
    let may = session.person.may_at(&told.row.service, Act::Deploy).is_ok();
    let path = format!("/deploys/{}/steps/{}", told.row.id.0, act.key);
    let form = |word: &str, class: &str, label: &str| {
        html! { form.inline method="post" action={ (path) "/reply" } {
            input type="hidden" name="form" value=(session.form_word());
            input type="hidden" name="reply" value=(word);
            button class=(class) { (label) }
        } }
    };
    html! {
        @match &act.does {
            Does::Pause { .. } => { @if may { div.acts { (form("go-on", "primary", "Go on now")) } } },
            Does::Approval(question) => {
                p { b { (outside(&question.question)) } " Asked of " (outside(&question.whom()))
                    @if question.by_another { ", and not of " (outside(&told.row.requested_by)) " alone" }
                    @if let Some(until) = act.until { ", until " (say::minute(until)) } "." }
                @match why_not {
                    None => {
                        div.acts { (form("yes", "primary", "Yes, go on")) }
                        details {
                            summary { "No…" }
                            form method="post" action={ (path) "/reply" } {
                                input type="hidden" name="form" value=(session.form_word());
                                input type="hidden" name="reply" value="no";
                                label { "Why not?" textarea name="why" rows="2" maxlength="500" required {} }
                                button { "No, it does not go on" }
                            }
                        }
                    },
                    Some(why) => { @if may { p.quiet { "Not by you: " (outside(why)) "." } } },
                }
            },
            _ => { @if may { div.acts { (end_button(&path, "End this step", session)) } } },
        }
    }
}

pub(crate) async fn say(
    State(app): State<App>,
    session: Session,
    Path((id, key)): Path<(i64, String)>,
    Form(said): Form<Said>,
) -> Response {
    if !session.sent(&said.form) {
        return not_our_form();
    }
    let Ok(key) = key.parse::<ActKey>() else { return not_found().await.into_response() };
    let word = match said.reply {
        Word::GoOn => Reply::GoOn,
        Word::Yes => Reply::Yes,
        Word::No => Reply::No { why: said.why },
    };
    done(reply(&app.serving, &session.person, DeployId(id), key, word).await, id, &session)
}
