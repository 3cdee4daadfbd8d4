//! A delivery: what it says is a hint where to look.

use super::pulls::QUEUE;
use super::unfurl::unfurl;
use super::{JIRA, JobError, PULL, SLACK, changed, early, judge_soon, look_soon};
use crate::commands::from_slack::{SlackSays, asked_by_name, press, slack};
use crate::serving::Serving;
use gonogo_checks::is_own_build;
use gonogo_core::say;
use gonogo_read::hooks::{GitHubHook, github, jira};
use gonogo_remote::github::RepositoryName;
use gonogo_store::{Delivery, DeliveryId, NewJob};
use jiff::SignedDuration;
use std::collections::BTreeSet;

/// What somebody asked for in words is done so soon, or not at all.
const ASKED_WITHIN: SignedDuration = SignedDuration::from_mins(5);

pub(super) async fn read(serving: &Serving, id: DeliveryId) -> Result<(), JobError> {
    let Some(delivery) = serving.store.delivery(id).await? else { return Ok(()) };
    if delivery.source == JIRA {
        let outcome = stories_changed(serving, &delivery.body).await?;
        return Ok(serving.store.delivery_led_to(id, outcome).await?);
    }
    if delivery.source == SLACK {
        return done_in_slack(serving, id, &delivery).await;
    }
    let outcome = match github(&delivery.event, &delivery.body) {
        GitHubHook::Push { repository, reference, after } => pushed(serving, &repository, &reference, after).await?,
        GitHubHook::Build { repository, sha, name } => judges(serving, &repository, &sha, name.as_deref()).await?,
        GitHubHook::PullRequest { repository, number, action } => {
            let is_ours = PULL_ACTIONS.contains(&action.as_str());
            let said = format!("#{number} was {}", action.replace('_', " "));
            if is_ours {
                looks_at_one(serving, &repository, &number.to_string(), &said).await?
            } else {
                nothing_new(&said)
            }
        }
        GitHubHook::MergeGroup { repository, branch } => looks_at_one(serving, &repository, &branch, &branch).await?,
        GitHubHook::Ping => "nothing to do: a ping".to_owned(),
        GitHubHook::Other => format!("nothing to do: {} is not looked at", delivery.event),
        GitHubHook::Unreadable(why) => format!("could not be read: {why}"),
    };
    Ok(serving.store.delivery_led_to(id, outcome).await?)
}

/// What a person did is done once, whatever becomes of the job.
async fn done_in_slack(serving: &Serving, id: DeliveryId, delivery: &Delivery) -> Result<(), JobError> {
    let hook = serde_json::from_slice(&delivery.body).ok().and_then(|payload| slack(&payload));
    let outcome = match hook.as_ref().map(|hook| &hook.says) {
        Some(SlackSays::Pressed(pressed)) => {
            if serving.store.outcome_of(id).await?.is_some() {
                return Ok(());
            }
            press(serving, pressed).await?
        }
        Some(SlackSays::Asked(asked)) if asked.command.is_none() => {
            if serving.store.outcome_of(id).await?.is_some() {
                return Ok(());
            }
            let age = (serving.clock)().duration_since(delivery.received_at);
            if age > ASKED_WITHIN {
                format!("not done: it was asked {} ago, and what was meant then may be another by now", say::lasts(age))
            } else {
                asked_by_name(serving, asked).await?
            }
        }
        // It was done when it came.
        Some(SlackSays::Submitted(_) | SlackSays::Asked(_)) => return Ok(()),
        Some(SlackSays::Shared(shared)) => unfurl(serving, shared).await?,
        Some(SlackSays::Other) => "nothing to do: it is not looked at".to_owned(),
        None => "could not be read: it is nothing of Slack's".to_owned(),
    };
    Ok(serving.store.delivery_led_to(id, outcome).await?)
}

/// What is told of a story concerns the open candidates that have it.
async fn stories_changed(serving: &Serving, body: &[u8]) -> Result<String, JobError> {
    let Some(hook) = jira(body) else { return Ok("could not be read: it is no webhook of Jira's".to_owned()) };
    let judged = changed::are_new(serving, &hook.keys).await?;
    early::changed(serving, &hook.keys).await?;
    let (event, keys) = (&hook.event, hook.keys.join(", "));
    Ok(match judged.into_iter().collect::<Vec<_>>().as_slice() {
        [] => format!("nothing to do: {event} {keys}: no open candidate has it"),
        judged => format!("{event} {keys}: judges {}", judged.join(", ")),
    })
}

/// The merge queue tells itself of a branch that it wants to try; that one is
/// gone, the push tells at last.
async fn pushed(
    serving: &Serving,
    repository: &str,
    reference: &str,
    after: Option<String>,
) -> Result<String, JobError> {
    match reference.strip_prefix("refs/heads/").filter(|branch| branch.starts_with(QUEUE)) {
        Some(branch) if after.is_none() => {
            looks_at_one(serving, repository, branch, &format!("{branch} is gone")).await
        }
        Some(_) => Ok("nothing to do: the merge queue tells what it tries".to_owned()),
        None => looks_at(serving, repository, reference).await,
    }
}

/// What changes what is judged of a pull request, or whether it is.
const PULL_ACTIONS: [&str; 7] =
    ["opened", "reopened", "synchronize", "edited", "closed", "ready_for_review", "converted_to_draft"];

fn nothing_new(said: &str) -> String {
    format!("nothing to do: {said}, which changes nothing that is judged")
}

/// One pull request, or a branch of the merge queue, in every service that
/// judges them.
async fn looks_at_one(serving: &Serving, repository: &str, which: &str, said: &str) -> Result<String, JobError> {
    let mut looked = Vec::new();
    for name in services_of(serving, repository).await? {
        if serving.service(name).is_some_and(|service| service.judges_pull_requests) {
            let (key, run_at) = (format!("{name}#{which}"), (serving.clock)());
            serving.store.enqueue(NewJob { kind: PULL, key, body: String::new(), run_at }).await?;
            looked.push(name);
        }
    }
    Ok(match looked.as_slice() {
        [] => format!("nothing to do: no service judges the pull requests of {repository}"),
        names => format!("{said}: looks at it for {}", names.join(", ")),
    })
}

/// Every service of the repository is looked at: a push may move production too.
async fn looks_at(serving: &Serving, repository: &str, reference: &str) -> Result<String, JobError> {
    let services = services_of(serving, repository).await?;
    for repository in services.iter().filter_map(|name| serving.service(name)).map(|service| &service.repository) {
        look_soon(serving, repository).await?;
    }
    Ok(match services.as_slice() {
        [] => format!("nothing to do: {repository} is no service's repository"),
        names => format!("{reference} of {repository}: looks at {}", names.join(", ")),
    })
}

/// A build came or changed: the candidates of exactly that commit are judged.
async fn judges(serving: &Serving, repository: &str, sha: &str, name: Option<&str>) -> Result<String, JobError> {
    if name.is_some_and(is_own_build) {
        return Ok("nothing to do: it is our own word".to_owned());
    }
    let mut branches = Vec::new();
    for service in services_of(serving, repository).await? {
        for candidate in serving.store.open_candidates(service).await? {
            if candidate.head.to_string() == sha {
                judge_soon(serving, candidate.id).await?;
                branches.push(format!("{} of {service}", candidate.branch));
            }
        }
    }
    Ok(match branches.as_slice() {
        [] => "nothing to do: no open candidate has that commit for its head".to_owned(),
        branches => format!("{}: judges {}", name.unwrap_or("a suite"), branches.join(", ")),
    })
}

/// The services of a repository, by the name that it has now: a renamed one is
/// configured under its old name still.
async fn services_of<'a>(serving: &'a Serving, repository: &str) -> Result<Vec<&'a str>, JobError> {
    let named = |name: &RepositoryName| name.to_string().eq_ignore_ascii_case(repository);
    let of = |name: &RepositoryName| {
        let theirs = serving.services.iter().filter(|service| service.repository == *name);
        theirs.map(|service| service.name.as_str()).collect::<Vec<_>>()
    };
    let configured: BTreeSet<&RepositoryName> = serving.services.iter().map(|service| &service.repository).collect();
    let mut services: Vec<&str> = configured.iter().filter(|name| named(name)).flat_map(|name| of(name)).collect();
    if services.is_empty() {
        for name in configured {
            let now = (serving.clock)();
            if serving.renamed.name_now(&serving.github, name, now).await.is_some_and(|now| named(&now)) {
                services.extend(of(name));
            }
        }
    }
    Ok(services)
}
