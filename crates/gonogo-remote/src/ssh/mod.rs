//! Acts on other hosts, over the system's `ssh`. What is asked of a host goes over
//! standard input to the script that `starter` has: no word of it is read by a shell
//! there. Knows nothing of plans or servers.

mod act;
mod connection;
mod trouble;

pub use act::{HostAct, Wanted};

use crate::starter::{SCRIPT, script_name};
use std::fmt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

/// A host that says nothing for so long is as good as gone: it speaks far more often.
const SILENCE: Duration = Duration::from_secs(20);
/// Below the home of who signs in.
const FOLDER: &str = ".gonogo-runner";

/// How hosts are reached.
#[derive(Clone, Debug, Default)]
pub struct Ssh {
    /// Instead of the user's own files.
    pub config: Option<PathBuf>,
}

/// Where a host is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What people call it.
    pub name: String,
    pub address: String,
    pub user: Option<String>,
    pub port: Option<u16>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name == self.address, self.port) {
            (true, None) => f.write_str(&self.name),
            (true, Some(port)) => write!(f, "{} (port {port})", self.name),
            (false, None) => write!(f, "{} ({})", self.name, self.address),
            (false, Some(port)) => write!(f, "{} ({} port {port})", self.name, self.address),
        }
    }
}

/// Of our environment ssh has these alone.
const KEPT: [&str; 6] = ["PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "SSH_AUTH_SOCK"];

impl Ssh {
    /// Asks nothing, trusts no key that it does not know, and opens nothing else.
    #[allow(clippy::disallowed_methods, reason = "the one place that starts ssh")]
    fn command(&self, place: &Place) -> Command {
        let mut command = Command::new("ssh");
        command.env_clear();
        command.envs(KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?)))).env("LC_ALL", "C");
        if let Some(config) = &self.config {
            command.arg("-F").arg(config);
        }
        command.arg("-T");
        for option in [
            "BatchMode=yes",
            "StrictHostKeyChecking=yes",
            "UpdateHostKeys=no",
            "ClearAllForwardings=yes",
            "ForwardAgent=no",
            "ForwardX11=no",
            "PermitLocalCommand=no",
            "RemoteCommand=none",
            "RequestTTY=no",
            // Who shares a connection shares its end.
            "ControlMaster=no",
            "ControlPath=none",
            "ConnectionAttempts=1",
            "ConnectTimeout=10",
            "ServerAliveInterval=5",
            "ServerAliveCountMax=3",
            "LogLevel=ERROR",
        ] {
            command.args(["-o", option]);
        }
        if let Some(port) = place.port {
            command.args(["-p", &port.to_string()]);
        }
        if let Some(user) = &place.user {
            command.args(["-l", user]);
        }
        command.arg("--").arg(&place.address).arg(remote_command());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

/// What the host's login shell is told, always the same: it runs our script, and takes
/// that from standard input where it is not there yet. Any shell reads it so: there is
/// no quote in it but the outer ones, nothing that csh would take for its history, and
/// no backslash.
fn remote_command() -> String {
    let (name, length) = (script_name(), SCRIPT.len());
    format!(
        "exec sh -c 'd=$HOME/{FOLDER}; s=$d/bin/{name}; \
         if [ -r \"$s\" ]; then exec sh \"$s\" serve \"$d\"; fi; \
         echo gonogo-host install; n=$s.$$; \
         (umask 077; mkdir -p \"$d/bin\" \"$d/runs\" && dd bs=1 count={length} of=\"$n\" 2>/dev/null) && \
         [ \"$(wc -c <\"$n\")\" -eq {length} ] && mv -f \"$n\" \"$s\" && exec sh \"$s\" serve \"$d\"; \
         echo gonogo-host broken'"
    )
}
