//! Capistrano 3: a stage of a Capfile is run as it is, and what is true afterwards is what
//! `current` leads to on each host, never how `cap` ended. `hook.rb` comes beside the
//! Capfile and asks us before each phase; what is asked on hosts (`host.sh`) goes over
//! Capistrano's own connections. Here is also the lock that Capistrano has not.

mod decide;
mod error;
mod follow;
mod link;
mod lock;
mod look;
mod run;
mod session;
mod verdict;

#[cfg(test)]
mod tests;

pub use error::CapistranoError;
pub use look::{Look, Release};
pub use run::Way;

use jiff::Timestamp;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

/// A checkout with a Capfile, and a stage of it.
#[derive(Clone, Debug)]
pub struct Capistrano {
    /// How `cap` is called, such as `["bundle", "exec", "cap"]`.
    pub command: Vec<String>,
    pub dir: PathBuf,
    pub stage: String,
    /// A server of the stage by any of its names; all of them where there is none.
    pub only: Vec<String>,
}

/// What is to run, and on whose behalf.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub service: String,
    pub deploy: i64,
    pub sha: String,
    /// How it is called where it has to be made: the same on all hosts of a deploy.
    pub release: String,
}

/// Who runs it.
#[expect(missing_debug_implementations, reason = "it has what is to be said to people")]
pub struct Mind<'m> {
    pub now: Timestamp,
    /// Once it is set, nothing more begins than what must not be left half done.
    pub stop: &'m AtomicBool,
    /// Why nothing more begins, while that is so.
    pub waits: &'m dyn Fn() -> Option<String>,
    /// What people are told.
    pub says: &'m dyn Fn(&str),
}
