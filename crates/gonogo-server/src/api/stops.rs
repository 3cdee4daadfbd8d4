//! All deploys stopped at once, and that lifted.

use super::asked::Reader;
use super::once::Ask;
use super::operation::{Operation, read, remove, write};
use super::refusal::Refusal;
use crate::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use gonogo_api as api;
use gonogo_core::person::Act;
use gonogo_engine::commands::stops::{lift_stop, stop_all};
use gonogo_store::{Stop, UnderWay};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        read::<api::DeployStop>("/stop", "deployStop", "Whether all deploys are stopped, and what runs of them")
            .by(stands),
        write("/stop", "stopAll", "Stops all deploys of all services: nothing more begins", Act::StopAll)
            .takes::<api::NewStop>()
            .comes_to(StatusCode::NO_CONTENT)
            .by(stops),
        remove("/stop", "liftStop", "Lifts that: each deploy goes on where it was", Act::StopAll)
            .comes_to(StatusCode::NO_CONTENT)
            .by(lifts),
    ]
}

async fn stands(State(app): State<App>, _: Reader) -> Result<Json<api::DeployStop>, Refusal> {
    let tell = |stop: Stop| api::Stop { by: stop.by, why: stop.why, at: stop.at.to_string() };
    let stop = app.serving.store.stop().await?.map(tell);
    let act = |act: UnderWay| api::ActUnderWay {
        deploy: act.of.deploy.0,
        service: act.service,
        key: act.of.key.to_string(),
        name: act.name,
        host: act.host,
        began_at: act.since.to_string(),
        end_wanted_by: act.end_wanted_by,
    };
    let under_way = app.serving.store.acts_under_way().await?.into_iter().map(act).collect();
    Ok(Json(api::DeployStop { stop, under_way }))
}

async fn stops(State(app): State<App>, ask: Ask<api::NewStop>) -> Result<Response, Refusal> {
    ask.done(&app, StatusCode::NO_CONTENT, |serving, who, new: api::NewStop| {
        Box::pin(async move {
            // Where somebody was first it is so, which is what was wanted.
            stop_all(serving, &who, &new.why).await?;
            Ok(None)
        })
    })
    .await
}

async fn lifts(State(app): State<App>, ask: Ask<()>) -> Result<Response, Refusal> {
    ask.done(&app, StatusCode::NO_CONTENT, |serving, who, ()| {
        Box::pin(async move {
            lift_stop(serving, &who, None).await?;
            Ok(None)
        })
    })
    .await
}
