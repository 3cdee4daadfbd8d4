//! What operators are told of work: a line in the log and a number for each
//! piece, with its reason where it failed.

use super::{JobError, worker::MOST_ATTEMPTS};
use gonogo_store::{Due, Job, Outgoing, StoreError};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinError;

/// The same trouble is said so often at most.
const AGAIN: Duration = Duration::from_mins(1);

/// A job ended, `None` where it was given back or somebody else has it by now.
pub(super) fn job(job: &Job, begun: Instant, ended: Option<&Result<(), JobError>>) {
    let took = begun.elapsed();
    let outcome = match ended {
        None => "left",
        Some(Ok(())) => "done",
        Some(Err(_)) if job.attempts >= MOST_ATTEMPTS => "given-up",
        Some(Err(_)) => "failed",
    };
    let kind = job.kind.clone();
    metrics::histogram!("gonogo_job_seconds", "kind" => kind, "outcome" => outcome).record(took);
    let Job { kind, key, attempts, .. } = job;
    let seconds = took.as_secs_f64();
    match ended {
        Some(Err(error)) if outcome == "given-up" => {
            tracing::error!(kind, key, attempts, outcome, seconds, %error, "job");
        }
        Some(Err(error)) => tracing::warn!(kind, key, attempts, outcome, seconds, %error, "job"),
        _ => tracing::info!(kind, key, attempts, outcome, seconds, "job"),
    }
}

/// Something was to be shown outside.
pub(super) fn shown(due: &Due, begun: Instant, error: Option<&str>) {
    let took = begun.elapsed();
    let outcome = if error.is_none() { "done" } else { "failed" };
    let kind = due.kind.clone();
    metrics::histogram!("gonogo_shown_seconds", "kind" => kind, "outcome" => outcome).record(took);
    let Due { kind, target, attempts, .. } = due;
    let seconds = took.as_secs_f64();
    match error {
        None => tracing::info!(kind, target, attempts, outcome, seconds, "shown"),
        Some(error) => tracing::warn!(kind, target, attempts, outcome, seconds, error, "shown"),
    }
}

/// A worker ended before it was told to stop.
pub(super) fn worker_ended(of: &'static str, ended: &Result<(), JoinError>) {
    metrics::counter!("gonogo_workers_begun_anew_total", "of" => of).increment(1);
    let error = ended.as_ref().err().map(ToString::to_string);
    tracing::error!(of, error, "a worker ended, and is begun anew");
}

/// Something was to be said outside, once.
pub(super) fn said(message: &Outgoing, begun: Instant, error: Option<&str>) {
    let took = begun.elapsed();
    let outcome = if error.is_none() { "done" } else { "failed" };
    let kind = message.kind.clone();
    metrics::histogram!("gonogo_said_seconds", "kind" => kind, "outcome" => outcome).record(took);
    let Outgoing { kind, target, attempts, .. } = message;
    let seconds = took.as_secs_f64();
    match error {
        None => tracing::info!(kind, target, attempts, outcome, seconds, "said"),
        Some(error) => tracing::warn!(kind, target, attempts, outcome, seconds, error, "said"),
    }
}

/// Of what a move brought something stays untold.
pub(super) fn move_is_taken_as_it_is(service: &str, why: &str) {
    tracing::error!(service, why, "stories of a move stay untold");
}

/// Owners of post-deploy checks that are late were not reminded in this round.
pub(super) fn nobody_is_reminded(error: &JobError) {
    tracing::error!(%error, "nobody is reminded of post-deploy checks that are late; the next round tries again");
}

/// What is seen of candidates that are closed stays as it was for this round.
pub(super) fn nothing_is_settled(error: &StoreError) {
    tracing::error!(%error, "closed candidates may look as if they were being judged; the next round tries again");
}

/// The store gives no work: said once, and again each minute while it lasts.
pub(super) fn store_is_away(error: &StoreError) {
    static LAST: Mutex<Option<Instant>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if last.is_none_or(|last| last.elapsed() >= AGAIN) {
        *last = Some(Instant::now());
        tracing::error!(%error, "no work can be taken from the store");
    }
}
