//! The two engines behind one door. One SQL text runs on both; no code outside
//! this crate knows which one it is.

use crate::StoreError;
use crate::address::Address;
use crate::writer::Writer;
use futures_util::future::BoxFuture;
use sqlx::postgres::{PgConnection, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use std::path::PathBuf;
use std::time::{Duration, Instant};

const READERS: u32 = 4;
const CONNECTIONS: u32 = 16;
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(crate) enum Db {
    /// One writer, which takes what waits and commits it together.
    Sqlite { path: PathBuf, writer: Writer, readers: SqlitePool },
    Postgres {
        /// `HOST:PORT/NAME`
        place: String,
        pool: PgPool,
    },
}

/// What a store is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// What is not there is made.
    Whole,
    ReadOnly,
}

/// A transaction of either engine.
#[derive(Debug)]
pub(crate) enum Tx<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

/// Runs the same expression on either engine's connection.
macro_rules! both {
    ($tx:expr, $connection:ident => $run:expr) => {
        match $tx {
            crate::db::Tx::Sqlite($connection) => {
                let $connection = &mut **$connection;
                $run
            }
            crate::db::Tx::Postgres($connection) => {
                let $connection = &mut **$connection;
                $run
            }
        }
    };
}
pub(crate) use both;

/// Runs a statement with its values: how many rows it changed.
macro_rules! execute {
    ($tx:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        crate::db::both!($tx, c => sqlx::query($sql)$(.bind($value))*.execute(c).await.map(|done| done.rows_affected()))
    };
}
pub(crate) use execute;

/// Reads rows as tuples: `fetch_one`, `fetch_optional` or `fetch_all`.
macro_rules! fetch {
    ($tx:expr, $how:ident, $sql:expr $(, $value:expr)* $(,)?) => {
        crate::db::both!($tx, c => sqlx::query_as($sql)$(.bind($value))*.$how(c).await)
    };
}
pub(crate) use fetch;

/// Finds the row that is to be leased, as a tuple. On PostgreSQL those are passed
/// over that another transaction is just leasing; SQLite has one writer.
macro_rules! fetch_to_lease {
    ($tx:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        match $tx {
            crate::db::Tx::Sqlite(c) => sqlx::query_as($sql)$(.bind($value))*.fetch_optional(&mut **c).await,
            crate::db::Tx::Postgres(c) => {
                let skipping = sqlx::AssertSqlSafe(format!("{} for update skip locked", $sql));
                sqlx::query_as(skipping)$(.bind($value))*.fetch_optional(&mut **c).await
            }
        }
    };
}
pub(crate) use fetch_to_lease;

impl Db {
    pub(crate) async fn open(url: &str, access: Access) -> Result<Self, StoreError> {
        let looks_only = access == Access::ReadOnly;
        match Address::parse(url)? {
            Address::Sqlite(path) if looks_only && !path.is_file() => {
                Err(StoreError::NotReady(format!("there is no database at {} yet", path.display())))
            }
            Address::Sqlite(path) => {
                let options = SqliteConnectOptions::new()
                    .filename(&path)
                    .create_if_missing(!looks_only)
                    .read_only(looks_only)
                    .synchronous(SqliteSynchronous::Full)
                    .foreign_keys(true)
                    .busy_timeout(PATIENCE);
                // The mode is written into the file: who looks only takes it as it is.
                let options = if looks_only { options } else { options.journal_mode(SqliteJournalMode::Wal) };
                let writer = Writer::start(options.clone()).await.map_err(|e| e.at(&path.display().to_string()))?;
                let readers = SqlitePoolOptions::new()
                    .max_connections(READERS)
                    .acquire_timeout(PATIENCE)
                    .connect_lazy_with(options.read_only(true));
                Ok(Self::Sqlite { path, writer, readers })
            }
            Address::Postgres(options) => {
                let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
                let database = options.get_database().unwrap_or(options.get_username());
                let place = format!("{}:{}/{database}", options.get_host(), options.get_port());
                let pool = pool.connect_with(*options).await.map_err(|e| StoreError::from(e).at(&place))?;
                Ok(Self::Postgres { place, pool })
            }
        }
    }

    /// One transaction that changes something: all of it, or nothing. It may be
    /// committed together with others; nothing is answered before that.
    pub(crate) async fn write<T, F>(&self, run: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t, 'c> FnOnce(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        let begun = Instant::now();
        let answer = match self {
            Self::Sqlite { writer, .. } => writer.run(run).await,
            Self::Postgres { pool, .. } => change(pool, run).await,
        };
        self.ended("write", begun, answer)
    }

    /// Reads one state of the database.
    pub(crate) async fn read<T, F>(&self, run: F) -> Result<T, StoreError>
    where
        F: for<'t, 'c> FnOnce(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T, StoreError>>,
    {
        let begun = Instant::now();
        let read = async {
            match self {
                Self::Sqlite { readers, .. } => run(&mut Tx::Sqlite(&mut *readers.begin().await?)).await,
                Self::Postgres { pool, .. } => run(&mut Tx::Postgres(&mut *pool.begin().await?)).await,
            }
        };
        self.ended("read", begun, read.await)
    }

    /// Counts it, and says where an error was.
    fn ended<T>(&self, act: &'static str, begun: Instant, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        let outcome = match &answer {
            Err(error) if error.is_of_the_database() => "failed",
            // What a fence or a rule refuses was answered all the same.
            Ok(_) | Err(_) => "answered",
        };
        metrics::histogram!("gonogo_store_seconds", "act" => act, "outcome" => outcome).record(begun.elapsed());
        answer.map_err(|error| error.at(&self.place()))
    }

    /// Where the database is, for errors.
    fn place(&self) -> String {
        match self {
            Self::Sqlite { path, .. } => path.display().to_string(),
            Self::Postgres { place, .. } => place.clone(),
        }
    }
}

/// Waits until no other transaction has this lock, and holds it to the end: what
/// is looked at from here on is not changed by others who take it. SQLite has
/// one writer anyway.
pub(crate) async fn alone(tx: &mut Tx<'_>, lock: i64) -> Result<(), StoreError> {
    if let Tx::Postgres(connection) = tx {
        sqlx::query("select pg_advisory_xact_lock($1)").bind(lock).execute(&mut **connection).await?;
    }
    Ok(())
}

async fn change<T, F>(pool: &PgPool, run: F) -> Result<T, StoreError>
where
    F: for<'t, 'c> FnOnce(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T, StoreError>>,
{
    let mut transaction = pool.begin().await?;
    let answer = run(&mut Tx::Postgres(&mut transaction)).await?;
    transaction.commit().await?;
    Ok(answer)
}
