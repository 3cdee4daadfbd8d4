//! What has these letters in it: services, open candidates, stories, reason codes.

use super::layout::{self, away, outside, short, verdict};
use super::table::table;
use crate::App;
use crate::session::{Session, escaped};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use gonogo_engine::commands::explain::sections;
use gonogo_store::StoreError;
use gonogo_store::views::{OpenCandidate, StoryHit};
use maud::{Markup, html};
use serde::Deserialize;

/// Hits of each kind.
const MOST: u32 = 30;
/// Of what is searched for.
const MOST_TEXT: usize = 200;

#[derive(Debug, Deserialize)]
pub(crate) struct Searched {
    #[serde(default)]
    q: String,
}

#[derive(Debug, Default)]
struct Hits {
    services: Vec<String>,
    stories: Vec<StoryHit>,
    open: Vec<OpenCandidate>,
    code: Option<String>,
}

pub(crate) async fn page(State(app): State<App>, session: Session, Query(searched): Query<Searched>) -> Response {
    let text = searched.q.trim();
    if text.chars().count() > MOST_TEXT {
        let said = format!("A search has up to {MOST_TEXT} characters. Go back, and look for a part of it.");
        return (StatusCode::BAD_REQUEST, layout::message("Too long", &said)).into_response();
    }
    let hits = match found(&app, text).await {
        Ok(hits) => hits,
        Err(error) => return away(&error).into_response(),
    };
    // The key of a story leads to it.
    if let Some(story) = hits.stories.iter().find(|story| story.key.eq_ignore_ascii_case(text)) {
        return Redirect::to(&format!("/stories/{}", escaped(&story.key))).into_response();
    }
    layout::page("Search", false, Some(&session), &shown(text, &hits)).into_response()
}

async fn found(app: &App, text: &str) -> Result<Hits, StoreError> {
    if text.is_empty() {
        return Ok(Hits::default());
    }
    let lower = text.to_lowercase();
    let services = app.serving.services.iter().filter(|service| service.name.to_lowercase().contains(&lower));
    Ok(Hits {
        services: services.map(|service| service.name.clone()).collect(),
        stories: app.serving.store.stories_like(text, MOST).await?,
        open: app.serving.store.open_candidates_like(text, MOST).await?,
        code: (!sections(&lower).is_empty()).then_some(lower),
    })
}

fn shown(text: &str, hits: &Hits) -> Markup {
    let Hits { services, stories, open, code } = hits;
    let is_empty = open.is_empty() && stories.is_empty() && services.is_empty() && code.is_none();
    html! {
        form action="/search" {
            label { "A story's key or title, a branch, a SHA, a service, a reason code" input type="search" name="q" value=(text); }
            button { "Search" }
        }
        @if is_empty && !text.is_empty() { p { "Nothing has “" (outside(text)) "” in it. Candidates that are closed are found by their stories." } }
        @if let Some(code) = code { p { a href={ "/explain/" (code) } { "What " (code) " means" } } }
        @if !services.is_empty() {
            section { h2 { "Services" } ul { @for name in services { li { a href={ "/services/" (name) } { (name) } } } } }
        }
        @if !stories.is_empty() {
            section {
                h2 { "Stories" }
                (table(["Key", "Title"], stories.iter().map(|story| [
                    html! { a href={ "/stories/" (escaped(&story.key)) } { (story.key) } },
                    html! { (outside(&story.title)) },
                ])))
                (cut(stories.len()))
            }
        }
        @if !open.is_empty() {
            section {
                h2 { "Open candidates" }
                (table(["Service", "Branch", "Verdict", "Head"], open.iter().map(|candidate| [
                    html! { (candidate.service) },
                    html! { a href={ "/candidates/" (candidate.id.0) } { (outside(&candidate.branch)) } },
                    verdict(candidate.judged.as_ref().map(|judged| judged.verdict.as_str())),
                    html! { code { (short(&candidate.head)) } },
                ])))
                (cut(open.len()))
            }
        }
    }
}

fn cut(number: usize) -> Markup {
    html! { @if number == MOST as usize { p.quiet { "There may be more: write more of it." } } }
}
