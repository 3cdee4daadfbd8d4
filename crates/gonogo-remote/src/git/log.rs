//! Commits of a range, read from one `git log` as they come.

use super::{Git, GitError, run};
use gonogo_core::changeset::{Changeset, Commit, Person};
use gonogo_core::ids::Sha;
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::io::BufRead;
use std::sync::Arc;

/// A shallow clone does not hold the whole range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutRange;

/// What is kept of one commit, so that a hostile one cannot fill the memory.
const MOST_MESSAGE: usize = 256 << 10;
const MOST_FILES: usize = 20_000;
const MOST_SMALL: u64 = 1 << 20;
const MOST_TREE: u64 = 64 << 20;

/// One record, in this order, each part ended by NUL: side, id, tree, parents,
/// author, time, message. `-z` ends the record with one more NUL; changed paths
/// follow, of a merge those that are as in none of its parents.
const FORMAT: &str = "--format=%m%H%x00%T%x00%P%x00%an%x00%ae%x00%ct%x00%B%x00";

/// Settings of the user must not change what is read.
const PLAIN: [&str; 12] = [
    "--raw",
    "-c",
    "--root",
    "-z",
    "--no-abbrev",
    "--no-renames",
    "--no-show-signature",
    "--no-notes",
    "--no-color",
    "--no-decorate",
    "--encoding=UTF-8",
    "--ignore-submodules=none",
];

impl Git {
    /// Everything between two commits, both ways, in one pass.
    pub fn range(&self, base: Sha, head: Sha) -> Result<Result<Changeset, CutRange>, GitError> {
        let range = format!("{base}...{head}");
        let sides = self.log(&["--left-right", &range])?;
        let cut = self.cut_points()?;
        if sides.commits.iter().any(|(_, c)| cut.contains(&c.sha)) {
            return Ok(Err(CutRange));
        }
        let (right, left): (Vec<_>, Vec<_>) = sides.commits.into_iter().partition(|(side, _)| *side == b'>');
        let of = |side: Vec<(u8, Commit)>| side.into_iter().map(|(_, commit)| commit).collect();
        Ok(Ok(Changeset { commits: of(right), missing: of(left), suspect_merges: sides.suspect_merges }))
    }

    /// Commits that `base` has and `since` lacks, newest first.
    pub fn commits_since(&self, since: Sha, base: Sha) -> Result<Vec<Commit>, GitError> {
        let range = format!("{since}..{base}");
        Ok(self.log(&[&range])?.commits.into_iter().map(|(_, commit)| commit).collect())
    }

    /// The newest commit that all of these have behind them.
    pub fn oldest_fork(&self, points: &[Sha]) -> Result<Option<Sha>, GitError> {
        if let [only] = points {
            return Ok(Some(*only));
        }
        let names: Vec<String> = points.iter().map(Sha::to_string).collect();
        let mut args = vec!["merge-base", "--octopus"];
        args.extend(names.iter().map(String::as_str));
        let found = self.run(&args)?;
        Ok(found.ok().ok().and_then(|text| text.trim().parse().ok()))
    }

    /// Whole messages: of the newest commits before a head, or of those that
    /// branches have and two commits lack, or of a commit's whole history where
    /// one of some words stands in them.
    pub fn messages(&self, which: &Messages<'_>, mut each: impl FnMut(Sha, &str)) -> Result<(), GitError> {
        let mut args = vec!["log", "-z", "--no-show-signature", "--no-notes", "--no-color", "--encoding=UTF-8"];
        args.push("--format=%H%x00%B");
        let names: Vec<String> = which.arguments();
        args.extend(names.iter().map(String::as_str));
        let (command, mut next) = (run::command(&self.dir, &args), Vec::new());
        run::stream(command, None, |out| {
            while take(out, &mut next)? {
                let sha = sha_of(&next)?;
                if !take(out, &mut next)? {
                    return Err(GitError::Unreadable("a commit without a message".to_owned()));
                }
                each(sha, &String::from_utf8_lossy(&next));
            }
            Ok(())
        })
    }

    /// A commit's message by any name of the object; `None` where there is no such commit.
    pub fn message_of(&self, name: &str) -> Result<Option<(Sha, String)>, GitError> {
        let found = self.with_objects(|objects| objects.contents(&format!("{name}^{{commit}}"), 8 << 20))?;
        Ok(found.map(|(sha, bytes)| {
            let text = String::from_utf8_lossy(&bytes);
            let message = text.split_once("\n\n").map_or("", |(_, message)| message);
            (sha, message.to_owned())
        }))
    }

    /// Every path of a commit's tree.
    pub fn each_file(&self, sha: Sha, mut each: impl FnMut(&str)) -> Result<(), GitError> {
        let sha = sha.to_string();
        let command = run::command(&self.dir, &["ls-tree", "-r", "-z", "--name-only", "--full-tree", &sha]);
        run::stream(command, None, |out| {
            let mut path = Vec::new();
            while take(out, &mut path)? {
                each(&path_text(&path));
            }
            Ok(())
        })
    }

    /// A small file in a commit's top folder. That it is not in the tree is
    /// something else than that the clone does not hold it, which is an error.
    pub fn file_at(&self, sha: Sha, name: &str) -> Result<Option<String>, GitError> {
        self.with_objects(|objects| {
            if let Some((_, bytes)) = objects.contents(&format!("{sha}:{name}"), MOST_SMALL)? {
                return Ok(Some(String::from_utf8_lossy(&bytes).into_owned()));
            }
            let tree = format!("{sha}^{{tree}}");
            let missing = |what: &str| GitError::MissingObject { name: what.to_owned() };
            let (_, entries) = objects.contents(&tree, MOST_TREE)?.ok_or_else(|| missing(&tree))?;
            let is_file = |mode: &[u8]| mode.starts_with(b"100");
            let id_bytes = sha.to_string().len() / 2;
            match entry_mode(&entries, name.as_bytes(), id_bytes) {
                Some(mode) if is_file(mode) => Err(missing(&format!("{sha}:{name}"))),
                _ => Ok(None),
            }
        })
    }

    fn log(&self, which: &[&str]) -> Result<Log, GitError> {
        let mut args = vec!["log", "--date-order", FORMAT];
        args.extend(PLAIN);
        args.extend(which);
        args.push("--");
        run::stream(run::command(&self.dir, &args), None, read_commits)
    }

    /// Commits whose parents a shallow clone left out.
    fn cut_points(&self) -> Result<HashSet<Sha>, GitError> {
        if !self.is_shallow {
            return Ok(HashSet::new());
        }
        let text = std::fs::read_to_string(self.common_dir.join("shallow"))?;
        Ok(text.lines().filter_map(|line| line.trim().parse().ok()).collect())
    }
}

/// Which messages to read.
#[derive(Debug)]
pub enum Messages<'a> {
    Newest { head: Sha, most: usize },
    OnBranchesOnly { base: Sha, head: Sha },
    InHistory { of: Sha, words: &'a [String] },
}

impl Messages<'_> {
    fn arguments(&self) -> Vec<String> {
        match self {
            Self::Newest { head, most } => vec![format!("-{most}"), head.to_string()],
            Self::OnBranchesOnly { base, head } => {
                let mut args = ["--branches", "--remotes", "--not"].map(str::to_owned).to_vec();
                args.extend([base.to_string(), head.to_string()]);
                args
            }
            Self::InHistory { of, words } => {
                let mut args = vec!["--fixed-strings".to_owned()];
                args.extend(words.iter().map(|word| format!("--grep={word}")));
                args.push(of.to_string());
                args
            }
        }
    }
}

/// The mode of an entry of a tree: `MODE NAME`, NUL, the id's bytes, one after another.
fn entry_mode<'a>(mut tree: &'a [u8], name: &[u8], id_bytes: usize) -> Option<&'a [u8]> {
    loop {
        let space = tree.iter().position(|b| *b == b' ')?;
        let nul = tree.iter().position(|b| *b == 0).filter(|nul| *nul > space)?;
        if &tree[space + 1..nul] == name {
            return Some(&tree[..space]);
        }
        tree = tree.get(nul + 1 + id_bytes..)?;
    }
}

/// Commits as they came, with their sides.
#[derive(Debug, Default)]
struct Log {
    commits: Vec<(u8, Commit)>,
    /// Merges that may be more, or less, than a merge: some path is as in none
    /// of the parents, or all is as in one of them.
    suspect_merges: Vec<Sha>,
}

/// The trees of merges whose parents are still to come.
#[derive(Default)]
struct Trees {
    of_children: HashMap<Sha, Vec<(Sha, Sha)>>,
}

impl Trees {
    fn expect(&mut self, merge: Sha, tree: Sha, parents: &[Sha]) {
        for parent in parents {
            self.of_children.entry(*parent).or_default().push((merge, tree));
        }
    }

    /// The merges that took all from this parent.
    fn came(&mut self, parent: Sha, tree: Sha) -> impl Iterator<Item = Sha> {
        let children = self.of_children.remove(&parent).unwrap_or_default();
        children.into_iter().filter(move |(_, theirs)| *theirs == tree).map(|(merge, _)| merge)
    }
}

fn read_commits(out: &mut dyn BufRead) -> Result<Log, GitError> {
    let (mut log, mut trees, mut part) = (Log::default(), Trees::default(), Vec::new());
    let mut people: HashSet<Arc<Person>> = HashSet::new();
    while take(out, &mut part)? {
        let (side, sha) = part.split_first().ok_or_else(|| odd("an empty record"))?;
        let (side, sha) = (*side, sha_of(sha)?);
        must_take(out, &mut part)?;
        let tree = sha_of(&part)?;
        must_take(out, &mut part)?;
        let parents = parents_of(&part)?;
        must_take(out, &mut part)?;
        let name = text(&part);
        must_take(out, &mut part)?;
        let author = Arc::new(Person { name, email: text(&part) });
        let author = people.get(&author).cloned().unwrap_or_else(|| {
            people.insert(Arc::clone(&author));
            author
        });
        must_take(out, &mut part)?;
        // A broken commit may have none; nothing is decided by it.
        let seconds: Option<i64> = text(&part).parse().ok();
        let committed_at = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
        must_take(out, &mut part)?;
        part.truncate(MOST_MESSAGE);
        let message = text(&part).trim_end_matches('\n').into();
        must_take(out, &mut part)?;
        if !part.is_empty() {
            return Err(odd("more than a message"));
        }
        let mut files = read_files(out, &mut part)?;
        log.suspect_merges.extend(trees.came(sha, tree));
        if parents.len() > 1 {
            trees.expect(sha, tree, &parents);
            if !std::mem::take(&mut files).is_empty() {
                log.suspect_merges.push(sha);
            }
        }
        log.commits.push((side, Commit { sha, parents, author, committed_at, message, files }));
    }
    log.suspect_merges.sort_unstable();
    log.suspect_merges.dedup();
    Ok(log)
}

pub(super) fn parents_of(line: &[u8]) -> Result<Vec<Sha>, GitError> {
    line.split(|b| *b == b' ').filter(|p| !p.is_empty()).map(sha_of).collect()
}

/// `\n` (of merges NUL), then for each path `:modes ids status`, NUL, path, NUL;
/// or nothing.
pub(super) fn read_files(out: &mut dyn BufRead, part: &mut Vec<u8>) -> Result<Vec<Box<str>>, GitError> {
    let mut files = Vec::new();
    if !matches!(out.fill_buf()?.first(), Some(b'\n' | 0)) {
        return Ok(files);
    }
    out.consume(1);
    while out.fill_buf()?.first() == Some(&b':') {
        must_take(out, part)?;
        must_take(out, part)?;
        if files.len() < MOST_FILES {
            files.push(path_text(part).into());
        }
    }
    Ok(files)
}

/// Reads up to the next NUL; false at the end.
pub(super) fn take(out: &mut dyn BufRead, part: &mut Vec<u8>) -> Result<bool, GitError> {
    part.clear();
    out.read_until(0, part)?;
    if part.is_empty() {
        return Ok(false);
    }
    if part.last() == Some(&0) {
        part.pop();
    }
    Ok(true)
}

pub(super) fn must_take(out: &mut dyn BufRead, part: &mut Vec<u8>) -> Result<(), GitError> {
    if take(out, part)? { Ok(()) } else { Err(odd("the middle of a record")) }
}

pub(super) fn odd(at: &str) -> GitError {
    GitError::Unreadable(format!("git log ended in {at}"))
}

pub(super) fn sha_of(bytes: &[u8]) -> Result<Sha, GitError> {
    Sha::from_hex(bytes).ok_or_else(|| GitError::Unreadable(format!("`{}` where an id belongs", text(bytes))))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A path: UTF-8 as it is, other bytes as `\xNN`, so that two paths stay two.
pub(super) fn path_text(bytes: &[u8]) -> String {
    let mut path = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        path.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(path, "\\x{byte:02x}"); // a String takes all
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_stay_apart_in_paths() {
        assert_eq!(path_text(b"a\xff/b"), "a\\xff/b");
        assert_eq!(path_text("é".as_bytes()), "é");
    }

    #[test]
    fn a_commit_without_a_time_is_read_all_the_same() {
        let record = format!(">{}\0{}\0\0n\0e\0yesterday\0m\n\0\0", "a".repeat(40), "b".repeat(40));
        let log = read_commits(&mut record.as_bytes()).unwrap();
        assert_eq!((log.commits.len(), log.commits[0].1.committed_at), (1, None));
    }

    #[test]
    fn a_stream_that_ends_early_is_an_error() {
        let whole = format!(">{}\0{}\0\0n\0e\x001\0m\n\0\0", "a".repeat(40), "b".repeat(40));
        assert_eq!(read_commits(&mut whole.as_bytes()).unwrap().commits.len(), 1);
        for end in 1..whole.len() - 1 {
            assert!(read_commits(&mut &whole.as_bytes()[..end]).is_err(), "cut at {end}");
        }
    }
}
