//! Made repositories, kept in the target folder: made once, the same everywhere.

use super::history::{self, Shape};
use crate::programs::{git, output_of};
use anyhow::{Context, bail};
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// Changes when what is made changes: old ones are made again.
const EDITION: &str = "2";

/// How large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Size {
    /// 1,000 commits
    #[value(name = "1k")]
    Small,
    /// 100,000 commits
    #[value(name = "100k")]
    Middle,
    /// 1,000,000 commits
    #[value(name = "1m")]
    Large,
}

impl Size {
    pub(super) const ALL: [Self; 3] = [Self::Small, Self::Middle, Self::Large];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Small => "1 k",
            Self::Middle => "100 k",
            Self::Large => "1 M",
        }
    }

    fn commits(self) -> usize {
        match self {
            Self::Small => 1_000,
            Self::Middle => 100_000,
            Self::Large => 1_000_000,
        }
    }

    /// Branches that may be production, with the commits that main is ahead.
    pub(super) fn productions(self) -> &'static [(&'static str, usize)] {
        match self {
            Self::Small => &[("production", 100)],
            Self::Middle => &[("production", 1_000)],
            Self::Large => &[("production", 1_000), ("production-50000", 50_000)],
        }
    }
}

/// The repository of this size below a folder; made if it is not there.
pub(super) fn made(bench: &Path, size: Size) -> anyhow::Result<PathBuf> {
    let dir = bench.join(format!("{}.git", size.name().replace(' ', "").to_lowercase()));
    let edition = dir.join("edition");
    if std::fs::read_to_string(&edition).is_ok_and(|text| text == EDITION) {
        return Ok(dir);
    }
    if dir.exists() {
        std::fs::remove_dir_all(&dir).with_context(|| dir.display().to_string())?;
    }
    eprintln!("making a repository of {} commits in {}", size.name(), dir.display());
    std::fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
    output_of(git(&dir).args(["init", "--quiet", "--bare", "--initial-branch=main", "."]))?;
    fill(&dir, size)?;
    output_of(git(&dir).args(["update-ref", "-d", "refs/heads/pull-request"]))?;
    output_of(git(&dir).args(["pack-refs", "--all"]))?;
    for (production, wanted) in size.productions() {
        let range = format!("{production}..main");
        let count = output_of(git(&dir).args(["rev-list", "--count", &range]))?;
        if count.trim() != wanted.to_string() {
            bail!("{range} has {} commits instead of {wanted}", count.trim());
        }
    }
    std::fs::write(&edition, EDITION).with_context(|| edition.display().to_string())?;
    Ok(dir)
}

fn fill(dir: &Path, size: Size) -> anyhow::Result<()> {
    let mut import = git(dir);
    import.args(["fast-import", "--quiet"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut import = import.spawn().context("git could not be started")?;
    let (Some(out), Some(answers)) = (import.stdin.take(), import.stdout.take()) else {
        bail!("git fast-import has no pipes");
    };
    let shape = Shape { commits: size.commits(), behind: size.productions() };
    let written = history::write(&shape, out, answers);
    let ended = import.wait()?;
    written?;
    if !ended.success() {
        bail!("git fast-import ended with {ended}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_repository_is_the_same_each_time_and_has_merges_squashes_and_reverts() {
        let at = tempfile::tempdir().unwrap();
        let make = |name: &str| made(&at.path().join(name), Size::Small).unwrap();
        let (one, two) = (make("one"), make("two"));
        let ask = |dir: &Path, args: &[&str]| output_of(git(dir).args(args)).unwrap();
        let tip = |dir: &Path| ask(dir, &["rev-parse", "main", "unfinished", "production"]);
        assert_eq!(tip(&one), tip(&two));
        let count = |args: &[&str]| ask(&one, args).lines().count();
        assert!(count(&["rev-list", "--merges", "main"]) > 50);
        assert!(count(&["rev-list", "--grep=(#[0-9]*)$", "main"]) > 200);
        assert!(count(&["rev-list", "--grep=This reverts commit", "main"]) > 1);
        assert!(count(&["ls-tree", "-r", "-d", "--name-only", "main"]) > 300);
        assert_eq!(ask(&one, &["fsck", "--no-progress"]), "");
    }
}
