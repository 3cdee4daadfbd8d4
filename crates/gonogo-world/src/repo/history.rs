//! Branches, merges, reverts, references: what gives a history its shape.

use super::Repo;
use super::run::SOMEBODY;

impl Repo {
    /// A branch at `HEAD`, not checked out.
    pub fn branch(&self, name: &str) -> &Self {
        self.branch_at(name, "HEAD")
    }

    /// A branch at `rev`, moved there if it exists.
    pub fn branch_at(&self, name: &str, rev: &str) -> &Self {
        self.git(&["branch", "--force", "--no-track", name, rev]);
        self
    }

    /// Checks out a branch, or a commit with a detached `HEAD`.
    pub fn checkout(&self, rev: &str) -> &Self {
        self.git(&["checkout", "--quiet", rev, "--"]);
        self
    }

    /// Checks out a new branch without history and with no files.
    pub fn orphan(&self, name: &str) -> &Self {
        self.git(&["switch", "--quiet", "--orphan", name]);
        self
    }

    /// Merges with a merge commit, always; returns its SHA.
    pub fn merge(&self, branch: &str, message: &str) -> String {
        self.merge_octopus(&[branch], message)
    }

    /// One merge commit of several branches.
    pub fn merge_octopus(&self, branches: &[&str], message: &str) -> String {
        self.tick();
        let mut args = vec!["merge", "--quiet", "--no-ff", "--allow-unrelated-histories", "-m", message];
        args.extend(branches);
        self.git(&args);
        self.head()
    }

    /// What a code host does on "squash and merge": one commit with all changes
    /// of the branch. When `message` has one line and the branch several
    /// commits, the body lists their subjects as `* …`.
    pub fn squash_merge(&self, branch: &str, message: &str) -> String {
        let range = format!("HEAD..{branch}");
        let subjects = self.git(&["log", "--reverse", "--no-merges", "--format=* %s", &range]);
        let subjects: Vec<&str> = subjects.lines().collect();
        let message = if subjects.len() > 1 && !message.contains('\n') {
            format!("{message}\n\n{}\n", subjects.join("\n\n"))
        } else {
            message.to_owned()
        };
        self.git(&["merge", "--quiet", "--squash", branch]);
        self.record(message.as_bytes(), SOMEBODY)
    }

    /// Reverts with git's own words.
    pub fn revert(&self, sha: &str) -> String {
        self.tick();
        self.git(&["revert", "--no-edit", sha]);
        self.head()
    }

    /// Reverts a merge with respect to its first parent.
    pub fn revert_merge(&self, sha: &str) -> String {
        self.tick();
        self.git(&["revert", "--no-edit", "--mainline", "1", sha]);
        self.head()
    }

    /// Picks a commit, message unchanged.
    pub fn cherry_pick(&self, sha: &str) -> String {
        self.tick();
        self.git(&["cherry-pick", sha]);
        self.head()
    }

    /// Picks a commit with `-x`: the message names its origin.
    pub fn cherry_pick_x(&self, sha: &str) -> String {
        self.tick();
        self.git(&["cherry-pick", "-x", sha]);
        self.head()
    }

    /// Rebases the branch that is checked out; returns the new `HEAD`.
    pub fn rebase(&self, onto: &str) -> String {
        self.tick();
        self.git(&["rebase", "--quiet", onto]);
        self.head()
    }

    /// A lightweight tag at `HEAD`.
    pub fn tag(&self, name: &str) -> &Self {
        self.git(&["tag", name]);
        self
    }

    /// An annotated tag at `HEAD`; returns the SHA of the tag itself.
    pub fn annotated_tag(&self, name: &str, message: &str) -> String {
        self.tick();
        self.git(&["tag", "-a", name, "-m", message]);
        self.rev(&format!("refs/tags/{name}"))
    }

    /// Sets any reference, also one whose name `git branch` would refuse.
    pub fn update_ref(&self, name: &str, sha: &str) -> &Self {
        self.git(&["update-ref", name, sha]);
        self
    }

    /// Makes git show `new` wherever history says `old`.
    pub fn replace(&self, old: &str, new: &str) -> &Self {
        self.git(&["replace", old, new]);
        self
    }

    /// Commits another repository as a submodule at `path`.
    pub fn submodule(&self, other: &Repo, path: &str) -> String {
        self.git(&["submodule", "--quiet", "add", &other.url(), path]);
        self.record(format!("Add {path}").as_bytes(), SOMEBODY)
    }
}
