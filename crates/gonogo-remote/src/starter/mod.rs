//! Starts acts of deploys on a host, once each, and tells how they stand. All that
//! happens on the host is done by `start.sh`, which any host with a POSIX shell runs;
//! its comments say why an act never begins twice. Knows nothing of plans or servers.

pub(crate) mod follow;
mod local;
mod mask;
mod patterns;
pub(crate) mod proc;

#[cfg(test)]
mod tests;

pub use follow::{Lack, Over, Standing};
pub use local::{Local, Started};
pub use mask::{Mask, Masked};
pub use patterns::MaskError;

pub(crate) use local::{SCRIPT, escaped, lines, plain, script_name};

use secrecy::SecretString;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use thiserror::Error;

/// Between TERM and KILL.
pub const GRACE: Duration = Duration::from_secs(10);

/// An act that is to begin.
#[derive(Clone, Debug)]
pub struct Start {
    pub service: String,
    pub fence: i64,
    /// Its folder's name, for ever: such as `d7-step-1-1`.
    pub key: String,
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// All variables that it has beside PATH, HOME, LANG and USER.
    pub env: BTreeMap<String, SecretString>,
    /// Without it, an empty folder.
    pub dir: Option<String>,
    pub limit: Duration,
    pub grace: Duration,
}

/// Why the host can run nothing.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum StarterError {
    #[error("{}: {said}\n  → let this user write there", .path.display())]
    Folder { path: PathBuf, said: String },
    #[error("{} takes no hard links: {said}\n  → use a folder of a local disk", .path.display())]
    NoLinks { path: PathBuf, said: String },
    #[error("a shell could not be started: {0}")]
    Shell(String),
    #[error("its start did not come to an end: {0}")]
    NoAnswer(String),
    #[error("the host can run nothing: {0}")]
    Fault(String),
    #[error("`{0}` is no name of a variable that a command may have")]
    Variable(String),
    #[error("the variable `{0}` has a NUL in it")]
    Nul(String),
    #[error("`{0}` is no name of a folder")]
    Key(String),
}
