//! Whether anything can be stored: who can only read, on a full disk or a damaged
//! database, would take webhooks and lose them.

use crate::db::{Db, execute};
use crate::{Store, StoreError, micros};
use jiff::Timestamp;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// However often it is asked, it is tried no more often.
const TRIED_EACH: Duration = Duration::from_secs(3);
/// What a database on a disk needs at least to go on for a while.
const ROOM: usize = 256 << 10;

/// How it ended when it was tried last.
pub(crate) type Tried = Mutex<Option<(Instant, Result<(), StoreError>)>>;

impl Store {
    /// Tried with a small write. An answer may be some seconds old.
    pub async fn can_store(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut tried = self.tried.lock().await;
        if let Some((at, ended)) = &*tried
            && at.elapsed() < TRIED_EACH
        {
            return ended.clone();
        }
        // What was written may have found room in the log that more would not.
        let has_room = |()| self.lacks_room().map_or(Ok(()), |said| Err(StoreError::DiskFull(said)));
        let ended = self.write_something(now).await.and_then(has_room);
        *tried = Some((Instant::now(), ended.clone()));
        ended
    }

    async fn write_something(&self, now: Timestamp) -> Result<(), StoreError> {
        let upsert = "insert into written (one, at) values (1, $1)
             on conflict (one) do update set at = excluded.at";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    execute!(tx, upsert, micros(now))?;
                    Ok(())
                })
            })
            .await
    }

    /// Why nothing more has room where the database is; PostgreSQL says so itself.
    pub(crate) fn lacks_room(&self) -> Option<String> {
        let Db::Sqlite { path, .. } = &*self.db else { return None };
        let error = try_room(path).err()?;
        Some(format!("nothing more can be stored beside {}: {error}", path.display()))
    }
}

fn try_room(database: &Path) -> std::io::Result<()> {
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let trial = folder.join(format!(".gonogo-room-{}", std::process::id()));
    let written = std::fs::File::create(&trial).and_then(|mut file| {
        file.write_all(&vec![0; ROOM])?;
        file.sync_all()
    });
    std::fs::remove_file(&trial).ok(); // it may not have come to be
    written
}
