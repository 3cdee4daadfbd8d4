//! How long a request may take, and what is said to one that is too large.

use crate::pages::layout;
use crate::{MOST_BODY, api};
use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::time::Duration;

/// From its headers to the first of the answer: a body that does not come ends
/// then. What follows, such as events, may last.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) async fn held(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_form = request.method() == Method::POST;
    let is_of_a_program = path.starts_with("/hooks/") || path.starts_with(api::ROOT);
    let Ok(response) = tokio::time::timeout(PATIENCE, next.run(request)).await else {
        let said = format!("the request was not answered within {} s, or did not come whole\n", PATIENCE.as_secs());
        return (StatusCode::REQUEST_TIMEOUT, [(header::CONNECTION, "close")], said).into_response();
    };
    if response.status() == StatusCode::PAYLOAD_TOO_LARGE && !is_of_a_program {
        let said = format!("A form holds {} kB at most. Go back, and write less.", MOST_BODY >> 10);
        return (StatusCode::PAYLOAD_TOO_LARGE, layout::message("Not taken", &said)).into_response();
    }
    let says_when = response.headers().contains_key(header::RETRY_AFTER);
    if response.status() == StatusCode::SERVICE_UNAVAILABLE && is_form && !is_of_a_program && !says_when {
        // Unlike a page it is not tried again by itself.
        let said = "What you sent was not done: something that it needs is away, such as the database. Go back, and send it \
                    again in a minute. If that stays so, gonogo store check says why.";
        return (StatusCode::SERVICE_UNAVAILABLE, layout::message("Not done", said)).into_response();
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::middleware::from_fn;
    use axum::routing::get;
    use gonogo_store::StoreError;
    use tower::ServiceExt;

    #[tokio::test]
    async fn a_form_that_was_lost_is_not_said_to_be_tried_again() {
        async fn away() -> impl IntoResponse {
            layout::away(&StoreError::DiskFull("x".to_owned()))
        }
        let router = Router::new().route("/", get(away).post(away)).layer(from_fn(held));
        for (method, words) in [(Method::GET, "It is tried again by itself"), (Method::POST, "Go back, and send it")] {
            let asked = Request::builder().method(method).body(Body::empty()).unwrap();
            let answer = router.clone().oneshot(asked).await.unwrap();
            assert_eq!(answer.status(), 503);
            let page = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
            let page = String::from_utf8_lossy(&page);
            assert!(page.contains(words), "{page}");
            assert_eq!(page.contains("http-equiv=\"refresh\""), words.starts_with("It is"));
        }
    }
}
