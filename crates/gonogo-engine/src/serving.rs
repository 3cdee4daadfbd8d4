//! What a server watches over.

use crate::commands::compare::Comparisons;
use crate::commands::people::Throttle;
use crate::in_force::{InForce, Telling};
use crate::marks::{FieldMark, VersionName};
use crate::metrics::MetricsRoom;
use crate::{Clock, Outside};
use gonogo_api::ServerSettings;
use gonogo_core::email::EmailAddress;
use gonogo_core::let_in::LetIn;
use gonogo_core::policy::{ProductionSource, ServicePath};
use gonogo_remote::git::{Fetches, Remote};
use gonogo_remote::github::{GitHub, RepositoryName, SignInApp};
use gonogo_remote::jira::JiraApp;
use gonogo_remote::mail::Smtp;
use gonogo_remote::oidc::Provider;
use gonogo_remote::slack::{Slack, SocketMode};
use gonogo_store::Store;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

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
    /// Whether what people press in Slack reaches us.
    pub hears_slack: bool,
    /// Where it comes over a connection that we open.
    pub socket_mode: Option<SocketMode>,
    /// Where nobody is written to there is none.
    pub mail: Option<MailRoom>,
    /// What is said of stories that are deployed; without it nothing.
    pub story_deployed: Option<StoryDeployed>,
    /// More stories that lack something at once are one message to each place.
    pub early_digest_over: usize,
    /// Where the mirrors of repositories are.
    pub mirrors: PathBuf,
    pub fetches: Arc<Fetches>,
    /// How people reach our pages, without a slash at the end.
    pub pages: String,
    /// The hash of the code by which the first admin is added; without people alone.
    pub first_code_hash: Option<String>,
    pub throttle: Throttle,
    pub comparisons: Comparisons,
    /// Where people may sign in with GitHub.
    pub sign_in: Option<GitHubSignIn>,
    /// Where people may sign in with an OpenID Connect provider.
    pub oidc: Option<OidcSignIn>,
    /// Where people may act in the tracker under their own names.
    pub jira_app: Option<JiraApp>,
    pub outside: Outside,
    /// Where guards read.
    pub metrics: MetricsRoom,
    /// Who does steps of deploys, by name.
    pub runners: BTreeSet<String>,
    /// What it was started with.
    pub settings: ServerSettings,
    /// How often everything is looked at, told or not.
    pub rounds: Rounds,
    pub in_force: InForce,
    pub telling: Telling,
    pub clock: Clock,
}

/// What is said of a story that is deployed, or was rolled back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoryDeployed {
    /// One comment on its issue, which changes.
    pub jira_comment: bool,
    /// The state that its issue comes to be in.
    pub jira_transition: Option<String>,
    /// The fix version that its issue gets, of each service that has it.
    pub jira_fix_version: Option<VersionName>,
    /// What a field of its issue gets.
    pub jira_field: Option<FieldMark>,
    /// More stories at once are one message to each place.
    pub digest_over: usize,
}

/// How mail is sent, and to whom it may be.
#[derive(Debug)]
pub struct MailRoom {
    pub smtp: Smtp,
    /// Where addresses may be that a policy or a person names.
    pub domains: BTreeSet<String>,
    /// Addresses that the server's configuration names, wherever they are.
    pub named: BTreeSet<EmailAddress>,
    /// Who gets a deploy plan where nobody is named.
    pub plan_to: Vec<EmailAddress>,
}

impl MailRoom {
    /// Whether mail may go there.
    pub fn reaches(&self, to: &EmailAddress) -> bool {
        self.named.contains(to) || self.domains.contains(to.domain())
    }
}

/// Where one kind of message about a service goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    pub slack_channel: Option<String>,
    pub email: BTreeSet<EmailAddress>,
}

/// How teams are told of stories that they have to know, of one service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TeamsTold {
    pub slack: bool,
    pub email: bool,
}

/// How owners of stories are told early, of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToldEarly {
    /// By one comment on the issue, where they are not told in Slack.
    pub jira_comment: bool,
    /// In Slack, where their accounts are joined.
    pub slack_dm: bool,
    /// Where else it is told.
    pub route: Route,
}

impl ToldEarly {
    pub(crate) fn tells_any(&self) -> bool {
        self.jira_comment || self.slack_dm || self.route != Route::default()
    }
}

/// How far apart the rounds are in which everything is looked at.
#[derive(Debug)]
pub struct Rounds {
    configured: Duration,
    every: Mutex<Duration>,
}

impl Rounds {
    pub fn new(configured: Duration) -> Self {
        Self { configured, every: Mutex::new(configured) }
    }

    pub(crate) fn configured(&self) -> Duration {
        self.configured
    }

    pub(crate) fn set(&self, every: Duration) {
        metrics::gauge!("gonogo_poll_interval_seconds").set(every.as_secs_f64());
        *self.every.lock().unwrap_or_else(PoisonError::into_inner) = every;
    }

    /// Now.
    pub fn every(&self) -> Duration {
        *self.every.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether they are further apart than configured, for a limit's sake.
    pub fn is_stretched(&self) -> bool {
        self.every() > self.configured
    }
}

/// How people sign in with GitHub.
#[derive(Debug)]
pub struct GitHubSignIn {
    pub app: SignInApp,
    /// Who is let in, and as what.
    pub ways: Vec<LetIn>,
    pub terms: Terms,
}

/// How people sign in with an OpenID Connect provider.
#[derive(Debug)]
pub struct OidcSignIn {
    pub provider: Provider,
    /// What people call it.
    pub name: String,
    /// The issuer's, to tell people apart who are called the same.
    pub host: String,
    /// Where groups are told: a claim's name, or a JSON pointer to it.
    pub groups_claim: String,
    pub ways: Vec<LetIn>,
    pub terms: Terms,
}

/// How long a system's word on a person counts.
#[derive(Debug)]
pub struct Terms {
    /// After so long it is asked again whether a person still may.
    pub asked_again: SignedDuration,
    /// When it did not answer last.
    pub silent: Silent,
}

impl Terms {
    pub fn new(asked_again_seconds: i64) -> Self {
        Self { asked_again: SignedDuration::from_secs(asked_again_seconds), silent: Silent::default() }
    }
}

/// Who does not answer is not asked for every page anew: a page would wait for
/// it each time.
#[derive(Debug, Default)]
pub struct Silent {
    /// Since when, and what came of asking.
    since: Mutex<Option<(Timestamp, String)>>,
}

const LEFT_ALONE_FOR: SignedDuration = SignedDuration::from_secs(10);

impl Silent {
    pub(crate) fn is_left_alone(&self, now: Timestamp) -> bool {
        self.left_alone(now).is_some()
    }

    /// What came of asking when that was tried last, where it is left alone.
    pub(crate) fn left_alone(&self, now: Timestamp) -> Option<String> {
        let since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        let is_young = |(since, _): &&(Timestamp, String)| now.duration_since(*since).abs() < LEFT_ALONE_FOR;
        since.as_ref().filter(is_young).map(|(_, said)| said.clone())
    }

    pub(crate) fn set(&self, now: Timestamp, said: &str) {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, said.to_owned()));
    }
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
    /// What a repository is called now, where that was asked for and is another name.
    pub fn other_name(&self, name: &RepositoryName) -> Option<RepositoryName> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(name).map(|(now, _)| now).filter(|now| *now != name).cloned()
    }

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
        self.ask(github, name, now).await
    }

    pub(crate) async fn ask(&self, github: &GitHub, name: &RepositoryName, now: Timestamp) -> Option<RepositoryName> {
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
    /// Whether pull requests and merge groups are judged too.
    pub judges_pull_requests: bool,
    /// Whether it is only told what would be stopped, and nothing is.
    pub is_observed: bool,
    /// Where in Slack people are told of it, where nothing else is said.
    pub slack_channel: Option<String>,
    /// Where they are told when a branch turned Go or No-Go.
    pub turned: Route,
    /// Where they are told how its deploys go, but for those that are asked for in Slack.
    pub deploys_told: Route,
    /// Where they are told of stories that are deployed, or were rolled back.
    pub deployed: Route,
    pub teams_told: TeamsTold,
    /// How owners of stories are told early what its gate would find.
    pub told_early: ToldEarly,
}

impl Serving {
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == name)
    }

    /// Variables with secrets of Slack's that nothing uses: there is no `[slack]`.
    pub fn ignored_for_slack(&self) -> Vec<&str> {
        let secrets = self.settings.secrets.iter().filter(|secret| self.slack.is_none() && secret.is_set);
        secrets.map(|secret| secret.variable.as_str()).filter(|name| name.starts_with("GONOGO_SLACK_")).collect()
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

    /// How far the first fetch of a service's repository is, while that goes on here.
    pub fn first_fetch(&self, service: &Service) -> Option<String> {
        self.fetches.first_of(&self.mirror_of(service))
    }

    pub(crate) fn page_of(&self, candidate: gonogo_store::CandidateId) -> String {
        format!("{}/candidates/{}", self.pages, candidate.0)
    }
}
