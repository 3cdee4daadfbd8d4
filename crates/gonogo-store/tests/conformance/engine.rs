//! Databases for one test each.

use gonogo_store::Store;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

pub(crate) struct Engine {
    pub url: String,
    /// Of SQLite's file; goes with the test.
    folder: Option<TempDir>,
}

impl Engine {
    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.url).await.expect("the store opens")
    }

    /// SQLite's file.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.as_ref().expect("SQLite has a file").path().join("gonogo.db")
    }

    /// Whether SQLite's file is there.
    pub(crate) fn path_is_there(&self) -> bool {
        self.is_sqlite() && self.path().exists()
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.folder.is_some()
    }

    /// Runs statements behind the store's back.
    pub(crate) async fn raw(&self, sql: &str) {
        let mut connection = self.connect().await;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.expect("the statement runs");
        connection.close().await.expect("it is let go of");
    }

    /// Reads texts behind the store's back.
    pub(crate) async fn lines(&self, sql: &'static str) -> Vec<String> {
        let mut connection = self.connect().await;
        let rows: Vec<(String,)> = sqlx::query_as(sql).fetch_all(&mut connection).await.expect("the statement runs");
        connection.close().await.expect("it is let go of");
        rows.into_iter().map(|(line,)| line).collect()
    }

    async fn connect(&self) -> sqlx::AnyConnection {
        sqlx::any::install_default_drivers();
        // A file that is not there yet is made.
        let url = if self.is_sqlite() { format!("{}?mode=rwc", self.url) } else { self.url.clone() };
        sqlx::AnyConnection::connect(&url).await.expect("the database is there")
    }
}

pub(crate) fn sqlite() -> Engine {
    let folder = tempfile::tempdir().expect("the temporary folder is writable");
    let url = format!("sqlite:{}", folder.path().join("gonogo.db").display());
    Engine { url, folder: Some(folder) }
}

/// A database of its own on the server that `./test` starts.
pub(crate) async fn postgres() -> Engine {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let server = std::env::var("GONOGO_TEST_POSTGRES")
        .expect("GONOGO_TEST_POSTGRES names a PostgreSQL server: run `./test`, or `./test with cargo nextest run`");
    let options = PgConnectOptions::from_str(&server).expect("it is an address of PostgreSQL");
    let name = format!("t{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let mut connection = options.connect().await.expect("the server of the tests answers");
    let create = AssertSqlSafe(format!("create database {name}"));
    sqlx::query(create).execute(&mut connection).await.expect("a database can be made");
    Engine {
        url: server.replace("/postgres", &format!("/{name}")).replacen(&format!("{name}://"), "postgres://", 1),
        folder: None,
    }
}
