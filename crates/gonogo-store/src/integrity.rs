//! Whether what is stored is whole.

use crate::db::{Db, Tx, fetch};
use crate::{Store, StoreError};

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub what: &'static str,
    /// What is wrong; `None` where all is well.
    pub wrong: Option<String>,
}

impl Store {
    /// The file or the connection, the audit's chain, work that was given up, and
    /// what could not be shown outside so far.
    pub async fn check(&self) -> Result<Vec<Finding>, StoreError> {
        let database = match &*self.db {
            Db::Sqlite { .. } => self.damage().await?,
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
        ])
    }

    /// How much could not be shown when it was tried last, and why not.
    async fn not_shown(&self) -> Result<Option<String>, StoreError> {
        let select = "select count(*), min(error) from mirror where made_version < version and error is not null";
        let (waiting, why): (i64, Option<String>) =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_one, select)?) })).await?;
        Ok(why.map(|why| format!("{waiting} not shown yet: {why}")))
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
