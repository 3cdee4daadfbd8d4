//! Fetches that are under way: how far each is, and that all have to end.

use super::GitError;
use super::run::{self, Ended};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{ChildStderr, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How soon it is seen that git has to end.
const LOOK: Duration = Duration::from_millis(20);
/// Having said all, it ends at once.
const LAST_LOOK: Duration = Duration::from_millis(1);
/// More of what git says is not kept.
const MOST_SAID: usize = 64 << 10;

#[derive(Debug, Default)]
pub struct Fetches {
    /// What git said last, by the folder of the mirror.
    first: Mutex<BTreeMap<PathBuf, String>>,
    must_end: AtomicBool,
    /// Mirrors of which a part is broken, until they are made anew.
    damaged: Mutex<BTreeSet<PathBuf>>,
}

impl Fetches {
    /// How far the first fetch of a mirror is, in git's words; `None` where none is under way.
    pub fn first_of(&self, dir: &Path) -> Option<String> {
        self.first().get(dir).cloned()
    }

    /// Somebody found that a part of a mirror is broken: the next look makes it anew.
    pub fn found_damage(&self, dir: &Path) {
        self.damaged().insert(dir.to_owned());
    }

    pub(super) fn is_damaged(&self, dir: &Path) -> bool {
        self.damaged().contains(dir)
    }

    pub(super) fn is_whole(&self, dir: &Path) {
        self.damaged().remove(dir);
    }

    /// Ends what is under way, and begins nothing more: we are to stop.
    pub fn end_all(&self) {
        self.must_end.store(true, Ordering::Relaxed);
    }

    /// While it is held the mirror in `dir` is being made for the first time.
    pub(super) fn begin_first(&self, dir: &Path) -> First<'_> {
        self.first().insert(dir.to_owned(), "beginning".to_owned());
        First { fetches: self, dir: dir.to_owned() }
    }

    /// Runs git to its end, or until all have to end.
    pub(super) fn run(&self, mut command: Command, first: Option<&First<'_>>) -> Result<Ended, GitError> {
        let mut child = run::spawn(&mut command)?;
        let said = Arc::new(Mutex::new(Vec::new()));
        let reader = child.stderr.take().map(|stderr| {
            let said = Arc::clone(&said);
            std::thread::spawn(move || keep(stderr, &said))
        });
        // Ends with what git says.
        let (open, closed) = mpsc::channel::<()>();
        let stdout = child.stdout.take().map(|mut stdout| {
            std::thread::spawn(move || {
                let _open = open;
                let mut bytes = Vec::new();
                stdout.read_to_end(&mut bytes).map(|_| bytes)
            })
        });
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if self.must_end.load(Ordering::Relaxed) {
                child.kill().ok();
            }
            if let Some(first) = first {
                first.said(&last_line(&said.lock().unwrap_or_else(PoisonError::into_inner)));
            }
            if closed.recv_timeout(LOOK) == Err(RecvTimeoutError::Disconnected) {
                std::thread::sleep(LAST_LOOK);
            }
        };
        let stdout = stdout.and_then(|thread| thread.join().ok()).transpose()?.unwrap_or_default();
        reader.map(std::thread::JoinHandle::join);
        let said = said.lock().unwrap_or_else(PoisonError::into_inner);
        // An error stands on a line of its own, also after progress.
        let stderr = String::from_utf8_lossy(&said).replace('\r', "\n");
        Ok(Ended { code: status.code(), stdout, stderr })
    }

    fn damaged(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.damaged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn first(&self) -> MutexGuard<'_, BTreeMap<PathBuf, String>> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A first fetch, until it is dropped.
pub(super) struct First<'a> {
    fetches: &'a Fetches,
    dir: PathBuf,
}

impl First<'_> {
    fn said(&self, line: &str) {
        if let Some(kept) = self.fetches.first().get_mut(&self.dir).filter(|_| !line.is_empty()) {
            line.clone_into(kept);
        }
    }
}

impl Drop for First<'_> {
    fn drop(&mut self) {
        self.fetches.first().remove(&self.dir);
    }
}

/// Of what is long the end is kept: progress comes first, errors last.
fn keep(mut stderr: ChildStderr, said: &Mutex<Vec<u8>>) {
    let mut part = [0; 4096];
    while let Ok(length @ 1..) = stderr.read(&mut part) {
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        said.extend_from_slice(&part[..length]);
        let surplus = said.len().saturating_sub(MOST_SAID);
        said.drain(..surplus);
    }
}

/// git writes progress over itself, by carriage returns.
fn last_line(said: &[u8]) -> String {
    let lines = said.split(|byte| matches!(byte, b'\n' | b'\r')).rev();
    let line = lines.map(<[u8]>::trim_ascii).find(|line| !line.is_empty()).unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    line.strip_prefix("remote: ").unwrap_or(&line).trim().chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_the_last_that_git_wrote() {
        let said = b"remote: Counting objects: 100% (9/9)\nReceiving objects:  10%\rReceiving objects:  45% (45/100)\r";
        assert_eq!(last_line(said), "Receiving objects:  45% (45/100)");
        assert_eq!(last_line(b"remote: Compressing objects:   3%\r\n"), "Compressing objects:   3%");
        assert_eq!(last_line(b""), "");
    }
}
