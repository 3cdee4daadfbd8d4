//! Steps of a deploy that run on hosts: a row for each host, in the order of their turns.

use super::deploys::{end_button, for_later, give_up_button, is_silent, press, refused};
use super::layout::{self, outside};
use super::table::table;
use crate::App;
use crate::session::Session;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use gonogo_core::deploy::{ActKey, At, Direction, HostStands, Phase, Step};
use gonogo_core::person::Act;
use gonogo_core::say;
use gonogo_engine::commands::deploy_preview::{Preview, preview};
use gonogo_engine::{ToldAct, ToldDeploy, ToldHost, ToldRollout, guard_names, host_words, outcome_words};
use gonogo_store::CandidateId;
use jiff::Timestamp;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// The ends of what acts said, by their keys: how many bytes stand before, and the text.
pub(super) type Ends = BTreeMap<ActKey, (u64, String)>;

/// Of which act the end of what it said stands on the page: what is open or failed, else
/// the command itself.
pub(super) fn shown_act(told: &ToldDeploy, rollout: &ToldRollout, host: &ToldHost) -> Option<ActKey> {
    match &host.stands {
        HostStands::Runs(key) | HostStands::Failed(key) | HostStands::CannotTell(key, _) | HostStands::LeftOut(key) => {
            Some(key.clone())
        }
        _ => acts_of(told, rollout, host)
            .filter(|act| act.key.act().on.is_some_and(|on| on.phase == Phase::Run))
            .last()
            .map(|act| act.key.clone()),
    }
}

/// All that was done on a host in a step, in the order in which it began.
fn acts_of<'t>(told: &'t ToldDeploy, rollout: &ToldRollout, host: &ToldHost) -> impl Iterator<Item = &'t ToldAct> {
    let (direction, step, name) = (rollout.direction, rollout.step, host.name.clone());
    told.acts.iter().filter(move |act| {
        let of = act.key.act();
        (of.direction, of.step) == (direction, step) && act.on.as_ref().is_some_and(|(on, _)| *on == name)
    })
}

pub(super) fn rollout(
    told: &ToldDeploy,
    rollout: &ToldRollout,
    ends: &Ends,
    session: Option<&Session>,
    now: Timestamp,
) -> Markup {
    let number = |is: fn(&HostStands) -> bool| rollout.hosts.iter().filter(|host| is(&host.stands)).count();
    let failed = number(|stands| matches!(stands, HostStands::Failed(_) | HostStands::LeftOut(_)));
    let of = number(|stands| !matches!(stands, HostStands::Untouched));
    let done = number(|stands| matches!(stands, HostStands::Done));
    let rows = rollout.hosts.iter().map(|host| row(told, rollout, host, ends, session, now));
    html! {
        section.step id={ @if rollout.direction == Direction::Back { "back-" } @else { "step-" } (rollout.step + 1) } {
            h2 { (rollout.name) @if rollout.direction == Direction::Back { ", back" }
                " on " (rollout.group) ": " (done) " of " (of) " hosts done"
                @if failed > 0 { ", " (failed) " failed" } }
            (table(["Host", "Batch", "State", "For", "What it said"], rows))
        }
    }
}

fn row(
    told: &ToldDeploy,
    rollout: &ToldRollout,
    host: &ToldHost,
    ends: &Ends,
    session: Option<&Session>,
    now: Timestamp,
) -> [Markup; 5] {
    let acts: Vec<&ToldAct> = acts_of(told, rollout, host).collect();
    let shown = shown_act(told, rollout, host);
    let act = shown.as_ref().and_then(|key| acts.iter().find(|act| act.key == *key));
    let path = |key: &ActKey| format!("/deploys/{}/steps/{key}", told.row.id.0);
    let (mark, class) = match &host.stands {
        HostStands::Waits => ("…", "quiet"),
        HostStands::Runs(_) | HostStands::Between(_) => ("▶", "waiting"),
        HostStands::Done => ("✓", "go"),
        HostStands::Failed(_) | HostStands::LeftOut(_) => ("✗", "no-go"),
        HostStands::CannotTell(..) => ("?", "no-go"),
        HostStands::Untouched => ("–", "quiet"),
    };
    let is_open = matches!(host.stands, HostStands::Failed(_) | HostStands::CannotTell(..) | HostStands::LeftOut(_));
    let why = act.and_then(|act| act.outcome.as_ref()).filter(|_| is_open).map(outcome_words);
    let lasted = acts.first().map(|first| {
        let ended = acts.iter().map(|act| act.ended_at).collect::<Option<Vec<_>>>();
        let until = ended.and_then(|ended| ended.into_iter().max()).unwrap_or(now);
        until.duration_since(first.began_at)
    });
    let is_waited_for = acts.last().is_some_and(|act| act.outcome.is_none());
    let buttons = html! {
        @if let (Some(session), Some(act), true) = (session, acts.last(), is_waited_for && !told.row.state.has_ended()) {
            @let by = act.run.as_ref().and_then(|run| run.end_wanted_by.as_deref());
            @if let Some(by) = by { p.quiet { "being ended as " (outside(by)) " wants" } } @else { (end_button(&path(&act.key), "End it", session)) }
            @if is_silent(act, now) { (give_up_button(&path(&act.key), session)) }
        }
    };
    [
        html! { b id=[shown.as_ref()] { (host.name) } @if let Some(zone) = &host.zone { " " span.quiet { (zone) } } },
        html! { (host.batch) " of " (rollout.batches) },
        html! {
            span.verdict.(class) { (mark) " " (host_words(&host.stands)) }
            @if let Some(why) = &why { br; (outside(why)) }
            (buttons)
        },
        html! { @if let Some(lasted) = lasted { (say::lasts(lasted)) } },
        html! {
            @if let Some((before, end)) = shown.as_ref().and_then(|key| ends.get(key)).filter(|(_, end)| !end.is_empty()) {
                details open[is_open] {
                    summary { (outside(last_line(end))) @if *before > 0 { " (its end)" } }
                    pre.log tabindex="0" aria-label={ "What " (rollout.name) " said on " (host.name) } { (end) }
                }
            }
            @if !acts.is_empty() {
                span.quiet { @for (at, act) in acts.iter().enumerate() {
                    @if at > 0 { " · " }
                    a href={ (path(&act.key)) "/log.txt" } {
                        @if let Some((_, phase)) = &act.on { (phase) }
                        @if act.key.act().attempt > 1 { " " (act.key.act().attempt) }
                    }
                } }
            }
        },
    ]
}

/// The last thing that it said, of a line's length.
fn last_line(text: &str) -> &str {
    let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let end = line.char_indices().nth(100).map_or(line.len(), |(at, _)| at);
    &line[..end]
}

/// What deploying a candidate would do.
pub(crate) async fn would_do(State(app): State<App>, session: Session, Path(id): Path<i64>) -> Response {
    let told = match preview(&app.serving, CandidateId(id)).await {
        Ok(told) => told,
        Err(error) => return refused(&error, &session),
    };
    let may = session.person.may_at(&told.candidate.service, Act::Deploy).is_ok();
    let (service, head) = (&told.candidate.service, told.candidate.head.short());
    let main = html! {
        p { b { (outside(&told.candidate.branch)) } " @ " code { (head) } ", by the runner " (told.plan.runner)
            " · " a href={ "/candidates/" (id) } { "The candidate" } }
        @match &told.not_now {
            Some((said, fix)) => { p.hint { "It would not begin now: " (outside(said)) "; " (outside(fix)) "." } },
            None => { @if may { (press(told.candidate.id, &session)) } },
        }
        @if let Some(into) = &told.runs_into { p.hint { "? " (outside(into)) "." } }
        @if may { (for_later(&told, &session)) }
        @let guards = guard_names(&told.plan);
        @if !guards.is_empty() { p { "Watched by " (say::list(&guards, guards.len())) "." } }
        @if let (Some(why), false) = (&told.plan.only_by_hand, told.plan.back.is_empty()) {
            p { "Only a person rolls it back: " (outside(why)) "." }
        }
        (steps_of("What is done", &told.plan.forward, &told))
        @if !told.plan.back.is_empty() { (steps_of("To roll back", &told.plan.back, &told)) }
    };
    layout::page(&format!("{service}: what a deploy does"), false, Some(&session), &main).into_response()
}

fn steps_of(title: &str, steps: &[Step], told: &Preview) -> Markup {
    let rows = steps.iter().map(|step| {
        let rollout = step.rollout.as_ref();
        let runs = rollout.into_iter().flat_map(|rollout| rollout.commands.iter().map(move |one| (rollout, one)));
        [
            html! { b { (step.name) } },
            html! {
                @for (rollout, (phase, command)) in runs {
                    div { (phase) @if command.at == At::Runner { " (at the runner)" } ": " code { (outside(&rollout.shown(command).join(" "))) } }
                }
                @if rollout.is_none() { code { (outside(&step.shown())) } }
            },
            html! {
                @if let Some(rollout) = rollout {
                    ol { @for batch in &rollout.batches {
                        @let names: Vec<&str> = batch.iter().map(|host| rollout.hosts[*host].name.as_str()).collect();
                        li { (say::list(&names, names.len())) }
                    } }
                    @if rollout.max_failed > 0 { p.quiet { "With " (rollout.max_failed) " failed it still goes on." } }
                } @else if step.does.is_own() { "gonogo" } @else { "the runner" }
            },
            html! { @if let Some(took) = told.expected.get(&step.name) { (say::lasts(*took)) } @else { span.quiet { "not known yet" } } },
        ]
    });
    html! { section { h2 { (title) } (table(["Step", "What", "Where", "Took before"], rows)) } }
}
