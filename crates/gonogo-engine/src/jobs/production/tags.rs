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
use gonogo_remote::github::{DeploymentsPage, GitHubError};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// Deployments whose state is asked for, newest first, until one succeeded.
const MOST_ASKED: usize = 30;
/// Pages of deployments, of all services there, in which those are looked for.
const MOST_PAGES: usize = 3;

/// Somebody's word that something was deployed.
struct Said {
    running: Running,
    at: Timestamp,
    by: String,
}

/// What the code host says of deployments.
enum Deployed {
    Last(Said),
    /// It knows all of them, and none succeeded.
    Never,
    /// Which one succeeded last is further back than is looked.
    Unfound,
}

/// What runs; and where that cannot be said, for how long what was known last
/// counts: only while the code host is away. What it says is newer than that.
pub(super) async fn ask(
    serving: &Serving,
    service: &Service,
    git: &Arc<Git>,
    tag: &DeployedTag,
    why: &str,
) -> Result<(Result<Word, Why>, SignedDuration), JobError> {
    let unknown = |why: Why| Ok((Err(why), SignedDuration::ZERO));
    let tags = {
        let (git, fitting) = (Arc::clone(git), tag.tags.clone());
        blocking(move || {
            Ok(git.tags()?.into_iter().filter(|(name, _)| fitting.fit(name)).collect::<Vec<(String, Sha)>>())
        })
        .await?
    };
    let at_code_host = match deployed(serving, service, tag, &tags).await {
        Ok(Deployed::Last(said)) => Some(said),
        Ok(Deployed::Never) => None,
        Ok(Deployed::Unfound) => {
            let said = format!(
                "which tag of {} is deployed is not known: none of the newest {MOST_ASKED} deployments to {} succeeded",
                tag.pattern, tag.environment
            );
            return unknown(Why::new(said, "post a deployment with the status success for what runs"));
        }
        Err(error) => {
            let why = error.why();
            let said = format!("which tag of {} is deployed cannot be asked: {}", tag.pattern, why.said);
            return Ok((Err(Why::new(said, why.fix)), tag.max_age));
        }
    };
    // What was told before the last deployment does not count any more.
    let is_later = |at: Timestamp| at_code_host.as_ref().is_none_or(|said| at > said.at);
    let told = serving.store.production_told(&service.name).await?.filter(|told| is_later(told.at));
    let newest = match told {
        None => at_code_host,
        Some(told) => match commits(git, told.running).await? {
            Ok(running) => Some(Said { running, at: told.at, by: told.by }),
            Err(why) => return unknown(why),
        },
    };
    let Some(said) = newest else {
        let said = format!("no tag of {} is said to be deployed", tag.pattern);
        let fix = format!(
            "post a deployment to {} with the status success for what runs, or tell gonogo what runs",
            tag.environment
        );
        return unknown(Why::new(said, fix));
    };
    let why = format!("deployed at {}, says {}, {why}", say::minute(said.at), said.by);
    Ok((Ok(Word { name: name_of(&said.running, &tags), running: said.running, why }), tag.max_age))
}

/// The newest deployment of a fitting tag that succeeded, behind however many
/// that failed, within bounds.
async fn deployed(
    serving: &Serving,
    service: &Service,
    tag: &DeployedTag,
    tags: &[(String, Sha)],
) -> Result<Deployed, GitHubError> {
    let (github, name, now) = (&serving.github, &service.repository, (serving.clock)());
    let mut asked = 0;
    for page in 1..=MOST_PAGES {
        let DeploymentsPage { deployments, is_last } = github.deployments(name, &tag.environment, page, now).await?;
        for deployment in deployments.iter().filter(|one| tags.iter().any(|(_, sha)| *sha == one.sha)) {
            if asked == MOST_ASKED {
                return Ok(Deployed::Unfound);
            }
            asked += 1;
            let last = github.deployment_state(name, deployment, now).await?;
            if let Some(at) = last.filter(|last| last.state == "success").map(|last| last.created_at) {
                let by = "the code host".to_owned();
                return Ok(Deployed::Last(Said { running: deployment.sha.into(), at, by }));
            }
        }
        if is_last {
            return Ok(Deployed::Never);
        }
    }
    Ok(Deployed::Unfound)
}

/// What it is called: by its newest fitting tag where it has one.
fn name_of(running: &Running, tags: &[(String, Sha)]) -> String {
    let name = |sha: &Sha| tags.iter().find(|(_, at)| at == sha).map_or_else(|| sha.short(), |(name, _)| name.clone());
    let names: Vec<String> = running.shas().iter().map(name).collect();
    say::list(&names, names.len())
}
