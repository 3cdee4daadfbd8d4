//! The runner's folder, which no other one works in at the same time.

use anyhow::{Context, bail};
use gonogo_engine::commands::people::random_word;
use gonogo_remote::starter::Local;
use secrecy::ExposeSecret;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// Who takes over from another one waits so long for it to end.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Place {
    pub local: Local,
    /// A word that this folder has alone: what was begun here is found here.
    pub instance: String,
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
    Ok(Place { local, instance: instance(folder)?, _lock: lock })
}

fn instance(folder: &Path) -> anyhow::Result<String> {
    let path = folder.join("instance");
    let unwritten = || format!("{} could not be written", path.display());
    match std::fs::read_to_string(&path) {
        Ok(word) if !word.trim().is_empty() => return Ok(word.trim().to_owned()),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("{} could not be read", path.display())),
    }
    let word = random_word().expose_secret().to_owned();
    let mut draft = tempfile::NamedTempFile::new_in(folder).with_context(unwritten)?;
    draft.write_all(word.as_bytes()).with_context(unwritten)?;
    draft.persist(&path).with_context(unwritten)?;
    Ok(word)
}
