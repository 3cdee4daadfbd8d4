//! Pull requests as they were seen last: what lists show of them, and whether
//! anything is new that a verdict could hang on.

use crate::db::{execute, fetch};
use crate::jobs::{NewJob, put};
use crate::{Store, StoreError};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenPull {
    pub service: String,
    pub number: u64,
    pub title: String,
    pub author: String,
    pub is_draft: bool,
    /// Of all that a verdict could hang on.
    pub digest: String,
}

impl Store {
    /// Who made it; `None` where it was not seen itself, or they are gone.
    pub async fn pull_author(&self, service: &str, number: u64) -> Result<Option<String>, StoreError> {
        let select = "select author from pull_request where service = $1 and number = $2 and author <> ''";
        let (service, number) = (service.to_owned(), column(number)?);
        let row: Option<(String,)> = self
            .db
            .read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, select, service, number)?) }))
            .await?;
        Ok(row.map(|(author,)| author))
    }

    /// Keeps it; where it was seen otherwise before, or never, the work is queued
    /// with that.
    pub async fn pull_was_seen(&self, seen: SeenPull, work: NewJob) -> Result<(), StoreError> {
        let number = column(seen.number)?;
        let select = "select digest from pull_request where service = $1 and number = $2";
        let upsert = "insert into pull_request (service, number, title, author, is_draft, digest)
             values ($1, $2, $3, $4, $5, $6)
             on conflict (service, number) do update set title = excluded.title, author = excluded.author,
                 is_draft = excluded.is_draft, digest = excluded.digest";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let before: Option<(String,)> = fetch!(tx, fetch_optional, select, &seen.service, number)?;
                    let is_draft = i64::from(seen.is_draft);
                    let (service, title, author, digest) = (&seen.service, &seen.title, &seen.author, &seen.digest);
                    execute!(tx, upsert, service, number, title, author, is_draft, digest)?;
                    if before.is_none_or(|(before,)| before != seen.digest) {
                        put(tx, &work).await?;
                    }
                    Ok(())
                })
            })
            .await?;
        self.work.came();
        Ok(())
    }
}

fn column(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::Unreadable(format!("`{number}` is no pull request's number")))
}
