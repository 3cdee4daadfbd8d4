use crate::{at, conformance};
use gonogo_store::{NewJob, Store, StoreError};
use std::collections::BTreeMap;

pub(crate) fn job(key: &str, second: i64) -> NewJob {
    NewJob { kind: "evaluate", key: key.to_owned(), body: format!("at {second}"), run_at: at(second) }
}

conformance! {
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
        store.extend_job(&slow, at(20)).await.unwrap();
        assert_eq!(store.lease_job(at(15), at(30)).await.unwrap(), None);
        let other = store.lease_job(at(20), at(30)).await.unwrap().unwrap();
        assert_eq!((other.id, other.attempts), (slow.id, 2));
        for lost in [
            store.finish_job(&slow).await,
            store.extend_job(&slow, at(99)).await,
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

    async fn who_put_work_back_has_nothing_to_say_of_it(store: Store) {
        store.enqueue(job("web", 1)).await.unwrap();
        let first = store.lease_job(at(1), at(10)).await.unwrap().unwrap();
        store.retry_job(&first, at(5), "down".to_owned()).await.unwrap();
        for late in [
            store.extend_job(&first, at(99)).await,
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
