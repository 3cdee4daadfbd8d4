//! Where commits name a story of which no deploy that was seen told: in what runs
//! since before the first look, or on a branch that is no candidate.

use crate::locate::type_policy;
use crate::serving::{Service, Serving};
use gonogo_checks::reading::own_keys;
use gonogo_core::ids::{IssueKey, Sha};
use gonogo_core::policy::{ServicePath, Stories};
use gonogo_core::running::Running;
use gonogo_remote::git::{Git, GitError, Messages};
use gonogo_store::StoreError;
use std::path::PathBuf;

/// So many commits behind what runs are looked at.
const MOST_BEHIND: usize = 20_000;
/// Branches that are told of one commit.
const MOST_BRANCHES: usize = 5;

/// The newest commit of a service that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub service: String,
    pub commit: Sha,
    /// Whether all that runs has it; else it is on these branches alone.
    pub runs: bool,
    pub branches: Vec<String>,
}

/// Where git is asked for it.
struct Place {
    mirror: PathBuf,
    path: Option<ServicePath>,
    running: Running,
    stories: Stories,
    key: IssueKey,
}

/// What cannot be read names nothing.
pub async fn named(serving: &Serving, key: &IssueKey) -> Result<Vec<Named>, StoreError> {
    let mut all = Vec::new();
    for service in &serving.services {
        let Some(place) = place(serving, service, key).await? else { continue };
        let found = tokio::task::spawn_blocking(move || place.look()).await;
        let Ok(Ok(found)) = found else { continue };
        all.extend(found.into_iter().map(|found| Named { service: service.name.clone(), ..found }));
    }
    Ok(all)
}

/// `None` where its policy has other projects, or nobody knows what runs.
async fn place(serving: &Serving, service: &Service, key: &IssueKey) -> Result<Option<Place>, StoreError> {
    let Some(policy) = serving.in_force.of(&service.name) else { return Ok(None) };
    let sections = type_policy(&policy).0.sections;
    let stories = sections.stories;
    if !stories.projects.is_empty() && stories.projects.iter().all(|project| project != key.project()) {
        return Ok(None);
    }
    let Some(running) = serving.store.production(&service.name).await?.and_then(|row| row.running) else {
        return Ok(None);
    };
    let path = service.path.clone().or(sections.service.path);
    Ok(Some(Place { mirror: serving.mirror_of(service), path, running, stories, key: key.clone() }))
}

impl Place {
    fn look(&self) -> Result<Vec<Named>, GitError> {
        let git = Git::of_mirror(&self.mirror)?;
        let found = |commit, runs, branches| Named { service: String::new(), commit, runs, branches };
        let mut newest = None;
        for runs in self.running.shas() {
            newest = self.newest(&git, &Messages::Newest { head: *runs, most: MOST_BEHIND })?;
            if newest.is_none() {
                break;
            }
        }
        let base = self.running.shas()[0];
        let elsewhere = self.newest(&git, &Messages::OnBranchesOnly { base, head: base })?;
        let mut all: Vec<Named> = newest.into_iter().map(|commit| found(commit, true, Vec::new())).collect();
        if let Some(commit) = elsewhere {
            let mut branches = git.branches_with(commit)?;
            branches.truncate(MOST_BRANCHES);
            all.push(found(commit, false, branches));
        }
        Ok(all)
    }

    fn newest(&self, git: &Git, which: &Messages<'_>) -> Result<Option<Sha>, GitError> {
        let mut naming = Vec::new();
        let (projects, key) = ([self.key.project().to_owned()], self.key.to_string());
        git.messages(which, |sha, text| {
            if text.contains(&key) && own_keys(text, &self.stories, &projects).contains(&self.key) {
                naming.push(sha);
            }
        })?;
        for sha in naming {
            if self.concerns(git, sha)? {
                return Ok(Some(sha));
            }
        }
        Ok(None)
    }

    /// Whether a commit changes something of the service.
    fn concerns(&self, git: &Git, sha: Sha) -> Result<bool, GitError> {
        let Some(path) = &self.path else { return Ok(true) };
        // Of the very first commit nobody knows.
        let Ok(parent) = git.resolve(&format!("{sha}^1")) else { return Ok(true) };
        Ok(git.below(parent.sha, sha, path.as_str())?.contains(&sha))
    }
}
