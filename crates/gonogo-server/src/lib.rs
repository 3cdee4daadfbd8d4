//! The server's faces: hooks come in, pages go out. Nothing is decided here:
//! each request reads one view or stores one delivery.

mod api;
mod bounds;
mod door;
mod events;
mod hooks;
mod listen;
mod nul;
mod pages;
mod prometheus;
mod requests;
mod runner;
mod session;
mod slack;

pub use api::Pace;
pub use listen::{Certificate, CertificateError, Listen, ListenError, Listener};
pub use prometheus::Registry;
pub use runner::Runner;

use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
pub use door::OpenDoor;
use events::Live;
use gonogo_engine::commands::sign_in::With;
use gonogo_engine::{Secret, Serving};
use std::sync::Arc;
use tokio::sync::watch;

/// A form of ours is shorter. Hooks and the API have limits of their own.
const MOST_BODY: usize = 64 << 10;

/// What the faces need.
#[derive(Clone, Debug)]
pub struct App {
    pub serving: Arc<Serving>,
    /// What GitHub signs hooks with: any of its lines, two while they are
    /// changed. Without it hooks are not taken.
    pub hook_secret: Option<Secret>,
    /// The same of Jira.
    pub jira_hook_secret: Option<Secret>,
    /// The same of Slack.
    pub slack_signing_secret: Option<Secret>,
    /// Who has it sees the metrics.
    pub metrics_token: Option<Secret>,
    pub metrics: Registry,
    pub runners: Vec<Runner>,
    /// How often programs may ask.
    pub pace: Arc<Pace>,
    /// Where people are let in without a password: on a demo.
    pub door: Option<Arc<OpenDoor>>,
}

/// Answers until told to stop; what is being answered then is finished.
pub async fn serve(listener: Listener, app: App, mut stop: watch::Receiver<bool>) {
    let live = Live::new(stop.clone());
    tokio::spawn(live.clone().beat(app.serving.store.clone()));
    tokio::spawn(slack::listen(app.clone(), stop.clone()));
    let stopped = async move {
        stop.wait_for(|is_stopped| *is_stopped).await.ok();
    };
    listener.answer(router(app, live), stopped).await;
}

/// Answers runners alone until told to stop.
pub async fn serve_runners(listener: Listener, app: App, mut stop: watch::Receiver<bool>) {
    let stopped = async move {
        stop.wait_for(|is_stopped| *is_stopped).await.ok();
    };
    let router = runner::routes().layer(from_fn(requests::told)).with_state(app);
    listener.answer(router, stopped).await;
}

fn router(app: App, live: Live) -> Router {
    Router::new()
        .route("/", get(pages::services::page))
        .route("/candidates/{id}", get(pages::candidate::page))
        .route("/candidates/{id}/findings", get(pages::candidate::findings))
        .route("/candidates/{id}/stories", get(pages::candidate::stories))
        .route("/candidates/{id}/commits", get(pages::candidate::commits))
        .route("/candidates/{id}/plan", get(pages::candidate::plan))
        .route("/candidates/{id}/plan/mails", post(pages::candidate::send_plan))
        .route("/candidates/{id}/plan.md", get(pages::candidate::plan_markdown))
        .route("/candidates/{id}/sign-offs", post(pages::candidate::sign_off))
        .route("/candidates/{id}/sign-offs/{given}/take-back", post(pages::candidate::take_sign_off_back))
        .route("/candidates/{id}/facts", get(pages::candidate::facts))
        .route("/candidates/{id}/history", get(pages::candidate::history))
        .route("/candidates/{id}/evaluations/{before}/{after}", get(pages::candidate::beside))
        .route("/candidates/{id}/copy.txt", get(pages::candidate::text))
        .route("/candidates/{id}/copy.md", get(pages::candidate::markdown))
        .route("/candidates/{id}/copy.slack", get(pages::candidate::slack))
        .route("/candidates/{id}/copy.csv", get(pages::candidate::csv))
        .route("/services/{service}/pulls", get(pages::pulls::page))
        .route("/services/{service}/compare", get(pages::compare::page))
        .route("/services/{service}/observed", get(pages::observed::page))
        .route("/stories/{key}", get(pages::story::page))
        .route("/stories/{key}/mend", get(pages::story::mend))
        .route("/stories/{key}/mend/field", post(pages::story::fill))
        .route("/stories/{key}/mend/state", post(pages::story::go))
        .route("/stories/{key}/acknowledged", post(pages::story::acknowledge))
        .route("/search", get(pages::search::page))
        .route("/explain/{code}", get(pages::explain::page))
        .route("/candidates/{id}/waivers", post(pages::waivers::give))
        .route("/candidates/{id}/check", post(pages::waivers::again))
        .route("/waivers", get(pages::waivers::page))
        .route("/services/{service}/waivers", post(pages::away::give))
        .route("/services/{service}/waivers/{waiver}/{doing}", post(pages::waivers::change))
        .route("/services/{service}", get(pages::service::page))
        .route("/services/{service}/policy", get(pages::settings::policy))
        .route("/services/{service}/production", post(pages::service::tell))
        .route("/settings", get(pages::settings::server))
        .route("/services/{service}/deploys/{deploy}", get(pages::deploy::page))
        .route("/services/{service}/post-deploy", get(pages::deploy::unsettled))
        .route("/post-deploy/{id}/answers", post(pages::deploy::tell))
        .route("/post-deploy/{id}/owner", post(pages::deploy::own))
        .route("/people", get(pages::people::page).post(pages::people::add))
        .route("/people/{person}", get(pages::person::page))
        .route("/people/{person}/role", post(pages::person::role))
        .route("/people/{person}/link", post(pages::person::link))
        .route("/people/{person}/{doing}", post(pages::person::change))
        .route("/account", get(pages::account::page))
        .route("/account/password", post(pages::account::password))
        .route("/account/slack", post(pages::account::slack_link))
        .route("/account/slack/join", get(pages::account::slack_open))
        .route("/account/slack/offer", get(pages::account::slack_offered).post(pages::account::slack_taken))
        .route("/account/slack/part", post(pages::account::slack_part))
        .route("/account/jira", get(pages::jira_account::join))
        .route("/account/jira/callback", get(pages::jira_account::back))
        .route("/account/jira/part", post(pages::jira_account::part))
        .route("/choose-password", get(pages::account::choose).post(pages::account::chosen))
        .route("/audit", get(pages::audit::page))
        .route("/audit.csv", get(pages::audit::csv))
        .route("/audit.jsonl", get(pages::audit::json_lines))
        .route("/sign-in", get(pages::sign_in::form).post(pages::sign_in::enter))
        .route("/sign-out", post(pages::sign_in::leave))
        .route("/first-admin", get(pages::sign_in::first_form).post(pages::sign_in::add_first_admin))
        .route("/deliveries", get(pages::deliveries::page))
        .route("/deliveries/{id}/runs", post(pages::deliveries::run))
        .route("/branches", get(pages::branches::page))
        .route("/queue", get(pages::queue::page))
        .route("/dead-work", get(pages::dead_work::page))
        .route("/dead-work/{id}/runs", post(pages::dead_work::run))
        .route("/messages", get(pages::messages::page))
        .route("/messages/{id}/{doing}", post(pages::messages::change))
        .route("/tokens", get(pages::tokens::page).post(pages::tokens::make))
        .route("/tokens/{id}/revoke", post(pages::tokens::revoke))
        .route("/api", get(pages::api::page))
        .route("/events", get(events::stream).layer(Extension(live)))
        .route("/script.js", get(pages::layout::script))
        .route("/style.css", get(pages::layout::style))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(is_ready))
        .route("/metrics", get(prometheus::page))
        .route("/hooks/github", post(hooks::github::receive))
        .route("/hooks/jira", post(hooks::jira::receive))
        .route("/hooks/slack/events", post(hooks::slack::event))
        .route("/hooks/slack/interactions", post(hooks::slack::interaction))
        .route("/hooks/slack/commands", post(hooks::slack::command))
        .merge(deploys())
        .merge(runner::routes())
        .merge(pages::elsewhere::routes(With::GitHub))
        .merge(pages::elsewhere::routes(With::Oidc))
        .method_not_allowed_fallback(pages::layout::wrong_method)
        .nest(api::ROOT, api::router())
        .fallback(pages::layout::not_found)
        .layer(DefaultBodyLimit::max(MOST_BODY))
        .layer(from_fn(nul::refused))
        .layer(from_fn(bounds::held))
        .layer(from_fn_with_state(app.clone(), door::guarded))
        .layer(map_response(with_safe_headers))
        .layer(from_fn(requests::told))
        .with_state(app)
}

fn deploys() -> Router<App> {
    Router::new()
        .route("/candidates/{id}/deploys", post(pages::deploys::ask))
        .route("/candidates/{id}/break-glass", post(pages::glass::breaks))
        .route("/deploys/{id}/follow-up", post(pages::glass::follows))
        .route("/candidates/{id}/dry-run", get(pages::rollout::would_do))
        .route("/deploys", get(pages::stops::page))
        .route("/deploys/stop", post(pages::stops::stop))
        .route("/deploys/stop/{id}/lift", post(pages::stops::lift))
        .route("/deploys/{id}", get(pages::deploys::page))
        .route("/deploys/{id}/approval", post(pages::deploys::agree))
        .route("/deploys/{id}/guards/{file}", get(pages::guards::drawn))
        .route("/deploys/{id}/signals/{signal}", post(pages::deploys::tell))
        .route("/deploys/{id}/steps/{key}/log.txt", get(pages::deploys::log))
        .route("/deploys/{id}/steps/{key}/reply", post(pages::replies::say))
        .route("/deploys/{id}/steps/{key}/{word}", post(pages::deploys::tell_of_step))
        .route("/services/{service}/deploys", get(pages::deploys::of_service))
        .route("/services/{service}/lock", post(pages::locks::lock))
        .route("/services/{service}/lock/{id}/end", post(pages::locks::unlock))
}

/// Ready is who can store. Anybody may ask: where the database is, is not said.
async fn is_ready(axum::extract::State(app): axum::extract::State<App>) -> (StatusCode, &'static str) {
    match app.serving.store.can_store((app.serving.clock)()).await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::error!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "nothing can be stored: gonogo store check says why\n")
        }
    }
}

/// No script but ours, nothing from elsewhere, in no frame.
async fn with_safe_headers(mut response: Response) -> Response {
    const HEADERS: [(&str, &str); 4] = [
        (
            "content-security-policy",
            "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cache-control", "no-store"),
    ];
    for (name, value) in HEADERS {
        let entry = response.headers_mut().entry(HeaderName::from_static(name));
        entry.or_insert(HeaderValue::from_static(value));
    }
    response
}
