//! The lists behind a verdict, a hundred rows a page.

use super::finding::Desk;
use super::look::{Look, shown, unjudged};
use crate::App;
use crate::pages::layout::{Shown, ago, away, outside, short, verdict};
use crate::pages::paging::{Asked, Pages};
use crate::pages::table::table;
use crate::session::{Session, escaped};
use axum::extract::{Path, Query, State};
use gonogo_api::{Check, Commit, Finding, Story};
use gonogo_core::say;
use gonogo_store::Evaluation;
use jiff::Timestamp;
use maud::{Markup, html};

/// What of a title is shown in a row.
const MOST_TITLE: usize = 300;
const MOST_VALUE: usize = 1_000;
const HISTORY: u32 = 20;

pub(crate) async fn findings(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Shown {
    let look = Look::at(&app, &id).await?;
    let evidence = look.evidence(&app).await?;
    let waivers = look.waivers(&app).await?;
    let main = listed(&look, |check| {
        let desk = Desk { check, look: &look, evidence: evidence.as_ref(), session: &session, waivers: &waivers };
        // One finding is as tall as several rows.
        let pages = Pages::of(&check.findings, asked, 40);
        html! {
            @if check.findings.is_empty() { p { "Nothing was found." } }
            ul.findings { @for finding in pages.rows { (desk.item(finding)) } }
            (pages.links(&format!("{}/findings", look.path())))
        }
    });
    Ok(shown(&look, "Findings", &session, &main))
}

pub(crate) async fn stories(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Shown {
    let look = Look::at(&app, &id).await?;
    let main = listed(&look, |check| {
        let pages = Pages::of(&check.stories, asked, 100);
        html! {
            @if check.stories.is_empty() { p { "No commit names a story that ships." } }
            @else { (table(["Key", "Type", "Title", "Status", "Assignee", "Ships"], pages.rows.iter().map(|one| story(one, look.now)))) }
            (pages.links(&format!("{}/stories", look.path())))
        }
    });
    Ok(shown(&look, "Stories", &session, &main))
}

pub(crate) fn story(story: &Story, now: Timestamp) -> [Markup; 6] {
    let text = |text: &Option<String>| outside(text.as_deref().unwrap_or_default());
    [
        html! { a href={ "/stories/" (escaped(&story.key)) } { (story.key) } },
        html! { (text(&story.kind)) },
        html! { (say::cut(&text(&story.title), MOST_TITLE)) },
        html! {
            @let status = outside(story.status.as_deref().unwrap_or("not known"));
            @match &story.url {
                Some(url) if url.starts_with("http") => a href=(url) rel="noreferrer" { (status) },
                _ => (status),
            }
            @if let Some(as_of) = story.as_of.as_deref().and_then(|at| at.parse().ok()) { " as of " (ago(as_of, now)) }
        },
        html! { (text(&story.assignee)) },
        html! { @if story.ships { "yes" } @else { "no: reverted, or there already" } },
    ]
}

pub(crate) async fn commits(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Shown {
    let look = Look::at(&app, &id).await?;
    let main = listed(&look, |check| {
        let pages = Pages::of(&check.commits, asked, 100);
        html! {
            @if check.commits.is_empty() { p { "Nothing is brought by this head." } }
            @else { (table(["Commit", "Subject", "Stories", "Author"], pages.rows.iter().map(commit))) }
            (pages.links(&format!("{}/commits", look.path())))
        }
    });
    Ok(shown(&look, "Commits", &session, &main))
}

pub(crate) fn commit(commit: &Commit) -> [Markup; 4] {
    let subject = say::cut(&outside(&commit.subject), MOST_TITLE);
    [
        html! { code { (short(&commit.sha)) } },
        html! { @if commit.ships { (subject) } @else { s { (subject) } } },
        html! { (say::cut(&commit.keys.join(", "), MOST_TITLE)) },
        html! { (say::cut(&outside(&commit.author), MOST_TITLE)) },
    ]
}

pub(crate) async fn facts(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Shown {
    let look = Look::at(&app, &id).await?;
    let evidence = look.evidence(&app).await?;
    let main = match &evidence {
        None => html! { p { "What it was judged from is not kept, or was kept by another version." } },
        Some(evidence) => {
            let pages = Pages::of(evidence.facts(), asked, 100);
            html! {
                @if evidence.facts().is_empty() { p { "Nothing had to be asked." } }
                @else {
                    (table(["Asked", "Answer", "From", "When"], pages.rows.iter().map(|fact| [
                        html! { (outside(&fact.asked)) },
                        html! { (say::cut(&outside(&fact.value), MOST_VALUE)) },
                        html! { (outside(&fact.source)) },
                        ago(fact.at, look.now),
                    ])))
                }
                (pages.links(&format!("{}/facts", look.path())))
            }
        }
    };
    Ok(shown(&look, "Facts", &session, &main))
}

pub(crate) async fn history(State(app): State<App>, session: Session, Path(id): Path<String>) -> Shown {
    let look = Look::at(&app, &id).await?;
    let all = app.serving.store.evaluations(look.candidate.id, HISTORY).await.map_err(|e| away(&e))?;
    let read: Vec<(&Evaluation, Vec<Finding>)> = all.iter().map(|one| (one, findings_of(one))).collect();
    let main = html! {
        @if read.is_empty() { (unjudged()) }
        @for (at, (one, findings)) in read.iter().enumerate() {
            section {
                h2 { (verdict(Some(&one.verdict))) " " (ago(one.evaluated_at, look.now)) }
                @match read.get(at + 1) {
                    None => p.quiet { (say::count(findings.len(), "finding")) ", the first time or the oldest that is shown here." },
                    Some((older, before)) => {
                        (difference(before, findings))
                        p { a href={ (look.path()) "/evaluations/" (older.id.0) "/" (one.id.0) } { "Side by side" } }
                    }
                }
            }
        }
    };
    Ok(shown(&look, "History", &session, &main))
}

fn findings_of(evaluation: &Evaluation) -> Vec<Finding> {
    serde_json::from_str::<Check>(&evaluation.result).map(|check| check.findings).unwrap_or_default()
}

/// What came and what went from one evaluation to the next.
fn difference(before: &[Finding], after: &[Finding]) -> Markup {
    const MOST: usize = 10;
    let lacks = |there: &[Finding], one: &&Finding| {
        !there.iter().any(|f| f.fingerprint == one.fingerprint && f.waiver.is_some() == one.waiver.is_some())
    };
    let came: Vec<&Finding> = after.iter().filter(|one| lacks(before, one)).collect();
    let went: Vec<&Finding> = before.iter().filter(|one| lacks(after, one)).collect();
    html! {
        @if came.is_empty() && went.is_empty() { p.quiet { "The same findings as before; what ships was told otherwise." } }
        ul {
            @for (word, list) in [("came", &came), ("went", &went)] {
                @for one in list.iter().take(MOST) { li { b { (word) } ": " (outside(&one.message)) @if one.waiver.is_some() { " (waived)" } } }
                @if list.len() > MOST { li { "and " (list.len() - MOST) " more " (word) } }
            }
        }
    }
}

fn listed(look: &Look, list: impl FnOnce(&Check) -> Markup) -> Markup {
    look.check.as_ref().map_or_else(unjudged, list)
}
