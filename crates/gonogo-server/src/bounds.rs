//! How long a request may take, and what is said to one that is too large.

use crate::pages::layout;
use crate::{MOST_BODY, api};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::time::Duration;

/// From its headers to the first of the answer: a body that does not come ends
/// then. What follows, such as events, may last.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) async fn held(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_of_a_program = path.starts_with("/hooks/") || path.starts_with(api::ROOT);
    let Ok(response) = tokio::time::timeout(PATIENCE, next.run(request)).await else {
        let said = format!("the request was not answered within {} s, or did not come whole\n", PATIENCE.as_secs());
        return (StatusCode::REQUEST_TIMEOUT, [(header::CONNECTION, "close")], said).into_response();
    };
    if response.status() == StatusCode::PAYLOAD_TOO_LARGE && !is_of_a_program {
        let said = format!("A form holds {} kB at most. Go back, and write less.", MOST_BODY >> 10);
        return (StatusCode::PAYLOAD_TOO_LARGE, layout::message("Not taken", &said)).into_response();
    }
    response
}
