//! The runner's folder, which no other one works in at the same time.

use anyhow::{Context, bail};
use gonogo_remote::starter::Local;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// Who takes over from another one waits so long for it to end.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Place {
    pub local: Local,
    /// Held until the process ends, however it does.
    _lock: File,
}

pub(super) fn take(folder: &Path, waits: bool) -> anyhow::Result<Place> {
    let local = Local::open(folder)?;
    let path = folder.join("lock");
    let unlocked = || format!("{} could not be locked", path.display());
    let mut lock =
        OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path).with_context(unlocked)?;
    let until = Instant::now() + if waits { PATIENCE } else { Duration::ZERO };
    loop {
        match lock.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(Duration::from_millis(100)),
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                lock.read_to_string(&mut pid).ok();
                bail!(
                    "another runner works in {} (process {})\n  → end it first, or give this one a folder of its own",
                    folder.display(),
                    pid.trim()
                );
            }
            Err(TryLockError::Error(error)) => return Err(error).with_context(unlocked),
        }
    }
    lock.set_len(0).and_then(|()| lock.seek(SeekFrom::Start(0))).with_context(unlocked)?;
    writeln!(lock, "{}", std::process::id()).with_context(unlocked)?;
    Ok(Place { local, _lock: lock })
}
