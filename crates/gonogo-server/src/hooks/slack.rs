//! Slack's requests: believed by their signature over the time and the raw bytes.

use super::body::read;
use super::{answer, any_fits, text, unhex};
use crate::App;
use crate::slack::{Answer, dispatch};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gonogo_engine::jobs::SLACK;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::Value;

const SIGNATURE: &str = "x-slack-signature";
const TIME: &str = "x-slack-request-timestamp";
/// An older request may be a replayed one.
const FRESH: SignedDuration = SignedDuration::from_mins(5);

/// The Events API: JSON.
pub(crate) async fn event(State(app): State<App>, headers: HeaderMap, body: Body) -> Response {
    let bytes = match signed(&app, &headers, body).await {
        Ok(bytes) => bytes,
        Err(refusal) => return refusal,
    };
    let Ok(payload) = serde_json::from_slice::<Value>(&bytes) else { return odd() };
    if payload["type"] == "url_verification" {
        return match payload["challenge"].as_str() {
            Some(challenge) => ([(header::CONTENT_TYPE, "text/plain")], challenge.to_owned()).into_response(),
            None => odd(),
        };
    }
    told(dispatch(&app, &payload).await)
}

/// Interactivity: JSON in a form's `payload`.
pub(crate) async fn interaction(State(app): State<App>, headers: HeaderMap, body: Body) -> Response {
    let bytes = match signed(&app, &headers, body).await {
        Ok(bytes) => bytes,
        Err(refusal) => return refusal,
    };
    let payload = form_urlencoded::parse(&bytes).find(|(name, _)| name == "payload");
    match payload.and_then(|(_, text)| serde_json::from_str::<Value>(&text).ok()) {
        Some(payload) => told(dispatch(&app, &payload).await),
        None => odd(),
    }
}

/// A slash command: a form.
pub(crate) async fn command(State(app): State<App>, headers: HeaderMap, body: Body) -> Response {
    let bytes = match signed(&app, &headers, body).await {
        Ok(bytes) => bytes,
        Err(refusal) => return refusal,
    };
    let fields = form_urlencoded::parse(&bytes).map(|(name, text)| (name.into_owned(), Value::from(text.into_owned())));
    let payload = Value::Object(fields.collect());
    // Slack asks so whether somebody is there.
    if payload["ssl_check"] == "1" {
        return StatusCode::OK.into_response();
    }
    told(dispatch(&app, &payload).await)
}

/// The body, where it is Slack's.
async fn signed(app: &App, headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Response> {
    let refused = |status: StatusCode, said: &str| {
        metrics::counter!("gonogo_deliveries_total", "source" => SLACK, "outcome" => "refused").increment(1);
        answer(status, said).into_response()
    };
    let Some(secret) = app.slack_signing_secret.as_ref().filter(|_| app.serving.slack.is_some()) else {
        let said = "nothing is taken from Slack: set GONOGO_SLACK_SIGNING_SECRET, and write a [slack]";
        return Err(refused(StatusCode::SERVICE_UNAVAILABLE, said));
    };
    let (Some(signature), Some(time)) = (text(headers, SIGNATURE), text(headers, TIME)) else {
        return Err(refused(StatusCode::UNAUTHORIZED, "not signed: it is not Slack's"));
    };
    let body = read(body).await.map_err(|(status, said)| refused(status, said))?;
    if !is_signed(&secret.lines(), signature, time, &body.bytes) {
        return Err(refused(StatusCode::UNAUTHORIZED, "the signature does not fit: compare the app's signing secret"));
    }
    if !is_fresh(time, (app.serving.clock)()) {
        let said = "it is over 5 minutes old, or the clocks differ: look at this machine's";
        return Err(refused(StatusCode::UNAUTHORIZED, said));
    }
    Ok(body.bytes)
}

fn told(answered: Answer) -> Response {
    match answered {
        Answer::Taken(None) => StatusCode::OK.into_response(),
        Answer::Taken(Some(said)) => axum::Json(said).into_response(),
        Answer::Odd => odd(),
        Answer::NotStored => {
            answer(StatusCode::SERVICE_UNAVAILABLE, "it could not be stored: send it again").into_response()
        }
    }
}

fn odd() -> Response {
    answer(StatusCode::BAD_REQUEST, "it cannot be read: not a request of Slack's").into_response()
}

/// `v0=` and the HMAC in hex over version, time and body, by any of the secrets,
/// compared in constant time.
fn is_signed(secrets: &[SecretString], signature: &str, time: &str, body: &[u8]) -> bool {
    let Some(tag) = signature.strip_prefix("v0=").and_then(unhex) else { return false };
    any_fits(secrets, &tag, &[b"v0:", time.as_bytes(), b":", body])
}

fn is_fresh(time: &str, now: Timestamp) -> bool {
    let at = time.parse().ok().and_then(|second| Timestamp::from_second(second).ok());
    at.is_some_and(|at| now.duration_since(at).abs() <= FRESH)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Slack's own documentation.
    #[test]
    fn a_signature_is_as_slacks_documentation_has_it() {
        let secrets = [SecretString::from("8f742231b10e8888abcd99yyyzzz85a5")];
        let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&\
                    channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&\
                    response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&\
                    trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
        let signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
        let fits =
            |secrets: &[SecretString], time: &str, body: &str| is_signed(secrets, signature, time, body.as_bytes());
        assert!(fits(&secrets, "1531420618", body));
        let rotated = [SecretString::from("new"), secrets[0].clone()];
        assert!(fits(&rotated, "1531420618", body));
        assert!(!fits(&secrets, "1531420619", body), "the time is signed too");
        assert!(!fits(&secrets, "1531420618", &body[1..]));
        assert!(!fits(&[], "1531420618", body));
        for wrong in
            ["", "v0=", "v0=zz", "a2114d", "v1=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"]
        {
            assert!(!is_signed(&secrets, wrong, "1531420618", body.as_bytes()), "{wrong}");
        }
    }

    #[test]
    fn a_request_is_fresh_for_five_minutes_either_way() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        for fresh in ["1000000", "999700", "1000300"] {
            assert!(is_fresh(fresh, now), "{fresh}");
        }
        for old in ["999699", "1000301", "", "x", "1e6", "-1", "99999999999999999999"] {
            assert!(!is_fresh(old, now), "{old}");
        }
    }
}
