//! Pull requests: what is said of them, how they end, how they follow pushes.

#![expect(clippy::return_self_not_must_use, reason = "each word takes effect at once; a sentence may end with any")]

use serde_json::{Value, json};

use super::super::GitHub;
use super::super::git::Moved;
use super::super::repository::{Pull, Repository};
use super::super::state::State;

/// A pull request, to say more about.
#[derive(Debug, Clone, Copy)]
pub struct PullRequest<'a> {
    github: &'a GitHub,
    repository: u64,
    number: u64,
    who: &'a str,
}

impl<'a> PullRequest<'a> {
    pub(super) fn new(github: &'a GitHub, repository: u64, number: u64, who: &'a str) -> Self {
        let state = github.state();
        state.repository(repository).pull(number).expect("the test has opened this pull request");
        drop(state);
        Self { github, repository, number, who }
    }

    pub fn number(self) -> u64 {
        self.number
    }

    /// Its head.
    pub fn head_sha(self) -> String {
        self.pull(|pull| pull.head_sha.clone())
    }

    /// Has this text, since it was opened.
    pub fn with_body(self, body: &str) -> Self {
        self.change(|pull| pull.body = Some(body.to_owned()))
    }

    /// Carries one more label.
    pub fn labelled(self, label: &str) -> Self {
        self.change(|pull| pull.labels.push(label.to_owned()))
    }

    /// Is a draft.
    pub fn draft(self) -> Self {
        self.change(|pull| pull.is_draft = true)
    }

    /// Its title is changed.
    pub fn edits_title(self, title: &str) -> Self {
        let old = self.pull(|pull| pull.title.clone());
        self.change(|pull| title.clone_into(&mut pull.title));
        self.tell("edited", json!({"changes": {"title": {"from": old}}}))
    }

    /// It goes to another branch from now on.
    pub fn edits_base(self, base: &str) -> Self {
        let (old, old_sha) = self.pull(|pull| (pull.base.clone(), pull.base_sha.clone()));
        let state = self.github.state();
        let sha = state.repository(self.repository).branch(base).expect("the test has pushed this branch").clone();
        drop(state);
        self.change(|pull| (pull.base, pull.base_sha) = (base.to_owned(), sha));
        self.tell("edited", json!({"changes": {"base": {"ref": {"from": old}, "sha": {"from": old_sha}}}}))
    }

    /// git gives its head no more, as when GitHub is at fault.
    pub fn loses_its_head(self) -> Self {
        let state = self.github.state();
        let bare = &state.repository(self.repository).bare;
        bare.git(&["update-ref", "-d", &format!("refs/pull/{}/head", self.number)]);
        drop(state);
        self
    }

    /// It is closed without a merge.
    pub fn closes(self) -> Self {
        let now = self.github.state().clock.now();
        self.change(|pull| (pull.is_open, pull.closed) = (false, Some(now)));
        self.tell("closed", json!({}))
    }

    /// It is merged, with a merge commit; returns that.
    pub fn merges(self) -> String {
        self.merge(|repository, pull, tree| {
            let message = format!("Merge pull request #{} from {}/{}", pull.number, repository.owner, pull.head);
            let base = repository.branch(&pull.base).expect("the base is there");
            let parents = ["-p", base, "-p", &pull.head_sha, "-m", &message, "-m", &pull.title];
            let args: Vec<&str> = ["commit-tree", tree].into_iter().chain(parents).collect();
            repository.bare.git(&args)
        })
    }

    /// It is merged as one commit, `Title (#N)`, whose text lists the subjects
    /// of several; returns that commit.
    pub fn squashes(self) -> String {
        self.merge(|repository, pull, tree| {
            let base = repository.branch(&pull.base).expect("the base is there");
            let range = format!("{base}..{}", pull.head_sha);
            let subjects = repository.bare.git(&["log", "--reverse", "--no-merges", "--format=* %s%n", &range]);
            let subject = format!("{} (#{})", pull.title, pull.number);
            let mut args = vec!["commit-tree", tree, "-p", base, "-m", &subject];
            if subjects.matches("\n\n").count() > 0 || subjects.lines().count() > 1 {
                args.extend(["-m", &subjects]);
            }
            repository.bare.git(&args)
        })
    }

    /// It enters the merge queue: a branch `gh-readonly-queue/…` is pushed, and
    /// checks are asked for; returns that branch's head.
    pub fn enters_merge_queue(self) -> String {
        let mut state = self.github.state();
        let repository = state.repository(self.repository);
        let pull = repository.pull(self.number).expect("pull requests stay").clone();
        let base = repository.branch(&pull.base).expect("the base is there").clone();
        let tree = merged_tree(repository, &pull);
        let message = format!("Merge pull request #{} from {}/{}", pull.number, repository.owner, pull.head);
        repository.bare.at_next_minute();
        let head = repository.bare.git(&["commit-tree", &tree, "-p", &base, "-p", &pull.head_sha, "-m", &message]);
        let name = format!("refs/heads/gh-readonly-queue/{}/pr-{}-{base}", pull.base, pull.number);
        repository.bare.git(&["update-ref", &name, &head]);
        state.notice_moves(self.repository, "github-merge-queue[bot]");
        state.tell_merge_group(self.repository, &name, &pull.base, "checks_requested");
        head
    }

    /// The merge queue has done with it: its branch goes.
    pub fn leaves_merge_queue(self, head: &str) -> Self {
        let mut state = self.github.state();
        let repository = state.repository(self.repository);
        let is_it = |(name, sha): &(&String, &String)| name.contains("/gh-readonly-queue/") && *sha == head;
        let (name, _) = repository.refs.iter().find(is_it).expect("it is in the merge queue");
        let (name, base) = (name.clone(), repository.pull(self.number).expect("pull requests stay").base.clone());
        // What is told has the commit still.
        state.tell_merge_group(self.repository, &name, &base, "destroyed");
        state.repository(self.repository).bare.git(&["update-ref", "-d", &name]);
        state.notice_moves(self.repository, "github-merge-queue[bot]");
        drop(state);
        self
    }

    fn merge(self, commit: impl FnOnce(&Repository, &Pull, &str) -> String) -> String {
        let mut state = self.github.state();
        let now = state.clock.now();
        let repository = state.repository(self.repository);
        let pull = repository.pull(self.number).expect("pull requests stay").clone();
        let tree = merged_tree(repository, &pull);
        repository.bare.at_next_minute();
        let sha = commit(repository, &pull, &tree);
        repository.bare.git(&["update-ref", &format!("refs/heads/{}", pull.base), &sha]);
        state.close_as_merged(self.repository, self.number, &sha, self.who, now);
        state.notice_moves(self.repository, self.who);
        sha
    }

    fn pull<T>(self, read: impl FnOnce(&Pull) -> T) -> T {
        read(self.github.state().repository(self.repository).pull(self.number).expect("pull requests stay"))
    }

    fn change(self, change: impl FnOnce(&mut Pull)) -> Self {
        let mut state = self.github.state();
        let now = state.clock.now();
        let pull = state.pull_mut(self.repository, self.number);
        pull.updated = now;
        change(pull);
        drop(state);
        self
    }

    fn tell(self, action: &str, more: Value) -> Self {
        let pull = self.pull(Clone::clone);
        self.github.state().tell_pull(self.repository, &pull, action, more, self.who);
        self
    }
}

impl State {
    fn pull_mut(&mut self, id: u64, number: u64) -> &mut Pull {
        let mut pulls = self.repository_mut(id).pulls.iter_mut();
        pulls.find(|pull| pull.number == number).expect("pull requests stay")
    }

    fn close_as_merged(&mut self, id: u64, number: u64, sha: &str, who: &str, now: jiff::Timestamp) {
        let pull = self.pull_mut(id, number);
        (pull.is_open, pull.closed, pull.updated) = (false, Some(now), now);
        (pull.merge_sha, pull.merged_by) = (Some(sha.to_owned()), Some(who.to_owned()));
        let pull = pull.clone();
        self.tell_pull(id, &pull, "closed", json!({}), who);
    }

    /// What a push does to the pull requests of its branch and into it.
    pub(in super::super) fn follow_pulls(&mut self, id: u64, moved: &Moved, pusher: &str) {
        let Some(branch) = moved.branch() else {
            return;
        };
        let now = self.clock.now();
        let repository = self.repository(id);
        let open: Vec<Pull> = repository.pulls.iter().filter(|pull| pull.is_open).cloned().collect();
        for mut pull in open {
            let is_head = pull.head == branch && pull.fork_of.is_none();
            let brings = |sha: &str| !moved.is_gone() && self.repository(id).is_ancestor(sha, &moved.after);
            if is_head && moved.is_gone() {
                (pull.is_open, pull.closed) = (false, Some(now));
                *self.pull_mut(id, pull.number) = pull.clone();
                self.tell_pull(id, &pull, "closed", json!({}), pusher);
            } else if is_head {
                (pull.head_sha, pull.updated) = (moved.after.clone(), now);
                self.repository(id).keep_head(&pull);
                *self.pull_mut(id, pull.number) = pull.clone();
                let more = json!({"before": moved.before, "after": moved.after});
                self.tell_pull(id, &pull, "synchronize", more, pusher);
            } else if pull.base == branch && brings(&pull.head_sha) {
                self.close_as_merged(id, pull.number, &moved.after, pusher, now);
            }
        }
    }
}

fn merged_tree(repository: &Repository, pull: &Pull) -> String {
    let base = repository.branch(&pull.base).expect("the base is there");
    repository.bare.git(&["merge-tree", "--write-tree", base, &pull.head_sha])
}
