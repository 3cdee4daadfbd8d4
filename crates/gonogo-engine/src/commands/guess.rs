//! The projects that a history suggests, for a repository whose policy names none.

use crate::gather::prefixes;
use gonogo_checks::reading::projects;
use gonogo_core::policy::Stories;
use gonogo_remote::git::{Git, GitError};
use std::path::Path;

/// Projects whose keys commits seem to name, and how many commits say so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guess {
    pub projects: Vec<String>,
    pub read: u32,
}

/// Reads the newest commits of the head, as `check` does under the same circumstances.
pub fn guess_projects(repo: &Path) -> Result<Guess, GitError> {
    let git = Git::open(repo)?;
    let head = match git.resolve("HEAD") {
        Ok(head) => head,
        Err(GitError::NoCommit) => return Ok(Guess::default()),
        Err(error) => return Err(error),
    };
    let prefixes = prefixes(&git, head.sha)?;
    Ok(Guess { projects: projects(&Stories::default(), &prefixes).keys, read: prefixes.read })
}
