//! A reader who has it already is told so.

use super::refusal::{Kind, Refusal};
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use gonogo_engine::jobs::hex_sha256;

/// What is read gets the hash of its body for a tag. A body is in memory as it
/// is, so this costs a hash.
pub(super) async fn answer(request: Request, next: Next) -> Response {
    let is_read = request.method() == Method::GET;
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("authorization"));
    if !is_read || response.status() != StatusCode::OK {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return Refusal::new(Kind::Away, "the answer broke off").into_response();
    };
    let tag = format!("\"{}\"", &hex_sha256(&bytes)[..32]);
    let has =
        |known: &HeaderValue| known.to_str().is_ok_and(|text| text.split(',').any(|one| matches(one.trim(), &tag)));
    let has_it = known.as_ref().is_some_and(has);
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        parts.headers.insert(header::ETAG, tag);
    }
    if has_it {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}

/// A proxy may have made the tag a weak one.
fn matches(known: &str, tag: &str) -> bool {
    known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
}
