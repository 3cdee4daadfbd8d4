//! What a server watches over.

use crate::commands::people::Throttle;
use crate::{Clock, Outside};
use gonogo_remote::git::{Fetches, Remote};
use gonogo_remote::github::{GitHub, RepositoryName};
use gonogo_remote::slack::Slack;
use gonogo_store::Store;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Everything that jobs work with.
#[derive(Debug)]
pub struct Serving {
    pub store: Store,
    pub services: Vec<Service>,
    pub github: Arc<GitHub>,
    pub renamed: Renamed,
    /// Where nobody is told anything there is none.
    pub slack: Option<Slack>,
    /// Where the mirrors of repositories are.
    pub mirrors: PathBuf,
    pub fetches: Arc<Fetches>,
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
    /// The branch or tag that stands at production; without it the policy's.
    pub production: Option<String>,
    /// Where people are told when a branch turned Go or No-Go.
    pub slack_channel: Option<String>,
}

impl Serving {
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == name)
    }

    /// The mirror of a service. Each has its own: one that is being fetched
    /// holds up no other.
    pub(crate) fn mirror_of(&self, service: &Service) -> PathBuf {
        self.mirrors.join(format!("{}.git", service.name))
    }

    /// How far the first fetch of a service's repository is, while that goes on here.
    pub fn first_fetch(&self, service: &Service) -> Option<String> {
        self.fetches.first_of(&self.mirror_of(service))
    }

    pub(crate) fn page_of(&self, candidate: gonogo_store::CandidateId) -> String {
        format!("{}/candidates/{}", self.pages, candidate.0)
    }
}
