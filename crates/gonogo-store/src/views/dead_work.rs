//! Work that waits or runs, work that was given up, and a person's word that it be
//! tried again.

use crate::audit::{Deed, note};
use crate::db::{execute, fetch};
use crate::{JobId, Store, StoreError, micros, time};
use jiff::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadWork {
    pub id: JobId,
    pub kind: String,
    pub key: String,
    /// How often it was begun.
    pub attempts: i64,
    pub dead_at: Timestamp,
    /// Why it failed the last time.
    pub error: String,
}

/// Work that is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedWork {
    pub kind: String,
    pub key: String,
    /// How often it was begun.
    pub attempts: i64,
    /// When it is, or was, due.
    pub run_at: Timestamp,
    pub is_running: bool,
    /// Why it failed when it was tried last.
    pub error: Option<String>,
}

impl Store {
    /// In the order in which it is due.
    pub async fn queued_work(&self, now: Timestamp, most: u32) -> Result<Vec<QueuedWork>, StoreError> {
        type Row = (String, String, i64, i64, i64, Option<String>);
        const SELECT: &str = "select kind, key, attempts, run_at,
                 cast(case when leased_until > $1 then 1 else 0 end as bigint), error from job
             where dead_at is null order by run_at, id limit $2";
        let (now, most) = (micros(now), i64::from(most));
        let rows: Vec<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, now, most)?) })).await?;
        let read = |(kind, key, attempts, run_at, is_running, error): Row| QueuedWork {
            kind,
            key,
            attempts,
            run_at: time(run_at),
            is_running: is_running != 0,
            error,
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// The newest, or those older than one.
    pub async fn dead_work(&self, before: Option<i64>, most: u32) -> Result<Vec<DeadWork>, StoreError> {
        type Row = (i64, String, String, i64, i64, String);
        const SELECT: &str = "select id, kind, key, attempts, dead_at, coalesce(error, '') from job
             where dead_at is not null and id < $1 order by id desc limit $2";
        let (before, most) = (before.unwrap_or(i64::MAX), i64::from(most));
        let rows: Vec<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, before, most)?) })).await?;
        let read = |(id, kind, key, attempts, dead_at, error): Row| DeadWork {
            id: JobId(id),
            kind,
            key,
            attempts,
            dead_at: time(dead_at),
            error,
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// Has it tried again from the beginning; false where there is none. Where the
    /// same key waits already, that one does the work.
    pub async fn run_dead_work(&self, id: JobId, deed: Deed) -> Result<bool, StoreError> {
        const DELETE: &str = "delete from job where id = $1 and dead_at is not null
             and exists (select 1 from job other where other.kind = job.kind and other.key = job.key
                 and other.leased_until is null and other.dead_at is null)";
        const UPDATE: &str = "update job set dead_at = null, attempts = 0, run_at = $2
             where id = $1 and dead_at is not null";
        let found = self
            .db
            .write(move |tx| {
                Box::pin(async move {
                    let deleted = execute!(tx, DELETE, id.0)?;
                    if deleted == 0 && execute!(tx, UPDATE, id.0, micros(deed.at))? == 0 {
                        return Ok(false);
                    }
                    note(tx, &deed).await?;
                    Ok(true)
                })
            })
            .await?;
        self.work.came();
        Ok(found)
    }
}
