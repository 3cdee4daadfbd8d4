//! What systems outside answered last, for when they do not answer. What was
//! told to have changed is kept no more.

use crate::db::{execute, fetch};
use crate::{Store, StoreError, micros, time};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// Older ones count for nobody.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);
/// What is the same still is written anew no sooner than this.
const FRESH_FOR: SignedDuration = SignedDuration::from_secs(30);

/// An answer, by what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// A story's key, or a query.
    pub key: String,
    /// JSON
    pub answer: String,
    pub at: Timestamp,
}

impl Store {
    /// Keeps answers, each with the system that gave it. `wants` tells what was
    /// wanted of each; one that is newer already stays.
    pub async fn keep_answers(&self, wants: &str, answers: Vec<(String, KeptAnswer)>) -> Result<(), StoreError> {
        let Some(newest) = answers.iter().map(|(_, kept)| kept.at).max() else { return Ok(()) };
        let wants = wants.to_owned();
        let upsert = "insert into fact (system, key, wants, answer, at) values ($1, $2, $3, $4, $5)
             on conflict (system, key, wants) do update set answer = excluded.answer, at = excluded.at
             where fact.at < excluded.at and (fact.answer <> excluded.answer or fact.at < excluded.at - $6)";
        let (fresh, kept) = (micros_of(FRESH_FOR), micros_of(KEPT_FOR));
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    for (system, kept) in &answers {
                        execute!(tx, upsert, system, &kept.key, &wants, &kept.answer, micros(kept.at), fresh)?;
                    }
                    execute!(tx, "delete from fact where at < $1", micros(newest) - kept)?;
                    Ok(())
                })
            })
            .await
    }

    /// What a system answered last to these, where that is kept.
    pub async fn kept_answers(
        &self,
        system: &str,
        wants: &str,
        keys: Vec<String>,
    ) -> Result<Vec<KeptAnswer>, StoreError> {
        type Row = (String, String, i64);
        const SELECT: &str = "select key, answer, at from fact where system = $1 and wants = $2 and key = $3";
        let (system, wants) = (system.to_owned(), wants.to_owned());
        let rows: Vec<Row> = self
            .db
            .read(|tx| {
                Box::pin(async move {
                    let mut rows = Vec::new();
                    for key in keys.into_iter().collect::<BTreeSet<_>>() {
                        let row: Option<Row> = fetch!(tx, fetch_optional, SELECT, &system, &wants, key)?;
                        rows.extend(row);
                    }
                    Ok(rows)
                })
            })
            .await?;
        Ok(rows.into_iter().map(|(key, answer, at)| KeptAnswer { key, answer, at: time(at) }).collect())
    }

    /// It was told to have changed, whoever answered what of it.
    pub async fn forget_answers(&self, key: &str) -> Result<(), StoreError> {
        let key = key.to_owned();
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    execute!(tx, "delete from fact where key = $1", &key)?;
                    Ok(())
                })
            })
            .await
    }
}

fn micros_of(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
