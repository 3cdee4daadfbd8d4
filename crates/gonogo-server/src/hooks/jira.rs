//! Jira's webhooks, as an admin makes them with a secret.

use super::body::read;
use super::{answer, counted, is_signed, store, text};
use crate::App;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use gonogo_engine::jobs::JIRA;

const SIGNATURE: &str = "x-hub-signature";
const ID: &str = "x-atlassian-webhook-identifier";

pub(crate) async fn receive(State(app): State<App>, headers: HeaderMap, body: Body) -> (StatusCode, String) {
    counted(JIRA, taken(&app, &headers, body).await)
}

async fn taken(app: &App, headers: &HeaderMap, body: Body) -> (StatusCode, String) {
    let Some(secret) = &app.jira_hook_secret else {
        let said = "no webhook secret is configured: set GONOGO_JIRA_WEBHOOK_SECRET";
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
    let Some(id) = text(headers, ID) else {
        return answer(StatusCode::BAD_REQUEST, "no X-Atlassian-Webhook-Identifier: not a webhook of Jira's");
    };
    store(app, JIRA, id, "webhook", &body.bytes).await
}
