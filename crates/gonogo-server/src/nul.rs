//! A NUL in what people and programs send: no name and no text has one, and
//! PostgreSQL takes it nowhere. Webhooks are read as they come.

use crate::MOST_BODY;
use crate::api::{self, Kind, Refusal};
use crate::pages::layout;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

pub(crate) async fn refused(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let (is_hook, is_api) = (path.starts_with("/hooks/"), path.starts_with(api::ROOT));
    let address = request.uri().path_and_query().map_or("", |address| address.as_str());
    if address.contains("%00") {
        return refusal(is_api, "in the address");
    }
    if is_hook || is_api || !is_form(request.headers()) {
        // The API reads its bodies itself.
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MOST_BODY).await else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    if body.contains(&0) || body.windows(3).any(|part| part == b"%00") {
        return refusal(false, "in the form");
    }
    next.run(Request::from_parts(parts, Body::from(body))).await
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.trim_start().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded")
}

/// Whether JSON writes a NUL: `\u0000`, of which the backslash is none of a text's own.
pub(crate) fn is_in_json(text: &[u8]) -> bool {
    let own = |before: &[u8]| before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1;
    text.windows(6).enumerate().any(|(at, part)| part == br"\u0000" && !own(&text[..at]))
}

fn refusal(is_api: bool, place: &str) -> Response {
    if is_api {
        return Refusal::new(Kind::Malformed, said(place)).into_response();
    }
    let said = format!("There is {}. Go back, and write it without.", said(place));
    (StatusCode::BAD_REQUEST, layout::message("Not taken", &said)).into_response()
}

/// What is wrong with it.
pub(crate) fn said(place: &str) -> String {
    format!("a NUL character {place}, which no text has")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_is_told_from_who_speaks_of_one() {
        for nul in [r#"{"why": "\u0000"}"#, r#"["a\\\u0000"]"#, r#"["\\u0000 \u0000"]"#] {
            assert!(is_in_json(nul.as_bytes()), "{nul}");
        }
        for none in ["", r#"["\\u0000"]"#, r#"["\u0001"]"#] {
            assert!(!is_in_json(none.as_bytes()), "{none}");
        }
    }
}
