//! All deploys: those that are open, what runs of them, and the button that stops all.

use super::deploys::{end_button, list, refused};
use super::layout::{self, Follows, Shown, ago, away, outside};
use super::table::table;
use crate::App;
use crate::session::{Session, not_our_form};
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use gonogo_core::person::Act;
use gonogo_engine::commands::stops::{lift_stop, stop_all};
use gonogo_store::{DeployId, DeploysWanted, Stop, UnderWay};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

const ROWS: u32 = 50;
/// Of those that are open there are few.
const OPEN: u32 = 200;

#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    before: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Stopping {
    form: String,
    #[serde(default)]
    why: String,
}

/// That nothing begins, and by whom: on each page that shows deploys or candidates.
pub(crate) fn banner(stop: Option<&Stop>, now: Timestamp) -> Markup {
    html! {
        @if let Some(stop) = stop {
            p.stale.stopped role="status" {
                "■ " b { "All deploys are stopped" } " by " (outside(&stop.by)) " since " (ago(stop.at, now))
                @if !stop.why.is_empty() { ": " (outside(&stop.why)) }
                ". Nothing new begins until somebody lifts that. " a href="/deploys" { "What runs" }
            }
        }
    }
}

pub(crate) async fn page(State(app): State<App>, session: Session, Query(asked): Query<Asked>) -> Shown {
    let store = &app.serving.store;
    let since = store.cursor().await.map_err(|e| away(&e))?;
    let stop = store.stop().await.map_err(|e| away(&e))?;
    let runs = store.acts_under_way().await.map_err(|e| away(&e))?;
    let wanted = DeploysWanted { only_open: true, ..DeploysWanted::default() };
    let open = store.deploys(wanted, OPEN).await.map_err(|e| away(&e))?;
    let wanted = DeploysWanted { before: asked.before.map(DeployId), ..DeploysWanted::default() };
    let all = store.deploys(wanted, ROWS).await.map_err(|e| away(&e))?;
    let over: Vec<_> = all.iter().filter(|row| row.state.has_ended()).cloned().collect();
    let now = (app.serving.clock)();
    let may = session.person.may_anywhere(Act::StopAll).is_ok();
    let main = html! {
        (banner(stop.as_ref(), now))
        @if may { (button(stop.as_ref(), &session)) }
        section { h2 { "What runs" }
            @if runs.is_empty() { p { "No step of a deploy runs." } } @else { (running(&runs, &session, now)) } }
        section { h2 { "Open" }
            @if open.is_empty() { p { "No deploy waits or runs. A candidate that is Go has the button for one, where its policy has " code { "[[deploy.steps]]" } "." } }
            @else { (list(&open, now)) } }
        @if !over.is_empty() { section { h2 { "Over" } (list(&over, now)) } }
        @if all.len() == ROWS as usize { @if let Some(last) = all.last() {
            p { a href={ "/deploys?before=" (last.id.0) } { "Older ones" } }
        } }
    };
    let follows = Follows { candidate: None, since };
    Ok(layout::live_page("Deploys", !open.is_empty(), &session, &follows, &main))
}

/// To stop all, or to lift that.
fn button(stop: Option<&Stop>, session: &Session) -> Markup {
    let word = session.form_word();
    html! {
        @match stop {
            Some(stop) => {
                form.inline method="post" action={ "/deploys/stop/" (stop.id) "/lift" } {
                    input type="hidden" name="form" value=(word);
                    button { "Lift the stop" }
                }
                " " span.hint { "each deploy goes on where it was" }
            },
            None => {
                form.row method="post" action="/deploys/stop" {
                    input type="hidden" name="form" value=(word);
                    label { "Why, if there is time for that" input name="why" maxlength="500" size="40" autocomplete="off"; }
                    button.stops { "■ Stop all deploys" }
                }
            },
        }
    }
}

fn running(runs: &[UnderWay], session: &Session, now: Timestamp) -> Markup {
    let row = |act: &UnderWay| {
        let path = format!("/deploys/{}/steps/{}", act.of.deploy.0, act.of.key);
        let may = session.person.may_at(&act.service, Act::Deploy).is_ok();
        [
            html! { a href={ "/deploys/" (act.of.deploy.0) } { (act.service) ": deploy " (act.of.deploy.0) } },
            html! { (act.name) @if let Some(host) = &act.host { " on " (host) } },
            html! { (ago(act.since, now)) },
            html! {
                @match &act.end_wanted_by {
                    Some(by) => { "is being ended, as " (outside(by)) " wants" },
                    None => { @if may { (end_button(&path, "End it", session)) } },
                }
            },
        ]
    };
    table(["Deploy", "Step", "Began", "Its end"], runs.iter().map(row))
}

pub(crate) async fn stop(State(app): State<App>, session: Session, Form(sent): Form<Stopping>) -> Response {
    if !session.sent(&sent.form) {
        return not_our_form();
    }
    match stop_all(&app.serving, &session.person, &sent.why).await {
        Ok(_) => Redirect::to("/deploys").into_response(),
        Err(error) => refused(&error, &session),
    }
}

pub(crate) async fn lift(
    State(app): State<App>,
    session: Session,
    Path(id): Path<i64>,
    Form(sent): Form<Stopping>,
) -> Response {
    if !session.sent(&sent.form) {
        return not_our_form();
    }
    match lift_stop(&app.serving, &session.person, Some(id)).await {
        Ok(_) => Redirect::to("/deploys").into_response(),
        Err(error) => refused(&error, &session),
    }
}
