//! Requests of programs that were done: written down with what they did, so that
//! the same one again is answered and not done again.

use crate::db::{Tx, execute, fetch};
use crate::{Store, StoreError, micros};
use gonogo_core::person::Once;
use jiff::{SignedDuration, Timestamp};

/// Who asks again after that is taken to ask for something new.
pub(crate) const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What a request came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoneRequest {
    pub request_hash: String,
    /// The number of what it made.
    pub made: Option<i64>,
}

impl Store {
    /// What was done under a token's key, where that is not long ago.
    pub async fn done_request(&self, token: i64, key: &str, now: Timestamp) -> Result<Option<DoneRequest>, StoreError> {
        const SELECT: &str =
            "select request_hash, made from done_request where token = $1 and key = $2 and done_at > $3";
        let (key, since) = (key.to_owned(), micros(now - KEPT_FOR));
        let row: Option<(String, Option<i64>)> = self
            .db
            .read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, SELECT, token, key, since)?) }))
            .await?;
        Ok(row.map(|(request_hash, made)| DoneRequest { request_hash, made }))
    }
}

/// Writes it down in the transaction that does it, which comes to nothing where
/// it was done already.
pub(crate) async fn is_done(tx: &mut Tx<'_>, once: &Once, made: Option<i64>, now: Timestamp) -> Result<(), StoreError> {
    const INSERT: &str = "insert into done_request (token, key, request_hash, made, done_at)
         values ($1, $2, $3, $4, $5) on conflict (token, key) do nothing";
    execute!(tx, "delete from done_request where done_at <= $1", micros(now - KEPT_FOR))?;
    match execute!(tx, INSERT, once.token, &once.key, &once.request_hash, made, micros(now))? {
        0 => Err(StoreError::Done),
        _ => Ok(()),
    }
}
