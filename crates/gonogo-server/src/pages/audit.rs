//! What people did: a list with filters in the address, and the same as a file.

use super::layout::{self, Shown, ago, away, outside};
use super::table::table;
use crate::App;
use crate::session::{Session, escaped};
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use gonogo_core::say;
use gonogo_store::{AuditAsked, AuditRow, Store, StoreError};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;

/// Entries on a page, and at once in a file.
const ROWS: u32 = 100;
const BLOCK: u32 = 1_000;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    who: String,
    #[serde(default)]
    did: String,
    #[serde(default)]
    what: String,
    /// Days in UTC; the last one counts whole.
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    before: Option<i64>,
}

impl Asked {
    /// What it asks for, or what of it cannot be understood.
    fn read(&self) -> Result<AuditAsked, String> {
        let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Ok(AuditAsked {
            actor: some(&self.who),
            action: some(&self.did),
            subject: some(&self.what),
            from: day(&self.from)?.map(|day| begin_of(Some(day))),
            to: day(&self.to)?.map(|day| begin_of(day.tomorrow().ok())),
        })
    }

    /// The filters as they stand in an address.
    fn query(&self) -> String {
        let all =
            [("who", &self.who), ("did", &self.did), ("what", &self.what), ("from", &self.from), ("to", &self.to)];
        let set = all.into_iter().filter(|(_, value)| !value.is_empty());
        set.map(|(name, value)| format!("{name}={}", escaped(value))).collect::<Vec<_>>().join("&")
    }
}

fn day(text: &str) -> Result<Option<Date>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| format!("`{}` is no day: write it as 2026-12-31", outside(text)))
}

/// After the last day there is no other.
fn begin_of(day: Option<Date>) -> Timestamp {
    let begin = day.and_then(|day| TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok());
    begin.unwrap_or(Timestamp::MAX)
}

pub(crate) async fn page(State(app): State<App>, session: Session, Query(asked): Query<Asked>) -> Shown {
    let store = &app.serving.store;
    let actions = store.audited_actions().await.map_err(|e| away(&e))?;
    let (rows, wrong) = match asked.read() {
        Ok(wanted) => (store.audit(&wanted, asked.before, ROWS).await.map_err(|e| away(&e))?, None),
        Err(said) => (Vec::new(), Some(said)),
    };
    let query = asked.query();
    let main = html! {
        (filters(&asked, &actions))
        @if let Some(said) = &wrong { p.stale role="alert" { (said) "." } }
        @else {
            @if rows.is_empty() { p { "Nothing was done that fits." } }
            @else { (list(&rows, (app.serving.clock)())) }
            nav.pages aria-label="Pages" {
                @if let Some(last) = rows.last().filter(|_| rows.len() == ROWS as usize) {
                    a rel="next" href={ "/audit?" (query) @if !query.is_empty() { "&" } "before=" (last.id) } { "Older" }
                }
                span { "All that fits, as a file:" }
                a href={ "/audit.csv?" (query) } { "CSV" }
                a href={ "/audit.jsonl?" (query) } { "JSON lines" }
            }
            p.quiet { "Each entry holds the hash of the one before: " code { "gonogo store check" } " says whether one was changed or taken out." }
        }
    };
    Ok(layout::page("Audit", false, Some(&session), &main))
}

fn filters(asked: &Asked, actions: &[String]) -> Markup {
    html! {
        form.row method="get" action="/audit" {
            label { "Who" input name="who" value=(asked.who) autocomplete="off"; }
            label {
                "Did"
                select name="did" {
                    option value="" { "anything" }
                    @for action in actions { option value=(action) selected[*action == asked.did] { (action) } }
                }
            }
            label { "What" input name="what" value=(asked.what) autocomplete="off"; }
            label { "From" input type="date" name="from" value=(asked.from); }
            label { "To" input type="date" name="to" value=(asked.to); }
            button { "Show" }
        }
    }
}

fn list(rows: &[AuditRow], now: Timestamp) -> Markup {
    table(
        ["When", "Who", "Did", "What", "Detail", "Hash"],
        rows.iter().map(|row| {
            [
                ago(row.at, now),
                html! { (outside(&row.actor)) },
                html! { (outside(&row.action)) },
                html! { (outside(&row.subject)) },
                html! { (outside(&row.detail)) },
                html! { code title=(row.hash) { (row.hash.chars().take(8).collect::<String>()) } },
            ]
        }),
    )
}

pub(crate) async fn csv(State(app): State<App>, _: Session, Query(asked): Query<Asked>) -> Response {
    let first = "id,at,actor,action,subject,detail,hash\r\n";
    file(&app, &asked, "text/csv; charset=utf-8", first, |row| {
        let [actor, action, subject, detail] =
            [&row.actor, &row.action, &row.subject, &row.detail].map(|text| say::csv(text));
        format!("{},{},{actor},{action},{subject},{detail},{}\r\n", row.id, row.at, row.hash)
    })
}

pub(crate) async fn json_lines(State(app): State<App>, _: Session, Query(asked): Query<Asked>) -> Response {
    file(&app, &asked, "application/jsonl; charset=utf-8", "", |row| {
        let line = json!({
            "id": row.id,
            "at": row.at,
            "at_microsecond": row.at.as_microsecond(),
            "actor": row.actor,
            "action": row.action,
            "subject": row.subject,
            "detail": row.detail,
            "hash": row.hash,
        });
        format!("{line}\n")
    })
}

/// Written block by block, each read by itself: a slow reader holds no reading
/// of the database open.
fn file(app: &App, asked: &Asked, kind: &'static str, first: &'static str, line: fn(&AuditRow) -> String) -> Response {
    let wanted = match asked.read() {
        Ok(wanted) => wanted,
        Err(said) => return (axum::http::StatusCode::UNPROCESSABLE_ENTITY, format!("{said}\n")).into_response(),
    };
    let begin = Place { store: app.serving.store.clone(), wanted, before: None, first: Some(first), is_over: false };
    let body = Body::from_stream(stream::try_unfold(begin, move |place| place.block(line)));
    let name =
        if first.is_empty() { "attachment; filename=\"audit.jsonl\"" } else { "attachment; filename=\"audit.csv\"" };
    ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], body).into_response()
}

/// How far a file is written, from the newest entry on.
struct Place {
    store: Store,
    wanted: AuditAsked,
    before: Option<i64>,
    first: Option<&'static str>,
    is_over: bool,
}

impl Place {
    async fn block(mut self, line: fn(&AuditRow) -> String) -> Result<Option<(Bytes, Self)>, StoreError> {
        if self.is_over {
            return Ok(None);
        }
        let rows = self.store.audit(&self.wanted, self.before, BLOCK).await?;
        self.is_over = rows.len() < BLOCK as usize;
        self.before = rows.last().map(|row| row.id);
        let head = self.first.take().unwrap_or_default().to_owned();
        let text = rows.iter().fold(head, |text, row| text + &line(row));
        Ok(Some((Bytes::from(text), self)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_and_the_last_one_counts_whole() {
        let asked = |from: &str, to: &str| {
            Asked { from: from.to_owned(), to: to.to_owned(), ..Asked::default() }.read().map(|a| (a.from, a.to))
        };
        let at = |text: &str| Some(text.parse().unwrap());
        assert_eq!(
            asked("2026-12-31", "2026-12-31").unwrap(),
            (at("2026-12-31T00:00:00Z"), at("2027-01-01T00:00:00Z"))
        );
        assert_eq!(asked("", " ").unwrap(), (None, None));
        assert!(asked("yesterday", "").unwrap_err().contains("is no day"));
    }

    #[test]
    fn filters_stand_in_the_address() {
        let asked = Asked { who: "a&b".to_owned(), to: "2026-12-31".to_owned(), ..Asked::default() };
        assert_eq!(asked.query(), "who=a%26b&to=2026-12-31");
    }
}
