//! A candidate: may it ship, what blocks, and what mends it.

use super::layout::{self, ago, away, not_found, short, verdict};
use crate::App;
use crate::session::Session;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use gonogo_api::{Check, Commit, Finding, Severity, Story};
use gonogo_core::finding::COULD_NOT_CHECK;
use gonogo_core::person::Act;
use gonogo_engine::commands::waive::MOST_DAYS;
use gonogo_store::{Candidate, CandidateId, Evaluation, WaiverRow};
use jiff::Timestamp;
use maud::{Markup, html};

/// Rows of a list; a page stays small.
const MOST_ROWS: usize = 500;
/// Earlier evaluations that are listed.
const HISTORY: u32 = 20;

pub(crate) async fn page(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Markup, (StatusCode, Markup)> {
    let Ok(id) = id.parse().map(CandidateId) else { return Err(not_found().await) };
    let store = &app.serving.store;
    let Some(candidate) = store.candidate(id).await.map_err(|e| away(&e))? else { return Err(not_found().await) };
    let waivers = store.waivers(&candidate.service).await.map_err(|e| away(&e))?;
    let history = store.evaluations(id, HISTORY).await.map_err(|e| away(&e))?;
    let now = (app.serving.clock)();
    let newest = history.first();
    let check = newest.and_then(|e| serde_json::from_str::<Check>(&e.result).ok());
    let main = html! {
        (heading(&candidate, newest, now))
        (check_again(&candidate, &session))
        @match &check {
            Some(check) => {
                (answer(check, &candidate, &session))
                (waived(check, &candidate, &waivers, &session))
                (stories(&check.stories))
                (commits(&check.commits))
                (passed(check))
            }
            None => p { "It is being judged. This page is read again by itself." },
        }
        (earlier(&history, now))
    };
    let title = format!("{}: {}", candidate.service, candidate.branch);
    Ok(layout::page(&title, newest.is_none() && candidate.is_open, Some(&session), &main))
}

fn heading(candidate: &Candidate, newest: Option<&Evaluation>, now: Timestamp) -> Markup {
    let production = candidate.production.map_or_else(|| "production, which is not known".to_owned(), |p| p.short());
    html! {
        p {
            (verdict(newest.map(|e| e.verdict.as_str()))) " "
            code { (candidate.head.short()) } " over " code { (production) }
            @if let Some(newest) = newest { " · judged " (ago(newest.evaluated_at, now)) }
        }
        @if !candidate.is_open {
            p.stale { "This candidate is no longer open: its branch or production has moved on. " a href="/" { "See what is open" } "." }
        }
    }
}

fn answer(check: &Check, candidate: &Candidate, session: &Session) -> Markup {
    let of = |severity| -> Vec<&Finding> {
        check.findings.iter().filter(|f| f.severity == severity && f.waiver.is_none()).collect()
    };
    let sections = [
        ("Blocks", of(Severity::Block)),
        ("Awaited", of(Severity::Wait)),
        ("Warnings", of(Severity::Warn)),
        ("Notes", of(Severity::Note)),
    ];
    html! {
        @if let Some(newest) = &check.newest_go {
            p.hint { "Go up to " code { (short(&newest.sha)) } ": " (newest.commits) " of " (check.commits.len()) " commits." }
        }
        @for (title, findings) in sections {
            @if !findings.is_empty() {
                section {
                    h2 { (title) " (" (findings.len()) ")" }
                    ul.findings {
                        @for finding in findings.iter().take(MOST_ROWS) {
                            li {
                                p { (finding.message) " " code.code { (finding.code) } }
                                p.fix { "→ " (linked(&finding.fix)) }
                                @if finding.severity == Severity::Block && candidate.is_open {
                                    (waive(finding, candidate, session))
                                }
                            }
                        }
                    }
                    (rest(findings.len()))
                }
            }
        }
    }
}

/// Letting a finding pass: who may sees the form, who may not whom to ask.
fn waive(finding: &Finding, candidate: &Candidate, session: &Session) -> Markup {
    html! {
        details {
            summary { "Waive…" }
            @match session.person.may(Act::Waive) {
                Err(forbidden) => p.quiet { (forbidden) },
                Ok(_) => {
                    form method="post" action={ "/candidates/" (candidate.id.0) "/waivers" } {
                        input type="hidden" name="form" value=(session.form_word());
                        input type="hidden" name="fingerprint" value=(finding.fingerprint);
                        label { "Why may it pass?" textarea name="why" rows="2" maxlength="2000" required {} }
                        label {
                            "For how long?"
                            select name="days" {
                                @for days in [1, 3, 7, 30, MOST_DAYS] {
                                    @if days == 1 || finding.code != COULD_NOT_CHECK { option value=(days) { (days) @if days == 1 { " day" } @else { " days" } } }
                                }
                            }
                        }
                        button { "Waive" }
                    }
                }
            }
        }
    }
}

/// What was let pass stays visible, with who did and why.
fn waived(check: &Check, candidate: &Candidate, rows: &[WaiverRow], session: &Session) -> Markup {
    let applied: Vec<(&Finding, Option<&WaiverRow>)> = (check.findings.iter())
        .filter(|finding| finding.waiver.is_some())
        .map(|finding| (finding, rows.iter().find(|row| row.fingerprint == finding.fingerprint)))
        .collect();
    html! {
        @if !applied.is_empty() {
            section {
                h2 { "Waived (" (applied.len()) ")" }
                ul.findings {
                    @for (finding, row) in applied {
                        li {
                            p { "⚑ " (finding.message) " " code.code { (finding.code) } }
                            @if let Some(waiver) = &finding.waiver { p.fix { "by " (waiver.by) " until " (waiver.until) ": " (waiver.why) } }
                            @if let Some(row) = row.filter(|_| session.person.may(Act::Waive).is_ok()) {
                                form.inline method="post" action={ "/services/" (candidate.service) "/waivers/" (row.id.0) "/take-back" } {
                                    input type="hidden" name="form" value=(session.form_word());
                                    input type="hidden" name="candidate" value=(candidate.id.0);
                                    button { "Take back" }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn check_again(candidate: &Candidate, session: &Session) -> Markup {
    html! {
        @if candidate.is_open && session.person.may(Act::CheckAgain).is_ok() {
            form.inline method="post" action={ "/candidates/" (candidate.id.0) "/check" } {
                input type="hidden" name="form" value=(session.form_word());
                button { "Check again" }
            }
        }
    }
}

/// A text whose addresses can be followed.
fn linked(text: &str) -> Markup {
    html! {
        @for (at, word) in text.split(' ').enumerate() {
            @if at > 0 { " " }
            @if word.starts_with("https://") || word.starts_with("http://") { a href=(word) rel="noreferrer" { (word) } }
            @else { (word) }
        }
    }
}

fn stories(stories: &[Story]) -> Markup {
    html! {
        @if !stories.is_empty() {
            section {
                h2 { "Stories (" (stories.len()) ")" }
                table {
                    thead { tr { th { "Key" } th { "Title" } th { "Status" } th { "Assignee" } th { "Ships" } } }
                    tbody {
                        @for story in stories.iter().take(MOST_ROWS) {
                            tr {
                                td {
                                    @match &story.url {
                                        Some(url) if url.starts_with("http") => a href=(url) rel="noreferrer" { (story.key) },
                                        _ => (story.key),
                                    }
                                }
                                td { (story.title.as_deref().unwrap_or("")) }
                                td { (story.status.as_deref().unwrap_or("not known")) }
                                td { (story.assignee.as_deref().unwrap_or("")) }
                                td { @if story.ships { "yes" } @else { "no: reverted, or there already" } }
                            }
                        }
                    }
                }
                (rest(stories.len()))
            }
        }
    }
}

fn commits(commits: &[Commit]) -> Markup {
    html! {
        section {
            h2 { "Commits (" (commits.len()) ")" }
            @if commits.is_empty() {
                p { "Nothing lies between production and this head." }
            } @else {
                table {
                    thead { tr { th { "Commit" } th { "Subject" } th { "Stories" } th { "Author" } } }
                    tbody {
                        @for commit in commits.iter().take(MOST_ROWS) {
                            tr {
                                td { code { (short(&commit.sha)) } }
                                td { @if commit.ships { (commit.subject) } @else { s { (commit.subject) } } }
                                td { (commit.keys.join(", ")) }
                                td { (commit.author) }
                            }
                        }
                    }
                }
                (rest(commits.len()))
            }
        }
    }
}

fn passed(check: &Check) -> Markup {
    html! {
        section {
            h2 { "Checks" }
            ul.checks {
                @for line in &check.checks {
                    li { b { (line.name) } ": " (state(line)) }
                }
            }
        }
    }
}

fn state(line: &gonogo_api::CheckLine) -> String {
    let word = match line.state {
        gonogo_api::CheckState::Passed => "passed",
        gonogo_api::CheckState::Found => "found something",
        gonogo_api::CheckState::Waiting => "waits",
        gonogo_api::CheckState::Off => "off",
        gonogo_api::CheckState::CouldNotCheck => "could not check",
    };
    match &line.why {
        Some(why) => format!("{word} ({why})"),
        None => word.to_owned(),
    }
}

fn earlier(history: &[Evaluation], now: Timestamp) -> Markup {
    html! {
        @if history.len() > 1 {
            section {
                h2 { "Earlier" }
                ul { @for evaluation in &history[1..] { li { (verdict(Some(&evaluation.verdict))) " " (ago(evaluation.evaluated_at, now)) } } }
            }
        }
    }
}

fn rest(all: usize) -> Markup {
    html! { @if all > MOST_ROWS { p.quiet { "and " (all - MOST_ROWS) " more: gonogo check -v" } } }
}
