//! What the server is about to do, what it does, and what it could not do so far.

use super::layout::{self, Shown, ago, away, outside};
use super::table::table;
use crate::App;
use crate::session::Session;
use axum::extract::State;
use gonogo_core::say;
use gonogo_engine::jobs;
use gonogo_store::views::{MirrorLoad, OutboxLoad, QueuedWork};
use gonogo_store::{Candidate, CandidateId};
use maud::{Markup, html};
use std::collections::HashMap;

/// Of work, what is due first.
const ROWS: u32 = 200;
/// What of an error stands in a row.
const MOST_ERROR: usize = 300;

pub(crate) async fn page(State(app): State<App>, session: Session) -> Shown {
    let now = (app.serving.clock)();
    let load = app.serving.store.load(now).await.map_err(|e| away(&e))?;
    let work = app.serving.store.queued_work(now, ROWS).await.map_err(|e| away(&e))?;
    let mut of_candidates = HashMap::new();
    for one in work.iter().filter(|one| one.kind == jobs::EVALUATE) {
        let Ok(id) = one.key.parse().map(CandidateId) else { continue };
        if let Some(candidate) = app.serving.store.candidate(id).await.map_err(|e| away(&e))? {
            of_candidates.insert(one.key.clone(), candidate);
        }
    }
    let all: u32 = load.jobs.iter().map(|job| job.waiting + job.running).sum();
    let given_up: u32 = load.jobs.iter().map(|job| job.given_up).sum();
    let state = |one: &QueuedWork| match (one.is_running, one.run_at <= now) {
        (true, _) => "runs",
        (false, true) => "is due",
        (false, false) => "waits",
    };
    let main = html! {
        p { (say::count(count(all), "job")) " to do. " @if given_up > 0 { a href="/dead-work" { (say::count(count(given_up), "job")) " given up" } "." } }
        @if !work.is_empty() {
            (table(["Work", "With", "State", "Due", "Begun", "Failed last with"], work.iter().map(|one| [
                html! { (outside(&one.kind)) },
                with(one, &of_candidates),
                html! { (state(one)) },
                ago(one.run_at, now),
                html! { (say::count(usize::try_from(one.attempts).unwrap_or(0), "time")) },
                html! { @if let Some(error) = &one.error { (say::cut(&outside(error), MOST_ERROR)) } },
            ])))
            @if count(all) > work.len() { p { "and " (count(all) - work.len()) " more, due later" } }
        }
        h2 { "To be shown outside" }
        (shown(&load.mirror))
        h2 { "To be said outside" }
        (said(&load.outbox))
    };
    Ok(layout::page("Queue", false, Some(&session), &main))
}

/// What the work is about: of a candidate its service and branch.
fn with(one: &QueuedWork, candidates: &HashMap<String, Candidate>) -> Markup {
    let candidate = candidates.get(&one.key).filter(|_| one.kind == jobs::EVALUATE);
    html! {
        @match candidate {
            Some(candidate) => a href={ "/candidates/" (one.key) } { (candidate.service) " " (outside(&candidate.branch)) },
            None => (outside(&one.key)),
        }
    }
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Statuses, reports and cards: the newest that is wanted is what is shown.
fn shown(load: &[MirrorLoad]) -> Markup {
    html! {
        @if load.iter().all(|one| one.waiting == 0) { p { "All is shown as it is wanted." } }
        @else {
            (table(["What", "Wait", "Of these failed when tried last"], load.iter().filter(|one| one.waiting > 0).map(|one| [
                html! { (outside(&one.kind)) },
                html! { (one.waiting) },
                html! { (one.failing) },
            ])))
        }
    }
}

/// What is said once.
fn said(load: &[OutboxLoad]) -> Markup {
    html! {
        @if load.is_empty() { p { "All was said." } }
        @else {
            (table(["What", "Wait", "Failed", "Nobody knows"], load.iter().map(|one| [
                html! { (outside(&one.kind)) },
                html! { (one.waiting) },
                html! { (one.failed) },
                html! { (one.doubtful) },
            ])))
            p { a href="/messages" { "The messages" } }
        }
    }
}
