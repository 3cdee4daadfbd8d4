//! Branches over all services: those that wait, each with how its head was judged,
//! and the heads that were there before.

use super::layout::{self, Shown, ago, away, outside, short, verdict};
use super::paging::{Asked, Pages};
use super::services::{candidates, reason};
use super::stops;
use super::table::table;
use crate::App;
use crate::session::{Session, escaped};
use axum::extract::{Query, State};
use gonogo_store::CandidateId;
use gonogo_store::views::{CandidateRow, CandidatesWanted, OpenCandidate};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

const ROWS: usize = 100;
const OLDER: u32 = 100;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Which {
    #[serde(default)]
    service: String,
    /// A part of the branch's name; of older heads, all of it.
    #[serde(default)]
    branch: String,
    #[serde(default)]
    verdict: String,
    #[serde(default)]
    heads: String,
    /// Heads before this one.
    #[serde(default)]
    before: String,
    #[serde(flatten)]
    paging: Asked,
}

/// In an address, and in words.
const VERDICTS: [(&str, &str); 3] = [("go", "Go"), ("no-go", "No-Go"), ("waiting", "Waiting")];
const EARLIER: &str = "earlier";

pub(crate) async fn page(State(app): State<App>, session: Session, Query(which): Query<Which>) -> Shown {
    let now = (app.serving.clock)();
    let list = if which.heads == EARLIER {
        earlier(&app, &which, now).await?
    } else {
        let open = app.serving.store.all_open_candidates().await.map_err(|e| away(&e))?;
        waiting(&open, &which, now)
    };
    let stop = app.serving.store.stop().await.map_err(|e| away(&e))?;
    let main = html! {
        (stops::banner(stop.as_ref(), now))
        form.row method="get" action="/branches" {
            label {
                "Service"
                select name="service" {
                    option value="" { "all" }
                    @for service in &app.serving.services { option selected[service.name == which.service] { (service.name) } }
                }
            }
            label { "Branch" input name="branch" value=(which.branch) size="20"; }
            label {
                "Verdict"
                select name="verdict" {
                    option value="" { "any" }
                    @for (word, said) in VERDICTS { option value=(word) selected[word == which.verdict] { (said) } }
                }
            }
            label {
                "Heads"
                select name="heads" {
                    option value="" { "that wait" }
                    option value=(EARLIER) selected[which.heads == EARLIER] { "of before" }
                }
            }
            button { "Show" }
        }
        (list)
    };
    Ok(layout::page("Branches", false, Some(&session), &main))
}

fn waiting(open: &[OpenCandidate], which: &Which, now: Timestamp) -> Markup {
    let fits = |one: &&OpenCandidate| {
        (which.service.is_empty() || one.service == which.service)
            && one.branch.to_lowercase().contains(&which.branch.to_lowercase())
            && (which.verdict.is_empty() || one.judged.as_ref().is_some_and(|judged| judged.verdict == which.verdict))
    };
    let all: Vec<&OpenCandidate> = open.iter().filter(fits).collect();
    let pages = Pages::of(&all, which.paging, ROWS);
    html! {
        @if all.is_empty() { p { "No branch that waits fits." } }
        @for rows in pages.rows.chunk_by(|one, other| one.service == other.service) {
            @if let Some(first) = rows.first() {
                h2 { a href={ "/services/" (first.service) } { (first.service) } }
                (candidates(rows, now))
            }
        }
        (pages.links_with("/branches", &filters(which)))
    }
}

/// Heads that are candidates no more.
async fn earlier(app: &App, which: &Which, now: Timestamp) -> Shown {
    let (service, branch) = (which.service.clone(), which.branch.trim().to_owned());
    let wanted = CandidatesWanted { service, branch, is_open: Some(false), ..CandidatesWanted::default() };
    let before = which.before.parse().ok().map(CandidateId);
    let mut rows = app.serving.store.candidates(wanted, before, OLDER).await.map_err(|e| away(&e))?;
    let last = rows.last().filter(|_| rows.len() == OLDER as usize).map(|row| row.candidate.id.0);
    let verdict_of = |row: &CandidateRow| row.judged.as_ref().is_some_and(|judged| judged.verdict == which.verdict);
    rows.retain(|row| which.verdict.is_empty() || verdict_of(row));
    Ok(html! {
        @if rows.is_empty() { p { "No earlier head fits: a branch is asked for by its whole name here." } }
        @else {
            (table(["Service", "Branch", "Verdict", "Why", "Head", "Seen first"], rows.iter().map(|row| [
                html! { (row.candidate.service) },
                html! { a href={ "/candidates/" (row.candidate.id.0) } { (outside(&row.candidate.branch)) } },
                html! { @if let Some(judged) = &row.judged { (verdict(Some(&judged.verdict))) } @else { "not judged" } },
                html! { @if let Some(judged) = &row.judged { (outside(reason(&judged.summary))) } },
                html! { code { (short(&row.candidate.head.to_string())) } },
                ago(row.candidate.opened_at, now),
            ])))
        }
        @if let Some(last) = last { p { a href={ "/branches?" (filters(which)) "&before=" (last) } { "Older" } } }
    })
}

fn filters(which: &Which) -> String {
    format!(
        "service={}&branch={}&verdict={}&heads={}",
        escaped(&which.service),
        escaped(&which.branch),
        escaped(&which.verdict),
        escaped(&which.heads)
    )
}
