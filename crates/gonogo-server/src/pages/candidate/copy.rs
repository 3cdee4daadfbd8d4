//! A verdict to be pasted elsewhere.

use super::look::Look;
use crate::App;
use crate::session::Session;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use gonogo_api::{Check, Finding, Severity, Verdict};
use gonogo_core::say;
use gonogo_engine::{Digest, Remedy};
use maud::Markup;
use std::fmt::Write;

/// Findings that are pasted; the page has the rest.
const MOST: usize = 30;

type Copied = Result<Response, (StatusCode, Markup)>;

/// How one place wants its text.
struct Style {
    escape: fn(&str) -> String,
    bold: &'static str,
    bullet: &'static str,
}

const TEXT: Style = Style { escape: say::printable, bold: "", bullet: "" };
const MARKDOWN: Style = Style { escape: say::markdown, bold: "**", bullet: "- " };
const SLACK: Style = Style { escape: say::slack, bold: "*", bullet: "• " };

pub(crate) async fn text(State(app): State<App>, _: Session, Path(id): Path<String>) -> Copied {
    copied(&app, &id, &TEXT).await
}

pub(crate) async fn markdown(State(app): State<App>, _: Session, Path(id): Path<String>) -> Copied {
    copied(&app, &id, &MARKDOWN).await
}

pub(crate) async fn slack(State(app): State<App>, _: Session, Path(id): Path<String>) -> Copied {
    copied(&app, &id, &SLACK).await
}

/// The stories, for a spreadsheet.
pub(crate) async fn csv(State(app): State<App>, _: Session, Path(id): Path<String>) -> Copied {
    let look = Look::at(&app, &id).await?;
    let mut out = "key,type,title,status,assignee,ships,url\r\n".to_owned();
    for story in look.check.iter().flat_map(|check| &check.stories) {
        let text = |text: &Option<String>| say::csv(text.as_deref().unwrap_or_default());
        let ships = if story.ships { "yes" } else { "no" };
        let (kind, title, status) = (text(&story.kind), text(&story.title), text(&story.status));
        let key = say::csv(&story.key);
        let _ = write!(out, "{key},{kind},{title},{status},{},{ships},{}\r\n", text(&story.assignee), text(&story.url));
    }
    Ok(plain(out, "text/csv; charset=utf-8"))
}

async fn copied(app: &App, id: &str, style: &Style) -> Copied {
    let look = Look::at(app, id).await?;
    let (pages, id) = (&app.serving.pages, look.candidate.id);
    let body = match &look.check {
        Some(check) => said(check, pages, id.0, style),
        None => {
            format!("{}: is being judged\n{}\n", (style.escape)(&look.title()), format_args!("{pages}{}", look.path()))
        }
    };
    Ok(plain(body, "text/plain; charset=utf-8"))
}

pub(super) fn plain(body: String, kind: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind)], body).into_response()
}

fn said(check: &Check, pages: &str, id: i64, style: &Style) -> String {
    let Style { escape, bold, bullet } = style;
    let word = match check.verdict {
        Verdict::Go => "✓ Go",
        Verdict::NoGo => "✗ No-Go",
        Verdict::Waiting => "… Waiting",
    };
    let digest = Digest::of(check, None);
    let head = check.head.reference.as_deref().unwrap_or("HEAD");
    let short = |sha: &str| sha.chars().take(7).collect::<String>();
    let runs: Vec<String> = check.production.shas.iter().map(|sha| short(sha)).collect();
    let production = if runs.is_empty() { "unknown production".to_owned() } else { say::list(&runs, runs.len()) };
    let mut out = format!("{bold}{}{bold}: {bold}{word}{bold}\n\n", escape(&check.service));
    let _ = writeln!(out, "{}", escape(&format!("{head} @ {} over {production}", short(&check.head.sha))));
    let counts = [say::count(digest.commits, "commit"), say::count(digest.all_stories(), "story"), people(&digest)];
    let _ = writeln!(out, "\n{}\n", counts.join(", "));
    if let Some(as_of) = check.as_of() {
        let _ = writeln!(out, "Jira does not answer: stories are as of {as_of}\n");
    }
    let stops = |f: &&Finding| matches!(f.severity, Severity::Block | Severity::Wait) && f.waiver.is_none();
    let stops: Vec<&Finding> = check.findings.iter().filter(stops).collect();
    for finding in stops.iter().take(MOST) {
        let mark = if finding.severity == Severity::Block { '✗' } else { '…' };
        let Remedy { who, how } = Remedy::of(check, finding, pages, Some(id));
        let _ = writeln!(out, "{bullet}{mark} {}: {} → {}", escape(&finding.message), escape(&who), escape(&how));
    }
    if stops.len() > MOST {
        let _ = writeln!(out, "{bullet}and {} more", stops.len() - MOST);
    }
    let _ = writeln!(out, "\n{pages}/candidates/{id}");
    out
}

fn people(digest: &Digest) -> String {
    match digest.people.len() {
        1 => "1 person".to_owned(),
        number => format!("{number} people"),
    }
}
