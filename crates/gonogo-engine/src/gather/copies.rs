//! Commits of the range whose change production has already, under another id:
//! cherry-picks and rebased copies.

use gonogo_core::changeset::{Changeset, Commit};
use gonogo_core::fact::Fact;
use gonogo_core::ids::Sha;
use gonogo_remote::git::{Git, GitError};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// Compares with all of production's commits since the range's oldest fork
/// point, so that a copy stays known after production was merged back.
pub(super) fn of(git: &Git, base: Sha, set: &Changeset) -> Result<Fact<Arc<BTreeMap<Sha, Sha>>>, GitError> {
    let none = || Ok(Fact::Known(Arc::new(BTreeMap::new())));
    let inside: HashSet<Sha> = set.commits.iter().map(|c| c.sha).collect();
    let forks: BTreeSet<Sha> =
        set.commits.iter().flat_map(|c| &c.parents).filter(|parent| !inside.contains(parent)).copied().collect();
    if forks.iter().all(|fork| *fork == base) {
        return none();
    }
    let forks: Vec<Sha> = forks.into_iter().collect();
    let Some(fork) = git.oldest_fork(&forks)? else { return none() };
    let theirs = git.commits_since(fork, base)?;
    let theirs: Vec<&Commit> = theirs.iter().filter(|c| !c.is_merge()).collect();
    // Patch ids are dear: only commits that change the same paths are compared.
    let mut by_paths: HashMap<&[Box<str>], (Vec<Sha>, Vec<Sha>)> = HashMap::new();
    for commit in theirs.iter().filter(|c| !c.files.is_empty()) {
        by_paths.entry(&commit.files).or_default().0.push(commit.sha);
    }
    for commit in set.commits.iter().filter(|c| !c.is_merge()) {
        if let Some((_, ours)) = by_paths.get_mut(commit.files.as_slice()) {
            ours.push(commit.sha);
        }
    }
    let pairs: Vec<(Vec<Sha>, Vec<Sha>)> = by_paths.into_values().filter(|(_, ours)| !ours.is_empty()).collect();
    let asked: Vec<Sha> = pairs.iter().flat_map(|(theirs, ours)| theirs.iter().chain(ours)).copied().collect();
    let ids = git.patch_ids(&asked)?;
    let mut copies = BTreeMap::new();
    for (theirs, ours) in pairs {
        for sha in ours {
            let Some(id) = ids.get(&sha) else { continue };
            copies.extend(theirs.iter().find(|other| ids.get(*other) == Some(id)).map(|copy| (sha, *copy)));
        }
    }
    if copies.is_empty() {
        return none();
    }
    // What production took out again, by a revert or by hand, is gone; and the same
    // lines elsewhere in a file have the same patch id.
    let found: Vec<Sha> = copies.keys().copied().collect();
    let has = git.has_in_full(base, &found)?;
    copies.retain(|sha, _| has.get(sha).copied().unwrap_or(false));
    Ok(Fact::Known(Arc::new(copies)))
}
