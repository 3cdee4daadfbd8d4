//! The first page: for each service what runs, and what waits over it.

use super::dead_work;
use super::layout::{self, Follows, ago, away, outside, short, verdict};
use super::locks;
use super::messages;
use super::paging::{Asked, Pages};
use super::pulls;
use super::service::{doubts, runs};
use super::stops;
use super::table::table;
use super::waits;
use crate::App;
use crate::session::Session;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use gonogo_core::say;
use gonogo_core::waiver::Standing;
use gonogo_engine::commands::waits::{lapsing, waits_for};
use gonogo_engine::jobs;
use gonogo_store::views::{OpenCandidate, Trouble};
use gonogo_store::{WaiverId, WaiverRow};
use jiff::Timestamp;
use maud::{Markup, html};
use std::collections::BTreeSet;

/// Services on a page, and candidates of each: the rest is on the service's own.
const SERVICES: usize = 50;
const CANDIDATES: usize = 10;

pub(crate) async fn page(
    State(app): State<App>,
    session: Session,
    Query(asked): Query<Asked>,
) -> Result<Markup, (StatusCode, Markup)> {
    let since = app.serving.store.cursor().await.map_err(|e| away(&e))?;
    let open = app.serving.store.all_open_candidates().await.map_err(|e| away(&e))?;
    let productions = app.serving.store.productions().await.map_err(|e| away(&e))?;
    let counts = app.serving.store.pull_counts().await.map_err(|e| away(&e))?;
    let troubles = app.serving.store.troubles(jobs::SYNC).await.map_err(|e| away(&e))?;
    let unread = app.serving.store.troubles(jobs::PULLS).await.map_err(|e| away(&e))?;
    let now = (app.serving.clock)();
    let waivers = app.serving.store.all_waivers(None).await.map_err(|e| away(&e))?;
    let troubled = app.serving.store.troubled_messages().await.map_err(|e| away(&e))?;
    let (_, given_up) = app.serving.store.job_counts().await.map_err(|e| away(&e))?;
    let soon = lapsing(&app.serving, &waivers).await.map_err(|e| away(&e))?;
    let waits = waits_for(&app.serving, &session.person).await.map_err(|e| away(&e))?;
    let stop = app.serving.store.stop().await.map_err(|e| away(&e))?;
    let locked = app.serving.store.service_locks(now).await.map_err(|e| away(&e))?;
    let is_changing = open.iter().any(|c| c.judged.is_none());
    let pages = Pages::of(&app.serving.services, asked, SERVICES);
    let main = html! {
        @if app.serving.services.is_empty() {
            p { "No service is configured. Write a " code { "[[service]]" } " into the server's configuration." }
        }
        (stops::banner(stop.as_ref(), now))
        (waits::section(&waits))
        (messages::hint(&session, troubled))
        (dead_work::hint(&session, given_up))
        @for service in pages.rows {
            section {
                h2 id=(service.name) { a href={ "/services/" (service.name) } { (service.name) } }
                p.quiet {
                    (service.repository.to_string())
                    @if let Some(row) = productions.get(&service.name) { " · " (runs(row)) }
                    @if service.is_observed { " · only observed: " a href={ "/services/" (service.name) "/observed" } { "what it would have stopped" } }
                }
                @if let Some(row) = productions.get(&service.name) { (doubts(row, now)) }
                @if let Some(said) = app.serving.first_fetch(service) {
                    p.first-fetch role="status" {
                        (verdict(Some("waiting")))
                        " its repository is being fetched for the first time: " (outside(&said))
                    }
                }
                @for trouble in troubles.iter().filter(|trouble| trouble.key == service.repository.to_string()) {
                    (not_seen("Its repository could not be looked at: what is shown may be older than what is there. It is tried again.", trouble))
                }
                (locks::banner(locked.iter().find(|lock| lock.service == service.name), now))
                (waiting(&service.name, &waivers, &soon, now))
                (first_candidates(&service.name, &open, now))
                @for trouble in unread.iter().filter(|trouble| trouble.key == service.name) {
                    (not_seen("Its pull requests could not be looked at, and are not judged. It is tried again; pull_requests = false in the server's configuration leaves them alone.", trouble))
                }
                @if service.judges_pull_requests { (pulls::summary(&service.name, &counts)) }
            }
        }
        (pages.links("/"))
    };
    if app.serving.services.iter().any(|service| app.serving.first_fetch(service).is_some()) {
        // How far a fetch is, is no news of the store's.
        return Ok(layout::page("Services", true, Some(&session), &main));
    }
    let follows = Follows { candidate: None, since };
    Ok(layout::live_page("Services", is_changing, &session, &follows, &main))
}

/// Waivers that want somebody: a second person, or a decision before they lapse.
fn waiting(service: &str, waivers: &[WaiverRow], soon: &BTreeSet<WaiverId>, now: Timestamp) -> Markup {
    let is_proposed = |row: &&&WaiverRow| Standing::of(row.is_proposed(), row.until, now) == Standing::Proposed;
    let of_it: Vec<&WaiverRow> = waivers.iter().filter(|row| row.service == service).collect();
    let proposed = of_it.iter().filter(is_proposed).count();
    let soon = of_it.iter().filter(|row| soon.contains(&row.id)).count();
    html! {
        @if proposed > 0 {
            p.hint { a href={ "/waivers?service=" (service) "&state=proposed" } { (say::count(proposed, "waiver")) } @if proposed == 1 { " waits" } @else { " wait" } " for a second person." }
        }
        @if soon > 0 {
            p.hint { a href={ "/waivers?service=" (service) "&state=soon" } { (say::count(soon, "waiver")) } @if soon == 1 { " lapses within a day: what it lets pass" } @else { " lapse within a day: what they let pass" } " blocks again then." }
        }
    }
}

/// What is shown is of an earlier look.
fn not_seen(said: &str, trouble: &Trouble) -> Markup {
    html! {
        div.stale role="alert" {
            p { (said) }
            pre { (say::printable(&trouble.error)) }
        }
    }
}

/// Of one service, with the way to the rest.
fn first_candidates(service: &str, open: &[OpenCandidate], now: Timestamp) -> Markup {
    let mine: Vec<_> = open.iter().filter(|candidate| candidate.service == service).collect();
    let more = mine.len().saturating_sub(CANDIDATES);
    html! {
        (candidates(&mine[..mine.len() - more], now))
        @if more > 0 { p { a href={ "/services/" (service) "#candidates" } { "and " (say::count(more, "more candidate")) } } }
    }
}

pub(super) fn candidates(open: &[&OpenCandidate], now: Timestamp) -> Markup {
    html! {
        @if open.is_empty() {
            p { "No branch is a candidate yet. Push one, or name patterns in " code { "[candidates] branches" } "." }
        } @else {
            (table(["Branch", "Verdict", "Why", "Head", "Production", "Judged"], open.iter().map(|candidate| [
                html! { a href={ "/candidates/" (candidate.id.0) } { (outside(&candidate.branch)) } },
                verdict(candidate.judged.as_ref().map(|judged| judged.verdict.as_str())),
                html! { @if let Some(judged) = &candidate.judged { (outside(reason(&judged.summary))) } },
                html! { code { (short(&candidate.head)) } },
                html! { @if let Some(runs) = &candidate.production { code { (runs.short()) } } @else { "not known" } },
                html! { @if let Some(judged) = &candidate.judged { (ago(judged.at, now)) } @else { "not yet" } },
            ])))
        }
    }
}

/// The summary without the verdict, which stands beside it.
pub(super) fn reason(summary: &str) -> &str {
    summary.split_once(": ").map_or("", |(_, reason)| reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gonogo_store::CandidateId;

    #[test]
    fn of_many_candidates_the_first_are_shown_with_the_way_to_the_rest() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let one = |number: i64| OpenCandidate {
            id: CandidateId(number),
            service: if number == 99 { "other" } else { "web" }.to_owned(),
            branch: format!("b{number}"),
            head: "a".repeat(40),
            production: None,
            opened_at: now,
            judged: None,
        };
        let shown = |numbers: std::ops::Range<i64>| {
            let open: Vec<_> = numbers.chain([99]).map(one).collect();
            let page = first_candidates("web", &open, now).into_string();
            (page.matches("/candidates/").count(), page.contains("and 2 more candidates"), page.contains(" more "))
        };
        assert_eq!(shown(0..12), (10, true, true));
        assert_eq!(shown(0..10), (10, false, false));
    }
}
