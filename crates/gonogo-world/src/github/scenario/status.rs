//! What a test expects of a status, and waits for.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use super::super::GitHub;
use super::super::repository::PostedStatus;

/// Longer than any verdict may take, on a busy machine too.
const LONGEST: Duration = Duration::from_secs(40);

/// The newest status of a context on a commit. Each word waits until it is so,
/// and fails the test with what there is if that takes too long.
#[derive(Debug, Clone)]
pub struct StatusOf<'a> {
    github: &'a GitHub,
    repository: u64,
    sha: String,
    context: String,
}

impl<'a> StatusOf<'a> {
    pub(super) fn new(github: &'a GitHub, repository: u64, sha: &str, context: &str) -> Self {
        Self { github, repository, sha: sha.to_owned(), context: context.to_owned() }
    }

    #[track_caller]
    pub fn is_success(&self, description: &str) -> PostedStatus {
        self.becomes("success", description)
    }

    #[track_caller]
    pub fn is_failure(&self, description: &str) -> PostedStatus {
        self.becomes("failure", description)
    }

    #[track_caller]
    pub fn is_error(&self, description: &str) -> PostedStatus {
        self.becomes("error", description)
    }

    #[track_caller]
    pub fn is_pending(&self, description: &str) -> PostedStatus {
        self.becomes("pending", description)
    }

    /// There is one, whatever it says.
    #[track_caller]
    pub fn appears(&self) -> PostedStatus {
        self.wait("any status", |_| true)
    }

    /// The newest now, without waiting.
    pub fn now(&self) -> Option<PostedStatus> {
        let state = self.github.state();
        let all = state.repository(self.repository).statuses.iter().rev();
        let mut of = all.filter(|status| status.sha == self.sha && status.context == self.context);
        of.next().cloned()
    }

    #[track_caller]
    fn becomes(&self, state: &str, description: &str) -> PostedStatus {
        let wanted = format!("{state} \"{description}\"");
        self.wait(&wanted, |newest| {
            newest.state == state && newest.description.as_deref().unwrap_or_default() == description
        })
    }

    #[track_caller]
    fn wait(&self, wanted: &str, is_wanted: impl Fn(&PostedStatus) -> bool) -> PostedStatus {
        let begin = Instant::now();
        loop {
            let newest = self.now();
            if let Some(newest) = newest.as_ref().filter(|newest| is_wanted(newest)) {
                return newest.clone();
            }
            let left = LONGEST.saturating_sub(begin.elapsed());
            assert!(!left.is_zero(), "{} on {} did not become {wanted}:\n{}", self.context, self.sha, self.all());
            // What is posted in between is looked at soon.
            let soon = left.min(Duration::from_millis(50));
            let waited = self.github.shared.changed.wait_timeout(self.github.state(), soon);
            drop(waited.unwrap_or_else(PoisonError::into_inner));
        }
    }

    fn all(&self) -> String {
        let state = self.github.state();
        let all = state.repository(self.repository).statuses.iter();
        let lines = all.map(|status| {
            let description = status.description.as_deref().unwrap_or_default();
            format!("- {} {}: {} \"{description}\"\n", status.sha, status.context, status.state)
        });
        lines.collect()
    }
}
