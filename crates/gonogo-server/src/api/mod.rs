//! `/api/v1`: what the pages do, for programs that come with a token. One table
//! says each operation: it is the router, and the description that is served.

mod asked;
mod candidates;
mod deploys;
mod describe;
mod etag;
mod locks;
mod mends;
mod messages;
mod once;
mod operating;
mod operation;
mod pace;
mod people;
mod post_deploy;
mod refusal;
mod reports;
mod services;
mod settings;
mod sign_offs;
mod stops;
mod stories;
mod waivers;

pub(crate) use describe::{document, fields};
pub(crate) use operation::{Does, Operation, operations};
pub use pace::Pace;
pub(crate) use refusal::{Kind, Refusal};

use crate::App;
use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::middleware::from_fn;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};

/// Where it is.
pub(crate) const ROOT: &str = "/api/v1";
/// A longer body is nobody's.
const MOST_BODY: usize = 64 << 10;

pub(crate) fn router() -> Router<App> {
    let described = get(async || Json(document()));
    let start = Router::new().route("/openapi.json", described);
    let all = operations().into_iter().fold(start, |router, one| router.route(one.path, one.route));
    all.fallback(async || Refusal::new(Kind::NotFound, "there is no such address").into_response())
        .method_not_allowed_fallback(async |method: Method| {
            Refusal::new(Kind::MethodNotAllowed, format!("{method} is not taken here")).into_response()
        })
        .layer(DefaultBodyLimit::max(MOST_BODY))
        .layer(from_fn(etag::answer))
}
