//! Copies of a store in SQLite, taken while it is in use, and putting one in
//! place. Knows files; what is in the tables is the business of others.

mod aside;
mod backup;
mod part;
mod restore;

pub use backup::backup;
pub use restore::{Existing, restore};

use crate::StoreError;
use crate::db::PATIENCE;
use part::Part;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use std::ffi::OsString;
use std::fmt::Display;
use std::path::{Path, PathBuf};

/// Copies one state of a database, with what its log holds, into a part.
async fn copy(from: &Path, part: &Part) -> Result<(), StoreError> {
    // Of its own: a server's writer goes on meanwhile.
    let mut connection = reader(from).await?;
    let to = part.path().to_string_lossy().into_owned();
    let copied = sqlx::query("vacuum into $1").bind(to).execute(&mut connection).await;
    connection.close().await.ok();
    copied?;
    Ok(())
}

async fn reader(path: &Path) -> Result<SqliteConnection, sqlx::Error> {
    SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(PATIENCE).connect().await
}

/// The path with something after its name.
fn with(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(end);
    PathBuf::from(name)
}

fn not_written(path: &Path, error: impl Display) -> StoreError {
    StoreError::Copy {
        what: format!("{} could not be written: {error}", path.display()),
        fix: "see that its folder is there, may be written to, and has room".to_owned(),
    }
}
