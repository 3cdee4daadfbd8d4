//! How the tour looks.

use maud::{Markup, html};

use super::look::{Said, Seen};
use super::steps::{Step, next, steps};
use crate::page::Page;
use crate::serve::Answer;

const TOUR: Page<'_> = Page { system: "gonogo demo", title: "The tour", is_live: true, tour: None };

pub(super) fn tour(seen: &Seen) -> Answer {
    let steps = steps(seen);
    let next = next(&steps);
    let main = html! {
        p { "A company to play in, on this machine alone. gonogo is the real program; its GitHub, Jira and Slack are stand-ins with real git behind them. You are signed in as " b { "demo" } ", an admin." }
        @if let Some(now) = &seen.now { (answer(now)) }
        @if next.is_none() {
            section.answer.is-good {
                p { b { "That was the tour." } " Everything is still yours to play with: push a commit, break a story, look who did what in the " a href={ (seen.program) "/audit" } { "audit" } "." }
            }
        }
        ol.steps { @for (number, step) in steps.iter().enumerate() { (item(number, step, next)) } }
        h2 { "All places" }
        ul.places {
            li { a href={ (seen.program) "/" } { "gonogo" } br; "what may ship, and why not" }
            li { a href=(seen.github) { "GitHub" } br; "branches, statuses, merges" }
            li { a href={ (seen.jira) "/" } { "Jira" } br; "stories and their fields" }
            li { a href=(seen.slack) { "Slack" } br; "what people are told" }
        }
    };
    TOUR.answer(200, &main)
}

pub(super) fn not_yet() -> Answer {
    TOUR.answer(503, &html! { p { "gonogo is being started." } })
}

pub(super) fn not_found() -> Answer {
    TOUR.not_found()
}

fn answer(now: &Said) -> Markup {
    let (class, mark) = match now.state.as_str() {
        "success" => ("is-good", "✓"),
        "pending" => ("is-open", "…"),
        _ => ("is-bad", "✗"),
    };
    html! {
        section.answer.(class) aria-label="What gonogo says now" {
            p { span.quiet { "main of web, now: " } b { (mark) " " (now.description) } " " a href=(now.page) { "Why?" } }
        }
    }
}

fn item(number: usize, step: &Step, next: Option<usize>) -> Markup {
    let is_next = next == Some(number);
    let (class, mark) = match (step.is_done, is_next) {
        (true, _) => ("is-done", "✓".to_owned()),
        (false, true) => ("is-next", (number + 1).to_string()),
        (false, false) => ("is-later", (number + 1).to_string()),
    };
    html! {
        li.(class) aria-current=[is_next.then_some("step")] {
            span.mark { (mark) }
            h2 { (step.title) @if step.is_done { span.quiet.small { " · done" } } }
            @if !step.is_done || is_next { p { (step.what) } }
            @match &step.at {
                Some(link) if is_next => p { a.do href=(link.url) { (link.said) } },
                Some(link) if step.is_done && link.stays => p.small { a href=(link.url) { (link.said) } },
                None if is_next => p.quiet { "gonogo is judging. This page shows it as soon as it is there." },
                _ => {}
            }
        }
    }
}
