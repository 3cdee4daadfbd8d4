//! `cargo xtask bench check`: the bars of `gonogo check`.

use super::bars::{Bar, Limit, Measured};
use super::measure::{ends_with, in_turn, milliseconds, peak_memory, wall, wall_read};
use super::report;
use super::repository::{Size, made};
use crate::programs::{git, output_of, program};
use crate::workspace::metadata;
use anyhow::Context;
use std::path::{Path, PathBuf};
use std::process::Command;

const HOOK_RUNS: usize = 50;
/// Go, No-Go, could not find out, waiting: all but a mistake in the call.
const VERDICTS: [i32; 4] = [0, 1, 3, 4];

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only the repository of this size
    #[arg(long, value_enum)]
    only: Option<Size>,
    /// How many pairs of runs
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    pairs: u16,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let target = PathBuf::from(metadata()?["target_directory"].as_str().context("cargo names no target folder")?);
    let bench = target.join("bench");
    let sizes = options.only.map_or(Size::ALL.to_vec(), |only| vec![only]);
    let repositories: Vec<(Size, PathBuf)> =
        sizes.into_iter().map(|size| Ok((size, made(&bench, size)?))).collect::<anyhow::Result<_>>()?;
    let gonogo = Gonogo { path: report::released(&target)?, pairs: usize::from(options.pairs) };
    let load_before = report::load();
    let mut bars = Vec::new();
    for (size, repository) in &repositories {
        for (production, ahead) in size.productions() {
            bars.extend(gonogo.range(*size, repository, production, *ahead)?);
        }
    }
    if let Some((_, repository)) = repositories.last() {
        bars.push(gonogo.hook(&bench, repository)?);
    }
    bars.push(gonogo.size()?);
    report::print(&bars, load_before.as_deref(), &bench.join("check.json"))
}

/// The program under test.
struct Gonogo {
    path: PathBuf,
    pairs: usize,
}

impl Gonogo {
    fn check(&self, repository: &Path, production: &str, more: &[&str]) -> Command {
        let mut command = program(&self.path);
        command.arg("check").arg("--repo").arg(repository).args(["--production", production]).args(more);
        command
    }

    /// One range of one repository: time, memory, and what newest Go adds.
    fn range(&self, size: Size, repository: &Path, production: &str, ahead: usize) -> anyhow::Result<Vec<Bar>> {
        let name = format!("{} commits, {ahead} in range", size.name());
        eprintln!("measuring {name}");
        let human = || self.check(repository, production, &[]);
        let json = || self.check(repository, production, &["--format", "json"]);
        let unfinished = || self.check(repository, production, &["--head", "unfinished"]);
        ends_with(&mut human(), &VERDICTS)?;
        ends_with(&mut unfinished(), &[1]).context("the head with one commit that blocks")?;
        let log = || reference(repository, production);
        let of = |ours: &dyn Fn() -> Command| in_turn(self.pairs, || wall(&mut ours()), || wall_read(&mut log()));
        let pairs = |(ours, other), other_is| Measured::Pairs { ours, other, other_is };
        let (most_time, most_memory) = match (size, ahead) {
            (Size::Large, 1_000) => (Some(2.0), Some(60.0)),
            (Size::Large, 50_000) => (Some(1.3), Some(120.0)),
            _ => (None, None),
        };
        let newest_go = in_turn(self.pairs, || wall(&mut unfinished()), || wall(&mut human()))?;
        let mut peak = 0.0_f64;
        for _ in 0..3 {
            peak = peak.max(peak_memory(&mut human())?);
        }
        let bar = |what: &str, measured, most: Option<f64>| Bar {
            what: format!("{name}: {what}"),
            measured,
            limit: most.map(Limit::AtMost),
        };
        Ok(vec![
            bar("check", pairs(of(&human)?, "git log"), most_time),
            bar("check --format json", pairs(of(&json)?, "git log"), None),
            bar("newest Go", pairs(newest_go, "the same without"), most_time.and(Some(1.1))),
            bar("peak memory", Measured::Megabytes(peak), most_memory),
        ])
    }

    /// The commit-msg hook in a worktree of a large repository: it has no reason
    /// to look at the history.
    fn hook(&self, bench: &Path, repository: &Path) -> anyhow::Result<Bar> {
        let bar = |measured| Bar { what: "hook commit-msg".to_owned(), measured, limit: Some(Limit::AtMost(15.0)) };
        if ends_with(program(&self.path).args(["hook", "--help"]), &[0]).is_err() {
            return Ok(bar(Measured::Skipped("there is no `gonogo hook` yet")));
        }
        let tree = bench.join("hook");
        if tree.exists() {
            std::fs::remove_dir_all(&tree).with_context(|| tree.display().to_string())?;
            output_of(git(repository).args(["worktree", "prune"]))?;
        }
        output_of(git(repository).args(["worktree", "add", "--quiet", "--no-checkout", "--detach"]).arg(&tree))?;
        std::fs::write(tree.join("gonogo.toml"), "[stories]\nprojects = [\"STORY\", \"WEB\", \"OPS\"]\n")?;
        std::fs::write(tree.join("message"), "STORY-12 Charge in euros\n\nAs the shop next door does.\n")?;
        let run = || {
            let mut hook = program(&self.path);
            hook.current_dir(&tree).args(["hook", "commit-msg", "message"]);
            hook
        };
        ends_with(&mut run(), &[0])?;
        let runs = (0..HOOK_RUNS).map(|_| wall(&mut run())).collect::<anyhow::Result<Vec<_>>>()?;
        Ok(bar(Measured::Runs(milliseconds(&runs))))
    }

    fn size(&self) -> anyhow::Result<Bar> {
        let bytes = std::fs::metadata(&self.path)?.len();
        let kilobytes = u32::try_from(bytes / 1000).context("a binary of over 4 TB")?;
        let measured = Measured::Megabytes(f64::from(kilobytes) / 1e3);
        Ok(Bar { what: "release binary".to_owned(), measured, limit: Some(Limit::AtMost(15.0)) })
    }
}

/// The `git log` that lists the range with messages and files.
fn reference(repository: &Path, production: &str) -> Command {
    let mut log = git(repository);
    log.args(["log", "--raw", "-z", "--no-abbrev", "--format=%H%x00%an%x00%ae%x00%B"]);
    log.arg(format!("{production}..main"));
    log
}
