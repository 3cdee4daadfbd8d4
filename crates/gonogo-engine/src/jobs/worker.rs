//! Takes work that is due, holds its lease while it is done, and puts it back
//! when it cannot be.

use super::poll::poll_services;
use super::{DELIVERY, EARLY, EVALUATE, JobError, POLLED, PULL, PULLS, SHIP, STORY_ACT, SYNC};
use super::{clock_steps, contained, delivery, deploys, early, evaluate, outbox, pulls, shipping, show, sync, told};
use crate::commands::mend_story::{Looks, settle};
use crate::serving::Serving;
use gonogo_remote::github::polling;
use gonogo_store::{CandidateId, DeliveryId, Job, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How long work is somebody's without a word from them.
const LEASE: SignedDuration = SignedDuration::from_secs(20);
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Work that is not told of, from another replica or of a later time, is found so soon.
const AT_LEAST_EVERY: Duration = Duration::from_millis(500);
/// Then a person has to look.
pub(super) const MOST_ATTEMPTS: i64 = 12;
/// Before a worker that ended is begun anew.
const PAUSE: Duration = Duration::from_secs(1);
/// Told to stop, what is being done has so long to end; then it is given back.
const TO_END: Duration = Duration::from_secs(5);

/// Works until told to stop; what is being done then is finished first, or given
/// back for the next start or another replica.
/// `workers` run side by side.
pub async fn work(serving: Arc<Serving>, workers: usize, stop: watch::Receiver<bool>) {
    let mut tasks = tokio::task::JoinSet::new();
    let all = || (Arc::clone(&serving), stop.clone());
    for _ in 0..workers.max(1) {
        let (serving, told) = all();
        tasks.spawn(kept("jobs", PAUSE, stop.clone(), move || do_jobs(Arc::clone(&serving), told.clone())));
        for kind in show::KINDS {
            let (serving, told) = all();
            let show = move || show_all(Arc::clone(&serving), kind, told.clone());
            tasks.spawn(kept(kind, PAUSE, stop.clone(), show));
        }
    }
    for kind in outbox::kinds() {
        let (serving, told) = all();
        let say = move || say_all(Arc::clone(&serving), kind, told.clone());
        tasks.spawn(kept(kind, PAUSE, stop.clone(), say));
    }
    let (serving, told) = all();
    tasks.spawn(kept("poll", PAUSE, stop.clone(), move || poll_services(Arc::clone(&serving), told.clone())));
    let (serving, told) = all();
    tasks.spawn(kept("deploys", PAUSE, stop.clone(), move || deploys::see_to_all(Arc::clone(&serving), told.clone())));
    let (serving, told) = all();
    tasks.spawn(kept("continuous", PAUSE, stop.clone(), move || {
        deploys::ask_for_all(Arc::clone(&serving), told.clone())
    }));
    let (serving, told) = all();
    tasks.spawn(kept("deploy-cards", PAUSE, stop.clone(), move || {
        deploys::tell_all(Arc::clone(&serving), told.clone())
    }));
    let (serving, told) = all();
    tasks.spawn(kept("clock", PAUSE, stop.clone(), move || clock_steps::watch(Arc::clone(&serving), told.clone())));
    while tasks.join_next().await.is_some() {}
}

/// A worker, for as long as the server runs: one that ends before that has a
/// fault, and is begun anew.
async fn kept<W>(of: &'static str, pause: Duration, mut stop: watch::Receiver<bool>, begin: impl Fn() -> W)
where
    W: Future<Output = ()> + Send + 'static,
{
    loop {
        let ended = tokio::spawn(begin()).await;
        if *stop.borrow() {
            return;
        }
        told::worker_ended(of, &ended);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => {}
        }
    }
}

async fn do_jobs(serving: Arc<Serving>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let now = (serving.clock)();
        match serving.store.lease_job(now, after(now)).await {
            Ok(Some(job)) => do_job(&serving, &job, stop.clone()).await,
            Ok(None) => idle(serving.store.work_came(), &mut stop).await,
            Err(error) => {
                told::store_is_away(&error);
                idle(serving.store.work_came(), &mut stop).await;
            }
        }
    }
}

async fn do_job(serving: &Serving, job: &Job, stop: watch::Receiver<bool>) {
    let begun = Instant::now();
    let ended = {
        let (run, late) = (contained(polling(job.body == POLLED, run(serving, job))), too_late(stop));
        tokio::pin!(run, late);
        loop {
            tokio::select! {
                ended = &mut run => break ended.unwrap_or_else(|fault| Err(JobError::Broken(fault))),
                () = &mut late => {
                    told::job(job, begun, None);
                    serving.fetches.end_all();
                    // Else its lease runs out.
                    return serving.store.give_back(job).await.unwrap_or(());
                }
                () = tokio::time::sleep(HEARTBEAT) => {
                    let now = (serving.clock)();
                    if matches!(serving.store.extend_job(job, now, after(now)).await, Err(StoreError::Fenced)) {
                        told::job(job, begun, None);
                        return; // somebody else does it now
                    }
                }
            }
        }
    };
    told::job(job, begun, Some(&ended));
    let now = (serving.clock)();
    // A store that is away leaves the lease to run out: then it is done again.
    match ended {
        Ok(()) => serving.store.finish_job(job).await,
        // What every look asks for again is not given up.
        Err(error) if job.attempts >= MOST_ATTEMPTS && ![PULLS, SHIP, EARLY].contains(&job.kind.as_str()) => {
            serving.store.bury_job(job, now, error.to_string()).await
        }
        Err(error) => serving.store.retry_job(job, show::later(now, job.attempts), error.to_string()).await,
    }
    .ok();
}

async fn too_late(mut stop: watch::Receiver<bool>) {
    stop.wait_for(|is_stopped| *is_stopped).await.ok();
    tokio::time::sleep(TO_END).await;
}

async fn run(serving: &Serving, job: &Job) -> Result<(), JobError> {
    let id = || job.key.parse::<i64>().map_err(|_| JobError::Broken(format!("`{}` is no id", job.key)));
    match job.kind.as_str() {
        DELIVERY => delivery::read(serving, DeliveryId(id()?)).await,
        SYNC => sync::look(serving, &job.key).await,
        PULLS => pulls::look(serving, &job.key).await,
        PULL => pulls::look_at_one(serving, &job.key).await,
        EVALUATE => evaluate::judge(serving, CandidateId(id()?)).await,
        SHIP => shipping::look(serving, &job.key).await,
        EARLY => early::look(serving).await,
        STORY_ACT => settle(serving, id()?, Looks::Later)
            .await?
            .map_err(|why| JobError::Broken(format!("{}\n  → {}", why.said, why.fix))),
        other => Err(JobError::Broken(format!("this version does not know the work `{other}`"))),
    }
}

async fn show_all(serving: Arc<Serving>, kind: &'static str, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let now = (serving.clock)();
        match serving.store.lease_mirror(kind, now, after(now)).await {
            Ok(Some(due)) => show::show(&serving, &due).await.unwrap_or(()),
            Ok(None) => idle(serving.store.wish_came(kind), &mut stop).await,
            Err(error) => {
                told::store_is_away(&error);
                idle(serving.store.wish_came(kind), &mut stop).await;
            }
        }
    }
}

async fn say_all(serving: Arc<Serving>, kind: &'static str, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        match outbox::next(&serving, kind).await {
            Ok(Some(message)) => outbox::say(&serving, &message).await.unwrap_or(()),
            Ok(None) => idle(serving.store.wish_came(kind), &mut stop).await,
            Err(error) => {
                told::store_is_away(&error);
                idle(serving.store.wish_came(kind), &mut stop).await;
            }
        }
    }
}

async fn idle(came: impl Future<Output = ()>, stop: &mut watch::Receiver<bool>) {
    tokio::select! {
        () = came => {}
        () = tokio::time::sleep(AT_LEAST_EVERY) => {}
        _ = stop.changed() => {}
    }
}

fn after(now: Timestamp) -> Timestamp {
    now.checked_add(LEASE).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn a_worker_that_ends_is_begun_anew_until_the_stop() {
        let (tell, stop) = watch::channel(false);
        let begun = Arc::new(AtomicUsize::new(0));
        let worker = move || {
            let (time, tell) = (begun.fetch_add(1, Ordering::Relaxed), tell.clone());
            async move {
                match time {
                    0 => panic!("a fault that a test asks for"),
                    1 => {}
                    _ => tell.send(true).unwrap_or(()),
                }
            }
        };
        let kept = kept("jobs", Duration::ZERO, stop, worker);
        tokio::time::timeout(Duration::from_secs(30), kept).await.expect("the third one tells to stop");
    }
}
