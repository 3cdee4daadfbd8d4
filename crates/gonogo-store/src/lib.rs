//! What gonogo remembers, in SQLite or PostgreSQL. One module an aggregate;
//! what belongs together is one function and one transaction. Knows nothing of
//! checks, of HTTP, or of what the JSON that it keeps means.

mod abandoned;
mod address;
mod audit;
mod awareness;
mod builds;
mod candidates;
mod clock;
mod copies;
mod db;
mod deliveries;
mod deploys;
mod early;
mod error;
mod evaluations;
mod facts;
mod integrity;
mod jira_accounts;
mod jobs;
mod join_links;
mod leases;
mod messages;
mod migrate;
mod mirror;
mod outbox;
mod people;
mod post_deploy;
mod production;
mod pulls;
mod ready;
mod requests;
mod same_head;
mod serving;
mod sessions;
mod sign_offs;
mod story_acts;
mod story_runs;
mod tokens;
pub mod views;
mod waits;
mod waivers;
mod writer;

pub use abandoned::Abandoned;
pub use audit::{AuditAsked, AuditRow, Deed};
pub use awareness::{AwarenessRow, NewAwareness, ToldIn};
pub use candidates::{Candidate, CandidateId, Sighted};
pub use copies::{Existing, backup, restore};
pub use deliveries::{Delivery, DeliveryId, DeliveryRow, Received};
pub use deploys::{
    Broken, DeployId, DeployRow, DeployRun, DeployState, DeploysWanted, FollowUp, Glass, GuardBefore, GuardSeen, Held,
    Intent, Locked, NewDeploy, NewGlass, NewLock, Requested, RunKey, Runs, Said, ServiceLock, StepOrder, Stop, Stopped,
    UnderWay, UntoldDeploy, Waits,
};
pub use early::{EarlyDue, EarlyLook, EarlyStory};
pub use error::StoreError;
pub use evaluations::{Evaluation, EvaluationId, NewEvaluation, StoryOf};
pub use facts::{ANY_QUERY, KeptAnswer};
pub use integrity::Finding;
pub use jira_accounts::{JiraAccount, JoinedJira};
pub use jobs::{Job, JobId, NewJob};
pub use join_links::{JoinLink, JoinOffer};
pub use messages::{News, Saying};
pub use mirror::{Due, Wanted};
pub use outbox::{Ended, MessageId, MessageRow, MessageState, NewMessage, Outgoing};
pub use people::{Credentials, Identity, PersonRow};
pub use post_deploy::{
    Answered, LateRow, LookAnswer, LookDue, LookId, LookRead, LookRow, LooksWanted, Only, Reminded, ToAsk,
    UnsettledLooks,
};
pub use production::{Looked, ProductionMove, ProductionRow, ProductionSeen, ProductionTold};
pub use pulls::SeenPull;
pub use requests::DoneRequest;
pub use same_head::{JudgedAs, Judging, SameHead, Shown};
pub use serving::ServerLock;
pub use sessions::{Elsewhere, Guest, NewSession, Outside, Renewed, Session};
pub use sign_offs::{SignOffId, SignOffRow};
pub use story_acts::{NewStoryAct, StoryActBegun, StoryActEnd, StoryActId, StoryActOutcome, StoryActRow};
pub use story_runs::{StoryCame, StoryNews, StoryRun, StorySaid, StoryTurn, Untold};
pub use tokens::{NewToken, TokenId, TokenRow};
pub use waits::{NewWait, WaitRow};
pub use waivers::{NewWaiver, Waived, WaiverId, WaiverRow};

use db::{Access, Db};
use jiff::Timestamp;
use leases::LeaseClock;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// The one store of a server. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Store {
    db: Arc<Db>,
    /// Told when there may be work.
    work: Arc<Work>,
    leases: LeaseClock,
    tried: Arc<ready::Tried>,
}

impl Store {
    /// Opens `sqlite:PATH` or `postgres://…`, and brings its schema up to date: for
    /// who is alone with it. A server takes it by [`Self::serve`].
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let db = Db::open(url, Access::Whole).await?;
        migrate::run(&db).await?;
        Ok(Self::over(db))
    }

    /// Opens it to look at, whoever serves it: nothing of it is made or changed.
    /// [`StoreError::NotReady`] where it is not there yet, or of an older version.
    pub async fn look_at(url: &str) -> Result<Self, StoreError> {
        let db = Db::open(url, Access::ReadOnly).await?;
        migrate::is_done(&db).await?;
        Ok(Self::over(db))
    }

    fn over(db: Db) -> Self {
        Self { db: Arc::new(db), work: Arc::default(), leases: LeaseClock::Callers, tried: Arc::default() }
    }

    /// Ends when something was queued here.
    pub async fn work_came(&self) {
        self.work.jobs.notified().await;
    }

    /// Ends when something should be seen outside that was not wanted before.
    pub async fn wish_came(&self, kind: &'static str) {
        self.work.wishes(kind).notified().await;
    }
}

/// Who waits for what: somebody who is told of what is not theirs keeps it from
/// who would do it.
#[derive(Debug, Default)]
struct Work {
    jobs: Notify,
    /// All who wait are told: several see to deploys, and runners ask.
    deploys: Notify,
    /// Of what should be seen outside, by its kind.
    wishes: Mutex<HashMap<&'static str, Arc<Notify>>>,
}

impl Work {
    /// There may be some, of any kind.
    fn came(&self) {
        self.jobs.notify_one();
        self.deploys.notify_waiters();
        for wishes in self.wishes.lock().unwrap_or_else(PoisonError::into_inner).values() {
            wishes.notify_one();
        }
    }

    fn wishes(&self, kind: &'static str) -> Arc<Notify> {
        Arc::clone(self.wishes.lock().unwrap_or_else(PoisonError::into_inner).entry(kind).or_default())
    }
}

/// Microseconds since 1970, as all times are stored.
fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

fn time(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}
