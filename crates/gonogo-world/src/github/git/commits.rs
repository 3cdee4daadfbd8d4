//! Commits, read with git itself.

use super::super::repository::Repository;

/// Between the fields of git's answer; not in any of them.
const SEPARATOR: char = '\u{1f}';
const FORMAT: &str = "--format=%H%x1f%T%x1f%P%x1f%an%x1f%ae%x1f%aI%x1f%cn%x1f%ce%x1f%cI%x1f%B";

/// Where the message ends and the paths begin.
const MESSAGE_END: &str = "%x1d";

/// Letters (`A`, `M`, `D`, …) and paths.
pub(in super::super) type Paths = Vec<(char, String)>;

#[derive(Debug, Clone)]
pub(in super::super) struct Commit {
    pub(in super::super) sha: String,
    pub(in super::super) tree: String,
    pub(in super::super) parents: Vec<String>,
    pub(in super::super) author: Person,
    pub(in super::super) committer: Person,
    pub(in super::super) message: String,
}

#[derive(Debug, Clone)]
pub(in super::super) struct Person {
    pub(in super::super) name: String,
    pub(in super::super) email: String,
    /// RFC 3339, with the offset of the commit.
    pub(in super::super) date: String,
}

/// A file that a commit touches.
#[derive(Debug, Clone)]
pub(in super::super) struct Touched {
    pub(in super::super) path: String,
    /// `A`, `M`, `D`, …
    pub(in super::super) letter: char,
    pub(in super::super) additions: u64,
    pub(in super::super) deletions: u64,
}

impl Repository {
    pub(in super::super) fn commit(&self, sha: &str) -> Option<Commit> {
        if let Some(known) = self.commits.borrow().get(sha) {
            return Some(known.clone());
        }
        let text = self.bare.git_answers(&["show", "--no-patch", "--no-notes", FORMAT, sha, "--"])?;
        let commit = parse(text.strip_suffix('\n').unwrap_or(&text))?;
        // What a whole id stands for stays.
        if commit.sha == sha {
            self.commits.borrow_mut().insert(commit.sha.clone(), commit.clone());
        }
        Some(commit)
    }

    /// Oldest first, at most `limit` of the newest; without what these know.
    /// Each with the paths that it touches, by one run of git.
    pub(in super::super) fn commits_to(&self, to: &str, without: &[&String], limit: usize) -> Vec<(Commit, Paths)> {
        let (limit, format) =
            (format!("--max-count={limit}"), format!("{}{MESSAGE_END}", FORMAT.replacen("%H", "%x1e%H", 1)));
        let mut args = vec!["-c", "core.quotePath=false", "log", "--no-notes", "--no-renames", "--name-status"];
        args.extend(["--reverse", &limit, &format, to, "--not"]);
        args.extend(without.iter().map(|sha| sha.as_str()));
        let text = self.bare.git_answers(&args).unwrap_or_default();
        let records = text.split('\u{1e}').filter_map(|record| record.split_once('\u{1d}'));
        let commits = records.filter_map(|(commit, paths)| {
            let paths = paths.lines().filter_map(|line| {
                let (letter, path) = line.split_once('\t')?;
                Some((letter.chars().next()?, path.to_owned()))
            });
            Some((parse(commit)?, paths.collect()))
        });
        commits.collect()
    }

    /// The commit that a name of the API means: a SHA or the beginning of one,
    /// a branch, a tag, `HEAD`.
    pub(in super::super) fn resolve(&self, name: &str) -> Option<String> {
        let is_sha = (4..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        let known = [format!("refs/heads/{name}"), format!("refs/tags/{name}"), format!("refs/{name}")];
        let reference = known.iter().find_map(|name| self.refs.get(name));
        let rev = match reference {
            Some(sha) => sha.as_str(),
            None if name == "HEAD" => self.branch(&self.default_branch)?,
            None if is_sha => name,
            None => return None,
        };
        if self.commits.borrow().contains_key(rev) {
            return Some(rev.to_owned());
        }
        let commit = format!("{rev}^{{commit}}");
        let sha = self.bare.git_answers(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit])?;
        Some(sha.trim().to_owned())
    }

    pub(in super::super) fn kind_of(&self, sha: &str) -> String {
        self.bare.git_answers(&["cat-file", "-t", sha]).unwrap_or_default().trim().to_owned()
    }

    pub(in super::super) fn is_ancestor(&self, old: &str, new: &str) -> bool {
        self.bare.git_agrees(&["merge-base", "--is-ancestor", old, new])
    }

    pub(in super::super) fn count(&self, base: &str, head: &str) -> u64 {
        let range = format!("{base}..{head}");
        let count = self.bare.git_answers(&["rev-list", "--count", &range]);
        count.and_then(|count| count.trim().parse().ok()).unwrap_or_default()
    }

    /// What a commit touches, in comparison with its first parent.
    pub(in super::super) fn touched(&self, commit: &Commit) -> Vec<Touched> {
        let empty = "4b825dc642cb6eb9a060e54bf8d69288fbee4904".to_owned();
        let parent = commit.parents.first().unwrap_or(&empty);
        self.touched_between(parent, &commit.sha)
    }

    pub(in super::super) fn touched_between(&self, from: &str, to: &str) -> Vec<Touched> {
        let args = ["diff-tree", "-r", "-z", "--no-renames", "--raw", "--numstat", from, to];
        let said = self.bare.git_answers(&args).unwrap_or_default();
        // All letters come first, each followed by its path, then the numbers in the same order.
        let (mut letters, mut numbers) = (Vec::new(), Vec::new());
        let mut parts = said.split_terminator('\0');
        while let Some(part) = parts.next() {
            match part.strip_prefix(':') {
                Some(raw) => letters.push((raw.chars().last().unwrap_or('M'), parts.next().unwrap_or_default())),
                None => numbers.push(part),
            }
        }
        let count = |text: Option<&str>| text.and_then(|text| text.parse().ok()).unwrap_or_default();
        let touched = letters.into_iter().zip(numbers).map(|((letter, path), line)| {
            let mut fields = line.split('\t');
            let (additions, deletions) = (count(fields.next()), count(fields.next()));
            Touched { path: path.to_owned(), letter, additions, deletions }
        });
        touched.collect()
    }
}

fn parse(text: &str) -> Option<Commit> {
    let mut fields = text.splitn(10, SEPARATOR);
    let mut next = || fields.next().map(str::to_owned);
    let (sha, tree, parents) = (next()?, next()?, next()?);
    let author = Person { name: next()?, email: next()?, date: next()? };
    let committer = Person { name: next()?, email: next()?, date: next()? };
    Some(Commit {
        sha,
        tree,
        parents: parents.split_whitespace().map(str::to_owned).collect(),
        author,
        committer,
        message: next()?.trim_end().to_owned(),
    })
}
