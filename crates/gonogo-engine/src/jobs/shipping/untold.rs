//! Why a story that runs somewhere is not said to be deployed yet, for people.
//! Decides nothing: what is said follows the same facts.

use crate::jobs::EVALUATE;
use crate::serving::Serving;
use gonogo_core::say;
use gonogo_store::{StoreError, StoryNews};
use std::collections::BTreeSet;

/// What it waits for, each in a sentence; nothing where nothing is to be said of it.
pub async fn not_said_yet(serving: &Serving, story: &str) -> Result<Vec<String>, StoreError> {
    let runs = serving.store.runs_of(story).await?;
    if !runs.iter().any(|run| run.news == Some(StoryNews::Came)) {
        return Ok(Vec::new());
    }
    let untold = serving.store.untold(EVALUATE).await?;
    let waits = untold.waits.iter().filter(|(key, service)| key == story && serving.service(service).is_some());
    let waits: BTreeSet<&str> = waits.map(|(_, service)| service.as_str()).collect();
    let waits: Vec<&str> = waits.into_iter().collect();
    let mut said = Vec::new();
    if !waits.is_empty() {
        let services = say::list(&waits, waits.len());
        said.push(format!("it waits in {services} still, in an open candidate or pull request"));
    }
    for service in untold.unknown.iter().filter(|name| serving.service(name).is_some()) {
        said.push(unknown(serving, service).await?);
    }
    Ok(said)
}

/// Why it is not known what waits in a service.
async fn unknown(serving: &Serving, service: &str) -> Result<String, StoreError> {
    let row = serving.store.production(service).await?;
    if row.is_none_or(|row| row.running.is_none()) {
        return Ok(format!("it was never known what runs of {service}, so what waits there is not known"));
    }
    if !serving.store.unread_moves(service).await?.is_empty() {
        return Ok(format!("what the last deploy of {service} brought is being read"));
    }
    Ok(format!(
        "what waits in {service} is not known: a candidate is not judged yet, its commits cannot be read, or GitHub \
         does not tell which pull requests brought those that name no story"
    ))
}
