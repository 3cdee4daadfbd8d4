//! Git repositories that a test makes, over the real `git` program.
//!
//! Nothing leaks in from the machine: no configuration of the user or the
//! system, no inherited `GIT_*` variable. Authors, dates and contents are
//! deterministic, so the same calls give the same SHAs.

mod clones;
mod commits;
mod history;
mod run;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use jiff::Timestamp;
use tempfile::TempDir;

pub use run::{git_program, isolate};

/// 2024-01-01T09:00:00Z: the first commit comes a minute later.
const DAWN: i64 = 1_704_099_600;

/// A repository in a folder of its own, which goes when the last `Repo` that
/// needs it is dropped. Every method panics, with git's own words, when git
/// refuses.
#[derive(Debug)]
pub struct Repo {
    path: PathBuf,
    /// The folders that must outlive this repository: its own, and those of
    /// the repositories it was cloned from.
    keeps: Vec<Arc<TempDir>>,
    clock: Arc<Clock>,
}

/// Repositories made from each other share it, so that dates only go forward.
#[derive(Debug)]
struct Clock {
    seconds: AtomicI64,
    changes: AtomicUsize,
}

impl Clock {
    fn begins() -> Arc<Self> {
        Arc::new(Self { seconds: AtomicI64::new(DAWN), changes: AtomicUsize::new(0) })
    }
}

impl Repo {
    /// An empty repository whose branch is `main`.
    pub fn new() -> Self {
        Self::init(&[])
    }

    /// The same with 64-digit object names.
    pub fn new_sha256() -> Self {
        Self::init(&["--object-format=sha256"])
    }

    /// A bare repository, as a code host keeps it.
    pub fn new_bare() -> Self {
        Self::init(&["--bare"])
    }

    /// The same in this folder, which stays; one that is there goes on.
    pub fn bare_at(path: &Path) -> Self {
        let repo = Self { path: path.to_owned(), keeps: Vec::new(), clock: Clock::begins() };
        if !path.join("HEAD").is_file() {
            std::fs::create_dir_all(path).expect("the folder for repositories is writable");
            repo.begin(&["--bare"]);
        }
        repo
    }

    fn init(options: &[&str]) -> Self {
        let (folder, path) = new_folder();
        let repo = Self { path, keeps: vec![folder], clock: Clock::begins() };
        repo.begin(options);
        repo
    }

    fn begin(&self, options: &[&str]) {
        let mut args = vec!["init", "--quiet", "--initial-branch=main"];
        args.extend(options);
        self.git(&args);
        self.configure();
    }

    /// The working tree, or the repository itself where it is bare.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A `file://` address to clone from.
    pub fn url(&self) -> String {
        format!("file://{}", self.path.display())
    }

    /// The SHA of `HEAD`.
    pub fn head(&self) -> String {
        self.rev("HEAD")
    }

    /// The SHA of the object that `rev` names.
    pub fn rev(&self, rev: &str) -> String {
        self.git(&["rev-parse", "--verify", "--end-of-options", rev])
    }

    /// The next commit is made at this RFC 3339 instant, the one after it a
    /// minute later, and so on.
    pub fn at(&self, instant: &str) -> &Self {
        let instant: Timestamp = instant.parse().expect("the test gives an RFC 3339 instant");
        self.clock.seconds.store(instant.as_second() - 60, Ordering::SeqCst);
        self
    }

    /// A repository beside this one, in a new folder, that keeps this one alive.
    fn beside(&self) -> Self {
        let (folder, path) = new_folder();
        let mut keeps = self.keeps.clone();
        keeps.push(folder);
        Self { path, keeps, clock: Arc::clone(&self.clock) }
    }
}

impl Default for Repo {
    fn default() -> Self {
        Self::new()
    }
}

fn new_folder() -> (Arc<TempDir>, PathBuf) {
    let folder = tempfile::Builder::new().prefix("gonogo-world-").tempdir().expect("the temporary folder is writable");
    let path = folder.path().join("repo");
    std::fs::create_dir(&path).expect("the temporary folder is writable");
    (Arc::new(folder), path)
}
