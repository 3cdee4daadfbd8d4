//! Of stories that went with a move, those of which something is left: commits
//! that are older than the first look at production, or that another way brought.
//! What runs is asked for them, not what was known of it.

use super::range::Range;
use super::{Commits, PATIENCE, is_new};
use crate::jobs::{JobError, blocking, told};
use crate::serving::{Service, Serving};
use gonogo_core::ids::Sha;
use gonogo_core::running::Running;
use gonogo_remote::git::{Git, Messages};
use gonogo_store::ProductionMove;
use std::collections::{BTreeSet, HashSet};

/// So many commits behind what runs are looked at. A story that is in none of
/// them is not looked for further.
const MOST_BEHIND: usize = 20_000;

/// What one commit has behind it.
#[derive(Debug, Default)]
pub(super) struct Behind {
    commits: HashSet<String>,
    /// Of each story that is named there, the first commit that does.
    first: Vec<(String, Sha)>,
}

impl Behind {
    /// `stories`: those that are looked for.
    pub(super) async fn read(
        serving: &Serving,
        service: &Service,
        runs: Sha,
        stories: Vec<String>,
    ) -> Result<Self, JobError> {
        let mirror = serving.mirror_of(service);
        blocking(move || {
            let (mut behind, mut first) = (Self::default(), vec![None; stories.len()]);
            // Newest first: who names a story last is the first one.
            Git::of_mirror(&mirror)?.messages(&Messages::Newest { head: runs, most: MOST_BEHIND }, |sha, text| {
                behind.commits.insert(sha.to_string());
                let text = text.to_ascii_uppercase();
                for (story, first) in stories.iter().zip(&mut first).filter(|(story, _)| text.contains(*story)) {
                    *first = Some((story.clone(), sha));
                }
            })?;
            behind.first = first.into_iter().flatten().collect();
            Ok(behind)
        })
        .await
    }

    #[cfg(test)]
    pub(super) fn of(commits: &[&str]) -> Self {
        Self { commits: commits.iter().map(|sha| (*sha).to_owned()).collect(), first: Vec::new() }
    }

    /// Whether a commit that brought a story is there.
    pub(super) fn has(&self, sha: &str) -> bool {
        self.commits.contains(sha)
    }
}

/// Of these stories those that `runs` still has something of, or may have: where
/// that cannot be read, they are not said to be gone.
pub(super) async fn left(
    serving: &Serving,
    service: &Service,
    moved: &ProductionMove,
    runs: Sha,
    went: &[String],
) -> Result<BTreeSet<String>, JobError> {
    match named(serving, service, runs, went).await {
        Ok(left) => Ok(left),
        Err(error) if is_new(moved, PATIENCE, (serving.clock)()) => Err(error),
        Err(error) => {
            told::move_is_taken_as_it_is(&moved.service, &error.to_string());
            Ok(went.iter().cloned().collect())
        }
    }
}

async fn named(serving: &Serving, service: &Service, runs: Sha, went: &[String]) -> Result<BTreeSet<String>, JobError> {
    let behind = Behind::read(serving, service, runs, went.to_vec()).await?;
    if behind.first.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mirror = serving.mirror_of(service);
    let firsts = behind.first.clone();
    let (base, of_the_root) = blocking(move || {
        let git = Git::of_mirror(&mirror)?;
        let (mut before, mut of_the_root) = (Vec::new(), BTreeSet::new());
        for (story, first) in firsts {
            // Before the very first commit there is nothing to compare with.
            match git.resolve(&format!("{first}^1")) {
                Ok(parent) => before.push(parent.sha),
                Err(_) => {
                    of_the_root.insert(story);
                }
            }
        }
        let base = if before.is_empty() { None } else { git.oldest_fork(&before)? };
        Ok((base, of_the_root))
    })
    .await?;
    let named = || behind.first.iter().map(|(story, _)| story.clone());
    // They share no commit that they came after: there is none to compare with.
    let Some(base) = base else { return Ok(named().collect()) };
    let range = Range::of_messages(serving, service, runs, &Running::from(base)).await?;
    let there: Commits = range.brought();
    Ok(named().filter(|story| there.contains_key(story) || of_the_root.contains(story)).collect())
}
