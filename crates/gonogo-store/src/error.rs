//! What can go wrong with the store, for a person who can mend it.

use thiserror::Error;

#[derive(Debug, Error)]
pub enum StoreError {
    #[error("the store's address `{url}` is wrong: {said}\n  → write sqlite:PATH or postgres://USER@HOST/NAME")]
    Address { url: String, said: String },
    #[error("the database is busy: {0}\n  → see who else has it open; it is tried again")]
    Busy(String),
    #[error("another gonogo serves {0} already\n  → stop it first; several servers at once want PostgreSQL")]
    Served(String),
    #[error("the disk is full, so that nothing can be stored\n  → make room where the database is")]
    DiskFull,
    #[error("the database is damaged: {0}\n  → restore the newest backup (gonogo restore)")]
    Damaged(String),
    #[error(
        "the database cannot be reached: {0}\n  → see that it runs and that [store] url is right; it is tried again"
    )]
    Unreachable(String),
    #[error(
        "the database was written by a newer gonogo (schema {found}, this version knows {known})\n  → use that version, or restore a backup from before"
    )]
    Newer { found: i64, known: i64 },
    #[error("migration {0} of the database is not the one that was released\n  → use an unchanged version of gonogo")]
    Changed(i64),
    /// A backup that could not be written, or put in place.
    #[error("{what}\n  → {fix}")]
    Copy { what: String, fix: String },
    /// Somebody else has the work by now: what was done with it does not count.
    #[error("the lease was lost to another worker")]
    Fenced,
    #[error("the database refused: {0}")]
    Refused(String),
    #[error("what is stored could not be read: {0}")]
    Unreadable(String),
}

impl StoreError {
    /// Whether trying again later can help.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Busy(_) | Self::DiskFull | Self::Unreachable(_))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let said = said(&error);
        match &error {
            sqlx::Error::Database(inner) => {
                let code = inner.code().unwrap_or_default();
                // SQLite's result codes (the low byte of an extended one), or
                // PostgreSQL's classes.
                match code.parse::<i64>().map(|code| code & 0xff) {
                    Ok(5 | 6) => Self::Busy(said),
                    Ok(11 | 26) => Self::Damaged(said),
                    Ok(13) => Self::DiskFull,
                    Ok(10 | 14) => Self::Unreachable(said),
                    _ if code.starts_with("53") && code == "53100" => Self::DiskFull,
                    _ if code.starts_with("40") || code == "55P03" => Self::Busy(said),
                    _ if code.starts_with("57P") || code.starts_with("53") || code.starts_with("08") => {
                        Self::Unreachable(said)
                    }
                    _ => Self::Refused(said),
                }
            }
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unreachable(said),
            sqlx::Error::Configuration(_) => Self::Address { url: String::new(), said },
            _ => Self::Refused(said),
        }
    }
}

/// In the database's own words, where it said something.
pub(crate) fn said(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(inner) => inner.message().to_owned(),
        other => other.to_string(),
    }
}
