//! Whether what is stored is whole.

use crate::db::{Db, Tx, fetch};
use crate::{Store, StoreError, micros};
use jiff::{SignedDuration, Timestamp};

/// A message that waits for longer does not go on by itself any more.
const STUCK: SignedDuration = SignedDuration::from_hours(1);

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub what: &'static str,
    /// What is wrong; `None` where all is well.
    pub wrong: Option<String>,
}

impl Store {
    /// The file or the connection, the audit's chain, work that was given up,
    /// what could not be shown outside so far, and what could not be said.
    pub async fn check(&self, now: Timestamp) -> Result<Vec<Finding>, StoreError> {
        let database = match &*self.db {
            Db::Sqlite { .. } => match self.damage().await? {
                None => self.lacks_room().await,
                damage => damage,
            },
            // PostgreSQL checks its pages itself as it reads them.
            Db::Postgres { .. } => None,
        };
        let broken = self.audit_broken_at().await?;
        let (_, given_up) = self.job_counts().await?;
        let given_up = (given_up > 0).then(|| format!("{given_up} jobs were given up"));
        Ok(vec![
            Finding { what: "database", wrong: database },
            Finding {
                what: "audit",
                wrong: broken.map(|id| format!("entry {id} does not follow from the one before")),
            },
            Finding { what: "work", wrong: given_up },
            Finding { what: "outside", wrong: self.not_shown().await? },
            Finding { what: "messages", wrong: self.not_said_yet(now).await? },
        ])
    }

    /// How much could not be shown when it was tried last, and why not.
    async fn not_shown(&self) -> Result<Option<String>, StoreError> {
        let select = "select count(*), min(error) from mirror where made_version < version and error is not null";
        let (waiting, why): (i64, Option<String>) =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_one, select)?) })).await?;
        Ok(why.map(|why| format!("{waiting} not shown yet: {why}")))
    }

    /// How much was not said, is in doubt, or waits for long, and why.
    async fn not_said_yet(&self, now: Timestamp) -> Result<Option<String>, StoreError> {
        const STUCK_ONES: &str = "select count(*), min(error) from outbox
             where state = 'waits' and coalesce(again_at, added_at) < $1";
        const WHY: &str = "select min(error) from outbox where state in ('doubtful', 'failed')";
        let troubled = self.troubled_messages().await?;
        let before = micros(now.checked_sub(STUCK).unwrap_or(now));
        let ((stuck, stuck_why), (why,)): ((i64, Option<String>), (Option<String>,)) = self
            .db
            .read(|tx| {
                Box::pin(async move { Ok((fetch!(tx, fetch_one, STUCK_ONES, before)?, fetch!(tx, fetch_one, WHY)?)) })
            })
            .await?;
        let counts = [
            (i64::from(troubled.failed), "failed"),
            (i64::from(troubled.doubtful), "in doubt"),
            (stuck, "waiting for over an hour"),
        ];
        let parts: Vec<String> =
            counts.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}")).collect();
        let why = why.or(stuck_why).map(|why| format!(": {why}")).unwrap_or_default();
        Ok((!parts.is_empty()).then(|| format!("{}{why}", parts.join(", "))))
    }

    async fn damage(&self) -> Result<Option<String>, StoreError> {
        let rows: Vec<(String,)> = self
            .db
            .read(|tx| {
                Box::pin(async move {
                    Ok(match tx {
                        Tx::Sqlite(_) => fetch!(tx, fetch_all, "pragma integrity_check")?,
                        Tx::Postgres(_) => Vec::new(),
                    })
                })
            })
            .await?;
        let said: Vec<String> = rows.into_iter().map(|(line,)| line).filter(|line| line != "ok").collect();
        Ok((!said.is_empty()).then(|| said.join("; ")))
    }
}
