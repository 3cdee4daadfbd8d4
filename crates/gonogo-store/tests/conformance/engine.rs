//! Databases for one test each.

use gonogo_store::Store;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions};
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

pub(crate) struct Engine {
    pub url: String,
    /// Goes with the test.
    _folder: Option<TempDir>,
}

impl Engine {
    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.url).await.expect("the store opens")
    }
}

pub(crate) fn sqlite() -> Engine {
    let folder = tempfile::tempdir().expect("the temporary folder is writable");
    let url = format!("sqlite:{}", folder.path().join("gonogo.db").display());
    Engine { url, _folder: Some(folder) }
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
        _folder: None,
    }
}
