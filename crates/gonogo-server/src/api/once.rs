//! Requests that change something. One under a key of its program's own is done
//! once, however often it comes.

use super::MOST_BODY;
use super::asked::caller;
use super::refusal::{Kind, Refusal};
use crate::{App, nul};
use axum::Json;
use axum::body::to_bytes;
use axum::extract::{FromRequest, OriginalUri, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gonogo_api::Made;
use gonogo_core::person::{Once, Person, Token};
use gonogo_engine::Serving;
use gonogo_engine::jobs::hex_sha256;
use serde::de::DeserializeOwned;
use std::pin::Pin;

pub(super) const KEY: &str = "idempotency-key";
pub(super) const MOST_KEY: usize = 200;

/// What is asked for, and by whom.
#[derive(Debug)]
pub(super) struct Ask<B> {
    who: Person,
    body: B,
    once: Option<Once>,
}

impl<B: DeserializeOwned> FromRequest<App> for Ask<B> {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let (person, token) = caller(&parts.headers, app).await?;
        let too_large = || Refusal::new(Kind::TooLarge, format!("the body is over {} kB", MOST_BODY >> 10));
        let bytes = to_bytes(body, MOST_BODY).await.map_err(|_| too_large())?;
        let key = key_of(&parts.headers)?;
        let once = key.map(|key| Once { token: token.id, key, request_hash: hash_of(&parts, &bytes) });
        let body = read(&parts.headers, &bytes)?;
        let who = Person { token: Some(Token { once: once.clone(), ..token }), ..person };
        Ok(Self { who, body, once })
    }
}

/// What a command is to come to: the number of what it made, if anything.
pub(super) type Doing<'a> = Pin<Box<dyn Future<Output = Result<Option<i64>, Refusal>> + Send + 'a>>;

impl<B> Ask<B> {
    /// Does it, or tells again what it came to when it was done before.
    pub(super) async fn done<'a>(
        self,
        app: &'a App,
        status: StatusCode,
        run: impl FnOnce(&'a Serving, Person, B) -> Doing<'a>,
    ) -> Result<Response, Refusal> {
        let Self { who, body, once } = self;
        if let Some(once) = &once
            && let Some(made) = before(app, once).await?
        {
            return Ok(answer(status, made));
        }
        match (run(&app.serving, who, body).await, once) {
            (Ok(made), _) => Ok(answer(status, made)),
            // Where it came twice at once the other one may have been quicker.
            (Err(refusal), Some(once)) => before(app, &once).await?.map(|made| answer(status, made)).ok_or(refusal),
            (Err(refusal), None) => Err(refusal),
        }
    }
}

/// What the same request made when it was done, if it was.
async fn before(app: &App, once: &Once) -> Result<Option<Option<i64>>, Refusal> {
    let now = (app.serving.clock)();
    match app.serving.store.done_request(once.token, &once.key, now).await? {
        Some(done) if done.request_hash != once.request_hash => {
            Err(Refusal::new(Kind::KeyUsed, format!("the key {} was used for another request", once.key)))
        }
        done => Ok(done.map(|done| done.made)),
    }
}

fn answer(status: StatusCode, made: Option<i64>) -> Response {
    match made {
        Some(id) => (status, Json(Made { id })).into_response(),
        None => status.into_response(),
    }
}

fn key_of(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(value) = headers.get(KEY) else { return Ok(None) };
    let may_be = |key: &&str| (1..=MOST_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    let key = value.to_str().ok().filter(may_be);
    let wrong = || {
        let said = format!("the header Idempotency-Key has 1 to {MOST_KEY} ASCII characters and no space");
        Refusal::new(Kind::Malformed, said)
    };
    key.map(|key| Some(key.to_owned())).ok_or_else(wrong)
}

/// Of all that says what is asked for.
fn hash_of(parts: &Parts, body: &[u8]) -> String {
    let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |uri| &uri.0);
    hex_sha256(&[format!("{} {uri}\n", parts.method).as_bytes(), body].concat())
}

fn read<B: DeserializeOwned>(headers: &HeaderMap, bytes: &[u8]) -> Result<B, Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_json = kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
    if !bytes.is_empty() && !is_json {
        return Err(Refusal::new(Kind::NotJson, format!("the body comes as `{kind}`")));
    }
    if nul::is_in_json(bytes) {
        return Err(Refusal::new(Kind::Wrong, nul::said("in the body")));
    }
    let text = if bytes.is_empty() { b"null" } else { bytes };
    serde_json::from_slice(text).map_err(|error| Refusal::new(Kind::Malformed, format!("in the body: {error}")))
}
