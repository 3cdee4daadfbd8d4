//! Repositories made from a repository, over `file://`, as from a server.

use super::Repo;

impl Repo {
    /// A clone with a working tree; `origin` is this repository.
    #[must_use]
    pub fn clone_full(&self) -> Repo {
        self.clone_with(&[])
    }

    /// A bare clone.
    #[must_use]
    pub fn clone_bare(&self) -> Repo {
        self.clone_with(&["--bare"])
    }

    /// A mirror: bare, with all references under their own names.
    #[must_use]
    pub fn clone_mirror(&self) -> Repo {
        self.clone_with(&["--mirror"])
    }

    /// The last `depth` commits of each branch.
    #[must_use]
    pub fn clone_shallow(&self, depth: usize) -> Repo {
        let depth = format!("--depth={depth}");
        self.clone_with(&[&depth, "--no-single-branch"])
    }

    /// Commits and trees, blobs on demand; bare.
    #[must_use]
    pub fn clone_blobless(&self) -> Repo {
        self.clone_with(&["--bare", "--filter=blob:none"])
    }

    /// Commits, the rest on demand; bare.
    #[must_use]
    pub fn clone_treeless(&self) -> Repo {
        self.clone_with(&["--bare", "--filter=tree:0"])
    }

    /// A second working tree of this repository, with `branch` checked out.
    #[must_use]
    pub fn worktree(&self, branch: &str) -> Repo {
        let tree = self.beside();
        let path = tree.path.to_str().expect("temporary folders are UTF-8");
        self.git(&["worktree", "add", "--quiet", path, branch]);
        tree
    }

    fn clone_with(&self, options: &[&str]) -> Repo {
        let clone = self.beside();
        let url = self.url();
        let mut args = vec!["clone", "--quiet"];
        args.extend(options);
        args.extend([url.as_str(), "."]);
        clone.git(&args);
        clone.configure();
        clone
    }
}
