//! Any two commits of a service: what one would bring over the other.

use super::candidate::{class, commit, headline, mark, remedy, story, tiles};
use super::layout::{self, Shown, away, not_found, outside, verdict};
use super::table::table;
use crate::App;
use crate::session::Session;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use gonogo_api::{Check, Finding};
use gonogo_core::person::Act;
use gonogo_engine::Digest;
use gonogo_engine::commands::compare::{CompareError, Compared, compare};
use gonogo_store::ProductionRow;
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

/// Rows of each list; the API has all of them.
const ROWS: usize = 100;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
}

pub(crate) async fn page(
    State(app): State<App>,
    session: Session,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Shown {
    if app.serving.service(&name).is_none() {
        return Err(not_found().await);
    }
    let row = app.serving.store.production(&name).await.map_err(|e| away(&e))?;
    let title = format!("{name}: compare");
    let shown = |main: &Markup| layout::page(&title, false, Some(&session), main);
    let form = form(&asked, row.as_ref());
    if let Err(forbidden) = session.person.may_at(&name, Act::Compare) {
        return Err((StatusCode::FORBIDDEN, shown(&html! { p { (forbidden) "." } })));
    }
    let (from, to) = (asked.from.trim(), asked.to.trim());
    if from.is_empty() || to.is_empty() {
        return Ok(shown(&form));
    }
    match compare(&app.serving, &session.person, &name, from, to).await {
        Ok(done) => Ok(shown(&html! { (form) (compared(&done, (app.serving.clock)())) })),
        Err(CompareError::Store(error)) => Err(away(&error)),
        Err(error) => {
            let main = html! { (form) p.stale role="alert" { (outside(&error.to_string())) } };
            Err((status(&error), shown(&main)))
        }
    }
}

fn status(error: &CompareError) -> StatusCode {
    match error {
        CompareError::Forbidden(_) => StatusCode::FORBIDDEN,
        CompareError::NoService(_) | CompareError::NoSuchCommit(_) => StatusCode::NOT_FOUND,
        CompareError::NotFetched | CompareError::Busy | CompareError::Store(_) | CompareError::Unreadable(_) => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        CompareError::Broken => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Over production, where nothing else is said.
fn form(asked: &Asked, row: Option<&ProductionRow>) -> Markup {
    let running = row.and_then(|row| row.running.as_ref()).and_then(|running| running.shas().first());
    let from = match (asked.from.as_str(), running) {
        ("", Some(sha)) => sha.short(),
        (from, _) => from.to_owned(),
    };
    html! {
        form method="get" {
            label { "What runs: a branch, a tag or a commit" input name="from" value=(from) required; }
            label { "What would be deployed over it" input name="to" value=(asked.to) required; }
            button { "Compare" }
        }
        p.quiet { "It is judged as if the first one ran, by the policy in force. Nothing of it is kept, and no status is set." }
    }
}

fn compared(Compared { check, evidence }: &Compared, now: Timestamp) -> Markup {
    let digest = Digest::of(check, Some(evidence));
    let open: Vec<&Finding> = check.findings.iter().filter(|finding| finding.waiver.is_none()).collect();
    html! {
        section.answer.(class(check.verdict)) aria-label="The answer" {
            p { (verdict(Some(check.verdict.word()))) }
            p.headline { (headline(check, &digest)) }
            ul.findings { @for found in open.iter().take(ROWS) { (item(check, found)) } }
            (more(open.len()))
        }
        (tiles(&digest))
        section {
            h2 { "Stories (" (check.stories.len()) ")" }
            @if check.stories.is_empty() { p { "No commit names a story that ships." } }
            @else { (table(["Key", "Type", "Title", "Status", "Assignee", "Ships"], check.stories.iter().take(ROWS).map(|one| story(one, now)))) }
            (more(check.stories.len()))
        }
        section {
            h2 { "Commits (" (check.commits.len()) ")" }
            @if check.commits.is_empty() { p { "Nothing is brought by this head." } }
            @else { (table(["Commit", "Subject", "Stories", "Author"], check.commits.iter().take(ROWS).map(commit))) }
            (more(check.commits.len()))
        }
    }
}

fn item(check: &Check, finding: &Finding) -> Markup {
    html! {
        li {
            p { (mark(finding)) " " (outside(&finding.message)) " " a.code href={ "/explain/" (finding.code) } { (finding.code) } }
            (remedy(check, finding, None))
        }
    }
}

fn more(all: usize) -> Markup {
    html! { @if all > ROWS { p { "and " (all - ROWS) " more: the API has all of them" } } }
}
