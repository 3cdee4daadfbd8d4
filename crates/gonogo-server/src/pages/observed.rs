//! What a service was, or would have been, stopped for.

use super::layout::{self, Shown, ago, away, not_found, outside, short};
use super::services::reason;
use super::table::table;
use crate::App;
use crate::session::Session;
use axum::extract::{Path, Query, State};
use gonogo_core::say;
use gonogo_store::views::{Observed, Stopped};
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use serde::Deserialize;

/// Rows at most; a shorter time shows the others.
const ROWS: u32 = 200;
const DAYS: [i64; 4] = [7, 14, 30, 90];

#[derive(Debug, Deserialize)]
pub(crate) struct Since {
    /// What is none of these is 14.
    days: Option<String>,
}

pub(crate) async fn page(
    State(app): State<App>,
    session: Session,
    Path(name): Path<String>,
    Query(since): Query<Since>,
) -> Shown {
    let Some(service) = app.serving.service(&name) else { return Err(not_found().await) };
    let asked = since.days.and_then(|days| days.parse().ok());
    let days = asked.filter(|days| DAYS.contains(days)).unwrap_or(DAYS[1]);
    let now = (app.serving.clock)();
    let from = now.saturating_sub(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::UNIX_EPOCH);
    let observed = app.serving.store.observed(&name, from, ROWS).await.map_err(|e| away(&e))?;
    let main = html! {
        @if service.is_observed {
            p { "This service is only observed: every status is green, and says what it would be." }
        } @else {
            p { "This service is not only observed: No-Go is shown as a failure. " code { "observe = true" } " in its part of the server's configuration changes that." }
        }
        p {
            "In the last " (days) " days " (say::count(observed.judged, "candidate")) (if observed.judged == 1 { " was" } else { " were" })
            " judged, and " b { (observed.all_stopped) } (if service.is_observed { " would have been stopped." } else { " ended as No-Go." })
        }
        nav.pages aria-label="Time" {
            @for other in DAYS {
                a href={ "/services/" (name) "/observed?days=" (other) } aria-current=[(other == days).then_some("page")] { (other) " days" }
            }
        }
        (rows(&observed, now))
    };
    Ok(layout::page(&format!("{name}: what is stopped"), false, Some(&session), &main))
}

fn rows(observed: &Observed, now: Timestamp) -> Markup {
    html! {
        @if observed.stopped.is_empty() {
            p { "Nothing." }
        } @else {
            (table(["What", "Why", "Head", "Shipped all the same", "Judged last"], observed.stopped.iter().map(|one| row(one, now))))
            @if observed.stopped.len() < observed.all_stopped {
                p { "and " (observed.all_stopped - observed.stopped.len()) " older ones" }
            }
        }
    }
}

fn row(one: &Stopped, now: Timestamp) -> [Markup; 5] {
    [
        html! {
            a href={ "/candidates/" (one.candidate.0) } {
                @if let Some(number) = one.pull_request { "#" (number) " " }
                (outside(&one.branch))
            }
        },
        html! { (outside(reason(&one.summary))) },
        html! { code { (short(&one.head)) } },
        html! { @if one.shipped { "yes" } @else { "no" } },
        ago(one.at, now),
    ]
}
