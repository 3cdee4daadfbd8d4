//! What a server watches over.

use crate::commands::people::Throttle;
use crate::{Clock, Outside};
use gonogo_core::policy::{ProductionSource, ServicePath};
use gonogo_remote::git::Remote;
use gonogo_remote::github::{GitHub, RepositoryName};
use gonogo_remote::slack::Slack;
use gonogo_store::Store;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Everything that jobs work with.
#[derive(Debug)]
pub struct Serving {
    pub store: Store,
    pub services: Vec<Service>,
    pub github: Arc<GitHub>,
    pub renamed: Renamed,
    pub turns: Turns,
    /// Where nobody is told anything there is none.
    pub slack: Option<Slack>,
    /// Where the mirrors of repositories are.
    pub mirrors: PathBuf,
    /// How people reach our pages, without a slash at the end.
    pub pages: String,
    /// The hash of the code by which the first admin is added; without people alone.
    pub first_code_hash: Option<String>,
    pub throttle: Throttle,
    pub outside: Outside,
    pub clock: Clock,
}

/// What repositories are called now, by their configured names: asked for when
/// a hook says a name that nobody knows, and kept for a while.
#[derive(Debug, Default)]
pub struct Renamed {
    known: Mutex<HashMap<RepositoryName, (RepositoryName, Timestamp)>>,
}

/// Whose turn it is with a repository's mirror: git fetches into one at a time.
#[derive(Debug, Default)]
pub struct Turns {
    of: Mutex<HashMap<RepositoryName, Arc<tokio::sync::Mutex<()>>>>,
}

impl Turns {
    pub(crate) async fn wait(&self, name: &RepositoryName) -> tokio::sync::OwnedMutexGuard<()> {
        let turn = {
            let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(of.entry(name.clone()).or_default())
        };
        turn.lock_owned().await
    }
}

const KEPT_FOR: SignedDuration = SignedDuration::from_mins(10);

impl Renamed {
    /// `None` where GitHub does not say: polling finds what was missed.
    pub(crate) async fn name_now(
        &self,
        github: &GitHub,
        name: &RepositoryName,
        now: Timestamp,
    ) -> Option<RepositoryName> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if let Some((known, asked_at)) = known
            && now.duration_since(asked_at) < KEPT_FOR
        {
            return Some(known);
        }
        let found = github.name_now(name, now).await.ok()?;
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), (found.clone(), now));
        Some(found)
    }
}

/// What is deployed on its own.
#[derive(Clone, Debug)]
pub struct Service {
    pub name: String,
    pub repository: RepositoryName,
    /// Where git fetches from; the code host's token is put in when it does.
    pub remote: Remote,
    pub is_at_code_host: bool,
    /// The folder of the repository that it is; without it the policy's.
    pub path: Option<ServicePath>,
    /// What says what runs; without it the policy's.
    pub production: Option<ProductionSource>,
    /// Where people are told when a branch turned Go or No-Go.
    pub slack_channel: Option<String>,
}

impl Serving {
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == name)
    }

    /// Each of what services are in, once.
    pub(crate) fn repositories(&self) -> BTreeSet<&RepositoryName> {
        self.services.iter().map(|service| &service.repository).collect()
    }

    /// The mirror of a service's repository, which it shares with the others there.
    pub(crate) fn mirror_of(&self, service: &Service) -> PathBuf {
        let RepositoryName { owner, name } = &service.repository;
        self.mirrors.join(owner).join(format!("{name}.git"))
    }

    pub(crate) fn page_of(&self, candidate: gonogo_store::CandidateId) -> String {
        format!("{}/candidates/{}", self.pages, candidate.0)
    }
}
