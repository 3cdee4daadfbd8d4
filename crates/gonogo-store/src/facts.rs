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

/// What answers to queries are about: any story may come to be in them, or not.
pub const ANY_QUERY: &str = "?";

/// An answer, by what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// A story's key, or a query.
    pub key: String,
    /// The key that the story has now, or [`ANY_QUERY`].
    pub about: String,
    /// JSON
    pub answer: String,
    pub at: Timestamp,
}

impl Store {
    /// Keeps answers, each with the system that gave it. `wants` tells what was
    /// wanted of each; one that is newer already stays, and one from before its
    /// story was told to have changed does not come back.
    pub async fn keep_answers(&self, wants: &str, answers: Vec<(String, KeptAnswer)>) -> Result<(), StoreError> {
        let Some(newest) = answers.iter().map(|(_, kept)| kept.at).max() else { return Ok(()) };
        let wants = wants.to_owned();
        let upsert = "insert into fact (system, key, wants, answer, at, about)
             select $1, $2, $3, $4, cast($5 as bigint), $7 where not exists
                 (select 1 from fact_changed c where c.key in ($2, $7) and c.at >= cast($5 as bigint))
             on conflict (system, key, wants) do update set answer = excluded.answer, at = excluded.at,
                 about = excluded.about
             where fact.at < excluded.at and (fact.answer <> excluded.answer or fact.at < excluded.at - $6)";
        let (fresh, kept) = (micros_of(FRESH_FOR), micros_of(KEPT_FOR));
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    for (system, kept) in &answers {
                        let KeptAnswer { key, about, answer, at } = kept;
                        execute!(tx, upsert, system, key, &wants, answer, micros(*at), fresh, about)?;
                    }
                    execute!(tx, "delete from fact where at < $1", micros(newest) - kept)?;
                    execute!(tx, "delete from fact_changed where at < $1", micros(newest) - kept)?;
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
        type Row = (String, String, String, i64);
        // One that came in while it was told that the story had changed does not count.
        const SELECT: &str = "select f.key, f.about, f.answer, f.at from fact f
             where f.system = $1 and f.wants = $2 and f.key = $3
             and not exists (select 1 from fact_changed c where c.key in (f.key, f.about) and c.at >= f.at)";
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
        let read = |(key, about, answer, at): Row| KeptAnswer { key, about, answer, at: time(at) };
        Ok(rows.into_iter().map(read).collect())
    }

    /// A story was told to have changed by then, whoever answered what of it: what
    /// was answered before counts no more, nor do lists that it may be in. By which
    /// other keys it was asked for.
    pub async fn forget_answers(&self, key: &str, at: Timestamp) -> Result<Vec<String>, StoreError> {
        const OTHERS: &str = "select distinct key from fact where about = $1 and key <> $1 order by key";
        const FORGET: &str = "delete from fact where key = $1 or about = $1";
        const MARK: &str = "insert into fact_changed (key, at) values ($1, $2)
             on conflict (key) do update set at = excluded.at where fact_changed.at < excluded.at";
        let key = key.to_owned();
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let others: Vec<(String,)> = fetch!(tx, fetch_all, OTHERS, &key)?;
                    for key in [key.as_str(), ANY_QUERY] {
                        execute!(tx, FORGET, key)?;
                        execute!(tx, MARK, key, micros(at))?;
                    }
                    Ok(others.into_iter().map(|(key,)| key).collect())
                })
            })
            .await
    }
}

fn micros_of(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
