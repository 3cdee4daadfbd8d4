//! The one place of the chores that starts other programs.

use anyhow::{Context, bail};
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

#[allow(clippy::disallowed_methods, reason = "the one place of xtask that starts programs")]
pub(crate) fn program(name: impl AsRef<OsStr>) -> Command {
    Command::new(name)
}

/// The cargo that runs us.
pub(crate) fn cargo() -> Command {
    program(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// git in a folder, without the settings of whoever runs it.
pub(crate) fn git(dir: &Path) -> Command {
    let mut git = program("git");
    git.arg("-C").arg(dir).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    git
}

/// Runs to the end; a failure is an error with what the program said.
pub(crate) fn output_of(command: &mut Command) -> anyhow::Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let ended = command.stdin(Stdio::null()).output().with_context(|| format!("{name} could not be started"))?;
    if !ended.status.success() {
        bail!("{name} ended with {}: {}", ended.status, String::from_utf8_lossy(&ended.stderr).trim_end());
    }
    String::from_utf8(ended.stdout).with_context(|| format!("{name} wrote something that is not UTF-8"))
}
