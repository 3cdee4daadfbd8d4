//! Takes work that is due, holds its lease while it is done, and puts it back
//! when it cannot be.

use super::{DELIVERY, EVALUATE, JobError, PULL, PULLS, SYNC, delivery, evaluate, look_soon, pulls, show, sync};
use crate::serving::Serving;
use gonogo_store::{CandidateId, DeliveryId, Job, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How long work is somebody's without a word from them.
const LEASE: SignedDuration = SignedDuration::from_secs(20);
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Work that is not told of, from another replica or of a later time, is found so soon.
const AT_LEAST_EVERY: Duration = Duration::from_millis(500);
/// Then a person has to look.
const MOST_ATTEMPTS: i64 = 12;

/// Works until told to stop; what is being done then is finished first.
/// `workers` run side by side, and every `poll` all services are looked at.
pub async fn work(serving: Arc<Serving>, workers: usize, poll: Duration, stop: watch::Receiver<bool>) {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..workers.max(1) {
        tasks.spawn(do_jobs(Arc::clone(&serving), stop.clone()));
        for kind in show::KINDS {
            tasks.spawn(show_all(Arc::clone(&serving), kind, stop.clone()));
        }
    }
    tasks.spawn(poll_services(serving, poll, stop));
    while tasks.join_next().await.is_some() {}
}

async fn do_jobs(serving: Arc<Serving>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let now = (serving.clock)();
        match serving.store.lease_job(now, after(now)).await {
            Ok(Some(job)) => do_job(&serving, &job).await,
            Ok(None) | Err(_) => idle(&serving, &mut stop).await,
        }
    }
}

async fn do_job(serving: &Serving, job: &Job) {
    let ended = {
        let run = run(serving, job);
        tokio::pin!(run);
        loop {
            tokio::select! {
                ended = &mut run => break ended,
                () = tokio::time::sleep(HEARTBEAT) => {
                    let until = after((serving.clock)());
                    if matches!(serving.store.extend_job(job, until).await, Err(StoreError::Fenced)) {
                        return; // somebody else does it now
                    }
                }
            }
        }
    };
    let now = (serving.clock)();
    // A store that is away leaves the lease to run out: then it is done again.
    match ended {
        Ok(()) => serving.store.finish_job(job).await,
        // What every look asks for again is not given up.
        Err(error) if job.attempts >= MOST_ATTEMPTS && job.kind != PULLS => {
            serving.store.bury_job(job, now, error.to_string()).await
        }
        Err(error) => serving.store.retry_job(job, show::later(now, job.attempts), error.to_string()).await,
    }
    .ok();
}

async fn run(serving: &Serving, job: &Job) -> Result<(), JobError> {
    let id = || job.key.parse::<i64>().map_err(|_| JobError::Broken(format!("`{}` is no id", job.key)));
    match job.kind.as_str() {
        DELIVERY => delivery::read(serving, DeliveryId(id()?)).await,
        SYNC => sync::look(serving, &job.key).await,
        PULLS => pulls::look(serving, &job.key).await,
        PULL => pulls::look_at_one(serving, &job.key).await,
        EVALUATE => evaluate::judge(serving, CandidateId(id()?)).await,
        other => Err(JobError::Broken(format!("this version does not know the work `{other}`"))),
    }
}

async fn show_all(serving: Arc<Serving>, kind: &'static str, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let now = (serving.clock)();
        match serving.store.lease_mirror(kind, now, after(now)).await {
            Ok(Some(due)) => show::show(&serving, &due).await.unwrap_or(()),
            Ok(None) | Err(_) => idle(&serving, &mut stop).await,
        }
    }
}

/// Finds what no hook told.
async fn poll_services(serving: Arc<Serving>, poll: Duration, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        for repository in serving.repositories() {
            look_soon(&serving, repository).await.unwrap_or(()); // the next round asks again
        }
        tokio::select! {
            () = tokio::time::sleep(poll) => {}
            _ = stop.changed() => {}
        }
    }
}

async fn idle(serving: &Serving, stop: &mut watch::Receiver<bool>) {
    tokio::select! {
        () = serving.store.work_came() => {}
        () = tokio::time::sleep(AT_LEAST_EVERY) => {}
        _ = stop.changed() => {}
    }
}

fn after(now: Timestamp) -> Timestamp {
    now.checked_add(LEASE).unwrap_or(now)
}
