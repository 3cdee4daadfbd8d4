//! Tags of which one is deployed. A tag that was cut is no deploy: what was said
//! last to be deployed counts, by a deployment at the code host that succeeded
//! or by whoever told us. After a rollback that is an older version.

use super::{Word, commits};
use crate::jobs::{JobError, blocking};
use crate::serving::{Service, Serving};
use gonogo_core::fact::Why;
use gonogo_core::ids::Sha;
use gonogo_core::policy::DeployedTag;
use gonogo_core::running::Running;
use gonogo_core::say;
use gonogo_remote::git::Git;
use gonogo_remote::github::GitHubError;
use jiff::Timestamp;
use std::sync::Arc;

/// Deployments whose state is asked for, newest first, until one succeeded.
const MOST_ASKED: usize = 10;

/// Somebody's word that something was deployed.
struct Said {
    running: Running,
    at: Timestamp,
    by: String,
}

pub(super) async fn ask(
    serving: &Serving,
    service: &Service,
    git: &Arc<Git>,
    tag: &DeployedTag,
    why: &str,
) -> Result<Result<Word, Why>, JobError> {
    let tags = {
        let (git, fitting) = (Arc::clone(git), tag.tags.clone());
        blocking(move || {
            Ok(git.tags()?.into_iter().filter(|(name, _)| fitting.fit(name)).collect::<Vec<(String, Sha)>>())
        })
        .await?
    };
    let at_code_host = match deployed(serving, service, tag, &tags).await {
        Ok(said) => said,
        Err(error) => {
            let why = error.why();
            let said = format!("which tag of {} is deployed cannot be asked: {}", tag.pattern, why.said);
            return Ok(Err(Why::new(said, why.fix)));
        }
    };
    // What was told before the last deployment does not count any more.
    let is_later = |at: Timestamp| at_code_host.as_ref().is_none_or(|said| at > said.at);
    let told = serving.store.production_told(&service.name).await?.filter(|told| is_later(told.at));
    let newest = match told {
        None => at_code_host,
        Some(told) => match commits(git, told.running).await? {
            Ok(running) => Some(Said { running, at: told.at, by: told.by }),
            Err(why) => return Ok(Err(why)),
        },
    };
    let Some(said) = newest else {
        let said = format!("no tag of {} is said to be deployed", tag.pattern);
        let fix = format!(
            "post a deployment to {} with the status success for what runs, or tell gonogo what runs",
            tag.environment
        );
        return Ok(Err(Why::new(said, fix)));
    };
    let why = format!("deployed at {}, says {}, {why}", say::minute(said.at), said.by);
    Ok(Ok(Word { name: name_of(&said.running, &tags), running: said.running, why }))
}

/// The newest deployment of a fitting tag that succeeded.
async fn deployed(
    serving: &Serving,
    service: &Service,
    tag: &DeployedTag,
    tags: &[(String, Sha)],
) -> Result<Option<Said>, GitHubError> {
    let (github, name, now) = (&serving.github, &service.repository, (serving.clock)());
    let all = github.deployments(name, &tag.environment, now).await?;
    let of_a_tag = all.iter().filter(|deployment| tags.iter().any(|(_, sha)| *sha == deployment.sha));
    for deployment in of_a_tag.take(MOST_ASKED) {
        let last = github.deployment_state(name, deployment, now).await?;
        if let Some(at) = last.filter(|last| last.state == "success").map(|last| last.created_at) {
            return Ok(Some(Said { running: deployment.sha.into(), at, by: "the code host".to_owned() }));
        }
    }
    Ok(None)
}

/// What it is called: by its newest fitting tag where it has one.
fn name_of(running: &Running, tags: &[(String, Sha)]) -> String {
    let name = |sha: &Sha| tags.iter().find(|(_, at)| at == sha).map_or_else(|| sha.short(), |(name, _)| name.clone());
    let names: Vec<String> = running.shas().iter().map(name).collect();
    say::list(&names, names.len())
}
