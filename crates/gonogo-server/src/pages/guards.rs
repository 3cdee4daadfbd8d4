//! Guards on the page of a deploy, and the picture of each.

use super::layout::{ago, away, not_found, outside};
use crate::App;
use crate::session::Session;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use gonogo_core::guard::{Judgement, Mode};
use gonogo_core::say;
use gonogo_engine::{ToldDeploy, ToldGuard, guard_picture};
use gonogo_store::DeployId;
use jiff::Timestamp;
use maud::{Markup, html};

/// The picture has colours of its own, and nothing else.
const OF_A_PICTURE: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// What each says, with its picture.
pub(super) fn guards(told: &ToldDeploy, now: Timestamp) -> Markup {
    html! {
        @if !told.guards.is_empty() {
            section { h2 { "Guards" }
                @for guard in &told.guards { (one(guard, told, now)) } }
        }
    }
}

fn one(told: &ToldGuard, of: &ToldDeploy, now: Timestamp) -> Markup {
    let mark = match told.reading.as_ref().map(|reading| reading.judgement) {
        Some(Judgement::Fine) => "✓",
        Some(Judgement::Worse) => "✗",
        Some(Judgement::NoData | Judgement::CannotTell(_)) => "?",
        None => "…",
    };
    let said = told.said();
    html! {
        div.guard id={ "guard-" (told.guard.name) } {
            p { (mark) " " (outside(&said))
                @if told.guard.mode == Mode::Observe { " · observes: it would do that, and does nothing" }
                @if let Some(reading) = &told.reading { " · looked " (ago(reading.at, now)) } }
            @if let Some(trouble) = &told.trouble { p.hint { "It could not be read: " (outside(trouble)) } }
            @if let Some(reading) = &told.reading {
                @if !reading.remarks.is_empty() {
                    details { summary { "What it is compared with" }
                        ul { @for remark in &reading.remarks { li { (say::guard::remark(remark)) } } } }
                }
                div.picture tabindex="0" role="region" aria-label={ "Picture of " (told.guard.name) } {
                    img src={ "/deploys/" (of.row.id.0) "/guards/" (told.guard.name) ".svg?at=" (reading.at.as_second()) } alt=(said) width="960" height="300";
                }
            }
        }
    }
}

pub(crate) async fn drawn(State(app): State<App>, _: Session, Path((id, file)): Path<(i64, String)>) -> Response {
    let Some(name) = file.strip_suffix(".svg") else { return not_found().await.into_response() };
    match guard_picture(&app.serving, DeployId(id), name).await {
        Ok(Some(svg)) => {
            let headers = [(header::CONTENT_TYPE, "image/svg+xml"), (header::CONTENT_SECURITY_POLICY, OF_A_PICTURE)];
            (headers, svg).into_response()
        }
        Ok(None) => not_found().await.into_response(),
        Err(error) => away(&error).into_response(),
    }
}
