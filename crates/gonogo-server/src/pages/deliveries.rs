//! What other systems sent, and what it led to.

use super::layout::{self, ago, away, outside};
use super::table::table;
use crate::App;
use crate::session::Session;
use axum::extract::{Query, State};
use axum::http::StatusCode;
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
        @if list.is_empty() {
            p { "Nothing came yet. Point a webhook of GitHub's at " code { (app.serving.pages) "/hooks/github" } "; until then changes are found by polling." }
        } @else {
            (table(["Came", "From", "Event", "Led to", "Id"], list.iter().map(|delivery| [
                ago(delivery.received_at, now),
                html! { (delivery.source) },
                html! { (outside(&delivery.event)) },
                html! { (outside(delivery.outcome.as_deref().unwrap_or("waits to be read"))) },
                html! { code { (outside(&delivery.delivery_id)) } },
            ])))
            @if let Some(last) = last { p { a href={ "/deliveries?before=" (last.id.0) } { "Older" } } }
        }
    };
    Ok(layout::page("Deliveries", false, Some(&session), &main))
}
