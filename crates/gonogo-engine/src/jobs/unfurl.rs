//! A link to one of our pages, shown in a channel by what it leads to. The whole
//! channel reads it: so it says what our messages in Slack say, of services that
//! are told of there, and no more.

use super::message::{MessageWanted, context, outside, section};
use super::{JobError, production};
use crate::serving::{Service, Serving};
use gonogo_api::Check;
use gonogo_core::say;
use gonogo_read::slack::{Shared, SharedAt};
use gonogo_remote::slack::{SlackError, Unfurl};
use gonogo_store::{CandidateId, StoreError};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Links of a message that are shown, and branches of a story.
const MOST_LINKS: usize = 5;
const MOST_PLACES: usize = 5;

pub(super) async fn unfurl(serving: &Serving, shared: &Shared) -> Result<String, JobError> {
    match is_seen_elsewhere(serving, shared).await {
        Ok(false) => {}
        Ok(true) => return Ok("nothing to do: people of another company read it too".to_owned()),
        Err(NotTold::Later(error)) => return Err(error),
        Err(NotTold::Never(said)) => {
            return Ok(format!("not shown: Slack does not say whether people of another company read it too: {said}"));
        }
    }
    let mut shown: BTreeMap<&str, Value> = BTreeMap::new();
    for link in shared.links.iter().take(MOST_LINKS) {
        if let Some(blocks) = blocks_of(serving, link).await? {
            shown.insert(link, json!({ "blocks": blocks }));
        }
    }
    let (Some(slack), false) = (&serving.slack, shown.is_empty()) else {
        return Ok("nothing to do: it leads to nothing that Slack is told of".to_owned());
    };
    let at = match &shared.place {
        SharedAt::Message { channel, ts } => Unfurl::Message { channel, ts },
        SharedAt::Unfurl { id, source } => Unfurl::Of { id, source },
    };
    let number = shown.len();
    match slack.unfurl(at, &json!(shown), (serving.clock)()).await {
        Ok(()) => Ok(format!("shows what {} to", if number == 1 { "it leads" } else { "they lead" })),
        // It is tried again at the time that Slack names.
        Err(error @ SlackError::Limited { .. }) => Err(JobError::Broken(error.why().said)),
        Err(error) => Ok(format!("not shown: {}: {}", error.why().said, error.why().fix)),
    }
}

/// Why Slack does not say who reads a channel.
enum NotTold {
    Later(JobError),
    Never(String),
}

/// Whether people of another company read it too: as Slack says with the link, or
/// else where it is asked.
async fn is_seen_elsewhere(serving: &Serving, shared: &Shared) -> Result<bool, NotTold> {
    if let Some(is_seen) = shared.is_seen_elsewhere {
        return Ok(is_seen);
    }
    let (Some(slack), Some(channel)) = (&serving.slack, &shared.channel) else {
        return Err(NotTold::Never("it names no channel".to_owned()));
    };
    slack.is_shared_with_others(channel, (serving.clock)()).await.map_err(|error| match error {
        // It is tried again at the time that Slack names.
        SlackError::Limited { .. } => NotTold::Later(JobError::Broken(error.why().said)),
        error => NotTold::Never(format!("{}: {}", error.why().said, error.why().fix)),
    })
}

/// What is shown of a link, if it is one of ours to a page of that kind.
async fn blocks_of(serving: &Serving, link: &str) -> Result<Option<Vec<Value>>, StoreError> {
    let Some(path) = link.strip_prefix(&serving.pages) else { return Ok(None) };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut parts = path.strip_prefix('/').unwrap_or_default().split('/');
    match (parts.next(), parts.next()) {
        (Some("candidates"), Some(id)) => match id.parse() {
            Ok(id) => of_candidate(serving, CandidateId(id)).await,
            Err(_) => Ok(None),
        },
        (Some("stories"), Some(key)) => of_story(serving, &key.to_uppercase()).await,
        _ => Ok(None),
    }
}

/// Where Slack is told of it.
fn told_of<'a>(serving: &'a Serving, service: &str) -> Option<&'a Service> {
    serving.service(service).filter(|service| service.slack_channel.is_some())
}

async fn of_candidate(serving: &Serving, id: CandidateId) -> Result<Option<Vec<Value>>, StoreError> {
    let candidate = serving.store.candidate(id).await?.filter(|candidate| candidate.stage.is_deploy());
    let Some(candidate) = candidate else { return Ok(None) };
    let Some(service) = told_of(serving, &candidate.service) else { return Ok(None) };
    let Some(newest) = serving.store.newest_evaluation(id).await? else { return Ok(None) };
    let Ok(check) = serde_json::from_str::<Check>(&newest.result) else { return Ok(None) };
    let wanted = MessageWanted::of(serving, service, &candidate, &check, newest.exit_code);
    Ok(Some(wanted.unfurled(candidate.is_open)))
}

/// Where it runs of the services that have it; what is not known is said to be so.
async fn in_production(
    serving: &Serving,
    live: &BTreeSet<&str>,
    concerned: &BTreeSet<String>,
) -> Result<String, StoreError> {
    let (mut lacks, mut unknown) = (Vec::new(), Vec::new());
    for service in concerned.iter().map(String::as_str).filter(|service| !live.contains(service)) {
        if production::is_known(serving, service).await? { lacks.push(service) } else { unknown.push(service) }
    }
    let live: Vec<&str> = live.iter().copied().collect();
    let all = [("in production of", live), ("not in production of", lacks), ("not known of", unknown)];
    let said = all.iter().filter(|(_, names)| !names.is_empty());
    let said: Vec<String> = said.map(|(said, names)| format!("{said} {}", say::list(names, names.len()))).collect();
    Ok(said.join(" · "))
}

/// Its title, where it runs, and what the branches are that it waits in.
async fn of_story(serving: &Serving, key: &str) -> Result<Option<Vec<Value>>, StoreError> {
    let places = serving.store.places_of(key).await?;
    let runs = serving.store.runs_of(key).await?;
    let runs: Vec<_> = runs.into_iter().filter(|run| told_of(serving, &run.service).is_some()).collect();
    let mut concerned: BTreeSet<String> = runs.iter().map(|run| run.service.clone()).collect();
    let mut waits = Vec::new();
    let mut titles: Vec<String> = runs.iter().map(|run| run.title.clone()).collect();
    for place in places {
        let Some(service) = told_of(serving, &place.service) else { continue };
        let candidate = serving.store.candidate(place.id).await?;
        if !candidate.is_some_and(|candidate| candidate.stage.is_deploy()) {
            continue;
        }
        titles.push(place.title.clone());
        concerned.insert(place.service.clone());
        if let (None, Some(judged)) = (place.closed_at, &place.judged) {
            let newest = serving.store.newest_evaluation(place.id).await?;
            let exit_code = newest.map_or(0, |newest| newest.exit_code);
            waits.push(MessageWanted::line(service, &place.branch, judged, exit_code));
        }
        if waits.len() == MOST_PLACES {
            break;
        }
    }
    if titles.is_empty() {
        return Ok(None);
    }
    let title = titles.into_iter().find(|title| !title.is_empty()).unwrap_or_default();
    let live: BTreeSet<&str> = runs.iter().filter(|run| run.is_live).map(|run| run.service.as_str()).collect();
    let said = in_production(serving, &live, &concerned).await?;
    let mut blocks = vec![section(&format!("*{key}* {}", outside(&title))), context(&said)];
    blocks.extend((!waits.is_empty()).then(|| section(&waits.join("\n"))));
    Ok(Some(blocks))
}
