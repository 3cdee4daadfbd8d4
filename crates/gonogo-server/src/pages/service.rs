//! A service: what runs, since when, how we know, and how old that is; what waits
//! over it; each of production's moves.

use super::away::banner;
use super::checklist::{Of, checklist};
use super::deploy::being_read;
use super::deploys;
use super::layout::{self, Follows, Shown, ago, away, not_found, outside};
use super::locks;
use super::paging::{self, Pages};
use super::services::candidates;
use super::stops;
use super::table::table;
use crate::App;
use crate::session::{Session, not_our_form};
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use gonogo_core::person::Act;
use gonogo_core::running::Running;
use gonogo_core::say;
use gonogo_engine::Service;
use gonogo_engine::commands::deploys::deploys_of;
use gonogo_engine::commands::production::{ProductionError, is_told_of, say_what_runs};
use gonogo_engine::commands::settings::of_service;
use gonogo_store::{DeploysWanted, ProductionMove, ProductionRow, StoreError, UnsettledLooks};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;
use std::time::Duration;

/// Moves on a page.
const ROWS: u32 = 50;
const CANDIDATES: usize = 100;
/// Post-deploy checks that are not settled.
const LOOKS: u32 = 10;
/// The newest ones.
const DEPLOYS: u32 = 5;

#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    /// Moves older than this one.
    before: Option<String>,
    /// Of the open candidates.
    #[serde(flatten)]
    paging: paging::Asked,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Told {
    form: String,
    /// Commits with blanks between.
    running: String,
}

pub(crate) async fn page(
    State(app): State<App>,
    session: Session,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Shown {
    let Some(service) = app.serving.service(&name) else { return Err(not_found().await) };
    let store = &app.serving.store;
    let since = store.cursor().await.map_err(|e| away(&e))?;
    let row = store.production(&name).await.map_err(|e| away(&e))?;
    let newest = store.production_moves(&name, None, 1).await.map_err(|e| away(&e))?;
    let before = asked.before.and_then(|id| id.parse().ok());
    let moves = store.production_moves(&name, before, ROWS).await.map_err(|e| away(&e))?;
    let open = store.all_open_candidates().await.map_err(|e| away(&e))?;
    let open: Vec<_> = open.iter().filter(|candidate| candidate.service == name).collect();
    let may_tell = session.person.may_at(&name, Act::SayWhatRuns).is_ok() && is_told_of(&app.serving, service).await;
    let waivers = store.waivers(&name).await.map_err(|e| away(&e))?;
    let offered = offered(&app, &session, &name).await.map_err(|e| away(&e))?;
    let unsettled = store.unsettled_of(&name, LOOKS).await.map_err(|e| away(&e))?;
    let wanted = DeploysWanted { service: name.clone(), ..DeploysWanted::default() };
    let deploys = store.deploys(wanted, DEPLOYS).await.map_err(|e| away(&e))?;
    let stop = store.stop().await.map_err(|e| away(&e))?;
    let now = (app.serving.clock)();
    let lock = store.service_lock(&name, now).await.map_err(|e| away(&e))?;
    let is_deployed = deploys_of(&app.serving, &name).is_some();
    let is_changing = open.iter().any(|candidate| candidate.judged.is_none());
    let pages = Pages::of(&open, asked.paging, CANDIDATES);
    let main = html! {
        p.quiet {
            (service.repository.to_string()) " · looked at every " (span(app.serving.rounds.every())) ", and when a webhook tells · "
            a href={ "/services/" (name) "/policy" } { "Policy" } " · "
            a href={ "/services/" (name) "/compare" } { "Compare any two commits" }
        }
        (stops::banner(stop.as_ref(), now))
        (locks::banner(lock.as_ref(), now))
        (about_repository(&app, service))
        @if offered > 0 {
            p.hint {
                (say::count(offered, "build")) (if offered == 1 { " was" } else { " were" })
                " on nearly all commits that were deployed, and could be "
                a href={ "/services/" (name) "/policy" } { "required" } "."
            }
        }
        (banner(&waivers, now))
        section {
            h2 { "Production" }
            @match &row {
                Some(row) => { (production(row, newest.first(), now)) (doubts(row, now)) }
                None => p { "It was not looked at yet. This page is read again by itself." }
            }
            @if may_tell { (form(service, &session)) }
        }
        (to_look_at(&name, &unsettled, newest.first(), &session, now))
        @if lock.is_some() || is_deployed { (locks::section(&name, lock.as_ref(), &session, now)) }
        section { h2 id="candidates" { "Open candidates" } (candidates(pages.rows, now)) (pages.links(&format!("/services/{name}"))) }
        @if !deploys.is_empty() {
            section { h2 { "Deploys" } (deploys::list(&deploys, now))
                p { a href={ "/services/" (name) "/deploys" } { "All of them" } } }
        }
        (history(&name, &moves, now))
    };
    let follows = Follows { candidate: None, since };
    Ok(layout::live_page(&name, is_changing || row.is_none(), &session, &follows, &main))
}

/// Builds that could be required. The policy is read where there are any.
async fn offered(app: &App, session: &Session, name: &str) -> Result<usize, StoreError> {
    if app.serving.store.usual_builds(name).await?.is_empty() {
        return Ok(0);
    }
    // What is wrong with the repository is said on this page already.
    let found = of_service(&app.serving, &session.person, name).await;
    Ok(found.map_or(0, |found| found.builds.iter().filter(|one| one.offered).count()))
}

pub(crate) async fn tell(
    State(app): State<App>,
    session: Session,
    Path(service): Path<String>,
    Form(told): Form<Told>,
) -> Response {
    if !session.sent(&told.form) {
        return not_our_form();
    }
    let running: Vec<String> = told.running.split_whitespace().map(str::to_owned).collect();
    let error = match say_what_runs(&app.serving, &session.person, &service, &running).await {
        Ok(()) => return Redirect::to(&format!("/services/{service}")).into_response(),
        Err(ProductionError::Store(error)) => return away(&error).into_response(),
        Err(ProductionError::NoService(_)) => return not_found().await.into_response(),
        Err(error) => error,
    };
    let status = match &error {
        ProductionError::Forbidden(_) => StatusCode::FORBIDDEN,
        ProductionError::NotTold(_) => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let main = html! {
        p.stale role="alert" { (error.to_string()) }
        p { a href={ "/services/" (service) } { "Back to the service" } }
    };
    (status, layout::page("Not done", false, Some(&session), &main)).into_response()
}

/// What is not settled after the last deploys.
fn to_look_at(
    name: &str,
    unsettled: &UnsettledLooks,
    newest: Option<&ProductionMove>,
    session: &Session,
    now: Timestamp,
) -> Markup {
    html! {
        @if unsettled.is_unread { (being_read()) }
        @if unsettled.all > 0 {
            section {
                h2 { "Post-deploy checks (" (unsettled.all) ")" }
                (checklist(&unsettled.rows, Of::Several, session, now))
                p { a href={ "/services/" (name) "/post-deploy" } { "All that is not settled" } }
            }
        }
        @if newest.is_some_and(|newest| newest.before.is_some()) {
            p.quiet { a href={ "/services/" (name) "/deploys/last" } { "The last deploy, with what was looked at since" } }
        }
    }
}

/// What somebody may want to do about how it is reached.
fn about_repository(app: &App, service: &Service) -> Markup {
    html! {
        @if app.serving.rounds.is_stretched() {
            p.hint { "Oftener would take over a fifth of what GitHub lets us ask in an hour. Webhooks are taken at once all the same." }
        }
        @if let Some(now) = app.serving.renamed.other_name(&service.repository).filter(|_| app.serving.github.is_led_on(&service.repository)) {
            p.hint { "GitHub calls it " b { (now.to_string()) } " now: write that into the server's configuration." }
        }
    }
}

fn span(time: Duration) -> String {
    match time.as_secs() {
        0..=119 => say::count(usize::try_from(time.as_secs()).unwrap_or(0), "second"),
        seconds => format!("{} minutes", seconds.div_ceil(60)),
    }
}

/// What runs, in few words.
pub(super) fn runs(row: &ProductionRow) -> Markup {
    html! {
        @match &row.running {
            Some(running) => { "production " (commits(running)) " " (outside(&row.name)) }
            None => "production is not known",
        }
    }
}

/// What is not as it should be with production.
pub(super) fn doubts(row: &ProductionRow, now: Timestamp) -> Markup {
    html! {
        @if let Some(trouble) = &row.trouble {
            div.stale role="alert" {
                p {
                    "What runs is not said now."
                    @if let Some(known_at) = row.known_at { " It was known last " (ago(known_at, now)) "." }
                }
                pre { (outside(trouble)) }
            }
        }
        @if let Some((astray, since)) = &row.astray {
            p.stale { (outside(astray)) " · seen " (ago(*since, now)) ". Merge it back, or the next deploy loses it." }
        }
    }
}

fn production(row: &ProductionRow, newest: Option<&ProductionMove>, now: Timestamp) -> Markup {
    html! {
        @if let Some(running) = &row.running {
            p {
                (commits(running)) " " b { (outside(&row.name)) } " · " (outside(&row.why))
                @if let Some(newest) = newest { " · first seen " (ago(newest.seen_at, now)) }
                @if let Some(known_at) = row.known_at { " · last said " (ago(known_at, now)) }
            }
            @if running.only().is_none() {
                p.hint { "Several commits run, as while a deploy is half done. Candidates are judged over each." }
            }
        }
    }
}

fn commits(running: &Running) -> Markup {
    html! {
        @for (at, sha) in running.shas().iter().enumerate() {
            @if at > 0 { " and " }
            code title=(sha) { (sha.short()) }
        }
    }
}

fn form(service: &Service, session: &Session) -> Markup {
    html! {
        details {
            summary { "Say what runs" }
            form method="post" action={ "/services/" (service.name) "/production" } {
                input type="hidden" name="form" value=(session.form_word());
                label {
                    "Commits, as many as run now"
                    input name="running" required maxlength="1400" autocomplete="off" spellcheck="false" placeholder="77ab01c";
                }
                button { "Say so" }
            }
        }
    }
}

fn history(name: &str, moves: &[ProductionMove], now: Timestamp) -> Markup {
    html! {
        section {
            h2 { "History" }
            @if moves.is_empty() {
                p { "Production has not been seen to move." }
            } @else {
                (table(["When", "To", "From", "Known as", "How"], moves.iter().map(|one| [
                    html! { a href={ "/services/" (name) "/deploys/" (one.id) } { (ago(one.seen_at, now)) } },
                    commits(&one.running),
                    html! { @if let Some(before) = &one.before { (commits(before)) } @else { "known the first time" } },
                    html! { (outside(&one.name)) },
                    html! { (outside(&one.why)) },
                ])))
            }
            @if let Some(last) = moves.last().filter(|_| moves.len() == ROWS as usize) {
                nav.pages aria-label="Pages" { a rel="next" href={ "/services/" (name) "?before=" (last.id) } { "Before" } }
            }
        }
    }
}
