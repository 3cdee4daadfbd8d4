//! When what waits is due, where the clock was set back: due times would lie as
//! far ahead as the step was wide, and a verdict would hang as long.

use crate::db::{Tx, execute};
use crate::{Store, StoreError, micros};
use jiff::{SignedDuration, Timestamp};

impl Store {
    /// The clock went back by so much, to `now`: what is due later is due earlier
    /// by that. How many there were.
    pub async fn clock_went_back(&self, by: SignedDuration, now: Timestamp) -> Result<u64, StoreError> {
        let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        let moved = self.db.write(move |tx| Box::pin(async move { bring_nearer(tx, by, micros(now)).await })).await?;
        self.work.came();
        Ok(moved)
    }

    /// Nothing is due later than so long from now: what is was put off before the
    /// clock went back, and is due at once. How many there were.
    pub async fn nothing_waits_longer(&self, most: SignedDuration, now: Timestamp) -> Result<u64, StoreError> {
        let latest = now.saturating_add(most).unwrap_or(now);
        let moved =
            self.db.write(move |tx| Box::pin(async move { bring_all(tx, micros(latest), micros(now)).await })).await?;
        self.work.came();
        Ok(moved)
    }
}

async fn bring_nearer(tx: &mut Tx<'_>, by: i64, now: i64) -> Result<u64, StoreError> {
    let jobs = execute!(tx, "update job set run_at = run_at - $1 where run_at > $2 and dead_at is null", by, now)?;
    let mirror = "update mirror set run_at = run_at - $1 where run_at > $2 and made_version < version";
    let mirror = execute!(tx, mirror, by, now)?;
    let outbox = execute!(tx, "update outbox set run_at = run_at - $1 where run_at > $2 and state = 'waits'", by, now)?;
    Ok(jobs + mirror + outbox)
}

async fn bring_all(tx: &mut Tx<'_>, latest: i64, now: i64) -> Result<u64, StoreError> {
    let jobs = execute!(tx, "update job set run_at = $1 where run_at > $2 and dead_at is null", now, latest)?;
    let mirror = "update mirror set run_at = $1 where run_at > $2 and made_version < version";
    let mirror = execute!(tx, mirror, now, latest)?;
    let outbox = execute!(tx, "update outbox set run_at = $1 where run_at > $2 and state = 'waits'", now, latest)?;
    Ok(jobs + mirror + outbox)
}
