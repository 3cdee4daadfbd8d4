//! What all pages share: head, navigation, and how verdicts, times and errors look.

use crate::session::Session;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use gonogo_core::say;
use gonogo_engine::commands::people::PersonError;
use gonogo_store::views::Cursor;
use gonogo_store::{CandidateId, StoreError};
use jiff::{SignedDuration, Timestamp};
use maud::{DOCTYPE, Markup, html};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// A page, or the one that says why it cannot be had.
pub(crate) type Shown = Result<Markup, (StatusCode, Markup)>;

pub(crate) async fn script() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8"), (header::CACHE_CONTROL, "max-age=300")], SCRIPT)
}

pub(crate) async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=300")], STYLE)
}

/// A page under a title, for whom it is; one that is changing is read again by itself.
pub(crate) fn page(title: &str, is_changing: bool, session: Option<&Session>, main: &Markup) -> Markup {
    let again = html! { @if is_changing { (read_again()) } };
    framed(title, &again, session, main)
}

/// A page that stays right while it is open: all of what it shows was read after
/// the cursor. Without scripts it is read again while it is changing.
pub(crate) fn live_page(title: &str, is_changing: bool, session: &Session, follows: &Follows, main: &Markup) -> Markup {
    let again = html! { @if is_changing { noscript { (read_again()) } } };
    let candidate = follows.candidate.map(|id| format!("&candidate={}", id.0)).unwrap_or_default();
    let main = html! {
        div hidden data-live={ "/events?since=" (follows.since) (candidate) } {}
        (main)
    };
    framed(title, &again, Some(session), &main)
}

/// What a live page follows, and what it had seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Follows {
    /// One candidate; without it all of them.
    pub candidate: Option<CandidateId>,
    pub since: Cursor,
}

fn read_again() -> Markup {
    html! { meta http-equiv="refresh" content="5"; }
}

fn framed(title: &str, again: &Markup, session: Option<&Session>, main: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                (again)
                title { (outside(title)) " · gonogo" }
                link rel="stylesheet" href="/style.css";
                script src="/script.js" defer {}
                link rel="icon" href="data:,";
            }
            body {
                header {
                    nav aria-label="Main" {
                        a href="/" { "gonogo" }
                        @if let Some(session) = session {
                            @if let Some(tour) = &session.tour { a href=(tour) { "The tour" } }
                            a href="/branches" { "Branches" }
                            a href="/deploys" { "Deploys" }
                            a href="/waivers" { "Waivers" }
                            details.more {
                                summary { "More" }
                                div {
                                    a href="/messages" { "Messages" }
                                    a href="/deliveries" { "Deliveries" }
                                    a href="/people" { "People" }
                                    a href="/audit" { "Audit" }
                                    a href="/settings" { "Settings" }
                                    a href="/tokens" { "Tokens" }
                                }
                            }
                            form.search role="search" action="/search" {
                                input type="search" name="q" aria-label="Search" placeholder="Story, branch, SHA" size="16";
                            }
                            button.look type="button" hidden data-switch aria-label="Dark or light" title="Dark or light" { "◐" }
                            form.leave method="post" action="/sign-out" {
                                input type="hidden" name="form" value=(session.form_word());
                                a href="/account" { (outside(&session.person.name)) }
                                button { "Sign out" }
                            }
                        }
                    }
                }
                main { h1 { (outside(title)) } (main) }
                p.news.stale role="status" hidden data-news {}
            }
        }
    }
}

/// A verdict: a word, a shape and a colour.
pub(crate) fn verdict(word: Option<&str>) -> Markup {
    let (class, said) = match word {
        Some("go") => ("go", "✓ Go"),
        Some("no-go") => ("no-go", "✗ No-Go"),
        Some("waiting") => ("waiting", "… Waiting"),
        _ => ("waiting", "… Being judged"),
    };
    html! { span class={ "verdict " (class) } { (said) } }
}

/// A clock that is so much ahead is taken to be right.
const AHEAD: SignedDuration = SignedDuration::from_secs(90);

/// How long ago, or in how long, with the exact time on hover.
pub(crate) fn ago(time: Timestamp, now: Timestamp) -> Markup {
    let past = now.duration_since(time);
    let said = if past < -AHEAD {
        format!("in {}", long(-past))
    } else {
        format!("{} ago", long(past.max(SignedDuration::ZERO)))
    };
    let exact = time.to_string();
    html! { time datetime=(exact) title=(exact) { (said) } }
}

fn long(lasts: SignedDuration) -> String {
    let (minutes, hours) = (lasts.as_mins(), lasts.as_hours());
    match (hours, minutes) {
        (48.., _) => format!("{} days", hours / 24),
        (1.., _) => format!("{hours} h"),
        (_, 1..) => format!("{minutes} min"),
        _ => format!("{} s", lasts.as_secs()),
    }
}

/// Outside text: what reorders it, or is not seen, is shown.
pub(crate) fn outside(text: &str) -> String {
    say::printable(text)
}

pub(crate) fn short(sha: &str) -> String {
    sha.chars().take(7).collect()
}

pub(crate) async fn not_found() -> (StatusCode, Markup) {
    let main = html! { p { "There is no such page. " a href="/" { "See all services" } "." } };
    (StatusCode::NOT_FOUND, page("Not found", false, None, &main))
}

/// The address of a form, opened as if it were a page.
pub(crate) async fn wrong_method() -> (StatusCode, Markup) {
    let main = html! { p { "There is no page at this address: a form is sent to it. " a href="/" { "See all services" } "." } };
    (StatusCode::METHOD_NOT_ALLOWED, page("No page", false, None, &main))
}

/// A page that says one thing.
pub(crate) fn message(title: &str, said: &str) -> Markup {
    page(title, false, None, &html! { p { (said) } })
}

/// Why somebody cannot come in, or something about people was not done.
pub(crate) fn trouble(error: &PersonError) -> Response {
    match error {
        PersonError::Store(error) => away(error).into_response(),
        PersonError::NotKnown { .. } => {
            let main = html! {
                p.stale role="alert" { (outside(&error.to_string())) "." }
                p { "Until it is known nothing is shown. This page is tried again by itself; nothing is lost." }
                p { a href="/sign-in" { "Or sign in anew" } }
            };
            (StatusCode::SERVICE_UNAVAILABLE, page("Not to be had now", true, None, &main)).into_response()
        }
        PersonError::Forbidden(_) => refused(StatusCode::FORBIDDEN, error),
        PersonError::Input(_) => refused(StatusCode::UNPROCESSABLE_ENTITY, error),
        PersonError::Hash(_) => refused(StatusCode::INTERNAL_SERVER_ERROR, error),
        PersonError::Busy => {
            ([(header::RETRY_AFTER, "5")], refused(StatusCode::SERVICE_UNAVAILABLE, error)).into_response()
        }
    }
}

fn refused(status: StatusCode, error: &PersonError) -> Response {
    (status, message("Not done", &format!("{error}."))).into_response()
}

/// The store is away: what to do stands in the error.
pub(crate) fn away(error: &StoreError) -> (StatusCode, Markup) {
    tracing::error!(%error, "the store is away");
    let main = html! {
        p { "The page cannot be shown now. It is tried again by itself." }
        pre { (error) }
    };
    (StatusCode::SERVICE_UNAVAILABLE, page("Not to be had now", true, None, &main))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_said_in_one_unit() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let said = |seconds: i64| ago(now - SignedDuration::from_secs(seconds), now).into_string();
        for (seconds, words) in [(5, "5 s ago"), (61, "1 min ago"), (7_300, "2 h ago"), (200_000, "2 days ago")] {
            assert!(said(seconds).contains(words), "{}", said(seconds));
        }
        assert!(said(-5).contains("0 s ago"), "a clock that went back");
        assert!(said(-90_000).contains("in 25 h"), "{}", said(-90_000));
    }
}
