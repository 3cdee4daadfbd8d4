//! Stories, over all services.

use super::asked::{At, Reader};
use super::messages::told_state;
use super::once::Ask;
use super::operation::{Operation, read, write};
use super::refusal::Refusal;
use crate::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use gonogo_api as api;
use gonogo_core::person::Act;
use gonogo_engine::commands::acknowledge::acknowledge;
use gonogo_engine::commands::named::{Named, named};
use gonogo_engine::jobs::{Lack, told_early, words};
use gonogo_engine::known_to;
use gonogo_store::views::StoryPlace;
use gonogo_store::{AwarenessRow, MessageRow, StoryRun};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        read::<api::StoryEverywhere>("/stories/{story}", "story", "Where a story waits and runs, and who was told")
            .by(one),
        write(
            "/stories/{story}/acknowledgements",
            "acknowledge",
            "Says that a team knows of a story, for each service whose policy lets one say so",
            Act::Acknowledge,
        )
        .takes::<api::NewAcknowledgement>()
        .comes_to(StatusCode::NO_CONTENT)
        .by(acknowledged),
    ]
}

async fn acknowledged(
    State(app): State<App>,
    At(key): At<String>,
    ask: Ask<api::NewAcknowledgement>,
) -> Result<Response, Refusal> {
    ask.done(&app, StatusCode::NO_CONTENT, |serving, who, new: api::NewAcknowledgement| {
        Box::pin(async move {
            acknowledge(serving, &who, &new.team, &key.to_uppercase()).await?;
            Ok(None)
        })
    })
    .await
}

async fn one(State(app): State<App>, _: Reader, At(key): At<String>) -> Result<Json<api::StoryEverywhere>, Refusal> {
    let (key, store) = (key.to_uppercase(), &app.serving.store);
    let (places, runs) = (store.places_of(&key).await?, store.runs_of(&key).await?);
    let early = store.early_story(&key).await?;
    let named = match key.parse() {
        Ok(key) if runs.is_empty() => named(&app.serving, &key).await?,
        _ => Vec::new(),
    };
    if places.is_empty() && runs.is_empty() && early.is_none() && named.is_empty() {
        return Err(Refusal::not_there("story"));
    }
    let mut titles = places.iter().map(|place| &place.title).chain(runs.iter().map(|run| &run.title));
    let title = titles.find(|title| !title.is_empty()).cloned();
    let told = store.messages_of_story(&key).await?.iter().map(|message| told(message, &key)).collect();
    let waits = places.iter().filter(|place| place.closed_at.is_none()).map(waits).collect();
    let teams = store.awareness_of(&key).await?.into_iter().map(team).collect();
    let lacks = early.iter().flat_map(|row| told_early(row).0).map(lacks).collect();
    let (runs, named) = (runs.iter().map(run).collect(), named.into_iter().map(names_it).collect());
    Ok(Json(api::StoryEverywhere { title, waits, lacks, teams, runs, named, told, key }))
}

fn waits(place: &StoryPlace) -> api::StoryWaits {
    let (service, branch) = (place.service.clone(), place.branch.clone());
    api::StoryWaits { service, branch, candidate: place.id.0, ships: place.ships }
}

fn names_it(Named { service, commit, runs, branches }: Named) -> api::StoryNamed {
    api::StoryNamed { service, commit: commit.to_string(), runs, branches }
}

fn lacks(lack: Lack) -> api::StoryLacks {
    api::StoryLacks {
        code: lack.code,
        said: lack.said,
        fix: lack.fix,
        services: lack.services.into_iter().collect(),
        since: lack.since.to_string(),
        told_at: lack.told_at.map(|at| at.to_string()),
    }
}

fn team(row: AwarenessRow) -> api::StoryTeam {
    let known = known_to(&row);
    let told_at = known.told_at.map(|at| at.to_string());
    let error = known.trouble.filter(|_| told_at.is_none());
    let (acknowledged_by, acknowledged_at) = row.acknowledged.map(|(by, at)| (by, at.to_string())).unzip();
    api::StoryTeam { team: row.team, service: row.service, told_at, error, acknowledged_by, acknowledged_at }
}

fn run(run: &StoryRun) -> api::StoryRuns {
    api::StoryRuns { service: run.service.clone(), is_live: run.is_live, since: run.since.to_string() }
}

fn told(message: &MessageRow, key: &str) -> api::StoryTold {
    api::StoryTold {
        kind: message.kind.clone(),
        target: message.target.clone(),
        said: words(message, key).said,
        state: told_state(message.state),
        at: message.done_at.map(|at| at.to_string()),
        error: message.error.clone(),
    }
}
