use crate::{at, conformance};
use futures_util::future::{join_all, select};
use gonogo_store::views::{JobLoad, Load, MirrorLoad};
use gonogo_store::{NewJob, Store, StoreError, Wanted};
use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

pub(crate) fn job(key: &str, second: i64) -> NewJob {
    NewJob { kind: "evaluate", key: key.to_owned(), body: format!("at {second}"), run_at: at(second) }
}

conformance! {
    async fn who_waits_for_work_is_told_however_many_wait_for_something_else(store: Store) {
        let wishes = join_all(["a", "a", "b"].map(|kind| store.wish_came(kind)));
        let work = async {
            tokio::join!(store.work_came(), async { store.enqueue(job("k", 0)).await.unwrap() });
        };
        // Those who wait for wishes came first.
        let (wishes, work) = (pin!(wishes), pin!(work));
        let told = tokio::time::timeout(Duration::from_secs(20), select(wishes, work)).await;
        assert!(told.is_ok(), "nobody was told of work");
    }

    async fn a_key_that_waits_is_queued_once(store: Store) {
        store.enqueue(job("web", 9)).await.unwrap();
        store.enqueue(job("web", 5)).await.unwrap();
        assert_eq!(store.lease_job(at(4), at(60)).await.unwrap(), None);
        let leased = store.lease_job(at(5), at(60)).await.unwrap().unwrap();
        assert_eq!((leased.body.as_str(), leased.attempts), ("at 5", 1));
        // Queued again while it is worked on: it waits until that is done.
        store.enqueue(job("web", 6)).await.unwrap();
        store.enqueue(job("api", 7)).await.unwrap();
        assert_eq!(store.lease_job(at(8), at(60)).await.unwrap().unwrap().key, "api");
        assert_eq!(store.lease_job(at(8), at(60)).await.unwrap(), None);
        store.finish_job(&leased).await.unwrap();
        assert_eq!(store.lease_job(at(8), at(60)).await.unwrap().unwrap().body, "at 6");
    }

    async fn who_lost_the_lease_is_told_so(store: Store) {
        store.enqueue(job("web", 1)).await.unwrap();
        let slow = store.lease_job(at(1), at(10)).await.unwrap().unwrap();
        store.extend_job(&slow, at(5), at(20)).await.unwrap();
        assert_eq!(store.lease_job(at(15), at(30)).await.unwrap(), None);
        let other = store.lease_job(at(20), at(30)).await.unwrap().unwrap();
        assert_eq!((other.id, other.attempts), (slow.id, 2));
        for lost in [
            store.finish_job(&slow).await,
            store.extend_job(&slow, at(21), at(99)).await,
            store.retry_job(&slow, at(99), "x".to_owned()).await,
            store.bury_job(&slow, at(99), "x".to_owned()).await,
        ] {
            assert!(matches!(lost, Err(StoreError::Fenced)), "{lost:?}");
        }
        store.finish_job(&other).await.unwrap();
        assert_eq!(store.job_counts().await.unwrap(), (0, 0));
    }

    async fn work_is_tried_again_and_in_the_end_given_up(store: Store) {
        store.enqueue(job("web", 1)).await.unwrap();
        let first = store.lease_job(at(1), at(10)).await.unwrap().unwrap();
        store.retry_job(&first, at(5), "down".to_owned()).await.unwrap();
        assert_eq!(store.lease_job(at(4), at(60)).await.unwrap(), None);
        let second = store.lease_job(at(5), at(10)).await.unwrap().unwrap();
        assert_eq!(second.attempts, 2);
        // The same was asked for again meanwhile: that does the work.
        store.enqueue(job("web", 6)).await.unwrap();
        store.retry_job(&second, at(50), "down".to_owned()).await.unwrap();
        let troubles = store.troubles("evaluate").await.unwrap();
        assert_eq!((troubles.len(), troubles[0].error.as_str()), (1, "down"), "the error is not lost with it");
        let third = store.lease_job(at(6), at(10)).await.unwrap().unwrap();
        assert_eq!(third.body, "at 6");
        store.bury_job(&third, at(7), "gave up".to_owned()).await.unwrap();
        assert_eq!(store.lease_job(at(999), at(1_000)).await.unwrap(), None);
        assert_eq!(store.job_counts().await.unwrap(), (0, 1));
        assert_eq!(store.troubles("evaluate").await.unwrap(), [], "what was given up is not tried again");
    }

    async fn what_was_given_up_is_forgotten_when_it_is_done_after_all(store: Store) {
        let give_up = async |second| {
            store.enqueue(job("web", second)).await.unwrap();
            let leased = store.lease_job(at(second), at(99)).await.unwrap().unwrap();
            store.bury_job(&leased, at(second), "gave up".to_owned()).await.unwrap();
        };
        give_up(1).await;
        give_up(2).await;
        assert_eq!(store.job_counts().await.unwrap(), (0, 1), "once for a key");
        store.enqueue(job("api", 3)).await.unwrap();
        let other = store.lease_job(at(3), at(99)).await.unwrap().unwrap();
        store.finish_job(&other).await.unwrap();
        assert_eq!(store.job_counts().await.unwrap(), (0, 1), "another key's");
        store.enqueue(job("web", 4)).await.unwrap();
        let done = store.lease_job(at(4), at(99)).await.unwrap().unwrap();
        store.finish_job(&done).await.unwrap();
        assert_eq!(store.job_counts().await.unwrap(), (0, 0));
    }

    async fn two_that_look_at_once_never_have_one_key(store: Store) {
        store.enqueue(job("web", 1)).await.unwrap();
        store.lease_job(at(1), at(10)).await.unwrap().unwrap();
        store.enqueue(job("web", 2)).await.unwrap();
        // The lease has run out, and the same key waits.
        let (one, other) = tokio::join!(store.lease_job(at(20), at(30)), store.lease_job(at(20), at(30)));
        let leased = [one.unwrap(), other.unwrap()];
        assert_eq!(leased.iter().flatten().count(), 1, "{leased:?}");
    }

    async fn work_that_is_given_back_is_somebody_elses_at_once(store: Store) {
        store.enqueue(job("web", 1)).await.unwrap();
        let first = store.lease_job(at(1), at(60)).await.unwrap().unwrap();
        store.give_back(&first).await.unwrap();
        let second = store.lease_job(at(2), at(60)).await.unwrap().unwrap();
        assert_eq!((second.id, second.attempts), (first.id, 1), "it was not tried");
        assert!(matches!(store.finish_job(&first).await, Err(StoreError::Fenced)));
        // The same was asked for again meanwhile: that does the work.
        store.enqueue(job("web", 2)).await.unwrap();
        store.give_back(&second).await.unwrap();
        assert_eq!(store.job_counts().await.unwrap(), (1, 0));
        assert!(matches!(store.give_back(&second).await, Err(StoreError::Fenced)));
    }

    async fn the_load_says_what_waits_and_since_when(store: Store) {
        assert_eq!(store.load(at(1)).await.unwrap(), Load::default());
        for (key, second) in [("a", 5), ("b", 6), ("c", 7), ("d", 90)] {
            store.enqueue(job(key, second)).await.unwrap();
        }
        let given_up = store.lease_job(at(5), at(9)).await.unwrap().unwrap();
        store.bury_job(&given_up, at(6), "no".to_owned()).await.unwrap();
        store.lease_job(at(6), at(60)).await.unwrap().unwrap();
        let load = store.load(at(10)).await.unwrap();
        let jobs = JobLoad {
            kind: "evaluate".to_owned(),
            waiting: 2,
            running: 1,
            given_up: 1,
            oldest_due: Some(at(7)),
        };
        assert_eq!(load.jobs, [jobs]);
        // A lease that ran out is work that waits.
        assert_eq!(store.load(at(61)).await.unwrap().jobs[0].running, 0);

        for (target, second) in [("x", 3), ("y", 4)] {
            let (target, wanted_at) = (target.to_owned(), at(second));
            store.want(Wanted { target, kind: "github-status", wanted: "{}".to_owned(), wanted_at, awaits: None }).await.unwrap();
        }
        let due = store.lease_mirror("github-status", at(5), at(9)).await.unwrap().unwrap();
        store.mirror_failed(&due, at(20), "away".to_owned()).await.unwrap();
        let mirror = |waiting, failing, second| MirrorLoad {
            kind: "github-status".to_owned(),
            waiting,
            failing,
            oldest_wanted: Some(at(second)),
        };
        assert_eq!(store.load(at(10)).await.unwrap().mirror, [mirror(2, 1, 3)]);
        let due = store.lease_mirror("github-status", at(20), at(30)).await.unwrap().unwrap();
        store.mirror_made(&due).await.unwrap();
        let left = store.load(at(20)).await.unwrap().mirror;
        assert_eq!(left.iter().map(|mirror| mirror.waiting).sum::<u32>(), 1, "{left:?}");
    }

    async fn who_put_work_back_has_nothing_to_say_of_it(store: Store) {
        store.enqueue(job("web", 1)).await.unwrap();
        let first = store.lease_job(at(1), at(10)).await.unwrap().unwrap();
        store.retry_job(&first, at(5), "down".to_owned()).await.unwrap();
        for late in [
            store.extend_job(&first, at(6), at(99)).await,
            store.retry_job(&first, at(99), "x".to_owned()).await,
            store.bury_job(&first, at(99), "x".to_owned()).await,
            store.finish_job(&first).await,
        ] {
            assert_eq!(late, Err(StoreError::Fenced));
        }
        assert!(store.lease_job(at(5), at(10)).await.unwrap().is_some());
    }

    async fn an_old_lease_is_not_one_of_work_that_came_later(store: Store) {
        store.enqueue(job("web", 1)).await.unwrap();
        let slow = store.lease_job(at(1), at(2)).await.unwrap().unwrap();
        let other = store.lease_job(at(2), at(3)).await.unwrap().unwrap();
        store.finish_job(&other).await.unwrap();
        store.enqueue(job("web", 3)).await.unwrap();
        let later = store.lease_job(at(3), at(9)).await.unwrap().unwrap();
        assert_eq!(store.finish_job(&slow).await, Err(StoreError::Fenced));
        store.finish_job(&later).await.unwrap();
    }

    async fn many_workers_do_each_job_once(store: Store) {
        for number in 0..60 {
            store.enqueue(job(&number.to_string(), 1)).await.unwrap();
        }
        let workers = (0..8).map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut done = Vec::new();
                while let Some(job) = store.lease_job(at(1), at(60)).await.unwrap() {
                    store.finish_job(&job).await.unwrap();
                    done.push(job.key);
                }
                done
            })
        });
        let mut times: BTreeMap<String, u32> = BTreeMap::new();
        for worker in workers.collect::<Vec<_>>() {
            for key in worker.await.unwrap() {
                *times.entry(key).or_default() += 1;
            }
        }
        // One that skips what another holds may end early; none is done twice.
        while let Some(job) = store.lease_job(at(1), at(60)).await.unwrap() {
            *times.entry(job.key).or_default() += 1;
        }
        assert_eq!(times.len(), 60);
        assert!(times.values().all(|t| *t == 1), "{times:?}");
    }
}
