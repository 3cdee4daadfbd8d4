//! The queue against a model that is simple enough to be seen right.

use crate::at;
use crate::engine::{Engine, postgres, sqlite};
use gonogo_store::{Job, NewJob, Store, StoreError};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use std::collections::BTreeSet;

#[derive(Clone, Debug)]
enum Step {
    Enqueue {
        key: u8,
        after: i64,
    },
    Lease {
        lasts: i64,
    },
    /// Of the leases that were ever given out, by its place.
    Extend(usize, i64),
    Finish(usize),
    Retry(usize, i64),
    Bury(usize),
    Pass(i64),
}

/// A job that is neither done nor given up.
#[derive(Clone, Debug)]
struct Row {
    key: u8,
    body: String,
    run_at: i64,
    /// The newest lease, which counts until another is given out.
    lease: Option<usize>,
    /// `None` while it waits.
    until: Option<i64>,
}

/// In the order of their ids.
#[derive(Default)]
struct Model {
    now: i64,
    bodies: usize,
    rows: Vec<Row>,
    /// Keys whose work was given up, and not done since.
    dead: BTreeSet<u8>,
    leases: Vec<Job>,
}

fn step() -> impl Strategy<Value = Step> {
    let lease = || any::<prop::sample::Index>().prop_map(|at| at.index(48));
    prop_oneof![
        4 => (0..3u8, 0..4i64).prop_map(|(key, after)| Step::Enqueue { key, after }),
        4 => (1..6i64).prop_map(|lasts| Step::Lease { lasts }),
        1 => (lease(), 1..6i64).prop_map(|(lease, lasts)| Step::Extend(lease, lasts)),
        2 => lease().prop_map(Step::Finish),
        2 => (lease(), 0..5i64).prop_map(|(lease, after)| Step::Retry(lease, after)),
        1 => lease().prop_map(Step::Bury),
        2 => (0..4i64).prop_map(Step::Pass),
    ]
}

impl Model {
    /// What is to be given out: due, not held, no other of its key held; the oldest.
    fn next(&self) -> Option<usize> {
        let is_held = |row: &Row| row.until.is_some_and(|until| until > self.now);
        let may = |at: &usize| {
            let row = &self.rows[*at];
            let others = self.rows.iter().enumerate().filter(|(other, _)| other != at);
            row.run_at <= self.now && !is_held(row) && !others.into_iter().any(|(_, o)| o.key == row.key && is_held(o))
        };
        (0..self.rows.len()).filter(may).min_by_key(|at| (self.rows[*at].run_at, *at))
    }

    fn waiting(&mut self, key: u8) -> Option<&mut Row> {
        self.rows.iter_mut().find(|row| row.key == key && row.until.is_none())
    }

    fn enqueue(&mut self, key: u8, run_at: i64) -> String {
        self.bodies += 1;
        let body = self.bodies.to_string();
        match self.waiting(key) {
            Some(row) => (row.body, row.run_at) = (body.clone(), row.run_at.min(run_at)),
            None => self.rows.push(Row { key, body: body.clone(), run_at, lease: None, until: None }),
        }
        body
    }

    /// The job of a lease that still counts.
    fn held(&self, lease: usize) -> Option<usize> {
        self.rows.iter().position(|row| row.lease == Some(lease) && row.until.is_some())
    }
}

async fn play(store: &Store, model: &mut Model, step: Step) -> Result<(), TestCaseError> {
    let now = model.now;
    match step {
        Step::Enqueue { key, after } => {
            let body = model.enqueue(key, now + after);
            store.enqueue(NewJob { kind: "k", key: key.to_string(), body, run_at: at(now + after) }).await.unwrap();
        }
        Step::Lease { lasts } => {
            let next = model.next();
            let leased = store.lease_job(at(now), at(now + lasts)).await.unwrap();
            let (Some(place), Some(job)) = (next, &leased) else {
                prop_assert!(next.is_none() && leased.is_none(), "{leased:?} instead of {next:?} of {:?}", model.rows);
                return Ok(());
            };
            let row = &mut model.rows[place];
            prop_assert_eq!((&job.key, &job.body), (&row.key.to_string(), &row.body));
            (row.lease, row.until) = (Some(model.leases.len()), Some(now + lasts));
            model.leases.extend(leased);
        }
        Step::Pass(seconds) => model.now += seconds,
        Step::Extend(lease, _) | Step::Finish(lease) | Step::Retry(lease, _) | Step::Bury(lease) => {
            settle(store, model, lease, &step).await?;
        }
    }
    Ok(())
}

async fn settle(store: &Store, model: &mut Model, lease: usize, step: &Step) -> Result<(), TestCaseError> {
    let Some(job) = model.leases.get(lease) else { return Ok(()) };
    let (now, why) = (model.now, "x".to_owned());
    let done = match step {
        Step::Extend(_, lasts) => store.extend_job(job, at(now), at(now + lasts)).await,
        Step::Finish(_) => store.finish_job(job).await,
        Step::Retry(_, after) => store.retry_job(job, at(now + after), why).await,
        _ => store.bury_job(job, at(now), why).await,
    };
    let Some(place) = model.held(lease) else {
        prop_assert_eq!(done, Err(StoreError::Fenced));
        return Ok(());
    };
    prop_assert_eq!(done, Ok(()));
    match step {
        Step::Extend(_, lasts) => model.rows[place].until = Some(now + lasts),
        Step::Retry(_, after) if model.waiting(model.rows[place].key).is_none() => {
            (model.rows[place].until, model.rows[place].run_at) = (None, now + after);
        }
        _ => {
            let key = model.rows.remove(place).key;
            match step {
                Step::Bury(_) => drop(model.dead.insert(key)),
                Step::Finish(_) => drop(model.dead.remove(&key)),
                _ => {}
            }
        }
    }
    Ok(())
}

fn holds_on(engine: impl AsyncFn() -> Engine) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let engine = runtime.block_on(engine());
    let store = runtime.block_on(engine.open());
    let config = Config { cases: 96, failure_persistence: None, ..Config::default() };
    let steps = prop::collection::vec(step(), 1..60);
    let holds = TestRunner::new(config).run(&steps, |steps| {
        runtime.block_on(async {
            engine.raw("delete from job").await;
            let mut model = Model::default();
            for step in steps {
                play(&store, &mut model, step).await?;
            }
            let counts = [model.rows.len(), model.dead.len()].map(|count| i64::try_from(count).unwrap());
            prop_assert_eq!(store.job_counts().await.unwrap(), (counts[0], counts[1]));
            Ok(())
        })
    });
    holds.unwrap();
}

#[test]
fn the_queue_does_what_the_model_says_on_sqlite() {
    holds_on(async || sqlite());
}

#[test]
fn the_queue_does_what_the_model_says_on_postgres() {
    holds_on(postgres);
}
