//! Each request has an id, which the log and the answer carry, one line in the
//! log, and its place in the metrics.

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use ring::rand::{SecureRandom, SystemRandom};
use std::fmt::Write;
use std::time::Instant;
use tracing::Instrument;

const ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longer ones are not kept.
const MOST_ID: usize = 64;
const MOST_PATH: usize = 200;
/// What machines ask for all day.
const QUIET: [&str; 5] = ["/healthz", "/readyz", "/metrics", "/script.js", "/style.css"];

pub(crate) async fn told(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id = given_id(request.headers()).unwrap_or_else(new_id);
    let method = request.method().clone();
    // Without its query: there are codes of first admins in it.
    let path: String = request.uri().path().chars().take(MOST_PATH).collect();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!("request", request = id);
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status();
    let class = format!("{}xx", status.as_u16() / 100);
    let (took, route_of) = (begun.elapsed(), route.clone());
    metrics::histogram!("gonogo_served_seconds", "route" => route_of, "status" => class).record(took);
    let (status, seconds) = (status.as_u16(), took.as_secs_f64());
    match status {
        500.. => tracing::warn!(parent: &span, %method, path, status, seconds, "answered"),
        _ if QUIET.contains(&route.as_str()) => {
            tracing::debug!(parent: &span, %method, path, status, seconds, "answered");
        }
        _ => tracing::info!(parent: &span, %method, path, status, seconds, "answered"),
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(ID, id);
    }
    response
}

/// A proxy's, so that its log and ours can be joined.
fn given_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(ID)?.to_str().ok()?;
    let may_stand = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    ((1..=MOST_ID).contains(&id.len()) && id.chars().all(may_stand)).then(|| id.to_owned())
}

fn new_id() -> String {
    let mut bytes = [0; 8];
    // Without chance it is an id like others' in the worst case.
    SystemRandom::new().fill(&mut bytes).ok();
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // a String takes all
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_ids_are_taken_over() {
        let given = |text: &'static str| {
            let headers: HeaderMap = [(ID, HeaderValue::from_static(text))].into_iter().collect();
            given_id(&headers)
        };
        assert_eq!(given("7f-A_b.1").as_deref(), Some("7f-A_b.1"));
        for wrong in ["", "a b", "a\"b", "<x>"] {
            assert_eq!(given(wrong), None, "{wrong}");
        }
        assert_eq!(new_id().len(), 16);
    }
}
