//! What can go wrong with the store, for a person who can mend it.

use crate::db::PATIENCE;
use sqlx::sqlite::SqliteError;
use thiserror::Error;

#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum StoreError {
    #[error("the store's address `{url}` is wrong: {said}\n  → write sqlite:PATH or postgres://USER@HOST/NAME")]
    Address { url: String, said: String },
    #[error("the database is busy: {0}\n  → see who else has it open; it is tried again")]
    Busy(String),
    #[error("another gonogo serves {0} already\n  → stop it first; several servers at once want PostgreSQL")]
    Served(String),
    #[error(
        "the disk is full, so that nothing can be stored: {0}\n  → make room where the database is; it is tried again"
    )]
    DiskFull(String),
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
    #[error("{0}\n  → `gonogo serve` sees to that at its start")]
    NotReady(String),
    #[error("migration {0} of the database is not the one that was released\n  → use an unchanged version of gonogo")]
    Changed(i64),
    /// A backup that could not be written, or put in place.
    #[error("{what}\n  → {fix}")]
    Copy { what: String, fix: String },
    /// Somebody else has the work by now: what was done with it does not count.
    #[error("the lease was lost to another worker")]
    Fenced,
    /// The same request was done before, or by somebody else meanwhile.
    #[error("a request with this key was done already")]
    Done,
    /// No act of a deploy may begin now.
    #[error("no step of this deploy may begin now")]
    Stopped,
    /// What was asked for would leave no admin who can sign in.
    #[error("nobody would be admin any more")]
    LastAdmin,
    #[error("the database refused: {0}")]
    Refused(String),
    #[error("what is stored could not be read: {0}")]
    Unreadable(String),
}

impl StoreError {
    /// Whether trying again later can help.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Busy(_) | Self::DiskFull(_) | Self::Unreachable(_))
    }

    /// Whether the whole database is concerned, and not one statement alone.
    pub(crate) fn is_of_the_database(&self) -> bool {
        self.is_passing() || matches!(self, Self::Damaged(_))
    }

    /// The same, with where the database is.
    pub(crate) fn at(self, place: &str) -> Self {
        let at = |said: String| format!("{place}: {said}");
        match self {
            Self::Busy(said) => Self::Busy(at(said)),
            Self::DiskFull(said) => Self::DiskFull(at(said)),
            Self::Damaged(said) => Self::Damaged(at(said)),
            Self::Unreachable(said) => Self::Unreachable(at(said)),
            other => other,
        }
    }

    /// By the low byte of an extended result code: <https://sqlite.org/rescode.html>
    fn of_sqlite(code: i64, said: String) -> Self {
        match code & 0xff {
            5 | 6 => Self::Busy(said),
            11 | 26 => Self::Damaged(said),
            13 => Self::DiskFull(said),
            // PERM, READONLY, IOERR, CANTOPEN
            3 | 8 | 10 | 14 => Self::Unreachable(said),
            _ => Self::Refused(said),
        }
    }

    /// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
    fn of_postgres(code: &str, said: String) -> Self {
        // Connections, resources, a server that stops, rights, no such database.
        const AWAY: [&str; 6] = ["08", "53", "57P", "28", "3D", "25006"];
        match code {
            "53100" => Self::DiskFull(said),
            "40001" | "40P01" | "55P03" | "57014" => Self::Busy(said),
            "XX001" | "XX002" => Self::Damaged(said),
            _ if AWAY.iter().any(|class| code.starts_with(class)) => Self::Unreachable(said),
            _ => Self::Refused(said),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let said = said(&error);
        match &error {
            sqlx::Error::Database(inner) => {
                let code = inner.code().unwrap_or_default();
                match inner.try_downcast_ref::<SqliteError>() {
                    Some(_) => Self::of_sqlite(code.parse().unwrap_or_default(), said),
                    None => Self::of_postgres(&code, said),
                }
            }
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unreachable(said),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Self::Unreadable(said),
            sqlx::Error::Configuration(_) => Self::Address { url: String::new(), said },
            _ => Self::Refused(said),
        }
    }
}

/// In the database's own words, where it said something.
pub(crate) fn said(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(inner) => inner.message().to_owned(),
        sqlx::Error::PoolTimedOut => format!("it did not answer within {} s", PATIENCE.as_secs()),
        other => other.to_string(),
    }
}
