//! What other systems sent, and what it led to.

use super::dead_work::{Again, ended, run_again};
use super::layout::{self, ago, away, outside};
use super::table::table;
use crate::App;
use crate::session::{Session, not_our_form};
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use gonogo_engine::commands::run_again::{is_done_by_a_member, run_delivery_again};
use gonogo_store::DeliveryId;
use maud::{Markup, html};
use std::collections::HashMap;

const ROWS: u32 = 100;

pub(crate) async fn page(
    State(app): State<App>,
    session: Session,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Markup, (StatusCode, Markup)> {
    let before = query.get("before").and_then(|text| text.parse().ok()).map(DeliveryId);
    let list = app.serving.store.deliveries(before, ROWS).await.map_err(|e| away(&e))?;
    let now = (app.serving.clock)();
    let last = list.last().filter(|_| list.len() == ROWS as usize);
    let main = html! {
        p { "What is to be done is in the " a href="/queue" { "queue" } ", work that failed too often under " a href="/dead-work" { "dead work" } "." }
        @if list.is_empty() {
            p { "Nothing came yet. Point a webhook of GitHub's at " code { (app.serving.pages) "/hooks/github" } "; until then changes are found by polling." }
        } @else {
            (table(["Came", "From", "Event", "Led to", "Id", "Again"], list.iter().map(|delivery| [
                ago(delivery.received_at, now),
                html! { (delivery.source) },
                html! { (outside(&delivery.event)) },
                html! { (outside(delivery.outcome.as_deref().unwrap_or("waits to be read"))) },
                html! { code { (outside(&delivery.delivery_id)) } },
                html! {
                    // What somebody did is not done again in their name.
                    @if !is_done_by_a_member(&delivery.source, &delivery.event) {
                        (run_again(&session, &format!("/deliveries/{}/runs", delivery.id.0), "Run again"))
                    }
                },
            ])))
            @if let Some(last) = last { p { a href={ "/deliveries?before=" (last.id.0) } { "Older" } } }
        }
    };
    Ok(layout::page("Deliveries", false, Some(&session), &main))
}

pub(crate) async fn run(
    State(app): State<App>,
    session: Session,
    Path(id): Path<i64>,
    Form(form): Form<Again>,
) -> Response {
    if !session.sent(&form.form) {
        return not_our_form();
    }
    ended(run_delivery_again(&app.serving, &session.person, DeliveryId(id)).await, "/deliveries")
}
