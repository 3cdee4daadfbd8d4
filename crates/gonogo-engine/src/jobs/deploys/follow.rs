//! What at the code host follows a deploy: a branch and a tag that lead to what runs, and
//! GitHub's own deployments. It is what should be seen: made so until it is, however often.

use super::stands;
use crate::commands::deploys::deploys_of;
use crate::jobs::sync::remote_of;
use crate::jobs::{blocking, look_soon};
use crate::serving::{Service, Serving};
use gonogo_core::deploy::{Direction, Entry, Follow};
use gonogo_core::ids::Sha;
use gonogo_core::say;
use gonogo_remote::git::{self, Git, remote_ref};
use gonogo_remote::github::GitHubError;
use gonogo_store::{DeployRow, DeployState, StoreError, Wanted};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Kinds of the mirror.
pub(in crate::jobs) const GIT_REF: &str = "git-ref";
pub(in crate::jobs) const GITHUB_DEPLOYMENT: &str = "github-deployment";

/// Where a ref should lead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct RefWanted {
    service: String,
    /// Such as `refs/heads/production`.
    name: String,
    to: Sha,
    /// It goes back to that from here alone.
    back_from: Option<Sha>,
    deploy: i64,
}

/// How a deployment should stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct DeploymentWanted {
    service: String,
    sha: Sha,
    environment: String,
    /// In GitHub's words.
    state: String,
    said: String,
    /// The deploy's page, by which ours is known there.
    url: String,
}

/// By how a deploy stands; nothing of one of which nothing has begun.
pub(super) async fn wanted(serving: &Serving, row: &DeployRow) -> Result<Vec<Wanted>, StoreError> {
    let Some(follow) = row.plan.follow.as_ref().filter(|_| row.began_at.is_some()) else { return Ok(Vec::new()) };
    let now = (serving.clock)();
    let mut all = Vec::new();
    if let Some(environment) = &follow.environment {
        let (state, said) = deployment_state(row);
        let wanted = DeploymentWanted {
            service: row.service.clone(),
            sha: row.head,
            environment: environment.clone(),
            state: state.to_owned(),
            said,
            url: format!("{}/deploys/{}", serving.pages, row.id.0),
        };
        all.push(seen(GITHUB_DEPLOYMENT, &row.id.0.to_string(), &wanted, now));
    }
    let lead = |name: String, to, back_from| {
        let (service, deploy) = (row.service.clone(), row.id.0);
        let wanted = RefWanted { service, name, to, back_from, deploy };
        seen(GIT_REF, &format!("{} {}", row.service, wanted.name), &wanted, now)
    };
    // What ended later says where it leads.
    let is_newest = serving.store.is_newest_ended(row.id).await?;
    match row.state {
        // Where hosts were left out both run.
        DeployState::Deployed if is_newest && is_whole(serving, row, Direction::Forward).await? => {
            all.extend(follow.branch.iter().map(|branch| lead(format!("refs/heads/{branch}"), row.head, None)));
            let tag = follow.tag_of(row.id.0, &row.service, row.head);
            all.extend(tag.map(|tag| lead(format!("refs/tags/{tag}"), row.head, None)));
        }
        // Nor does it go back where another service may run its head.
        DeployState::RolledBack
            if is_newest && !is_shared(serving, row, follow) && is_whole(serving, row, Direction::Back).await? =>
        {
            let back = follow.branch.as_ref().zip(row.production.only());
            all.extend(back.map(|(branch, good)| lead(format!("refs/heads/{branch}"), good, Some(row.head))));
        }
        _ => {}
    }
    Ok(all)
}

/// What does not follow yet, and why.
pub(crate) async fn lags(serving: &Serving, row: &DeployRow) -> Result<Vec<String>, StoreError> {
    let mut all = Vec::new();
    for wanted in wanted(serving, row).await? {
        all.extend(serving.store.mirror_trouble(&wanted).await?);
    }
    Ok(all)
}

/// Whether another service of its repository has the same branch follow.
fn is_shared(serving: &Serving, row: &DeployRow, follow: &Follow) -> bool {
    let repository = serving.service(&row.service).map(|service| &service.repository);
    let others = serving.services.iter().filter(|one| one.name != row.service && Some(&one.repository) == repository);
    let branch = |name: &str| deploys_of(serving, name).and_then(|section| section.follow?.branch);
    follow.branch.is_some() && others.into_iter().any(|other| branch(&other.name) == follow.branch)
}

async fn is_whole(serving: &Serving, row: &DeployRow, way: Direction) -> Result<bool, StoreError> {
    let journal = serving.store.deploy_journal(row.id).await?;
    let journal: Vec<Entry> = journal.into_iter().map(|(entry, _)| entry).collect();
    Ok(stands::without(&row.plan, &journal, way).is_empty())
}

fn seen(kind: &'static str, of: &str, wanted: &impl Serialize, now: Timestamp) -> Wanted {
    Wanted {
        target: format!("{kind} {of}"),
        kind,
        // Strings and numbers: there is always JSON for them.
        wanted: serde_json::to_string(wanted).unwrap_or_default(),
        wanted_at: now,
        awaits: None,
    }
}

fn deployment_state(row: &DeployRow) -> (&'static str, String) {
    let state = match row.state {
        DeployState::Requested | DeployState::Queued | DeployState::Running => "in_progress",
        // It may go on.
        DeployState::Halted | DeployState::NeedsPerson | DeployState::Asking => "pending",
        DeployState::Deployed => "success",
        DeployState::RolledBack => "failure",
        DeployState::Abandoned | DeployState::Cancelled | DeployState::Refused => "error",
    };
    let said = match row.state {
        DeployState::Running => String::new(),
        state => format!(": {}", if row.said.is_empty() { state.word() } else { &row.said }),
    };
    (state, say::printable(&format!("deploy {}{said}", row.id.0)))
}

/// Has a ref lead where it should: forward from where it is, or back from where this deploy
/// had put it. Elsewhere somebody else has put it: it is left there.
pub(in crate::jobs) async fn move_ref(serving: &Serving, wanted: &str) -> Result<(), String> {
    let wanted: RefWanted = serde_json::from_str(wanted).map_err(|error| error.to_string())?;
    // A service that is configured no more is nobody's to move.
    let Some(service) = serving.service(&wanted.service) else { return Ok(()) };
    let remote = remote_of(serving, service).await.map_err(|error| error.to_string())?;
    let (dir, fetches, of) = (serving.mirror_of(service), Arc::clone(&serving.fetches), wanted.clone());
    let moved = blocking(move || {
        let at = remote_ref(&dir, &remote, &of.name, &fetches)?;
        if at == Some(of.to) {
            return Ok(Ok(false));
        }
        if let Some(at) = at.filter(|at| of.back_from != Some(*at)) {
            // A tag stays where it is.
            let is_forward = of.name.starts_with("refs/heads/") && Git::of_mirror(&dir)?.is_behind(at, of.to)?;
            if !is_forward {
                return Ok(Err(at));
            }
        }
        let is_moved = git::move_ref(&dir, &remote, &of.name, at, of.to, &fetches)?;
        Ok(if is_moved { Ok(true) } else { Err(of.to) })
    });
    match moved.await {
        Ok(Ok(is_moved)) => {
            if is_moved {
                // What runs may be known by it.
                told_of(serving, service, &wanted).await.map_err(|error| error.to_string())?;
            }
            Ok(())
        }
        Ok(Err(at)) if at == wanted.to => Err(format!("{} was moved meanwhile: it is looked at again", wanted.name)),
        Ok(Err(at)) => Err(format!(
            "{} is at {}, and not on the way to {}: somebody has put it there; move it yourself, or let it be",
            wanted.name,
            at.short(),
            wanted.to.short()
        )),
        Err(error) => Err(format!("{} could not be moved to {}: {error}", wanted.name, wanted.to.short())),
    }
}

/// What keeps the next deploy of a service from beginning: the branch by which it is known
/// what runs does not lead there yet.
pub(super) async fn is_awaited(serving: &Serving, row: &DeployRow) -> Result<Option<String>, StoreError> {
    let Some(branch) = row.plan.follow.as_ref().and_then(|follow| follow.branch.as_ref()) else { return Ok(None) };
    let is_it = |name: &str| name == branch || name.ends_with(&format!("/{branch}"));
    if !serving.store.production(&row.service).await?.is_some_and(|known| is_it(&known.name)) {
        return Ok(None);
    }
    let target = format!("{GIT_REF} {} refs/heads/{branch}", row.service);
    let trouble = match serving.store.mirror_awaited(&target).await? {
        // It is wanted in a moment.
        None if serving.store.has_untold_end(&row.service).await? => String::new(),
        None => return Ok(None),
        Some(trouble) => trouble,
    };
    let why = if trouble.is_empty() { String::new() } else { format!(": {trouble}") };
    Ok(Some(format!("{branch}, which says what runs, is being moved to what was deployed{why}")))
}

async fn told_of(serving: &Serving, service: &Service, wanted: &RefWanted) -> Result<(), StoreError> {
    tracing::info!(service = service.name, name = wanted.name, to = %wanted.to, deploy = wanted.deploy, "a ref was moved");
    look_soon(serving, &service.repository).await
}

/// Makes the deployment, unless it is there, and says how it stands.
pub(in crate::jobs) async fn make_deployment(
    serving: &Serving,
    wanted: &str,
) -> Result<(), Result<GitHubError, String>> {
    let wanted: DeploymentWanted = serde_json::from_str(wanted).map_err(|error| Err(error.to_string()))?;
    let Some(service) = serving.service(&wanted.service) else { return Ok(()) };
    let (github, name, now) = (&serving.github, &service.repository, (serving.clock)());
    let of = (wanted.environment.as_str(), wanted.sha);
    let made = match github.own_deployment(name, of, &wanted.url, now).await.map_err(Ok)? {
        Some(made) => made,
        None => github.make_deployment(name, of, &wanted.url, now).await.map_err(Ok)?,
    };
    let said = (wanted.state.as_str(), wanted.said.as_str());
    github.say_deployment(name, &made, said, &wanted.url, now).await.map_err(Ok)
}
