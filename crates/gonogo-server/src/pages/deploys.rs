//! Deploys: one with its steps, what they say, and what a person may say of it; and
//! those of a service.

use super::glass;
use super::guards;
use super::layout::{self, Follows, Shown, ago, away, not_found, outside, short};
use super::locks;
use super::replies;
use super::rollout::{self, Ends};
use super::stops;
use super::table::table;
use crate::App;
use crate::session::{Session, not_our_form};
use anstream::adapter::StripBytes;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use gonogo_core::deploy::{ActKey, Approval, Choice, Need, Outcome, Signal};
use gonogo_core::person::Act;
use gonogo_core::say;
use gonogo_engine::commands::break_glass::may_break_glass;
use gonogo_engine::commands::deploy_preview::Preview;
use gonogo_engine::commands::deploys::{
    DeployError, MaySay, SILENT, approve, decide, end_step, give_up, signal, why_not_approve, writers_note,
};
use gonogo_engine::commands::needs::need_now;
use gonogo_engine::commands::request::{Wish, request, runway_note};
use gonogo_engine::commands::up_to::UpTo;
use gonogo_engine::{ToldAct, ToldDeploy, state_words, told_deploy};
use gonogo_store::{CandidateId, DeployId, DeployRow, DeployState, DeploysWanted, Requested, RunKey};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

const ROWS: u32 = 50;
/// Of what a step said, so much of its end stands on the page.
const SHOWN_BYTES: u32 = 16 << 10;
/// And of what it said on one host.
const SHOWN_OF_HOST: u32 = 4 << 10;
/// And of all of them together, so that a page stays light.
const SHOWN_OF_ALL: u32 = 160 << 10;
/// Of so many hosts it stands there.
const SHOWN_HOSTS: usize = 100;

#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    before: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    form: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AskedFor {
    form: String,
    /// Only up to this commit of it.
    up_to: Option<String>,
    /// At this time.
    at: Option<String>,
    /// The number of the deploy in whose place it waits.
    instead_of: Option<String>,
}

/// A deploy's state: a word, a shape and a colour.
pub(crate) fn state(state: DeployState) -> Markup {
    let class = match state {
        DeployState::Deployed => "go",
        DeployState::Requested
        | DeployState::Queued
        | DeployState::Running
        | DeployState::Asking
        | DeployState::Cancelled => "waiting",
        DeployState::Halted
        | DeployState::NeedsPerson
        | DeployState::RolledBack
        | DeployState::Abandoned
        | DeployState::Refused => "no-go",
    };
    let (mark, said) = state_words(state);
    html! { span class={ "verdict " (class) } { (mark) " " (said) } }
}

pub(crate) async fn page(State(app): State<App>, session: Session, Path(id): Path<i64>) -> Shown {
    let since = app.serving.store.cursor().await.map_err(|e| away(&e))?;
    let told = told_deploy(&app.serving, DeployId(id)).await.map_err(|e| away(&e))?;
    let Some(told) = told else { return Err(not_found().await) };
    let stop = app.serving.store.stop().await.map_err(|e| away(&e))?;
    let now = (app.serving.clock)();
    let lock = app.serving.store.service_lock(&told.row.service, now).await.map_err(|e| away(&e))?;
    let ends = ends(&app, &told).await.map_err(|e| away(&e))?;
    let row = &told.row;
    let may = session.person.may_at(&row.service, Act::Deploy).is_ok();
    let agreeing = Agreeing {
        why_not: why_not_approve(&app.serving, &session.person, row).await.map_err(|e| away(&e))?,
        note: writers_note(&app.serving, row).await.map_err(|e| away(&e))?,
        need: need_now(&app.serving, row).await.map_err(|e| away(&e))?,
        may_break_glass: may_break_glass(&app.serving, &session.person, &row.service),
    };
    let runway = runway_note(&app.serving, row).await.map_err(|e| away(&e))?;
    let waiting = replies::waiting(&app, &told, &session).await.map_err(|e| away(&e))?;
    let main = html! {
        @if !row.state.has_ended() { (stops::banner(stop.as_ref(), now)) (locks::banner(lock.as_ref(), now)) }
        section.answer.(if row.state == DeployState::Deployed { "is-go" } else { "is-waiting" }) aria-label="How it stands" {
            p.headline { (state(row.state)) " " @if !row.said.is_empty() { (outside(&row.said)) } }
            p { b { (outside(&row.branch)) } " @ " code { (row.head.short()) } " over " (row.production.short())
                " · asked for by " (outside(&row.requested_by)) " " (ago(row.requested_at, now))
                @if let Some((by, at)) = &row.approved { " · approved by " (outside(by)) " " (ago(*at, now)) }
                @if let Some(began) = row.began_at { " · began " (ago(began, now)) }
                @if let (Some(began), Some(ended)) = (row.began_at, row.ended_at) { " · took " (say::lasts(ended.duration_since(began))) }
            }
            @if let (DeployState::Requested, Some(approval)) = (row.state, &row.plan.approval) { (agreed(approval, row, &agreeing, may, &session)) }
            @if let Some(place) = &told.place { p { (outside(&place.said)) @if let Some(after) = place.after { " · " a href={ "/deploys/" (after.0) } { "deploy " (after.0) } } } }
            @for lag in &told.lags { p.hint { "? " (outside(lag)) "." } }
            @if let Some(note) = &runway { p.hint { "? " (outside(note)) "." } }
            @if let Some(waiting) = &waiting { (replies::shown(waiting, &told, &session)) }
            @if may { (words(&told.may, row, &session)) }
        }
        (glass::shown(row, &session, now))
        p { a href={ "/services/" (row.service) } { "The service" } " · "
            a href={ "/services/" (row.service) "/deploys" } { "Its deploys" } " · "
            a href={ "/candidates/" (row.candidate.0) } { "The candidate" } " · "
            a href={ "/candidates/" (row.candidate.0) "/plan" } { "Its plan" } }
        (guards::guards(&told, now))
        @for (at, act) in told.acts.iter().enumerate() { (part(at, act, &told, &ends, may, &session, now)) }
        (to_come(&told))
        @if !told.words.is_empty() {
            section { h2 { "What was said" }
                ul { @for (said, at) in &told.words { li { (outside(said)) " " (ago(*at, now)) } } } }
        }
    };
    let follows = Follows { candidate: None, since };
    let title = format!("{}: deploy {}", row.service, row.id.0);
    Ok(layout::live_page(&title, !row.state.has_ended(), &session, &follows, &main))
}

/// How somebody may agree to it.
struct Agreeing {
    why_not: Option<String>,
    /// What is not known of who wrote it.
    note: Option<String>,
    /// Who has to.
    need: Option<Need>,
    may_break_glass: bool,
}

/// Who agrees to it, and the button of who may.
fn agreed(approval: &Approval, row: &DeployRow, agreeing: &Agreeing, may: bool, session: &Session) -> Markup {
    let who = agreeing.need.clone().unwrap_or_else(|| approval.usual()).words();
    html! {
        p { "It waits for " (outside(&who)) @if approval.by_another { ", and not " (outside(&row.requested_by)) " alone" } " to agree." }
        @if let Some(note) = &agreeing.note { p.hint { "? " (outside(note)) "." } }
        @match &agreeing.why_not {
            None => form.inline method="post" action={ "/deploys/" (row.id.0) "/approval" } {
                input type="hidden" name="form" value=(session.form_word());
                button.primary { "Approve" }
            },
            Some(why) => { @if may { p.quiet { "Not by you: " (outside(why)) "." } } },
        }
        @if agreeing.may_break_glass { (glass::form(row.candidate, session)) }
    }
}

pub(crate) async fn agree(
    State(app): State<App>,
    session: Session,
    Path(id): Path<i64>,
    Form(sent): Form<Sent>,
) -> Response {
    if !session.sent(&sent.form) {
        return not_our_form();
    }
    done(approve(&app.serving, &session.person, DeployId(id)).await, id, &session)
}

/// What a person may say of it now.
fn words(may: &MaySay, row: &DeployRow, session: &Session) -> Markup {
    let path = format!("/deploys/{}", row.id.0);
    let button = |action: String, said: &str| {
        html! { form.inline method="post" action=(action) {
            input type="hidden" name="form" value=(session.form_word());
            button { (said) }
        } }
    };
    html! {
        @if let Some((key, choices)) = &may.choices {
            p { "How does it go on" @if let Some(host) = row.plan.host_of(key) { " with " a href={ "#" (key) } { (host.name) } } "?" }
            ul.choices { @for choice in choices { li {
                (button(format!("{path}/steps/{key}/{}", choice.word()), choice.label()))
                " " span.hint { (choice.means()) }
            } } }
        }
        @if !may.signals.is_empty() {
            div.acts { @for signal in &may.signals { (button(format!("{path}/signals/{}", signal.word()), if row.state == DeployState::Requested { "Cancel" } else { signal.label() })) " " } }
        }
    }
}

/// The ends of what acts said: of each on the runner, and of one of each host.
async fn ends(app: &App, told: &ToldDeploy) -> Result<Ends, gonogo_store::StoreError> {
    let on_hosts = told.rollouts.iter().flat_map(|rollout| {
        rollout.hosts.iter().filter_map(|host| rollout::shown_act(told, rollout, host)).take(SHOWN_HOSTS)
    });
    let on_hosts: Vec<ActKey> = on_hosts.collect();
    let mut ends = Ends::new();
    let mut left = SHOWN_OF_ALL;
    // The newest are what is looked for.
    for act in told.acts.iter().rev() {
        let most = match &act.on {
            None => SHOWN_BYTES,
            Some(_) if on_hosts.contains(&act.key) => SHOWN_OF_HOST,
            Some(_) => continue,
        };
        let end = end_of(app, &told.row, act, most.min(left)).await?;
        left = left.saturating_sub(u32::try_from(end.1.len()).unwrap_or(u32::MAX));
        ends.insert(act.key.clone(), end);
    }
    Ok(ends)
}

/// The end of what an act said, and how many bytes stand before it.
async fn end_of(
    app: &App,
    row: &DeployRow,
    act: &ToldAct,
    most: u32,
) -> Result<(u64, String), gonogo_store::StoreError> {
    let all = act.run.as_ref().map_or(0, |run| run.said_bytes);
    let from = all.saturating_sub(most.into());
    let of = RunKey { deploy: row.id, key: act.key.clone() };
    // A part has a byte at least.
    let parts = app.serving.store.said_of_run(&of, from, most).await?;
    let bytes: Vec<u8> = parts.into_iter().flat_map(|part| part.bytes).collect();
    Ok((from, String::from_utf8_lossy(&plain(&mut StripBytes::new(), &bytes)).into_owned()))
}

/// An act of its own; of those on hosts, all of a step where the first of them is.
fn part(
    at: usize,
    act: &ToldAct,
    told: &ToldDeploy,
    ends: &Ends,
    may: bool,
    session: &Session,
    now: Timestamp,
) -> Markup {
    if act.on.is_none() {
        let nothing = (0, String::new());
        return one_act(act, ends.get(&act.key).unwrap_or(&nothing), told, may, session, now);
    }
    let place = |act: &ToldAct| (act.key.act().direction, act.key.act().step);
    let is_first = told.acts.iter().position(|other| place(other) == place(act)) == Some(at);
    let of = told.rollouts.iter().find(|one| (one.direction, one.step) == place(act)).filter(|_| is_first);
    html! { @if let Some(of) = of { (rollout::rollout(told, of, ends, may.then_some(session), now)) } }
}

/// As it is read: colours and what moves a cursor are left out.
fn plain(strip: &mut StripBytes, bytes: &[u8]) -> Vec<u8> {
    strip.strip_next(bytes).flatten().copied().collect()
}

fn one_act(
    act: &ToldAct,
    (before, end): &(u64, String),
    told: &ToldDeploy,
    may: bool,
    session: &Session,
    now: Timestamp,
) -> Markup {
    let (row, path) = (&told.row, format!("/deploys/{}/steps/{}", told.row.id.0, act.key));
    let (mark, is_open) = match &act.outcome {
        Some(Outcome::Done) => ("✓", false),
        Some(_) => ("✗", true),
        None => ("▶", true),
    };
    let ended = act.ended_at.unwrap_or(now);
    let asked_to_end = act.run.as_ref().and_then(|run| run.end_wanted_by.as_deref());
    html! {
        section.step id=(act.key) {
            h2 { (mark) " " (act.name) @if act.key.act().attempt > 1 { " (attempt " (act.key.act().attempt) ")" } }
            p.quiet { code { (outside(&act.shown)) } " · " (say::lasts(ended.duration_since(act.began_at)))
                @match act.came_to() { Some(said) => { " · " (outside(&said)) }, None if act.does.is_own() => { " · waits" @if let Some(until) = act.until { " until " (say::end(act.began_at, until)) } }, None => " · runs" }
                @if let (None, Some(by)) = (&act.outcome, asked_to_end) { ", being ended as " (outside(by)) " wants" }
                @if act.run.is_some() { " · " a href={ (path) "/log.txt" } { "all of it" } } }
            @if may && act.run.is_some() && act.outcome.is_none() && asked_to_end.is_none() && !row.state.has_ended() {
                (end_button(&path, "End this step", session))
            }
            @if may && act.run.is_some() && is_silent(act, now) { (give_up_button(&path, session)) }
            @if !end.is_empty() {
                details open[is_open] { summary { "What it said" @if *before > 0 { " (its end)" } }
                    pre.log tabindex="0" aria-label={ "What " (act.name) " said" } { (end) } }
            }
        }
    }
}

/// `path` is the act's.
pub(super) fn end_button(path: &str, said: &str, session: &Session) -> Markup {
    html! {
        form.inline method="post" action={ (path) "/end" } {
            input type="hidden" name="form" value=(session.form_word());
            button { (said) }
        }
    }
}

pub(super) fn give_up_button(path: &str, session: &Session) -> Markup {
    html! {
        form.inline method="post" action={ (path) "/give-up" } {
            input type="hidden" name="form" value=(session.form_word());
            button { "Its runner does not come back" }
        }
        " " span.hint { "then a person says whether it was done; what may still run on its host is not ended by that" }
    }
}

/// Whether nobody has heard of the runner of an act that is not over.
pub(super) fn is_silent(act: &ToldAct, now: Timestamp) -> bool {
    let heard_at = act.run.as_ref().and_then(|run| run.heard_at).unwrap_or(act.began_at);
    act.outcome.is_none() && now.duration_since(heard_at) > SILENT
}

/// Steps that were not begun.
fn to_come(told: &ToldDeploy) -> Markup {
    use gonogo_core::deploy::Direction;
    let begun = |step: usize| {
        told.acts.iter().any(|act| act.key.act().direction == Direction::Forward && act.key.act().step == step)
    };
    let rest: Vec<_> = told.row.plan.forward.iter().enumerate().filter(|(at, _)| !begun(*at)).collect();
    html! {
        @if !rest.is_empty() {
            section { h2 { @if told.row.state.has_ended() { "Not begun" } @else { "To come" } }
                ol.steps start=(rest[0].0 + 1) { @for (_, step) in &rest { li {
                    b { (step.name) }
                    @if let Some(rollout) = &step.rollout { " on " (rollout.group) " (" (rollout.hosts.len()) " hosts in " (rollout.batches.len()) " batches)" }
                    " " code { (outside(&step.shown())) } } } } }
        }
    }
}

pub(crate) async fn of_service(
    State(app): State<App>,
    session: Session,
    Path(service): Path<String>,
    Query(asked): Query<Asked>,
) -> Shown {
    if app.serving.service(&service).is_none() {
        return Err(not_found().await);
    }
    let since = app.serving.store.cursor().await.map_err(|e| away(&e))?;
    let wanted =
        DeploysWanted { service: service.clone(), before: asked.before.map(DeployId), ..DeploysWanted::default() };
    let rows = app.serving.store.deploys(wanted, ROWS).await.map_err(|e| away(&e))?;
    let stop = app.serving.store.stop().await.map_err(|e| away(&e))?;
    let now = (app.serving.clock)();
    let lock = app.serving.store.service_lock(&service, now).await.map_err(|e| away(&e))?;
    let main = html! {
        (stops::banner(stop.as_ref(), now))
        (locks::banner(lock.as_ref(), now))
        p { a href={ "/services/" (service) } { "The service" } " · " a href="/deploys" { "All deploys" } }
        @if rows.is_empty() {
            p { "Nothing was deployed by gonogo. Steps stand in the policy's " code { "[[deploy.steps]]" } "; a candidate that is Go has a button then." }
        } @else { (list(&rows, now)) }
        @if rows.len() == ROWS as usize { @if let Some(last) = rows.last() {
            p { a href={ "/services/" (service) "/deploys?before=" (last.id.0) } { "Older ones" } }
        } }
    };
    let follows = Follows { candidate: None, since };
    Ok(layout::live_page(&format!("{service}: deploys"), false, &session, &follows, &main))
}

pub(crate) fn list(rows: &[DeployRow], now: Timestamp) -> Markup {
    let took = |row: &DeployRow| row.began_at.zip(row.ended_at).map(|(began, ended)| ended.duration_since(began));
    let row = |row: &DeployRow| {
        [
            html! { a href={ "/deploys/" (row.id.0) } { (row.id.0) } },
            html! { (state(row.state)) (glass::mark(row)) },
            html! {
                (outside(&row.branch)) " @ " code { (short(&row.head.to_string())) }
                @if !row.said.is_empty() { br; span.hint { (outside(&row.said)) } }
            },
            html! { (outside(&row.requested_by)) " " (ago(row.requested_at, now)) },
            html! { @if let Some(time) = took(row) { (say::lasts(time)) } },
        ]
    };
    table(["Deploy", "State", "What", "Asked for", "Took"], rows.iter().map(row))
}

/// The button on a candidate's page.
pub(crate) fn ask_form(candidate: CandidateId, session: &Session) -> Markup {
    html! { (press(candidate, session)) " " a href={ "/candidates/" (candidate.0) "/dry-run" } { "What that does, and for later" } }
}

/// Asks for it at a later time, or in another one's place.
pub(super) fn for_later(told: &Preview, session: &Session) -> Markup {
    let zone = &told.plan.zone;
    html! {
        details { summary { "For later, or in the place of another one" }
            form.fields method="post" action={ "/candidates/" (told.candidate.id.0) "/deploys" } {
                input type="hidden" name="form" value=(session.form_word());
                label { "Not before (" (zone) "; else as soon as its turn comes)" input type="datetime-local" name="at"; }
                @if !told.waiting.is_empty() {
                    label { "In the place of"
                        select name="instead_of" {
                            option value="" { "none: behind those that wait" }
                            @for row in &told.waiting {
                                option value=(row.id.0) { "deploy " (row.id.0) ": " (outside(&row.branch)) " @ " (row.head.short()) ", asked for by " (outside(&row.requested_by)) }
                            }
                        }
                        span.hint { "That one is not deployed then. It has not begun." }
                    }
                }
                button { "Ask for it" }
            }
        }
    }
}

/// The button for what is Go of a candidate that is not, up to this commit.
pub(crate) fn newest_go_form(candidate: CandidateId, sha: &str, session: &Session) -> Markup {
    html! {
        form.inline method="post" action={ "/candidates/" (candidate.0) "/deploys" } {
            input type="hidden" name="form" value=(session.form_word());
            input type="hidden" name="up_to" value=(sha);
            button { "Deploy up to there" }
        }
    }
}

pub(super) fn press(candidate: CandidateId, session: &Session) -> Markup {
    html! {
        form.inline method="post" action={ "/candidates/" (candidate.0) "/deploys" } {
            input type="hidden" name="form" value=(session.form_word());
            button.primary { "Deploy" }
        }
    }
}

pub(crate) async fn ask(
    State(app): State<App>,
    session: Session,
    Path(candidate): Path<i64>,
    Form(sent): Form<AskedFor>,
) -> Response {
    if !session.sent(&sent.form) {
        return not_our_form();
    }
    let Ok(up_to) = sent.up_to.as_deref().map(str::parse::<UpTo>).transpose() else {
        return not_found().await.into_response();
    };
    // What is left empty in the form says nothing.
    let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let Ok(instead_of) = filled(sent.instead_of).map(|id| id.parse().map(DeployId)).transpose() else {
        return not_found().await.into_response();
    };
    let wish = Wish { up_to, at: filled(sent.at), instead_of, channel: None };
    let is_plain = wish.at.is_none() && wish.instead_of.is_none();
    match request(&app.serving, &session.person, CandidateId(candidate), wish).await {
        Ok(Requested::Underway(id)) if !is_plain => {
            let said = format!("deploy {} of this head waits or runs already: cancel it first", id.0);
            refused(&DeployError::Gone(said), &session)
        }
        Ok(Requested::New(id) | Requested::Underway(id)) => Redirect::to(&format!("/deploys/{}", id.0)).into_response(),
        Err(error) => refused(&error, &session),
    }
}

pub(crate) async fn tell(
    State(app): State<App>,
    session: Session,
    Path((id, word)): Path<(i64, String)>,
    Form(sent): Form<Sent>,
) -> Response {
    if !session.sent(&sent.form) {
        return not_our_form();
    }
    let Ok(wanted) = word.parse::<Signal>() else { return not_found().await.into_response() };
    done(signal(&app.serving, &session.person, DeployId(id), wanted).await, id, &session)
}

pub(crate) async fn tell_of_step(
    State(app): State<App>,
    session: Session,
    Path((id, key, word)): Path<(i64, String, String)>,
    Form(sent): Form<Sent>,
) -> Response {
    if !session.sent(&sent.form) {
        return not_our_form();
    }
    let Ok(key) = key.parse::<ActKey>() else { return not_found().await.into_response() };
    if word == "give-up" {
        return done(give_up(&app.serving, &session.person, DeployId(id), key).await, id, &session);
    }
    if word == "end" {
        return done(end_step(&app.serving, &session.person, DeployId(id), key).await, id, &session);
    }
    let Ok(choice) = word.parse::<Choice>() else { return not_found().await.into_response() };
    done(decide(&app.serving, &session.person, DeployId(id), key, choice).await, id, &session)
}

pub(super) fn done(ended: Result<(), DeployError>, id: i64, session: &Session) -> Response {
    match ended {
        Ok(()) => Redirect::to(&format!("/deploys/{id}")).into_response(),
        Err(error) => refused(&error, session),
    }
}

pub(super) fn refused(error: &DeployError, session: &Session) -> Response {
    let status = match error {
        DeployError::Store(error) => return away(error).into_response(),
        DeployError::Forbidden(_) | DeployError::NotNamed(_) => StatusCode::FORBIDDEN,
        DeployError::NotNow { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        DeployError::Gone(_) => StatusCode::CONFLICT,
    };
    let said = error.to_string();
    let (said, fix) = said.split_once("\n  → ").unwrap_or((&said, ""));
    let main = html! { p role="alert" { (outside(said)) "." } @if !fix.is_empty() { p { "→ " (outside(fix)) } } };
    (status, layout::page("Not done", false, Some(session), &main)).into_response()
}

/// All of what a step said, as plain text: what could harm a terminal is left out.
pub(crate) async fn log(State(app): State<App>, _: Session, Path((id, key)): Path<(i64, String)>) -> Response {
    let Ok(key) = key.parse::<ActKey>() else { return not_found().await.into_response() };
    let of = RunKey { deploy: DeployId(id), key };
    let store = app.serving.store.clone();
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/plain; charset=utf-8"));
    // Some parts at a time: a log may be larger than what the server has.
    let parts = futures_util::stream::try_unfold((0_u64, StripBytes::new()), move |(from, mut strip)| {
        let (store, of) = (store.clone(), of.clone());
        async move {
            let parts = store.said_of_run(&of, from, 8).await.map_err(std::io::Error::other)?;
            let bytes: Vec<u8> = parts.into_iter().flat_map(|part| part.bytes).collect();
            let next = from + bytes.len() as u64;
            Ok::<_, std::io::Error>((!bytes.is_empty()).then(|| (plain(&mut strip, &bytes), (next, strip))))
        }
    });
    (headers, axum::body::Body::from_stream(parts)).into_response()
}
