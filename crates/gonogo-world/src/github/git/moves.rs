//! References that moved, by whatever hand, and what follows from it.

use std::collections::BTreeMap;

use super::super::repository::Repository;
use super::super::state::State;
use super::NOTHING;

/// A branch or a tag that is no longer where it was.
#[derive(Debug, Clone)]
pub(in super::super) struct Moved {
    /// `refs/heads/…` or `refs/tags/…`
    pub(in super::super) name: String,
    /// [`NOTHING`] where it is new.
    pub(in super::super) before: String,
    /// [`NOTHING`] where it is gone.
    pub(in super::super) after: String,
    pub(in super::super) is_forced: bool,
}

impl Moved {
    pub(in super::super) fn branch(&self) -> Option<&str> {
        self.name.strip_prefix("refs/heads/")
    }

    pub(in super::super) fn is_new(&self) -> bool {
        self.before == NOTHING
    }

    pub(in super::super) fn is_gone(&self) -> bool {
        self.after == NOTHING
    }
}

impl State {
    /// Looks where the references are now, and tells the hooks of those that
    /// `pusher` moved.
    pub(in super::super) fn notice_moves(&mut self, id: u64, pusher: &str) {
        let now = self.clock.now();
        let repository = self.repository_mut(id);
        let current = references(repository);
        let before = std::mem::take(&mut repository.refs);
        let moved = differences(repository, &before, &current);
        repository.refs = current;
        if moved.is_empty() {
            return;
        }
        repository.pushed = now;
        for moved in moved {
            self.tell_push(id, &moved, pusher, &before);
            if moved.branch().is_some() && !moved.is_gone() {
                self.open_suites(id, &moved);
            }
            self.follow_pulls(id, &moved, pusher);
        }
    }
}

fn references(repository: &Repository) -> BTreeMap<String, String> {
    let list = ["for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/tags"];
    let text = repository.bare.git(&list);
    let pairs = text.lines().filter_map(|line| line.split_once(' '));
    pairs.map(|(name, sha)| (name.to_owned(), sha.to_owned())).collect()
}

fn differences(
    repository: &Repository,
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) -> Vec<Moved> {
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let moved = names.into_iter().filter(|name| before.get(*name) != after.get(*name)).map(|name| {
        let (old, new) = (before.get(name), after.get(name));
        let is_forced = matches!((old, new), (Some(old), Some(new)) if !repository.is_ancestor(old, new));
        let or_nothing = |sha: Option<&String>| sha.map_or_else(|| NOTHING.to_owned(), Clone::clone);
        Moved { name: name.clone(), before: or_nothing(old), after: or_nothing(new), is_forced }
    });
    moved.collect()
}
