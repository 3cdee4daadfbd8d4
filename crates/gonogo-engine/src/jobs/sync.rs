//! A service as its repository has it now: what production is, and which
//! branches are candidates over it. A hook and the clock both lead here.

use super::pulls::QUEUE;
use super::{JobError, PULLS, judge_soon, seen};
use crate::locate::{Located, Wanted, locate};
use crate::serving::{Service, Serving};
use gonogo_core::case::{Production, Stage};
use gonogo_core::ids::Sha;
use gonogo_remote::git::{Git, Remote, mirror};
use gonogo_store::{Candidate, NewJob, Sighted};
use std::path::{Path, PathBuf};

/// A repository as it was seen.
struct View {
    production: Option<Sha>,
    /// Branches that are candidates, with their heads.
    branches: Vec<(String, Sha)>,
}

pub(super) async fn look(serving: &Serving, name: &str) -> Result<(), JobError> {
    let Some(mut service) = serving.service(name).cloned() else { return Ok(()) };
    service.remote = remote_of(serving, &service).await?;
    let mirror = serving.mirror_of(&service);
    let repository = service.repository.clone();
    let seen = tokio::task::spawn_blocking(move || view(&mirror, &service))
        .await
        .map_err(|_| JobError::Broken("the reader of git ended early".to_owned()))?;
    if seen.is_err() {
        // git does not say whether it was the token: the next try has a new one.
        serving.github.forget_token(&repository);
    }
    let view = seen?;
    let mut open = serving.store.open_candidates(name).await?;
    open.retain(|candidate| candidate.stage.is_deploy());
    for gone in open.iter().filter(|c| view.branches.iter().all(|(branch, _)| *branch != c.branch)) {
        serving.store.close_candidate(gone.id, (serving.clock)()).await?;
    }
    for (branch, head) in view.branches {
        let before = open.iter().find(|c| c.branch == branch);
        let (service, production, stage) = (name.to_owned(), view.production, Stage::Deploy);
        let candidate = opened(serving, Sighted { service, branch, head, production, stage }, before).await?;
        // Also an old one: what its stories say may have changed.
        judge_soon(serving, candidate.id).await?;
    }
    let run_at = (serving.clock)();
    Ok(serving.store.enqueue(NewJob { kind: PULLS, key: name.to_owned(), body: String::new(), run_at }).await?)
}

/// Where a service is fetched from, with what lets us.
pub(super) async fn remote_of(serving: &Serving, service: &Service) -> Result<Remote, JobError> {
    let mut remote = service.remote.clone();
    if service.is_at_code_host {
        remote.token = Some(serving.github.token_for(&service.repository, (serving.clock)()).await?);
    }
    Ok(remote)
}

/// The open candidate of what was seen; a new one is shown to be on its way.
pub(super) async fn opened(
    serving: &Serving,
    seen: Sighted,
    before: Option<&Candidate>,
) -> Result<Candidate, JobError> {
    let now = (serving.clock)();
    let head = seen.head;
    let (candidate, is_new) = serving.store.open_candidate(seen, now).await?;
    if is_new {
        if let Some(old) = before.filter(|old| old.head != head)
            && serving.store.newest_evaluation(old.id).await?.is_none()
        {
            serving.store.want(seen::superseded(serving, old, head, now)).await?;
        }
        serving.store.want(seen::pending(serving, &candidate, now)).await?;
    }
    Ok(candidate)
}

fn view(dir: &Path, service: &Service) -> Result<View, JobError> {
    if let Some(parent) = dir.parent() {
        std::fs::create_dir_all(parent).map_err(gonogo_remote::git::GitError::from)?;
    }
    mirror(dir, &service.remote)?;
    let git = Git::open(dir)?;
    let Located { case, policy, .. } = locate(&git, &wanted(dir.to_owned(), service))?;
    let default = git.branches()?.default.map(|(full, _)| full);
    let (production, production_name) = match case.production {
        Production::Known { name, sha, .. } => (Some(sha), Some(name)),
        Production::Unknown { .. } => (None, None),
    };
    let takes = |branch: &str| {
        let is_default = default.as_deref() == Some(&format!("refs/heads/{branch}"));
        policy.sections.candidates.takes(branch, is_default)
            && production_name.as_deref() != Some(branch)
            && !branch.starts_with(QUEUE)
    };
    let branches = git.heads()?.into_iter().filter(|(branch, _)| takes(branch)).collect();
    Ok(View { production, branches })
}

/// What the server says of where a service's things are; the head is the
/// default branch's.
pub(super) fn wanted(repo: PathBuf, service: &Service) -> Wanted {
    Wanted { repo, service: Some(service.name.clone()), production: service.production.clone(), ..Wanted::default() }
}
