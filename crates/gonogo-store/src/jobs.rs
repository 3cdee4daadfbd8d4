//! The queue: work with a lease and a fence. A key that waits is queued once; a
//! lease that ran out is somebody else's, and who had it is told so.

use crate::audit::{Deed, note};
use crate::db::{Tx, execute, fetch, fetch_to_lease};
use crate::leases::Lease;
use crate::views::changes::{has_changed, in_turn};
use crate::{Store, StoreError, micros};
use jiff::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    pub kind: &'static str,
    /// Two waiting jobs of a kind never have the same.
    pub key: String,
    pub body: String,
    pub run_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobId(pub i64);

/// Leased work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    pub id: JobId,
    pub kind: String,
    pub key: String,
    pub body: String,
    /// How often it was begun, with this time.
    pub attempts: i64,
    fence: i64,
    /// Then people see that it does not go on.
    has_failed: bool,
}

impl Store {
    pub async fn enqueue(&self, job: NewJob) -> Result<(), StoreError> {
        self.db.write(move |tx| Box::pin(async move { put(tx, &job).await })).await?;
        self.work.came();
        Ok(())
    }

    /// Queues what a person asked for, with its audit entry.
    pub async fn enqueue_for(&self, job: NewJob, deed: Deed) -> Result<(), StoreError> {
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    put(tx, &job).await?;
                    note(tx, &deed).await
                })
            })
            .await?;
        self.work.came();
        Ok(())
    }

    /// The oldest work that is due, leased until `until`.
    pub async fn lease_job(&self, now: Timestamp, until: Timestamp) -> Result<Option<Job>, StoreError> {
        let clock = self.leases;
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let held = clock.lease(tx, now, until).await?;
                    lease(tx, micros(now), held).await
                })
            })
            .await
    }

    /// Goes on holding it.
    pub async fn extend_job(&self, job: &Job, now: Timestamp, until: Timestamp) -> Result<(), StoreError> {
        let (id, fence, clock) = (job.id.0, job.fence, self.leases);
        let update = "update job set leased_until = $3 where id = $1 and fence = $2 and leased_until is not null";
        self.change(move |tx| {
            Box::pin(async move {
                let held = clock.lease(tx, now, until).await?;
                Ok(execute!(tx, update, id, fence, held.until)?)
            })
        })
        .await
    }

    /// It is done, and with it what had been given up of the same key.
    pub async fn finish_job(&self, job: &Job) -> Result<(), StoreError> {
        let (id, fence, kind, key) = (job.id.0, job.fence, job.kind.clone(), job.key.clone());
        let has_failed = job.has_failed;
        self.change(move |tx| {
            Box::pin(async move {
                if has_failed {
                    in_turn(tx).await?;
                    has_changed(tx).await?;
                }
                let delete = "delete from job where id = $1 and fence = $2 and leased_until is not null";
                let done = execute!(tx, delete, id, fence)?;
                if done > 0 {
                    forget_dead(tx, &kind, &key, id).await?;
                }
                Ok(done)
            })
        })
        .await
    }

    /// Puts it back. Where the same key was queued meanwhile that one does the
    /// work, and tells of the error.
    pub async fn retry_job(&self, job: &Job, at: Timestamp, error: String) -> Result<(), StoreError> {
        let (id, fence, kind, key, at) = (job.id.0, job.fence, job.kind.clone(), job.key.clone(), micros(at));
        let has_failed = job.has_failed;
        self.change(move |tx| {
            Box::pin(async move {
                if !has_failed {
                    in_turn(tx).await?;
                    has_changed(tx).await?;
                }
                if waits(tx, &kind, &key, id).await? {
                    let delete = "delete from job where id = $1 and fence = $2 and leased_until is not null";
                    let deleted = execute!(tx, delete, id, fence)?;
                    if deleted > 0 {
                        let tell = "update job set error = $3 where kind = $1 and key = $2
                             and leased_until is null and dead_at is null";
                        execute!(tx, tell, &kind, &key, &error)?;
                    }
                    return Ok(deleted);
                }
                let update = "update job set leased_until = null, run_at = $3, error = $4
                     where id = $1 and fence = $2 and leased_until is not null";
                Ok(execute!(tx, update, id, fence, at, &error)?)
            })
        })
        .await
    }

    /// Puts it back as if it had not been begun, for who comes next. Where the
    /// same key was queued meanwhile that one does the work.
    pub async fn give_back(&self, job: &Job) -> Result<(), StoreError> {
        let (id, fence, kind, key) = (job.id.0, job.fence, job.kind.clone(), job.key.clone());
        self.change(move |tx| {
            Box::pin(async move {
                if waits(tx, &kind, &key, id).await? {
                    let delete = "delete from job where id = $1 and fence = $2 and leased_until is not null";
                    return Ok(execute!(tx, delete, id, fence)?);
                }
                let update = "update job set leased_until = null, attempts = attempts - 1
                     where id = $1 and fence = $2 and leased_until is not null";
                Ok(execute!(tx, update, id, fence)?)
            })
        })
        .await
    }

    /// Gives it up, where a person can see it, once for a key.
    pub async fn bury_job(&self, job: &Job, now: Timestamp, error: String) -> Result<(), StoreError> {
        let (id, fence, kind, key, now) = (job.id.0, job.fence, job.kind.clone(), job.key.clone(), micros(now));
        let update = "update job set dead_at = $3, error = $4, leased_until = null
             where id = $1 and fence = $2 and leased_until is not null";
        self.change(move |tx| {
            Box::pin(async move {
                let done = execute!(tx, update, id, fence, now, &error)?;
                if done > 0 {
                    forget_dead(tx, &kind, &key, id).await?;
                }
                Ok(done)
            })
        })
        .await
    }

    /// How many wait, and how many were given up.
    pub async fn job_counts(&self) -> Result<(i64, i64), StoreError> {
        let select = "select coalesce(sum(case when dead_at is null then 1 else 0 end), 0),
             coalesce(sum(case when dead_at is null then 0 else 1 end), 0) from job";
        self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_one, select)?) })).await
    }

    /// A change of one row that is there only for who holds the lease.
    pub(crate) async fn change<F>(&self, run: F) -> Result<(), StoreError>
    where
        F: for<'t, 'c> FnOnce(&'t mut Tx<'c>) -> futures_util::future::BoxFuture<'t, Result<u64, StoreError>>
            + Send
            + 'static,
    {
        match self.db.write(run).await? {
            0 => Err(StoreError::Fenced),
            _ => Ok(()),
        }
    }
}

/// Queues a job in a transaction; of two that wait with one key the earlier time counts.
pub(crate) async fn put(tx: &mut Tx<'_>, job: &NewJob) -> Result<(), StoreError> {
    let insert = "insert into job (kind, key, body, run_at) values ($1, $2, $3, $4)
         on conflict (kind, key) where leased_until is null and dead_at is null
         do update set body = excluded.body,
             run_at = case when excluded.run_at < job.run_at then excluded.run_at else job.run_at end";
    execute!(tx, insert, job.kind, &job.key, &job.body, micros(job.run_at))?;
    Ok(())
}

/// Whether another job with this key waits.
async fn waits(tx: &mut Tx<'_>, kind: &str, key: &str, beside: i64) -> Result<bool, StoreError> {
    let select = "select count(*) from job where kind = $1 and key = $2 and id <> $3
         and leased_until is null and dead_at is null";
    let (waiting,): (i64,) = fetch!(tx, fetch_one, select, kind, key, beside)?;
    Ok(waiting > 0)
}

/// Whether somebody works on another job with this key.
async fn is_leased(tx: &mut Tx<'_>, kind: &str, key: &str, beside: i64, now: i64) -> Result<bool, StoreError> {
    let select = "select count(*) from job where kind = $1 and key = $2 and id <> $3 and leased_until > $4";
    let (leased,): (i64,) = fetch!(tx, fetch_one, select, kind, key, beside, now)?;
    Ok(leased > 0)
}

/// What was given up of a key, whose work is done, or given up anew.
async fn forget_dead(tx: &mut Tx<'_>, kind: &str, key: &str, but: i64) -> Result<(), StoreError> {
    const FORGET: &str = "delete from job where kind = $1 and key = $2 and dead_at is not null and id <> $3";
    execute!(tx, FORGET, kind, key, but)?;
    Ok(())
}

/// A key is worked on by one at a time: what waits behind a live lease of its
/// key stays.
async fn lease(tx: &mut Tx<'_>, now: i64, held: Lease) -> Result<Option<Job>, StoreError> {
    type Row = (i64, String, String, String, i64, i64, i64);
    const DUE: &str =
        "select id, kind, key, body, attempts, fence, cast(case when error is null then 0 else 1 end as bigint) from job
         where dead_at is null and run_at <= $1 and (leased_until is null or leased_until <= $2)
         and not exists (select 1 from job other where other.kind = job.kind and other.key = job.key
             and other.id <> job.id and other.leased_until > $2)
         order by run_at, id limit 1";
    let found: Option<Row> = fetch_to_lease!(tx, DUE, now, held.now)?;
    let Some((id, kind, key, body, attempts, fence, has_failed)) = found else { return Ok(None) };
    if let Tx::Postgres(c) = tx {
        // Two rows of a key may be found by two at once: one of them comes first.
        const TURN: &str = "select pg_advisory_xact_lock(hashtextextended($1, 0))";
        sqlx::query(TURN).bind(format!("{kind} {key}")).execute(&mut **c).await?;
        if is_leased(tx, &kind, &key, id, held.now).await? {
            return Ok(None);
        }
    }
    let update = "update job set leased_until = $2, attempts = attempts + 1, fence = fence + 1 where id = $1";
    execute!(tx, update, id, held.until)?;
    let (id, attempts, fence, has_failed) = (JobId(id), attempts + 1, fence + 1, has_failed != 0);
    Ok(Some(Job { id, kind, key, body, attempts, fence, has_failed }))
}
