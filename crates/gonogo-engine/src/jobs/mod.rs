//! What gonogo does when time or a hook asks. Each job gathers, decides and
//! acts, and may be run twice.

mod aware;
mod changed;
mod check_run;
mod clock_steps;
mod delivery;
mod deploys;
mod early;
mod evaluate;
mod learn;
mod lost;
mod loud;
mod message;
mod outbox;
mod pace;
mod poll;
mod production;
mod pulls;
mod reminders;
mod seen;
mod settle;
mod shipping;
mod show;
mod sync;
mod telling;
mod told;
mod unfurl;
mod waits;
mod worker;

pub(crate) use changed::are_new;
pub use deploys::stopped_words;
pub(crate) use deploys::{LockOff, guards_read, lags, told_of_follow_up, told_of_glass, told_of_lock, told_of_stop};
pub use early::{Lack, Mended, told_early};
pub(crate) use evaluate::{Silent, runs_now, waivers_of};
pub(crate) use loud::{Turned, told_of_away, told_of_turn};
pub(crate) use message::section;
pub use outbox::{About, Words, about, how, kinds, to_do, words};
pub(crate) use outbox::{PlanOf, PlanTold};
pub use production::not_known;
pub(crate) use production::{is_told, wanted, wanted_as_known};
pub use shipping::not_said_yet;
pub(crate) use shipping::{comment_on, judge_anew};
pub(crate) use waits::by_account;
pub use worker::work;

use crate::LocateError;
use crate::serving::Serving;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryFutureExt};
use gonogo_remote::github::{RepositoryName, is_polling};
use gonogo_store::{CandidateId, NewJob, StoreError};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::panic::AssertUnwindSafe;
use thiserror::Error;

/// A delivery to be read; its key is the delivery's id.
pub const DELIVERY: &str = "delivery";
/// A repository to be fetched, and its services looked at; its key is the repository's name.
pub const SYNC: &str = "sync";
/// A service's pull requests to be looked at; its key is the service's name.
pub const PULLS: &str = "pulls";
/// One pull request, or a branch of the merge queue, to be looked at; its key is
/// the service's name, `#`, and its number or the branch.
pub const PULL: &str = "pull";
/// A candidate to be judged; its key is the candidate's id.
pub const EVALUATE: &str = "evaluate";

/// What a service's production moved brought and took is to be read; its key is the
/// service's name.
pub const SHIP: &str = "ship";

/// Stories that changed are to be looked at for what they lack; there is one key.
pub const EARLY: &str = "early";
/// An act on a story whose end nobody told is to be looked for; its key is its number.
pub const STORY_ACT: &str = "story-act";

/// What nobody told of is judged again after this: time passes, and not all that
/// a verdict rests on tells when it changes.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// Whom deliveries are from.
pub const GITHUB: &str = "github";
pub const JIRA: &str = "jira";
pub const SLACK: &str = "slack";

/// Has a candidate judged as soon as somebody has time.
pub(crate) async fn judge_soon(serving: &Serving, id: CandidateId) -> Result<(), StoreError> {
    serving.store.enqueue(judging(id, (serving.clock)())).await
}

pub(crate) fn judging(id: CandidateId, run_at: Timestamp) -> NewJob {
    NewJob { kind: EVALUATE, key: id.0.to_string(), body: because(), run_at }
}

/// The same of all that are open of a service.
pub(crate) async fn judge_all(serving: &Serving, service: &str) -> Result<(), StoreError> {
    for candidate in serving.store.open_candidates(service).await? {
        judge_soon(serving, candidate.id).await?;
    }
    Ok(())
}

/// The body of work that nobody told of.
const POLLED: &str = "poll";

/// Work that comes of polling is polling too.
fn because() -> String {
    if is_polling() { POLLED.to_owned() } else { String::new() }
}

/// Has a repository's services looked at as soon as somebody has time.
pub(crate) async fn look_soon(serving: &Serving, repository: &RepositoryName) -> Result<(), StoreError> {
    let (key, run_at) = (repository.to_string(), (serving.clock)());
    serving.store.enqueue(NewJob { kind: SYNC, key, body: because(), run_at }).await
}

/// What keeps a thread busy, such as git, on one that serves nobody.
async fn blocking<T: Send + 'static>(
    run: impl FnOnce() -> Result<T, JobError> + Send + 'static,
) -> Result<T, JobError> {
    let ended = tokio::task::spawn_blocking(run).await;
    ended.unwrap_or_else(|_| Err(JobError::Broken("the reader of git ended early".to_owned())))
}

/// Lets work go on to its end, also where that is a fault of ours: it ends this
/// work alone, and is told like any other reason.
fn contained<'a, T: 'a>(work: impl Future<Output = T> + Send + 'a) -> BoxFuture<'a, Result<T, String>> {
    let work = AssertUnwindSafe(work).catch_unwind();
    Box::pin(work.map_err(|fault| {
        let said = fault.downcast_ref::<&str>().map(|said| (*said).to_owned());
        let said = said.or_else(|| fault.downcast_ref::<String>().cloned()).unwrap_or_default();
        format!("gonogo has a fault: {said}\n  → please report it")
    }))
}

/// Why a job could not be done now.
#[derive(Debug, Error)]
pub(crate) enum JobError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Locate(#[from] LocateError),
    #[error("{0}")]
    Broken(String),
}

impl From<gonogo_remote::github::GitHubError> for JobError {
    fn from(error: gonogo_remote::github::GitHubError) -> Self {
        let why = error.why();
        Self::Broken(format!("{}\n  → {}", why.said, why.fix))
    }
}

impl From<gonogo_remote::git::GitError> for JobError {
    fn from(error: gonogo_remote::git::GitError) -> Self {
        Self::Locate(error.into())
    }
}

pub fn hex_sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // a String takes all
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::contained;

    #[tokio::test]
    async fn a_fault_in_one_piece_of_work_is_told_and_ends_nothing_else() {
        let told = contained(async { panic!("of {}", "a test") }).await.map(|(): ()| ());
        assert_eq!(told, Err("gonogo has a fault: of a test\n  → please report it".to_owned()));
        assert_eq!(contained(async { 7 }).await, Ok(7));
    }
}
