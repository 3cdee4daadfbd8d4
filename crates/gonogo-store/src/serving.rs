//! Who works on the store. SQLite has one server: what another process had
//! begun is nobody's any more, and need not wait for its lease to run out.

use crate::address::Address;
use crate::db::{Db, execute};
use crate::leases::LeaseClock;
use crate::{Store, StoreError};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Held for as long as the server runs; goes with the process, however it ends.
#[derive(Debug)]
pub struct ServerLock {
    _file: Option<File>,
}

impl Store {
    /// Takes the store for this server, and then brings its schema up to date:
    /// never under a server of another version. PostgreSQL may have several servers.
    pub async fn serve(url: &str) -> Result<(Self, ServerLock), StoreError> {
        let lock = match Address::parse(url)? {
            Address::Sqlite(path) => lock_beside(&path)?,
            Address::Postgres(_) => ServerLock { _file: None },
        };
        let store = Self { leases: LeaseClock::Databases, ..Self::open(url).await? };
        store.end_leases().await?;
        Ok((store, lock))
    }

    async fn end_leases(&self) -> Result<(), StoreError> {
        let Db::Sqlite { .. } = &*self.db else { return Ok(()) };
        let statements = [
            // Of two with one key, one that waits does the work of both.
            "delete from job where leased_until is not null and dead_at is null and exists
                 (select 1 from job other where other.kind = job.kind and other.key = job.key
                  and other.leased_until is null and other.dead_at is null)",
            "update job set leased_until = null, fence = fence + 1 where leased_until is not null and dead_at is null",
            "update mirror set leased_until = null where leased_until is not null",
            "update outbox set leased_until = null where leased_until is not null",
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
            .await
    }
}

/// A server that was killed may have been starting a program: until that runs, it
/// holds what the server held.
const PATIENCE: Duration = Duration::from_secs(2);

pub(crate) fn lock_beside(database: &Path) -> Result<ServerLock, StoreError> {
    let mut path = database.to_path_buf().into_os_string();
    path.push(".lock");
    let path = PathBuf::from(path);
    let file = File::create(&path).map_err(|e| StoreError::Unreachable(format!("{}: {e}", path.display())))?;
    let until = Instant::now() + PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(ServerLock { _file: Some(file) }),
            Err(TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(Duration::from_millis(20)),
            Err(TryLockError::WouldBlock) => return Err(StoreError::Served(database.display().to_string())),
            Err(TryLockError::Error(e)) => return Err(StoreError::Unreachable(format!("{}: {e}", path.display()))),
        }
    }
}
