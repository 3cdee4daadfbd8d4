//! A bare copy of a repository that the server keeps: the only place of ours
//! that fetches. A fetch that broke off leaves what was there before.

use super::fetches::First;
use super::{Fetches, GitError, join, run};
use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use gonogo_core::ids::Sha;
use secrecy::{ExposeSecret, SecretString};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Where a mirror comes from.
#[derive(Clone, Debug)]
pub struct Remote {
    /// `https://…`, `ssh://…`, `user@host:path` or `file:///…`
    pub url: String,
    /// Sent as a code host takes it over HTTP; never in the address, which
    /// others on this machine can see.
    pub token: Option<SecretString>,
    /// Whom git believes over HTTPS; without it, whom the system does.
    pub authorities: Option<PathBuf>,
}

/// A transfer slower than this for so long is given up.
const SLOWEST: (&str, &str) = ("http.lowSpeedLimit", "1000");
const PATIENCE: (&str, &str) = ("http.lowSpeedTime", "60");

const BRANCHES_AND_TAGS: [&str; 2] = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];

/// ssh that asks nobody, and gives up a host that answers no more.
const SSH: &str = "ssh -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=15 -o ServerAliveCountMax=4";

/// A lock that is older is nobody's: git holds one for as long as it writes refs.
const LOCKED_FOR: Duration = Duration::from_secs(15);
/// One that was made anew is not again so soon: that did not help.
const NOT_ANEW_FOR: Duration = Duration::from_hours(1);
/// Whose time is when a mirror was made anew.
const MADE_ANEW: &str = "gonogo-made-anew";

/// Makes the mirror in `dir` as its remote is now, the first time whole, and whole
/// again where it is damaged. For who alone writes there.
pub fn mirror(dir: &Path, remote: &Remote, fetches: &Fetches) -> Result<(), GitError> {
    remove(&beside(dir, "old"))?;
    if !dir.is_dir() || (fetches.is_damaged(dir) && may_be_made_anew(dir)) {
        return anew(dir, remote, fetches);
    }
    match fetch(dir, remote, fetches, None) {
        // Of a git that was killed.
        Err(error) if error.is_locked() && has_removed_locks(dir)? => fetch(dir, remote, fetches, None),
        Err(error) if error.is_damage() && may_be_made_anew(dir) => anew(dir, remote, fetches),
        ended => ended,
    }
}

fn anew(dir: &Path, remote: &Remote, fetches: &Fetches) -> Result<(), GitError> {
    let first = fetches.begin_first(dir);
    // A first fetch that breaks off must not look like a mirror.
    let new = beside(dir, "new");
    remove(&new)?;
    std::fs::create_dir_all(&new)?;
    must(run::plain(&new, &["init", "--bare", "--quiet", "."]), "init")?;
    fetch(&new, remote, fetches, Some(&first))?;
    let old = beside(dir, "old");
    if dir.is_dir() {
        std::fs::write(new.join(MADE_ANEW), "")?;
        std::fs::rename(dir, &old)?;
    }
    std::fs::rename(&new, dir)?;
    fetches.is_whole(dir);
    Ok(remove(&old)?)
}

fn beside(dir: &Path, ending: &str) -> PathBuf {
    PathBuf::from(format!("{}.{ending}", dir.display()))
}

fn remove(dir: &Path) -> std::io::Result<()> {
    if dir.exists() { std::fs::remove_dir_all(dir) } else { Ok(()) }
}

fn may_be_made_anew(dir: &Path) -> bool {
    age_of(&dir.join(MADE_ANEW)).is_none_or(|age| age > NOT_ANEW_FOR)
}

/// Removes locks that were left behind, of refs and of the files beside them.
fn has_removed_locks(dir: &Path) -> Result<bool, GitError> {
    let mut has_removed = false;
    let mut folders = vec![dir.join("refs")];
    let mut locks = locks_in(dir, |_| ())?;
    while let Some(folder) = folders.pop() {
        locks.extend(locks_in(&folder, |inner| folders.push(inner))?);
    }
    for lock in locks {
        if age_of(&lock).is_none_or(|age| age > LOCKED_FOR) {
            match std::fs::remove_file(&lock) {
                // Whoever made it is done with it.
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
                _ => has_removed = true,
            }
        }
    }
    Ok(has_removed)
}

fn locks_in(folder: &Path, mut inner: impl FnMut(PathBuf)) -> std::io::Result<Vec<PathBuf>> {
    let mut locks = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            inner(entry.path());
        } else if entry.path().extension().is_some_and(|ending| ending == "lock") {
            locks.push(entry.path());
        }
    }
    Ok(locks)
}

/// `None` where it is not there, or is of a time to come.
fn age_of(file: &Path) -> Option<Duration> {
    std::fs::metadata(file).ok()?.modified().ok()?.elapsed().ok()
}

fn fetch(dir: &Path, remote: &Remote, fetches: &Fetches, first: Option<&First<'_>>) -> Result<(), GitError> {
    let mut args = vec!["fetch", "--prune", "--force", "--no-tags", "--no-auto-maintenance", "--progress"];
    args.extend(["--", &remote.url]);
    args.extend(BRANCHES_AND_TAGS);
    // Which branch is the default one: what their HEAD stands for.
    let heads = ["ls-remote", "--symref", "--", &remote.url, "HEAD"];
    let (fetched, heads) = std::thread::scope(|threads| {
        let heads = threads.spawn(|| fetches.run(outward(dir, remote, &heads), None));
        (fetches.run(outward(dir, remote, &args), first), join(heads))
    });
    succeeded(fetched?, "fetch")?;
    let heads = succeeded(heads?, "ls-remote")?;
    let heads = String::from_utf8_lossy(&heads).into_owned();
    let default = heads.lines().find_map(|line| line.strip_prefix("ref: ")?.strip_suffix("\tHEAD"));
    let is_new = |name: &&str| {
        let head = std::fs::read_to_string(dir.join("HEAD")).unwrap_or_default();
        head.trim_end().strip_prefix("ref: ") != Some(*name)
    };
    if let Some(default) = default.filter(|name| name.starts_with("refs/heads/")).filter(is_new) {
        must(run::plain(dir, &["symbolic-ref", "HEAD", default]), "symbolic-ref")?;
    }
    Ok(())
}

/// Brings single refs of the remote into a mirror that is there, each under the
/// name that stands second.
pub fn bring(dir: &Path, remote: &Remote, refs: &[(String, String)], fetches: &Fetches) -> Result<(), GitError> {
    let mut args = vec!["fetch", "--force", "--no-tags", "--progress", "--no-auto-maintenance", "--", &remote.url];
    let specs: Vec<String> = refs.iter().map(|(from, to)| format!("+{from}:{to}")).collect();
    args.extend(specs.iter().map(String::as_str));
    succeeded(fetches.run(outward(dir, remote, &args), None)?, "fetch").map(drop)
}

/// Where a ref of the remote stands now; `None` where there is no such ref.
pub fn remote_ref(dir: &Path, remote: &Remote, name: &str, fetches: &Fetches) -> Result<Option<Sha>, GitError> {
    let lines = fetches.run(outward(dir, remote, &["ls-remote", "--", &remote.url, name]), None)?;
    let lines = succeeded(lines, "ls-remote")?;
    let lines = String::from_utf8_lossy(&lines).into_owned();
    let of = |line: &str| {
        let (sha, found) = line.split_once('\t')?;
        (found == name).then(|| sha.parse().ok())?
    };
    Ok(lines.lines().find_map(of))
}

/// git that may speak to the outside, by these ways alone.
pub(super) fn outward(dir: &Path, remote: &Remote, args: &[&str]) -> Command {
    let mut command = run::plain(dir, args);
    let header = remote.token.as_ref().map(|token| {
        let word = BASE64.encode(format!("x-access-token:{}", token.expose_secret()));
        (format!("http.{}.extraHeader", remote.url), format!("Authorization: Basic {word}"))
    });
    let mut settings: Vec<(String, String)> =
        [SLOWEST, PATIENCE].map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    settings.extend(header);
    let authorities = remote.authorities.as_ref().map(|path| path.display().to_string());
    settings.extend(authorities.map(|path| ("http.sslCAInfo".to_owned(), path)));
    for (at, (name, value)) in settings.iter().enumerate() {
        command.env(format!("GIT_CONFIG_KEY_{at}"), name).env(format!("GIT_CONFIG_VALUE_{at}"), value);
    }
    command
        .env("GIT_CONFIG_COUNT", settings.len().to_string())
        .env("GIT_ALLOW_PROTOCOL", "https:http:ssh:file")
        .env("GIT_SSH_COMMAND", SSH);
    command
}

fn must(command: Command, name: &str) -> Result<Vec<u8>, GitError> {
    succeeded(run::run(command, None)?, name)
}

fn succeeded(ended: run::Ended, name: &str) -> Result<Vec<u8>, GitError> {
    ended.bytes().map_err(|stderr| GitError::failed(&[name], &stderr))
}
