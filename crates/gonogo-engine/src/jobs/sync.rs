//! A service as its repository has it now: what production is, and which
//! branches are candidates over it. A hook and the clock both lead here.

use super::{JobError, judge_soon, seen};
use crate::locate::{Located, Wanted, locate};
use crate::serving::{Service, Serving};
use gonogo_core::case::Production;
use gonogo_core::ids::Sha;
use gonogo_remote::git::{Fetches, Git, mirror};
use gonogo_store::{Candidate, Sighted};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A repository as it was seen.
struct View {
    production: Option<Sha>,
    /// Branches that are candidates, with their heads.
    branches: Vec<(String, Sha)>,
}

pub(super) async fn look(serving: &Serving, name: &str) -> Result<(), JobError> {
    let Some(mut service) = serving.service(name).cloned() else { return Ok(()) };
    if service.is_at_code_host {
        let now = (serving.clock)();
        service.remote.token = Some(serving.github.token_for(&service.repository, now).await?);
    }
    let mirror = serving.mirror_of(&service);
    let repository = service.repository.clone();
    let fetches = Arc::clone(&serving.fetches);
    let seen = tokio::task::spawn_blocking(move || view(&mirror, &service, &fetches))
        .await
        .map_err(|_| JobError::Broken("the reader of git ended early".to_owned()))?;
    if seen.is_err() {
        // git does not say whether it was the token: the next try has a new one.
        serving.github.forget_token(&repository);
    }
    let view = seen?;
    let open = serving.store.open_candidates(name).await?;
    for gone in open.iter().filter(|c| view.branches.iter().all(|(branch, _)| *branch != c.branch)) {
        serving.store.close_candidate(gone.id, (serving.clock)()).await?;
    }
    for (branch, head) in view.branches {
        let before = open.iter().find(|c| c.branch == branch);
        let seen = Sighted { service: name.to_owned(), branch, head, production: view.production };
        look_at_branch(serving, seen, before).await?;
    }
    Ok(())
}

async fn look_at_branch(serving: &Serving, seen: Sighted, before: Option<&Candidate>) -> Result<(), JobError> {
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
    // Also an old one: what its stories say may have changed.
    Ok(judge_soon(serving, candidate.id).await?)
}

fn view(dir: &Path, service: &Service, fetches: &Fetches) -> Result<View, JobError> {
    if let Some(parent) = dir.parent() {
        std::fs::create_dir_all(parent).map_err(gonogo_remote::git::GitError::from)?;
    }
    mirror(dir, &service.remote, fetches)?;
    let git = Git::open(dir)?;
    let Located { case, policy, .. } = locate(&git, &wanted(dir.to_owned(), service))?;
    let default = git.branches()?.default.map(|(full, _)| full);
    let (production, production_name) = match case.production {
        Production::Known { name, sha, .. } => (Some(sha), Some(name)),
        Production::Unknown { .. } => (None, None),
    };
    let takes = |branch: &str| {
        let is_default = default.as_deref() == Some(&format!("refs/heads/{branch}"));
        policy.sections.candidates.takes(branch, is_default) && production_name.as_deref() != Some(branch)
    };
    let branches = git.heads()?.into_iter().filter(|(branch, _)| takes(branch)).collect();
    Ok(View { production, branches })
}

/// What the server says of where a service's things are; the head is the
/// default branch's.
pub(crate) fn wanted(repo: PathBuf, service: &Service) -> Wanted {
    Wanted { repo, service: Some(service.name.clone()), production: service.production.clone(), ..Wanted::default() }
}
