//! Makes the outside show what is wanted.

use super::check_run::{CheckRunWanted, GITHUB_CHECK_RUN};
use super::deploys::{GIT_REF, GITHUB_DEPLOYMENT, make_deployment, move_ref};
use super::message::SLACK_MESSAGE;
use super::seen::{GITHUB_STATUS, StatusWanted};
use super::{contained, telling, told};
use crate::serving::Serving;
use gonogo_remote::github::GitHubError;
use gonogo_store::{Due, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::time::{Duration, Instant};

/// What there is to be shown; each kind has workers of its own.
pub(super) const KINDS: [&str; 5] = [GITHUB_STATUS, GITHUB_CHECK_RUN, SLACK_MESSAGE, GIT_REF, GITHUB_DEPLOYMENT];
/// One try, so that it ends before its lease does: two would post side by side.
const WITHIN: Duration = Duration::from_secs(15);
/// Between two tries at most.
const MOST_PAUSE: SignedDuration = SignedDuration::from_mins(5);

/// One target, made, or put off until it may be tried again.
pub(super) async fn show(serving: &Serving, due: &Due) -> Result<(), StoreError> {
    let begun = Instant::now();
    let made = contained(tokio::time::timeout(WITHIN, make(serving, due))).await;
    let made = made.unwrap_or_else(|fault| Ok(Err((fault, None)))).unwrap_or_else(|_| {
        let seconds = WITHIN.as_secs();
        Err((format!("there was no answer within {seconds} seconds"), None))
    });
    told::shown(due, begun, made.as_ref().err().map(|(error, _)| error.as_str()));
    match made {
        Ok(()) => match serving.store.mirror_made(due).await {
            // Somebody made it meanwhile.
            Err(StoreError::Fenced) => Ok(()),
            other => other,
        },
        Err((error, until)) => {
            let now = (serving.clock)();
            let at = until.unwrap_or_else(|| later(now, due.attempts));
            serving.store.mirror_failed(due, at, error).await
        }
    }
}

async fn make(serving: &Serving, due: &Due) -> Result<(), (String, Option<Timestamp>)> {
    match due.kind.as_str() {
        GITHUB_STATUS => post_status(serving, due).await,
        GITHUB_CHECK_RUN => post_check_run(serving, due).await,
        SLACK_MESSAGE => telling::tell(serving, due).await.map_err(|error| (error.to_string(), error.until())),
        GIT_REF => move_ref(serving, &due.wanted).await.map_err(|error| (error, None)),
        GITHUB_DEPLOYMENT => make_deployment(serving, &due.wanted).await.map_err(|error| match error {
            Ok(error) => not_posted(&error),
            Err(said) => (said, None),
        }),
        other => Err((format!("this version does not know `{other}`"), None)),
    }
}

async fn post_status(serving: &Serving, due: &Due) -> Result<(), (String, Option<Timestamp>)> {
    let wanted: StatusWanted = serde_json::from_str(&due.wanted).map_err(|e| (e.to_string(), None))?;
    // A service that is configured no more is nobody's to show.
    let Some(service) = serving.service(&wanted.service) else { return Ok(()) };
    let now = (serving.clock)();
    let posted = serving.github.post_status(&service.repository, wanted.sha, &wanted.status, now).await;
    posted.map_err(|error| not_posted(&error))
}

async fn post_check_run(serving: &Serving, due: &Due) -> Result<(), (String, Option<Timestamp>)> {
    let wanted: CheckRunWanted = serde_json::from_str(&due.wanted).map_err(|e| (e.to_string(), None))?;
    let Some(service) = serving.service(&wanted.service) else { return Ok(()) };
    let now = (serving.clock)();
    let (github, repository) = (&serving.github, &service.repository);
    let may_post = github.may_post_check_runs(repository, now).await.map_err(|error| not_posted(&error))?;
    if !may_post {
        // The App was not given the right: the status says the verdict.
        return Ok(());
    }
    let posted = github.post_check_run(repository, wanted.sha, &wanted.rendered(&due.wanted), now).await;
    posted.map_err(|error| not_posted(&error))
}

fn not_posted(error: &GitHubError) -> (String, Option<Timestamp>) {
    let why = error.why();
    (format!("{}: {}", why.said, why.fix), error.until())
}

/// 1, 2, 4 … seconds.
pub(super) fn later(now: Timestamp, attempts: i64) -> Timestamp {
    let seconds = 1i64.checked_shl(u32::try_from(attempts.clamp(1, 20) - 1).unwrap_or(0)).unwrap_or(i64::MAX);
    let pause = SignedDuration::from_secs(seconds).min(MOST_PAUSE);
    now.checked_add(pause).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::later;
    use jiff::Timestamp;

    #[test]
    fn pauses_grow_up_to_five_minutes() {
        let pause = |attempts| later(Timestamp::UNIX_EPOCH, attempts).as_second();
        assert_eq!([0, 1, 2, 3, 9, 10, 99].map(pause), [1, 1, 2, 4, 256, 300, 300]);
    }
}
