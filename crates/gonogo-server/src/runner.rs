//! What runners ask: work, and to keep what it said and what it came to. Each has a
//! name and a token of its own; what is another's is not there.

use crate::App;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use gonogo_api::runner::{
    AskForWork, CameTo, OnHost, Order, RunEnded, RunOf, SaidFrom, SaidSoFar, SshTo, Stop, ToEnd, Work,
};
use gonogo_core::deploy::{At, Failure, Outcome};
use gonogo_core::fact::Why;
use gonogo_core::say;
use gonogo_engine::Secret;
use gonogo_engine::commands::deploys::SILENT;
use gonogo_engine::commands::people::hash_of;
use gonogo_engine::commands::stops::stopped_words;
use gonogo_store::{DeployId, DeployRun, RunKey, StoreError};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use std::time::{Duration, Instant};

const MOST_SAID: usize = 1 << 20;
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// What another replica was told is found so soon.
const LOOKS_EACH: Duration = Duration::from_millis(500);

/// Who does steps.
#[derive(Clone, Debug)]
pub struct Runner {
    pub name: String,
    pub token: Secret,
}

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/runner/v1/work", post(work))
        .route("/runner/v1/said", post(said).layer(DefaultBodyLimit::max(MOST_SAID)))
        .route("/runner/v1/ended", post(ended))
}

enum Refused {
    NoToken,
    NotTheirs,
    Wrong(String),
    Away(StoreError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Away(error)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::NoToken => {
                let said = "no runner has this token: see [[runner]] in the server's configuration\n";
                (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")], said).into_response()
            }
            Self::NotTheirs => {
                (StatusCode::NOT_FOUND, "this runner was not given that, or it is over\n").into_response()
            }
            Self::Wrong(said) => (StatusCode::BAD_REQUEST, format!("{said}\n")).into_response(),
            Self::Away(error) => {
                tracing::error!(%error, "a runner cannot be answered");
                (StatusCode::SERVICE_UNAVAILABLE, "the database is away: ask again\n").into_response()
            }
        }
    }
}

/// Which runner it is.
fn name_of(app: &App, headers: &HeaderMap) -> Result<String, Refused> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    // Hashed, so that the time of comparing tells nothing of the token.
    let given = hash_of(given.ok_or(Refused::NoToken)?.trim());
    let theirs = app.runners.iter().find(|runner| hash_of(runner.token.now().expose_secret()) == given);
    let theirs = theirs.map(|runner| runner.name.clone()).ok_or(Refused::NoToken)?;
    // It would say that it is another than the one whose work it does.
    match headers.get("gonogo-runner") {
        Some(name) if name.as_bytes() != theirs.as_bytes() => Err(Refused::NoToken),
        _ => Ok(theirs),
    }
}

fn key_of(of: &RunOf) -> Result<RunKey, Refused> {
    let key = of.key.parse().map_err(Refused::Wrong)?;
    Ok(RunKey { deploy: DeployId(of.deploy), key })
}

fn of(key: &RunKey) -> RunOf {
    RunOf { deploy: key.deploy.0, key: key.key.to_string() }
}

async fn work(
    State(app): State<App>,
    headers: HeaderMap,
    Json(asked): Json<AskForWork>,
) -> Result<Json<Work>, Refused> {
    let name = name_of(&app, &headers)?;
    let knows: Vec<RunKey> = asked.follows.iter().map(key_of).collect::<Result<_, _>>()?;
    let (begun, store) = (Instant::now(), &app.serving.store);
    let patience = LONGEST_WAIT.min(Duration::from_secs(asked.wait_seconds.into()));
    loop {
        let now = (app.serving.clock)();
        let runs = store.runs_for(&name, &asked.instance, knows.clone(), now).await?;
        // Read after what was given out: of two at once nothing begins.
        let stop = store.stop().await?;
        let is_other_stop = stop.as_ref().map(|stop| stop.id) != asked.stop;
        let has_news = !runs.new.is_empty() || !runs.to_end.is_empty() || !runs.gone.is_empty() || is_other_stop;
        if has_news || begun.elapsed() >= patience {
            let stop = stop.map(|stop| Stop { id: stop.id, said: stopped_words(&stop) });
            let mut new = Vec::new();
            for run in runs.new {
                let service = store.deploy(run.of.deploy).await?.map(|deploy| deploy.service).unwrap_or_default();
                let because = stop.as_ref().map(|stop| stop.said.clone()).or_else(|| stale(&run, now));
                new.push(order(run, service, because));
            }
            let end = runs.to_end.into_iter().map(|(key, by)| ToEnd { of: of(&key), by }).collect();
            return Ok(Json(Work { new, end, gone: runs.gone.iter().map(of).collect(), stop }));
        }
        tokio::select! {
            () = store.deploys_came() => {}
            () = tokio::time::sleep(LOOKS_EACH) => {}
        }
    }
}

/// Why an act that its runner was given before, and does not know of, is not to begin:
/// much may have happened since it was read that it may.
fn stale(run: &DeployRun, now: Timestamp) -> Option<String> {
    let heard_at = run.heard_at?;
    if let Some(by) = &run.end_wanted_by {
        return Some(format!("{by} wanted it ended before it had begun"));
    }
    let is_old = now.duration_since(heard_at) > SILENT;
    is_old.then(|| format!("its runner was away from {} on, before it had begun", say::minute(heard_at)))
}

fn order(run: DeployRun, service: String, not_begun_because: Option<String>) -> Order {
    let on = run.step.on.map(|on| OnHost {
        name: on.host.name,
        ssh: (on.at == At::Host).then_some(SshTo { address: on.host.address, user: on.host.user, port: on.host.port }),
        lost_after_seconds: on.lost_after_seconds,
    });
    Order {
        of: of(&run.of),
        fence: run.fence,
        name: run.step.name,
        service,
        argv: run.step.argv,
        env: run.step.env,
        secrets: run.step.secrets,
        dir: run.step.dir,
        limit_seconds: run.step.limit_seconds,
        on,
        said_bytes: run.said_bytes,
        not_begun_because,
    }
}

async fn said(
    State(app): State<App>,
    headers: HeaderMap,
    Query(from): Query<SaidFrom>,
    bytes: Bytes,
) -> Result<Json<SaidSoFar>, Refused> {
    let name = name_of(&app, &headers)?;
    let key = key_of(&RunOf { deploy: from.deploy, key: from.key })?;
    let now = (app.serving.clock)();
    let said = app.serving.store.run_said(key, &name, from.at_byte, bytes.to_vec(), now).await?;
    said.map(|said_bytes| Json(SaidSoFar { said_bytes })).ok_or(Refused::NotTheirs)
}

async fn ended(State(app): State<App>, headers: HeaderMap, Json(ended): Json<RunEnded>) -> Result<StatusCode, Refused> {
    let name = name_of(&app, &headers)?;
    let key = key_of(&ended.of)?;
    let is_theirs = app.serving.store.run_ended(key, &name, outcome(ended.came_to), (app.serving.clock)()).await?;
    if is_theirs { Ok(StatusCode::NO_CONTENT) } else { Err(Refused::NotTheirs) }
}

fn outcome(came_to: CameTo) -> Outcome {
    let failed = |failure| Outcome::Failed { failure };
    match came_to {
        CameTo::Exit { status: 0 } => Outcome::Done,
        CameTo::Exit { status } => failed(Failure::Exit { status }),
        CameTo::TimedOut => failed(Failure::TimedOut),
        CameTo::Ended { by } => failed(Failure::Ended { by }),
        CameTo::Broken { said } => failed(Failure::Broken { said }),
        CameTo::NotStarted { why } => Outcome::NotStarted { why },
        CameTo::CannotTell { said, fix } => Outcome::CannotTell { why: Why::new(said, fix) },
    }
}
