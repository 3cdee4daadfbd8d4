//! One repository, read through the `git` program: a work tree, a bare
//! repository, a worktree or a mirror. Only reads; never fetches.

mod authorities;
mod below;
mod diffs;
mod error;
mod fetches;
mod here;
mod log;
mod merge;
mod merges;
mod mirror;
mod objects;
mod push;
mod refs;
mod run;
mod undoing;

pub use authorities::write_authorities;
pub use error::{GitError, tells_of_damage};
pub use fetches::Fetches;
pub use here::{Here, HooksPath, InProgress, MessageSettings};
pub use log::{CutRange, Messages};
pub use merge::Again;
pub use mirror::{Remote, bring, mirror, remote_ref};
pub use push::move_ref;
pub use refs::{Branches, Resolved};
pub use undoing::Undo;

use objects::Objects;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

/// The oldest git with `merge-tree --write-tree`.
const OLDEST: (u32, u32) = (2, 38);

/// The oldest one with `merge-tree --stdin`.
const BULK: (u32, u32) = (2, 39);

/// A repository that can be read.
#[derive(Debug)]
pub struct Git {
    dir: PathBuf,
    /// Where objects and refs are: another folder than `dir` in a worktree.
    common_dir: PathBuf,
    /// `sha1` or `sha256`
    object_format: String,
    work_tree: Option<PathBuf>,
    is_bare: bool,
    is_shallow: bool,
    /// Whether some objects are left with the remote.
    is_partial: bool,
    origin: Option<String>,
    /// The branch that is checked out, as `refs/heads/…`.
    head_ref: Option<String>,
    version: (u32, u32),
    objects: Mutex<Option<Objects>>,
    /// Where refs stood when they were asked for first: one reader sees one state.
    seen: refs::Seen,
}

impl Git {
    /// Opens the repository that a path is in. What can be asked side by side is.
    pub fn open(path: &Path) -> Result<Self, GitError> {
        let run = |args: &[&str]| run::at(path, args);
        let places = [
            "rev-parse",
            "--path-format=absolute",
            "--is-bare-repository",
            "--is-shallow-repository",
            "--show-object-format",
            "--git-dir",
            "--git-common-dir",
            "--is-inside-work-tree",
            "--show-cdup",
        ];
        let settings =
            ["config", "-z", "--get-regexp", r"^(remote\.origin\.url|remote\..*\.promisor|extensions\.partialclone)$"];
        let (version, places, settings, head) = std::thread::scope(|threads| {
            let version = threads.spawn(installed);
            let settings = threads.spawn(|| run(&settings));
            let head = threads.spawn(|| run(&["symbolic-ref", "-q", "HEAD"]));
            let places = run(&places);
            (join(version), places, join(settings), join(head))
        });
        let version = version?;
        let places = places?.ok_or_else(|stderr| GitError::not_a_repository(path, &stderr))?;
        let mut lines = places.lines();
        let mut next = || lines.next().unwrap_or("");
        let (is_bare, is_shallow) = (next() == "true", next() == "true");
        let object_format = next().to_owned();
        let (dir, common_dir) = (PathBuf::from(next()), PathBuf::from(next()));
        let is_inside = next() == "true";
        let up = next();
        let work_tree = is_inside.then(|| path.join(up)).map(|p| p.canonicalize().unwrap_or(p));
        let settings = settings?.text();
        let (mut origin, mut is_partial) = (None, false);
        for entry in settings.split('\0') {
            match entry.split_once('\n') {
                Some(("remote.origin.url", url)) => origin = Some(url.to_owned()),
                Some((name, value)) => is_partial |= name == "extensions.partialclone" || value == "true",
                None => {}
            }
        }
        let head_ref = head?.ok().ok().map(|name| name.trim_end().to_owned());
        let objects = Mutex::new(None);
        Ok(Self {
            dir,
            common_dir,
            object_format,
            work_tree,
            is_bare,
            is_shallow,
            is_partial,
            origin,
            head_ref,
            version,
            objects,
            seen: refs::Seen::default(),
        })
    }

    /// Opens a mirror that this program keeps, in its very folder: what git would be asked
    /// of another repository, three times a reading, is known of it.
    pub fn of_mirror(dir: &Path) -> Result<Self, GitError> {
        let dir = std::path::absolute(dir)?;
        let read = |name: &str| match std::fs::read_to_string(dir.join(name)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Err(GitError::NotARepository { path: dir.clone() }),
            read => Ok(read?),
        };
        let (head, config) = (read("HEAD")?, read("config")?.to_ascii_lowercase());
        let format = config.lines().find_map(|line| line.trim().strip_prefix("objectformat = "));
        Ok(Self {
            common_dir: dir.clone(),
            dir,
            object_format: format.unwrap_or("sha1").to_owned(),
            work_tree: None,
            is_bare: true,
            is_shallow: false,
            is_partial: false,
            origin: None,
            head_ref: head.trim_end().strip_prefix("ref: ").map(str::to_owned),
            version: installed()?,
            objects: Mutex::new(None),
            seen: refs::Seen::default(),
        })
    }

    /// The top folder of the work tree, where there is one.
    pub fn work_tree(&self) -> Option<&Path> {
        self.work_tree.as_deref()
    }

    pub fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where `origin` is.
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    pub fn is_bare(&self) -> bool {
        self.is_bare
    }

    pub fn is_shallow(&self) -> bool {
        self.is_shallow
    }

    pub fn is_partial(&self) -> bool {
        self.is_partial
    }

    /// What to call what is deployed from here: the remote's name, else the folder's.
    pub fn name(&self) -> String {
        let last = |text: &str| {
            // An address without a path ends in its host; credentials are no name.
            let text = text.rsplit('@').next().unwrap_or(text).trim_end_matches('/');
            let name = text.rsplit(['/', ':']).next().unwrap_or(text);
            Some(name.strip_suffix(".git").unwrap_or(name).to_owned()).filter(|n| !n.is_empty())
        };
        let folder = self.work_tree.as_deref().unwrap_or(&self.common_dir);
        self.origin
            .as_deref()
            .and_then(last)
            .or_else(|| last(&folder.to_string_lossy()))
            .unwrap_or_else(|| "service".to_owned())
    }

    fn run(&self, args: &[&str]) -> Result<run::Ended, GitError> {
        run::run(run::command(&self.dir, args), None)
    }

    /// Runs what has to succeed.
    fn must(&self, args: &[&str]) -> Result<Vec<u8>, GitError> {
        self.run(args)?.bytes().map_err(|stderr| GitError::failed(args, &stderr))
    }

    fn with_objects<T>(&self, ask: impl FnOnce(&mut Objects) -> Result<T, GitError>) -> Result<T, GitError> {
        let mut slot = self.objects.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut objects = match slot.take() {
            Some(objects) => objects,
            None => Objects::start(&self.dir)?,
        };
        let answer = ask(&mut objects)?;
        // After an error the conversation may be out of step: then it starts anew.
        *slot = Some(objects);
        Ok(answer)
    }
}

fn join<T>(thread: std::thread::ScopedJoinHandle<'_, Result<T, GitError>>) -> Result<T, GitError> {
    thread.join().unwrap_or_else(|_| Err(GitError::Unreadable("a reader of git ended early".to_owned())))
}

/// The program's version; it stays as it is while we run.
fn installed() -> Result<(u32, u32), GitError> {
    static VERSION: OnceLock<(u32, u32)> = OnceLock::new();
    if let Some(known) = VERSION.get() {
        return Ok(*known);
    }
    let found = check_version(&run::at(Path::new("."), &["version"])?.text())?;
    Ok(*VERSION.get_or_init(|| found))
}

fn check_version(text: &str) -> Result<(u32, u32), GitError> {
    let number = text.split_whitespace().nth(2).unwrap_or("");
    let mut parts = number.split('.').map(|p| p.parse::<u32>().unwrap_or(0));
    let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if found < OLDEST {
        return Err(GitError::TooOld { found: number.to_owned(), oldest: format!("{}.{}", OLDEST.0, OLDEST.1) });
    }
    Ok(found)
}

/// The installed git's version, for the doctor.
pub fn version() -> Result<String, GitError> {
    let text = run::at(Path::new("."), &["version"])?.text();
    check_version(&text)?;
    Ok(text.split_whitespace().nth(2).unwrap_or("").to_owned())
}

#[cfg(test)]
mod tests {
    use super::check_version;

    #[test]
    fn old_versions_are_named() {
        assert!(check_version("git version 2.47.3").is_ok());
        assert!(check_version("git version 2.39.5 (Apple Git-154)").is_ok());
        assert!(check_version("git version 2.37.9").unwrap_err().to_string().contains("2.37.9"));
        assert!(check_version("nonsense").is_err());
    }
}
