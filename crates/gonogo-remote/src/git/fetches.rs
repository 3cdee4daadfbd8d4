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
use std::time::{Duration, Instant};

/// How soon it is seen that git has to end.
const LOOK: Duration = Duration::from_millis(20);
/// Having said all, it ends at once.
const LAST_LOOK: Duration = Duration::from_millis(1);
/// More of what git says is not kept.
const MOST_SAID: usize = 64 << 10;
/// git that says nothing for so long waits for a remote that is gone. What it says,
/// it says for as long as something comes.
const PATIENCE: Duration = Duration::from_mins(5);

#[derive(Debug)]
pub struct Fetches {
    /// What git said last, by the folder of the mirror.
    first: Mutex<BTreeMap<PathBuf, String>>,
    must_end: AtomicBool,
    /// Mirrors of which a part is broken, until they are made anew.
    damaged: Mutex<BTreeSet<PathBuf>>,
    patience: Duration,
}

impl Default for Fetches {
    fn default() -> Self {
        Self { first: Mutex::default(), must_end: AtomicBool::default(), damaged: Mutex::default(), patience: PATIENCE }
    }
}

/// What git said.
#[derive(Debug, Default)]
struct Said {
    last: Vec<u8>,
    /// All of it, in bytes.
    length: usize,
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

    /// Runs git to its end, or until all have to end, or nothing comes any more.
    pub(super) fn run(&self, mut command: Command, first: Option<&First<'_>>) -> Result<Ended, GitError> {
        let mut child = run::spawn(&mut command)?;
        let said: Arc<Mutex<Said>> = Arc::default();
        let locked = || said.lock().unwrap_or_else(PoisonError::into_inner);
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
        let (mut heard, mut heard_at) = (0, Instant::now());
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            let length = locked().length;
            if length != heard {
                (heard, heard_at) = (length, Instant::now());
            }
            let is_stalled = heard_at.elapsed() > self.patience;
            if is_stalled || self.must_end.load(Ordering::Relaxed) {
                child.kill().ok();
                // ssh, which git began, may hold the pipes for a while yet.
                child.wait()?;
                let why = if is_stalled { format!("nothing came for {} s", self.patience.as_secs()) } else { ended() };
                return Err(GitError::Failed { command: name_of(&command), said: why });
            }
            if let Some(first) = first {
                first.said(&last_line(&locked().last));
            }
            if closed.recv_timeout(LOOK) == Err(RecvTimeoutError::Disconnected) {
                std::thread::sleep(LAST_LOOK);
            }
        };
        let stdout = stdout.and_then(|thread| thread.join().ok()).transpose()?.unwrap_or_default();
        reader.map(std::thread::JoinHandle::join);
        // An error stands on a line of its own, also after progress.
        let stderr = String::from_utf8_lossy(&locked().last).replace('\r', "\n");
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

fn ended() -> String {
    "it was ended: the server stops".to_owned()
}

/// What git was asked to do.
fn name_of(command: &Command) -> String {
    let names = ["fetch", "ls-remote"];
    let asked = command.get_args().find_map(|arg| names.into_iter().find(|name| arg == *name));
    asked.unwrap_or_default().to_owned()
}

/// Of what is long the end is kept: progress comes first, errors last.
fn keep(mut stderr: ChildStderr, said: &Mutex<Said>) {
    let mut part = [0; 4096];
    while let Ok(length @ 1..) = stderr.read(&mut part) {
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        said.length += length;
        said.last.extend_from_slice(&part[..length]);
        let surplus = said.last.len().saturating_sub(MOST_SAID);
        said.last.drain(..surplus);
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
    use crate::git::{Remote, bring, mirror, remote_ref};
    use std::net::TcpListener;

    #[test]
    fn progress_is_the_last_that_git_wrote() {
        let said = b"remote: Counting objects: 100% (9/9)\nReceiving objects:  10%\rReceiving objects:  45% (45/100)\r";
        assert_eq!(last_line(said), "Receiving objects:  45% (45/100)");
        assert_eq!(last_line(b"remote: Compressing objects:   3%\r\n"), "Compressing objects:   3%");
        assert_eq!(last_line(b""), "");
    }

    /// A remote that takes connections, and never says a word.
    fn silent() -> (TcpListener, Remote) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/web.git", listener.local_addr().unwrap());
        (listener, Remote { url, token: None, authorities: None })
    }

    fn repository() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        run::run(run::plain(folder.path(), &["init", "--bare", "--quiet", "."]), None).unwrap();
        folder
    }

    fn fails_with<T: std::fmt::Debug>(ended: Result<T, GitError>, words: &str) {
        let error = ended.unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }

    #[test]
    fn a_remote_that_stalls_is_given_up() {
        let fetches = Fetches { patience: Duration::from_millis(300), ..Fetches::default() };
        let (_silent, remote) = silent();
        let folder = repository();
        let dir = folder.path();
        fails_with(mirror(&dir.join("web"), &remote, &fetches), "git fetch failed: nothing came for 0 s");
        let to_here = ("refs/heads/x".to_owned(), "refs/pull/1/head".to_owned());
        fails_with(bring(dir, &remote, &[to_here], &fetches), "git fetch failed: nothing came for 0 s");
        fails_with(remote_ref(dir, &remote, "refs/heads/x", &fetches), "git ls-remote failed: nothing came");
    }

    #[test]
    fn all_that_asks_a_remote_ends_when_all_has_to_end() {
        let fetches = Fetches::default();
        fetches.end_all();
        let (_silent, remote) = silent();
        let folder = repository();
        fails_with(bring(folder.path(), &remote, &[], &fetches), "it was ended");
        fails_with(remote_ref(folder.path(), &remote, "refs/heads/x", &fetches), "it was ended");
    }
}
