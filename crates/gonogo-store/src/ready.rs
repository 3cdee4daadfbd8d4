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

const DISK_ANSWERS_IN: Duration = Duration::from_secs(5);

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
        let ended = match self.write_something(now).await {
            Ok(()) => self.lacks_room().await.map_or(Ok(()), |said| Err(StoreError::DiskFull(said))),
            error => error,
        };
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
    pub(crate) async fn lacks_room(&self) -> Option<String> {
        let Db::Sqlite { path, .. } = &*self.db else { return None };
        let database = path.clone();
        // A disk that hangs keeps no thread that serves.
        let trial = tokio::task::spawn_blocking(move || try_room(&database));
        let said = match tokio::time::timeout(DISK_ANSWERS_IN, trial).await {
            Ok(Ok(Ok(()))) => return None,
            Ok(Ok(Err(error))) => error.to_string(),
            Ok(Err(panicked)) => panicked.to_string(),
            Err(_) => format!("the disk did not answer in {} s", DISK_ANSWERS_IN.as_secs()),
        };
        Some(format!("nothing more can be stored beside {}: {said}", path.display()))
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
