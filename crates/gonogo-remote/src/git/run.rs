//! The one place that starts git: hardened, quiet, and read-only.

use super::GitError;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// An answer is small or streamed; what is larger than this is a fault.
const MOST_OUTPUT: u64 = 256 << 20;
const MOST_STDERR: u64 = 64 << 10;

/// How a run ended.
pub(super) struct Ended {
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Ended {
    /// Standard output where it succeeded, else standard error.
    pub(super) fn bytes(self) -> Result<Vec<u8>, String> {
        if self.code == Some(0) { Ok(self.stdout) } else { Err(self.stderr) }
    }

    pub(super) fn ok(self) -> Result<String, String> {
        self.bytes().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    pub(super) fn ok_or_else<E>(self, error: impl FnOnce(String) -> E) -> Result<String, E> {
        self.ok().map_err(error)
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }
}

/// git in a repository that was opened: its git folder, named outright, since
/// discovering it there again would ask anew whose it is.
pub(super) fn command(git_dir: &Path, args: &[&str]) -> Command {
    let mut command = hardened(git_dir);
    command.arg("--bare").args(args);
    command
}

/// Variables of git that say who runs it and by whose settings; all others say
/// what to read, and come from a hook or a person who works elsewhere.
const KEPT: [&str; 6] = [
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CEILING_DIRECTORIES",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_EXEC_PATH",
];

/// No hooks, no monitors, no prompts, no fetch by surprise (a partial clone
/// would fetch what is missing), no replaced objects, no grafts: what ships is
/// what the hashes say. No attributes but the repository's own: they could hide
/// a file from a diff.
#[allow(clippy::disallowed_methods, reason = "the one place that starts git")]
fn hardened(dir: &Path) -> Command {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os() {
        let is_gits = name.to_str().is_some_and(|name| name.starts_with("GIT_") && !KEPT.contains(&name));
        if is_gits {
            command.env_remove(name);
        }
    }
    command
        .env("LC_ALL", "C")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_NO_REPLACE_OBJECTS", "1")
        .env("GIT_GRAFT_FILE", "/dev/null")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_ALLOW_PROTOCOL", "none")
        .env("GIT_ATTR_NOSYSTEM", "1")
        // Into a pipe git would write each commit by itself.
        .env("GIT_FLUSH", "0")
        .args(["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false"])
        .args(["-c", "core.attributesFile=/dev/null", "-c", "attr.tree="])
        // Else git speaks of grafts before it says what is wrong.
        .args(["-c", "advice.graftFileDeprecated=false"])
        // Settings that change what a diff prints.
        .args(["-c", "diff.orderFile=/dev/null", "-c", "diff.suppressBlankEmpty=false"])
        // Bare whatever the configuration says: else attributes of the checkout count.
        .args(["-c", "core.bare=true"])
        .arg("-C")
        .arg(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs a question to git in the environment and under the settings that we were
/// started with: for a program that git itself started.
#[allow(clippy::disallowed_methods, reason = "the one place that starts git")]
pub(super) fn as_it_is(dir: &Path, args: &[&str]) -> Result<Ended, GitError> {
    if !dir.is_dir() {
        return Err(GitError::NoSuchFolder { path: dir.to_owned() });
    }
    let mut command = Command::new("git");
    command.env_remove("GIT_TRACE").env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0").env("GIT_OPTIONAL_LOCKS", "0");
    command.arg("-C").arg(dir).args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    run(command, None)
}

pub(super) fn spawn(command: &mut Command) -> Result<Child, GitError> {
    command.spawn().map_err(|e| if e.kind() == ErrorKind::NotFound { GitError::Absent } else { GitError::Io(e) })
}

/// git in a folder that is a repository, or is to be one, and ours.
pub(super) fn plain(dir: &Path, args: &[&str]) -> Command {
    let mut command = hardened(dir);
    command.args(args);
    command
}

/// Runs git to its end in a folder that may be, or be in, a repository.
pub(super) fn at(dir: &Path, args: &[&str]) -> Result<Ended, GitError> {
    if !dir.is_dir() {
        return Err(GitError::NoSuchFolder { path: dir.to_owned() });
    }
    run(plain(dir, args), None)
}

/// Runs git to its end, with something on standard input.
pub(super) fn run(mut command: Command, input: Option<Vec<u8>>) -> Result<Ended, GitError> {
    if input.is_some() {
        command.stdin(Stdio::piped());
    }
    let mut child = spawn(&mut command)?;
    feed(&mut child, input);
    let stderr = drain_stderr(&mut child);
    let mut stdout = Vec::new();
    if let Some(out) = child.stdout.take() {
        out.take(MOST_OUTPUT).read_to_end(&mut stdout)?;
    }
    let code = child.wait()?.code();
    if stdout.len() as u64 >= MOST_OUTPUT {
        return Err(GitError::Unreadable("an answer of over 256 MiB".to_owned()));
    }
    Ok(Ended { code, stdout, stderr: stderr.join().unwrap_or_default() })
}

/// Streams git's output through a reader; an exit code other than 0 is an error.
pub(super) fn stream<T>(
    mut command: Command,
    input: Option<Vec<u8>>,
    read: impl FnOnce(&mut dyn BufRead) -> Result<T, GitError>,
) -> Result<T, GitError> {
    if input.is_some() {
        command.stdin(Stdio::piped());
    }
    let mut child = spawn(&mut command)?;
    feed(&mut child, input);
    let stderr = drain_stderr(&mut child);
    let name = command.get_args().skip_while(|arg| *arg != "--bare").nth(1);
    let name = name.map(|arg| arg.to_string_lossy().into_owned()).unwrap_or_default();
    let out = child.stdout.take().ok_or_else(|| GitError::Unreadable("no output".to_owned()))?;
    let answer = read(&mut BufReader::with_capacity(256 << 10, out));
    if answer.is_err() {
        // The rest is of no use; git ends when its pipe does.
        child.kill().ok();
    }
    let status = child.wait()?;
    let stderr = stderr.join().unwrap_or_default();
    // What git said of its end says more than where its output broke off.
    if !status.success() && (answer.is_ok() || !stderr.trim().is_empty()) {
        return Err(GitError::failed(&[&name], &stderr));
    }
    answer
}

/// Writes standard input from a thread, so that neither side waits for the other.
fn feed(child: &mut Child, input: Option<Vec<u8>>) {
    if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
        // git may end without reading all: that shows in its exit code.
        std::thread::spawn(move || stdin.write_all(&input).ok());
    }
}

pub(super) fn drain_stderr(child: &mut Child) -> std::thread::JoinHandle<String> {
    let stderr = child.stderr.take();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stderr) = stderr {
            stderr.by_ref().take(MOST_STDERR).read_to_end(&mut bytes).ok();
            std::io::copy(&mut stderr, &mut std::io::sink()).ok();
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
