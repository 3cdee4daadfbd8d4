//! GitHub's webhooks: believed by their signature over the raw bytes, stored
//! before they are acknowledged, and worked on later.

use super::body::read;
use super::{answer, counted, is_signed, store, text};
use crate::App;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use gonogo_engine::jobs::GITHUB;

const SIGNATURE: &str = "x-hub-signature-256";
const EVENT: &str = "x-github-event";
const ID: &str = "x-github-delivery";

pub(crate) async fn receive(State(app): State<App>, headers: HeaderMap, body: Body) -> (StatusCode, String) {
    counted(GITHUB, taken(&app, &headers, body).await)
}

async fn taken(app: &App, headers: &HeaderMap, body: Body) -> (StatusCode, String) {
    let Some(secret) = &app.hook_secret else {
        let said = "no webhook secret is configured: set GONOGO_GITHUB_WEBHOOK_SECRET";
        return answer(StatusCode::SERVICE_UNAVAILABLE, said);
    };
    let Some(signature) = text(headers, SIGNATURE) else {
        return answer(StatusCode::UNAUTHORIZED, "not signed: give the webhook a secret");
    };
    let body = match read(body).await {
        Ok(body) => body,
        Err((status, said)) => return answer(status, said),
    };
    if !is_signed(&secret.lines(), signature, &body.bytes) {
        return answer(StatusCode::UNAUTHORIZED, "the signature does not fit: compare the webhook's secret");
    }
    let (Some(event), Some(id)) = (text(headers, EVENT), text(headers, ID)) else {
        return answer(StatusCode::BAD_REQUEST, "no X-GitHub-Event or X-GitHub-Delivery: not a webhook of GitHub's");
    };
    store(app, GITHUB, id, event, &body.bytes).await
}
