//! A service as its repository has it now: what production is, and which
//! branches are candidates over it. A hook and the clock both lead here.

use super::{JobError, judge_soon, seen};
use crate::locate::{Located, Wanted, locate};
use crate::serving::{Service, Serving};
use gonogo_core::case::Production;
use gonogo_core::ids::Sha;
use gonogo_remote::git::{Git, mirror};
use gonogo_store::{Candidate, ProductionSeen, Sighted};
use std::path::{Path, PathBuf};

/// A repository as it was seen.
struct View {
    production: ProductionSeen,
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
    let seen = tokio::task::spawn_blocking(move || view(&mirror, &service))
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
    let sighted = |(branch, head)| Sighted {
        service: name.to_owned(),
        branch,
        head,
        production: view.production.running.clone(),
    };
    let branches = view.branches.into_iter().map(sighted).collect();
    let looked = serving.store.looked(view.production.clone(), branches, (serving.clock)()).await?;
    for (candidate, is_new) in &looked.candidates {
        if *is_new {
            begins(serving, candidate, open.iter().find(|c| c.branch == candidate.branch)).await?;
        }
        // Also an old one: what its stories say may have changed.
        judge_soon(serving, candidate.id).await?;
    }
    Ok(())
}

/// What is seen of a candidate before its verdict, and of the one before.
async fn begins(serving: &Serving, candidate: &Candidate, before: Option<&Candidate>) -> Result<(), JobError> {
    let (head, now) = (candidate.head, (serving.clock)());
    if let Some(old) = before.filter(|old| old.head != head)
        && serving.store.newest_evaluation(old.id).await?.is_none()
    {
        serving.store.want(seen::superseded(serving, old, head, now)).await?;
    }
    Ok(serving.store.want(seen::pending(serving, candidate, now)).await?)
}

fn view(dir: &Path, service: &Service) -> Result<View, JobError> {
    if let Some(parent) = dir.parent() {
        std::fs::create_dir_all(parent).map_err(gonogo_remote::git::GitError::from)?;
    }
    mirror(dir, &service.remote)?;
    let git = Git::open(dir)?;
    let Located { case, policy, .. } = locate(&git, &wanted(dir.to_owned(), service))?;
    let default = git.branches()?.default.map(|(full, _)| full);
    let (running, name, why, trouble) = match case.production {
        Production::Known { name, sha, why } => (Some(sha.into()), name, why, None),
        Production::Unknown { why, .. } => {
            (None, String::new(), String::new(), Some(format!("{}\n  → {}", why.said, why.fix)))
        }
    };
    let production = ProductionSeen { service: service.name.clone(), running, name, why, trouble, astray: None };
    let takes = |branch: &str| {
        let is_default = default.as_deref() == Some(&format!("refs/heads/{branch}"));
        policy.sections.candidates.takes(branch, is_default) && production.name != branch
    };
    let branches = git.heads()?.into_iter().filter(|(branch, _)| takes(branch)).collect();
    Ok(View { production, branches })
}

/// What the server says of where a service's things are; the head is the
/// default branch's.
pub(super) fn wanted(repo: PathBuf, service: &Service) -> Wanted {
    Wanted { repo, service: Some(service.name.clone()), production: service.production.clone(), ..Wanted::default() }
}
