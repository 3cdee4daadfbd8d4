//! What production has and the default branch does not: a hotfix that was not
//! merged back yet. Judged by merging, as the check ancestry does, so that a
//! squash or a cherry-pick is a return.

use gonogo_core::changeset::{Commit, MergeBack};
use gonogo_core::ids::Sha;
use gonogo_core::running::Running;
use gonogo_core::say;
use gonogo_remote::git::{Git, GitError};

/// Commits and branches that are named.
const SHOWN: usize = 3;

/// In one sentence; `except` are branches that have it and are no hotfix.
pub(in crate::jobs) fn astray(
    git: &Git,
    running: &Running,
    (default, at): (&str, Sha),
    except: &str,
) -> Result<Option<String>, GitError> {
    let mut lost: Vec<Commit> = Vec::new();
    for sha in running.shas() {
        let ahead = git.commits_since(at, *sha)?;
        if !ahead.is_empty() && git.merge_back(*sha, at)? != MergeBack::NothingLost {
            lost.extend(ahead.into_iter().filter(|commit| !commit.is_merge()));
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    lost.retain(|commit| seen.insert(commit.sha));
    let Some(newest) = lost.first() else { return Ok(None) };
    let branches = git.branches_with(newest.sha)?;
    let branches: Vec<String> = branches.into_iter().filter(|branch| branch != except && branch != default).collect();
    let named: Vec<String> = lost.iter().map(|commit| say::commit(&commit.sha.short(), &commit.subject())).collect();
    let named = say::list(&named, SHOWN);
    Ok(Some(match branches.as_slice() {
        [] => format!("in production and not on {default}: {named}"),
        [only] => format!("{only} is in production and not on {default}: {named}"),
        several => format!("{} are in production and not on {default}: {named}", say::list(several, SHOWN)),
    }))
}
