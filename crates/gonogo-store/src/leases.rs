//! Until when something is somebody's. Replicas share PostgreSQL, and their clocks
//! may differ by more than a lease is long: there the database's clock counts.

use crate::db::Tx;
use crate::{StoreError, micros};
use jiff::Timestamp;

/// By whose clock leases begin and end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeaseClock {
    Callers,
    Databases,
}

/// From when until when something is held, in microseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lease {
    pub now: i64,
    pub until: i64,
}

impl LeaseClock {
    /// As long as from `now` until `until`.
    pub(crate) async fn lease(self, tx: &mut Tx<'_>, now: Timestamp, until: Timestamp) -> Result<Lease, StoreError> {
        let callers = Lease { now: micros(now), until: micros(until) };
        let (Self::Databases, Tx::Postgres(connection)) = (self, tx) else { return Ok(callers) };
        let select = "select cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)";
        let (now,): (i64,) = sqlx::query_as(select).fetch_one(&mut **connection).await?;
        Ok(Lease { now, until: now + (callers.until - callers.now) })
    }
}
