//! Who works on the store. SQLite has one server: what another process had
//! begun is nobody's any more, and need not wait for its lease to run out.

use crate::db::{Db, execute};
use crate::{Store, StoreError};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// Held for as long as the server runs; goes with the process, however it ends.
#[derive(Debug)]
pub struct ServerLock {
    _file: Option<File>,
}

impl Store {
    /// Takes the store for this server. PostgreSQL may have several.
    pub async fn begin_serving(&self) -> Result<ServerLock, StoreError> {
        let Db::Sqlite { path, .. } = &*self.db else { return Ok(ServerLock { _file: None }) };
        let lock = lock_beside(path)?;
        let statements = [
            // Of two with one key, one that waits does the work of both.
            "delete from job where leased_until is not null and dead_at is null and exists
                 (select 1 from job other where other.kind = job.kind and other.key = job.key
                  and other.leased_until is null and other.dead_at is null)",
            "update job set leased_until = null, fence = fence + 1 where leased_until is not null and dead_at is null",
            "update mirror set leased_until = null where leased_until is not null",
        ];
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    for statement in statements {
                        execute!(tx, statement)?;
                    }
                    Ok(())
                })
            })
            .await?;
        Ok(lock)
    }
}

pub(crate) fn lock_beside(database: &Path) -> Result<ServerLock, StoreError> {
    let mut path = database.to_path_buf().into_os_string();
    path.push(".lock");
    let path = PathBuf::from(path);
    let file = File::create(&path).map_err(|e| StoreError::Unreachable(format!("{}: {e}", path.display())))?;
    match file.try_lock() {
        Ok(()) => Ok(ServerLock { _file: Some(file) }),
        Err(TryLockError::WouldBlock) => Err(StoreError::Served(database.display().to_string())),
        Err(TryLockError::Error(e)) => Err(StoreError::Unreachable(format!("{}: {e}", path.display()))),
    }
}
