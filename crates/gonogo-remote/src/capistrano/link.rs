//! A run of `cap`, with our hook beside its Capfile and us at the other end of its
//! standard input.

use super::Capistrano;
use super::error::CapistranoError;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const HOOK: &str = include_str!("hook.rb");
const CAPFILES: [&str; 4] = ["capfile", "Capfile", "capfile.rb", "Capfile.rb"];

/// What the hook says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "at", rename_all = "kebab-case")]
pub(super) enum Heard {
    Begun { version: String, stages: Vec<String> },
    Ready(Site),
    Used { servers: Vec<Server> },
    Asked { said: Vec<Answer> },
    Phase(Phase),
    Ended { is_well: bool, failure: String },
}

/// What the stage's configuration says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Site {
    pub deploy_to: String,
    pub current: String,
    pub releases: String,
    /// Files that have to be there on each host.
    pub linked: Vec<String>,
    pub repository: String,
    pub servers: Vec<Server>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Server {
    pub name: String,
    pub port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Answer {
    pub said: Option<String>,
    pub trouble: Option<String>,
    /// The class of the trouble.
    pub kind: Option<String>,
}

/// It is about to begin.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Phase {
    pub name: String,
    pub is_told_to_stop: bool,
    /// The folder that is made or published, and its commit, once these are known.
    pub release: String,
    pub revision: String,
}

/// What it is told.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub(super) enum Tell<'t> {
    Go(Go),
    /// It fails with these words.
    Stop {
        why: String,
    },
    /// It ends at once.
    Quit,
    Use {
        servers: Option<Vec<usize>>,
        sha: Option<&'t str>,
        release: Option<&'t str>,
    },
    Ask {
        script: &'t str,
        words: Vec<&'t str>,
    },
}

#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Go {
    pub stage: Option<String>,
    /// What `gonogo:run` runs.
    pub task: Option<&'static str>,
    pub rollback_release: Option<String>,
    pub is_made: bool,
}

impl Server {
    pub(super) fn said(&self) -> String {
        self.port.map_or_else(|| self.name.clone(), |port| format!("{}:{port}", self.name))
    }
}

/// A glance at whether it is to be ended.
const GLANCE: Duration = Duration::from_millis(200);

pub(super) struct Cap {
    child: Child,
    link: Option<BufReader<UnixStream>>,
    /// A line that has not come to its end yet.
    line: Vec<u8>,
    /// With the hook in it.
    _folder: TempDir,
}

impl Cap {
    #[allow(clippy::disallowed_methods, reason = "the one place that starts Capistrano")]
    pub(super) fn start(cap: &Capistrano, task: &str) -> Result<Self, CapistranoError> {
        let Capistrano { command: words, dir, stage, .. } = cap;
        if !dir.is_dir() {
            return Err(CapistranoError::NoDir(dir.clone()));
        }
        if !CAPFILES.iter().any(|name| dir.join(name).is_file()) {
            return Err(CapistranoError::NoCapfile(dir.clone()));
        }
        let odd = |error: std::io::Error| CapistranoError::Odd(error.to_string());
        let folder = tempfile::Builder::new().prefix("gonogo-cap-").tempdir().map_err(odd)?;
        std::fs::write(folder.path().join("gonogo.rake"), HOOK).map_err(odd)?;
        let (ours, theirs) = UnixStream::pair().map_err(odd)?;
        let program = words.first().map_or("cap", String::as_str);
        let mut command = Command::new(program);
        command.args(words.iter().skip(1));
        // Beside what the project has there itself.
        command.arg("-R").arg(format!("rakelib:{}", folder.path().display())).args([stage.as_str(), task]);
        command.current_dir(dir).stdin(Stdio::from(OwnedFd::from(theirs)));
        if ["LANG", "LC_ALL", "LC_CTYPE"].iter().all(|name| std::env::var_os(name).is_none()) {
            // Else Ruby takes all that hosts say for ASCII.
            command.env("LANG", "C.UTF-8");
        }
        let child = command.spawn().map_err(|error| match error.kind() {
            ErrorKind::NotFound => CapistranoError::NoProgram { program: program.to_owned() },
            _ => CapistranoError::NeverBegan { said: error.to_string() },
        })?;
        // Else we would not hear that it is gone.
        drop(command);
        ours.set_read_timeout(Some(GLANCE)).map_err(odd)?;
        Ok(Self { child, link: Some(BufReader::new(ours)), line: Vec::new(), _folder: folder })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Nothing once it is gone. While it says nothing, it is ended as soon as that is so.
    pub(super) fn hear(&mut self, is_to_end: &dyn Fn() -> bool) -> Result<Option<Heard>, CapistranoError> {
        let Some(link) = &mut self.link else { return Ok(None) };
        loop {
            match link.read_until(b'\n', &mut self.line) {
                Ok(_) if self.line.ends_with(b"\n") => {
                    let line = std::mem::take(&mut self.line);
                    return serde_json::from_slice(&line)
                        .map(Some)
                        .map_err(|error| CapistranoError::Odd(error.to_string()));
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    if is_to_end() {
                        self.child.kill().ok(); // it is over by itself
                    }
                }
                Ok(_) | Err(_) => return Ok(None),
            }
        }
    }

    pub(super) fn tell(&mut self, tell: &Tell<'_>) {
        if let (Some(link), Ok(line)) = (&mut self.link, serde_json::to_string(tell)) {
            // Where it is gone we hear so.
            writeln!(link.get_mut(), "{line}").ok();
        }
    }

    /// It goes on by itself to its end.
    pub(super) fn wait(&mut self) -> Option<ExitStatus> {
        self.link = None;
        self.child.wait().ok()
    }
}

impl Drop for Cap {
    fn drop(&mut self) {
        self.wait();
    }
}
