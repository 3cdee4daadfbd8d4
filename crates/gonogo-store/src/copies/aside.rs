//! A database that gives its place to another. It gets a second name first, so
//! that there is one at its place at every moment.

use super::part::sync_folder_of;
use super::{not_written, reader, with};
use crate::StoreError;
use crate::db::PATIENCE;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Back in its place when it is dropped before it was to be kept.
pub(super) struct Aside {
    path: PathBuf,
    kept: Option<PathBuf>,
    is_final: bool,
}

/// Whether a database is at a path: its log alone counts too, since SQLite
/// would take it for another database's.
pub(super) fn is_there(path: &Path) -> bool {
    path.exists() || has_log(path)
}

fn has_log(path: &Path) -> bool {
    std::fs::metadata(with(path, "-wal")).is_ok_and(|log| log.len() > 0)
}

impl Aside {
    pub(super) async fn put(path: &Path) -> Result<Self, StoreError> {
        let mut aside = Self { path: path.to_owned(), kept: None, is_final: false };
        if is_there(path) {
            empty_log(path).await?;
            aside.kept = Some(free_name(path));
            aside.name_again().map_err(|e| not_written(path, e))?;
        }
        Ok(aside)
    }

    pub(super) fn keep(mut self) -> Option<PathBuf> {
        self.is_final = true;
        self.kept.take()
    }

    fn name_again(&self) -> io::Result<()> {
        let Some(kept) = &self.kept else { return Ok(()) };
        // A log that is still there is a damaged database's. Beside another it
        // would ruin that one, so it goes before.
        ignore_missing(std::fs::rename(with(&self.path, "-wal"), with(kept, "-wal")))?;
        ignore_missing(std::fs::remove_file(with(&self.path, "-shm")))?;
        ignore_missing(std::fs::hard_link(&self.path, kept))?;
        sync_folder_of(kept)
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        let Some(kept) = self.kept.as_ref().filter(|_| !self.is_final) else { return };
        // On the way out with another error.
        std::fs::rename(with(kept, "-wal"), with(&self.path, "-wal")).ok();
        std::fs::remove_file(kept).ok();
    }
}

/// Moves what the log holds into the database. Of one that cannot be read
/// nothing is touched.
async fn empty_log(path: &Path) -> Result<(), StoreError> {
    if is_damaged(path).await? {
        return Ok(());
    }
    let mut connection = SqliteConnectOptions::new().filename(path).busy_timeout(PATIENCE).connect().await?;
    let moved = sqlx::query("pragma wal_checkpoint(truncate)").execute(&mut connection).await;
    connection.close().await?;
    moved?;
    if has_log(path) {
        return Err(StoreError::Busy(format!("another program has {} open", path.display())));
    }
    Ok(())
}

async fn is_damaged(path: &Path) -> Result<bool, StoreError> {
    if !path.exists() {
        return Ok(true);
    }
    let mut connection = reader(path).await?;
    let read = sqlx::query("select count(*) from sqlite_master").execute(&mut connection).await;
    connection.close().await?;
    match read.map_err(StoreError::from) {
        Ok(_) => Ok(false),
        Err(StoreError::Damaged(_)) => Ok(true),
        Err(other) => Err(other),
    }
}

fn free_name(path: &Path) -> PathBuf {
    let names = (1..).map(|number| with(path, &format!(".replaced-{number}")));
    names.into_iter().find(|name| !is_there(name)).unwrap_or_else(|| with(path, ".replaced"))
}

fn ignore_missing(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}
