//! The open pull requests of a service, with their verdicts.

use super::layout::{self, Shown, ago, away, not_found, outside, short, verdict};
use super::paging::{Asked, Pages};
use super::services::reason;
use super::table::table;
use crate::App;
use crate::session::Session;
use axum::extract::{Path, Query, State};
use gonogo_core::say;
use gonogo_store::views::{OpenPull, PullCount};
use jiff::Timestamp;
use maud::{Markup, html};

const ROWS: usize = 100;
/// What of a title is shown in a row.
const MOST_TITLE: usize = 200;

pub(crate) async fn page(
    State(app): State<App>,
    session: Session,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Shown {
    let Some(service) = app.serving.service(&name) else { return Err(not_found().await) };
    let pulls = app.serving.store.open_pulls(&name).await.map_err(|e| away(&e))?;
    let pages = Pages::of(&pulls, asked, ROWS);
    let now = (app.serving.clock)();
    let main = html! {
        @if !service.judges_pull_requests {
            p { "They are not judged: the server's configuration says " code { "pull_requests = false" } "." }
        } @else if pulls.is_empty() {
            p { "No pull request is open. One that is opened is judged by what it brings over its base, under " code { "gonogo/pr (" (name) ")" } "." }
        } @else {
            (table(["Pull request", "Verdict", "Why", "By", "Into", "Head", "Judged"], pages.rows.iter().map(|pull| row(pull, now))))
            (pages.links(&format!("/services/{name}/pulls")))
        }
    };
    let is_changing = pulls.iter().any(|pull| pull.judged.is_none());
    Ok(layout::page(&format!("{name}: pull requests"), is_changing, Some(&session), &main))
}

fn row(pull: &OpenPull, now: Timestamp) -> [Markup; 7] {
    let judged = pull.judged.as_ref();
    let title = if pull.title.is_empty() { &pull.branch } else { &pull.title };
    [
        html! {
            a href={ "/candidates/" (pull.candidate.0) } { "#" (pull.number) " " (say::cut(&outside(title), MOST_TITLE)) }
            @if pull.is_draft { " (draft)" }
            @if pull.branch.starts_with("gh-readonly-queue/") { " (in the merge queue)" }
        },
        verdict(judged.map(|judged| judged.verdict.as_str())),
        html! { @if let Some(judged) = judged { (outside(reason(&judged.summary))) } },
        html! { (outside(&pull.author)) },
        html! { (outside(&pull.into)) },
        html! { code { (short(&pull.head)) } },
        html! { @if let Some(judged) = judged { (ago(judged.at, now)) } @else { "not yet" } },
    ]
}

/// The way to them, with how they are: `12 pull requests: 3 No-Go, 9 Go`.
pub(super) fn summary(service: &str, counts: &[PullCount]) -> Markup {
    let mine: Vec<&PullCount> = counts.iter().filter(|count| count.service == service).collect();
    let all = mine.iter().map(|count| count.number).sum();
    let word = |count: &&PullCount| {
        let word = match count.verdict.as_deref() {
            Some("go") => "Go",
            Some("no-go") => "No-Go",
            Some("waiting") => "Waiting",
            _ => "being judged",
        };
        format!("{} {word}", count.number)
    };
    let words: Vec<String> = mine.iter().map(word).collect();
    html! {
        p {
            a href={ "/services/" (service) "/pulls" } { (say::count(all, "pull request")) }
            @if !words.is_empty() { ": " (words.join(", ")) }
        }
    }
}
