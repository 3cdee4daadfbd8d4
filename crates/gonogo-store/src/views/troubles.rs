//! Work that failed and is tried again: what does not go on, and why.

use crate::db::fetch;
use crate::{Store, StoreError, time};
use jiff::Timestamp;
use serde::Serialize;

/// A key whose work failed the last time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trouble {
    pub key: String,
    pub error: String,
    pub next_at: Timestamp,
}

impl Store {
    /// The work of a kind that failed the last time, one of each key.
    pub async fn troubles(&self, kind: &'static str) -> Result<Vec<Trouble>, StoreError> {
        const SELECT: &str = "select key, error, run_at from job
             where kind = $1 and error is not null and dead_at is null
             order by key, id desc";
        type Row = (String, String, i64);
        let rows: Vec<Row> =
            self.db.read(move |tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, kind)?) })).await?;
        let read = |(key, error, run_at): Row| Trouble { key, error, next_at: time(run_at) };
        let mut troubles: Vec<Trouble> = rows.into_iter().map(read).collect();
        troubles.dedup_by(|later, kept| later.key == kept.key);
        Ok(troubles)
    }
}
