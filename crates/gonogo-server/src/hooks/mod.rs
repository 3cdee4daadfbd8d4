//! What other systems tell us of themselves: believed by its signature over the
//! raw bytes, stored before it is acknowledged, and worked on later.

mod body;
pub(crate) mod github;
pub(crate) mod jira;
pub(crate) mod slack;

use crate::App;
use axum::http::{HeaderMap, StatusCode};
use gonogo_engine::jobs::DELIVERY;
use gonogo_store::{Delivery, Received};
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};

/// Longer ones are nobody's.
const MOST_HEADER: usize = 200;

async fn store(app: &App, source: &str, id: &str, event: &str, body: &[u8]) -> (StatusCode, String) {
    let delivery = Delivery {
        source: source.to_owned(),
        delivery_id: id.to_owned(),
        event: event.to_owned(),
        body: body.to_vec(),
        received_at: (app.serving.clock)(),
    };
    match app.serving.store.receive(delivery, DELIVERY).await {
        Ok(Received::New(_)) => answer(StatusCode::ACCEPTED, "stored"),
        Ok(Received::Known(_)) => answer(StatusCode::ACCEPTED, "known already"),
        Err(error) => {
            tracing::error!(source, id, event, %error, "a delivery could not be stored");
            answer(StatusCode::SERVICE_UNAVAILABLE, "it could not be stored: send it again")
        }
    }
}

fn counted(source: &'static str, answer: (StatusCode, String)) -> (StatusCode, String) {
    let outcome = match answer.0 {
        StatusCode::ACCEPTED => "stored",
        StatusCode::SERVICE_UNAVAILABLE => "not-stored",
        _ => "refused",
    };
    metrics::counter!("gonogo_deliveries_total", "source" => source, "outcome" => outcome).increment(1);
    answer
}

fn answer(status: StatusCode, said: &str) -> (StatusCode, String) {
    (status, format!("{said}\n"))
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().filter(|text| !text.is_empty() && text.len() <= MOST_HEADER)
}

/// `sha256=` and the HMAC in hex, by any of the secrets, compared in constant time.
fn is_signed(secrets: &[SecretString], signature: &str, body: &[u8]) -> bool {
    let Some(tag) = signature.strip_prefix("sha256=").and_then(unhex) else { return false };
    any_fits(secrets, &tag, &[body])
}

/// Whether it is the HMAC-SHA256 of these parts by any of the secrets.
fn any_fits(secrets: &[SecretString], tag: &[u8], parts: &[&[u8]]) -> bool {
    let signed = parts.concat();
    let fits = |secret: &SecretString| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
        hmac::verify(&key, &signed, tag).is_ok()
    };
    // All are tried, so that the time tells nothing of which fitted.
    secrets.iter().map(fits).fold(false, |any, fit| any | fit)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of GitHub's own documentation.
    #[test]
    fn a_signature_is_as_githubs_documentation_has_it() {
        let secrets = [SecretString::from("It's a Secret to Everybody")];
        let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert!(is_signed(&secrets, signature, b"Hello, World!"));
        assert!(!is_signed(&secrets, signature, b"Hello, World"));
        let rotated = [SecretString::from("new"), secrets[0].clone()];
        assert!(is_signed(&rotated, signature, b"Hello, World!"));
        for wrong in ["", "sha256=", "sha256=7", "sha256=zz", "sha1=757107", "sha256=é0"] {
            assert!(!is_signed(&secrets, wrong, b"Hello, World!"), "{wrong}");
        }
        assert!(!is_signed(&[], signature, b"Hello, World!"));
    }
}
