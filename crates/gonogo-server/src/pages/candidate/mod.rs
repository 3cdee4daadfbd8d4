//! A candidate: may it ship, what blocks, who mends it and how; then the evidence.

mod beside;
mod copy;
mod finding;
mod lists;
mod look;
mod plan;
mod sign_offs;
mod waiving;

pub(crate) use beside::page as beside;
pub(crate) use copy::{csv, markdown, slack, text};
pub(crate) use finding::{is_mended_in_jira, linked, mark, remedy};
pub(crate) use lists::{commit, commits, facts, findings, history, stories, story};
pub(crate) use plan::{markdown as plan_markdown, page as plan, send as send_plan};
pub(crate) use sign_offs::{give as sign_off, take as take_sign_off_back};

use super::layout::{Shown, ago, outside, short};
use crate::session::Session;
use crate::{App, pages};
use axum::extract::{Path, State};
use finding::Desk;
use gonogo_api::{Check, CheckLine, Finding, Severity, Verdict};
use gonogo_core::person::Act;
use gonogo_core::say::{self, count};
use gonogo_engine::commands::break_glass::may_break_glass;
use gonogo_engine::{Digest, Evidence, verification};
use gonogo_store::WaiverRow;
pub(crate) use look::tiles;
use look::{Look, shown, unjudged};
use maud::{Markup, html};

/// Findings of one kind that stand on the first page.
const MOST: usize = 40;

pub(crate) async fn page(State(app): State<App>, session: Session, Path(id): Path<String>) -> Shown {
    let look = Look::at(&app, &id).await?;
    let evidence = look.evidence(&app).await?;
    let waivers = look.waivers(&app).await?;
    let breaks_glass = look.deploys && may_break_glass(&app.serving, &session.person, &look.candidate.service);
    let offers_glass = breaks_glass && look.check.as_ref().is_none_or(|check| check.verdict != Verdict::Go);
    let main = html! {
        @match &look.check {
            Some(check) => (verdict(check, &look, evidence.as_ref(), &waivers, &session)),
            None => (unjudged()),
        }
        @if offers_glass { (pages::glass::form(look.candidate.id, &session)) }
    };
    Ok(shown(&look, "Verdict", &session, &main))
}

fn verdict(
    check: &Check,
    look: &Look,
    evidence: Option<&Evidence>,
    waivers: &[WaiverRow],
    session: &Session,
) -> Markup {
    let desk = Desk { check, look, evidence, session, waivers };
    let digest = Digest::of(check, evidence);
    let of = |wanted: Severity| move |f: &&Finding| f.severity == wanted && f.waiver.is_none();
    let some = |wanted| check.findings.iter().filter(of(wanted)).collect::<Vec<&Finding>>();
    let stops: Vec<&Finding> = [some(Severity::Block), some(Severity::Wait)].concat();
    let may_deploy = look.deploys
        && look.candidate.is_open
        && session.person.may_at(&look.candidate.service, Act::Deploy).is_ok()
        && !look.is_locked_for(session.person.id);
    let as_of = check.as_of().and_then(|at| at.parse().ok());
    html! {
        @if let Some(as_of) = as_of {
            p.stale { "Jira does not answer: stories are shown as they were " (ago(as_of, look.now)) ". It is asked again by itself." }
        }
        (pages::away::banner(waivers, look.now))
        section.answer.(class(check.verdict)) aria-label="The answer" {
            p.headline { (headline(check, &digest)) }
            (some_of(&stops, &desk))
            @if may_deploy && check.verdict == Verdict::Go && digest.commits > 0 {
                (pages::deploys::ask_form(look.candidate.id, session))
            }
            @if look.candidate.is_open { (pages::away::forms(check, waivers, look.candidate.id.0, session, look.now)) }
            @if let Some(newest) = &check.newest_go {
                p.hint { "Go up to " code { (short(&newest.sha)) } ": " (newest.commits) " of " (check.commits.len()) " commits." }
                @if may_deploy { (pages::deploys::newest_go_form(look.candidate.id, &newest.sha, session)) }
            }
        }
        (tiles(&digest))
        (acts(look, session))
        @for (title, findings) in [("Warnings", some(Severity::Warn)), ("Notes", some(Severity::Note))] {
            @if !findings.is_empty() { section { h2 { (title) " (" (findings.len()) ")" } (some_of(&findings, &desk)) } }
        }
        (desk.waived())
        (checks(&check.checks))
    }
}

pub(crate) fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Go => "is-go",
        Verdict::NoGo => "is-no-go",
        Verdict::Waiting => "is-waiting",
    }
}

pub(crate) fn headline(check: &Check, digest: &Digest) -> String {
    let of = |severity| check.findings.iter().filter(|f| f.severity == severity && f.waiver.is_none()).count();
    let (blocks, waits) = (of(Severity::Block), of(Severity::Wait));
    let what = format!("{}, {}", count(digest.commits, "commit"), count(digest.all_stories(), "story"));
    match check.verdict {
        Verdict::Go if digest.commits == 0 => "Nothing is brought by this head.".to_owned(),
        Verdict::Go => format!("Nothing blocks {what}."),
        Verdict::NoGo => {
            let awaited = if waits == 0 { String::new() } else { format!(", and {} awaited", are(waits, "answer")) };
            format!("{} {what}{awaited}:", say::blocking(blocks))
        }
        Verdict::Waiting => format!("{what} wait for {}:", count(waits, "answer")),
    }
}

/// `1 answer is`, `2 answers are`
fn are(number: usize, noun: &str) -> String {
    format!("{} {}", count(number, noun), if number == 1 { "is" } else { "are" })
}

fn some_of(findings: &[&Finding], desk: &Desk<'_>) -> Markup {
    html! {
        @if !findings.is_empty() {
            ul.findings { @for finding in findings.iter().take(MOST) { (desk.item(finding)) } }
            (some_more(findings.len(), desk.look))
        }
    }
}

fn some_more(number: usize, look: &Look) -> Markup {
    html! { @if number > MOST { p { a href={ (look.path()) "/findings" } { "and " (number - MOST) " more" } } } }
}

/// What one can do with it as a whole.
fn acts(look: &Look, session: &Session) -> Markup {
    let formats = [("text", "txt"), ("Markdown", "md"), ("Slack", "slack"), ("CSV", "csv")];
    html! {
        div.acts {
            @if look.candidate.is_open && session.person.may_at(&look.candidate.service, Act::CheckAgain).is_ok() {
                form.inline method="post" action={ (look.path()) "/check" } {
                    input type="hidden" name="form" value=(session.form_word());
                    button { "Check again" }
                }
            }
            span { "Copy as" @for (name, end) in formats { " " a href={ (look.path()) "/copy." (end) } data-copy { (name) } } }
            span role="status" data-said {}
        }
    }
}

fn checks(lines: &[CheckLine]) -> Markup {
    html! { section { h2 { "Checks" } ul.checks { @for line in lines { li { b { (line.name) } ": " (state(line)) } } } } }
}

/// What stands between backticks is code.
fn state(line: &CheckLine) -> Markup {
    let said = outside(&verification(line));
    let is_even = said.matches('`').count().is_multiple_of(2);
    html! {
        @if is_even {
            @for (at, part) in said.split('`').enumerate() { @if at % 2 == 1 { code { (part) } } @else { (part) } }
        } @else { (said) }
    }
}
