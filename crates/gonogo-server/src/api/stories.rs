//! Stories, over all services.

use super::asked::{At, Reader};
use super::operation::{Operation, read};
use super::refusal::Refusal;
use crate::App;
use axum::Json;
use axum::extract::State;
use gonogo_api as api;
use gonogo_engine::jobs::words;
use gonogo_store::views::StoryPlace;
use gonogo_store::{MessageRow, MessageState, StoryRun};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        read::<api::StoryEverywhere>("/stories/{story}", "story", "Where a story waits and runs, and who was told")
            .by(one),
    ]
}

async fn one(State(app): State<App>, _: Reader, At(key): At<String>) -> Result<Json<api::StoryEverywhere>, Refusal> {
    let (key, store) = (key.to_uppercase(), &app.serving.store);
    let (places, runs) = (store.places_of(&key).await?, store.runs_of(&key).await?);
    if places.is_empty() && runs.is_empty() {
        return Err(Refusal::not_there("story"));
    }
    let mut titles = places.iter().map(|place| &place.title).chain(runs.iter().map(|run| &run.title));
    let title = titles.find(|title| !title.is_empty()).cloned();
    let told = store.messages_of_story(&key).await?.iter().map(|message| told(message, &key)).collect();
    let waits = places.iter().filter(|place| place.closed_at.is_none() && place.ships).map(waits).collect();
    Ok(Json(api::StoryEverywhere { title, waits, runs: runs.iter().map(run).collect(), told, key }))
}

fn waits(place: &StoryPlace) -> api::StoryWaits {
    api::StoryWaits { service: place.service.clone(), branch: place.branch.clone(), candidate: place.id.0 }
}

fn run(run: &StoryRun) -> api::StoryRuns {
    api::StoryRuns { service: run.service.clone(), is_live: run.is_live, since: run.since.to_string() }
}

fn told(message: &MessageRow, key: &str) -> api::StoryTold {
    api::StoryTold {
        kind: message.kind.clone(),
        target: message.target.clone(),
        said: words(message, key).said,
        state: match message.state {
            MessageState::Waits => api::ToldState::Waits,
            MessageState::Said => api::ToldState::Said,
            MessageState::Doubtful => api::ToldState::Doubtful,
            MessageState::Failed => api::ToldState::Failed,
        },
        at: message.done_at.map(|at| at.to_string()),
        error: message.error.clone(),
    }
}
