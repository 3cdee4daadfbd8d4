//! Answers to questions, each from the system that knows. Takes no decisions;
//! what cannot be found out is `Unknown`, with what mends it.

mod code_host;
mod copies;
mod git;
mod kept;
mod told;
mod tracker;

pub use code_host::{CodeHost, CodeHostAccess, CodeHostToken, web_of};
pub(crate) use git::{prefixes, why};
pub(crate) use kept::keep;
pub use tracker::{Outside, TrustedTracker};
pub(crate) use tracker::{TrackerAccess, may_ask};

use futures_util::future::join_all;
use gonogo_checks::Wants;
use gonogo_checks::facts::{Facts, Recorded};
use gonogo_checks::questions::{Answer, Ask};
use gonogo_core::fact::Why;
use gonogo_remote::git::Git;
use gonogo_store::Store;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Tells the time: only the program's edge reads the real clock.
pub type Clock = fn() -> Timestamp;

/// What answers of the repository are recorded as.
pub(crate) const GIT: &str = "git";

/// Knows whom to ask.
pub(crate) struct Gatherer<'a> {
    pub git: Arc<Git>,
    pub tracker: &'a TrackerAccess,
    pub code_host: &'a Result<CodeHost, Why>,
    /// A server's: it has answers of before, and knows whom the server has told.
    pub kept: Option<&'a Store>,
    /// The provider by which policies may call people.
    pub oidc_issuer: Option<&'a str>,
    pub wants: Wants,
    pub clock: Clock,
}

impl Gatherer<'_> {
    /// Gathers all answers of one round side by side.
    pub(crate) async fn gather(&self, asks: &BTreeSet<Ask>, facts: &Facts) -> Vec<(Ask, Recorded)> {
        let (for_tracker, others): (Vec<&Ask>, Vec<&Ask>) =
            asks.iter().partition(|ask| matches!(ask, Ask::IssueOf(_) | Ask::ReadyStories(_)));
        let (for_us, others): (Vec<&Ask>, Vec<&Ask>) = others.into_iter().partition(|ask| told::answers(ask));
        let (for_host, for_git): (Vec<&Ask>, Vec<&Ask>) = others.into_iter().partition(|ask| code_host::answers(ask));
        // Before anything is asked: what changes meanwhile may not be in the answer.
        let now = (self.clock)();
        let jobs = git::jobs(&for_git, facts);
        let from_git = join_all(jobs.into_iter().map(|job| {
            let git = Arc::clone(&self.git);
            let asks = job.asks();
            async move {
                let run = tokio::task::spawn_blocking(move || job.run(&git));
                run.await.unwrap_or_else(|_| git::all_unknown(asks, "the reader of git ended early"))
            }
        }));
        let from_tracker = self.tracker.gather(&for_tracker, &self.wants, now);
        let from_host = code_host::gather(self.code_host, &for_host, now);
        let from_us = told::gather(self.kept, self.oidc_issuer, &for_us);
        let (from_git, from_tracker, from_host, from_us) = tokio::join!(from_git, from_tracker, from_host, from_us);
        let from_us = from_us.into_iter().map(|(ask, answer)| (ask, recorded(now, "gonogo", answer)));
        let from_git = from_git.into_iter().flatten().map(|(ask, answer)| (ask, recorded(now, GIT, answer)));
        let from_tracker =
            from_tracker.into_iter().map(|(ask, answer)| (ask, recorded(now, self.tracker.source(), answer)));
        let from_tracker = kept::stand_in(self.kept, self.tracker.source(), &self.wants, from_tracker.collect()).await;
        let from_host = from_host.into_iter().map(|(ask, answer)| (ask, recorded(now, "github", answer)));
        from_git.chain(from_tracker).chain(from_host).chain(from_us).collect()
    }
}

pub(crate) fn recorded(at: Timestamp, source: &str, answer: Answer) -> Recorded {
    Recorded { answer, source: source.to_owned(), at, instead: None }
}
