//! `cargo xtask bench check`: the bars of `gonogo check`.

use super::bars::{Bar, Measured, table};
use super::measure::{ends_with, in_turn, milliseconds, peak_memory, wall, wall_read};
use super::repository::{Size, made};
use crate::programs::{cargo, git, output_of, program};
use crate::workspace::{metadata, root};
use anyhow::{Context, bail};
use serde_json::json;
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
    let gonogo = Gonogo { path: released(&target)?, pairs: usize::from(options.pairs) };
    let load_before = load();
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
    let cpus = u32::try_from(std::thread::available_parallelism()?.get())?;
    let load_after = load();
    let is_busy = load_after.as_deref().is_some_and(|load| is_busy(load, cpus));
    let machine = json!({
        "cpus": cpus,
        "busy": is_busy,
        "git": output_of(git(&root()).arg("version"))?.trim(),
        "load_before": load_before,
        "load_after": load_after,
    });
    print!("{}", table(&bars));
    println!("\n{machine}");
    if is_busy {
        println!("others used this machine meanwhile: a bar that is met or missed here is not proven, measure again");
    }
    let report = json!({"machine": machine, "bars": bars.iter().map(Bar::json).collect::<Vec<_>>()});
    let file = bench.join("check.json");
    std::fs::write(&file, format!("{report:#}\n")).with_context(|| file.display().to_string())?;
    println!("written to {}", file.display());
    Ok(())
}

/// Builds the program as it is released.
fn released(target: &Path) -> anyhow::Result<PathBuf> {
    let built = cargo().current_dir(root()).args(["build", "--release", "--locked", "--package=gonogo"]).status()?;
    if !built.success() {
        bail!("the release build failed");
    }
    Ok(target.join("release").join(format!("gonogo{}", std::env::consts::EXE_SUFFIX)))
}

/// How busy the machine is, where it tells: the mean of a minute first.
fn load() -> Option<String> {
    std::fs::read_to_string("/proc/loadavg").ok().map(|text| text.trim().to_owned())
}

/// Our own runs keep one to two processors busy; more is others' work, and the
/// program, which runs several gits side by side, loses more by it than one git.
fn is_busy(load: &str, cpus: u32) -> bool {
    let mean: Option<f64> = load.split(' ').next().and_then(|mean| mean.parse().ok());
    mean.is_some_and(|mean| mean > f64::from(cpus) * 1.25)
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
        let bar = |what: &str, measured, at_most| Bar { what: format!("{name}: {what}"), measured, at_most };
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
        let bar = |measured| Bar { what: "hook commit-msg".to_owned(), measured, at_most: Some(15.0) };
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
        Ok(Bar { what: "release binary".to_owned(), measured, at_most: Some(15.0) })
    }
}

/// The `git log` that lists the range with messages and files.
fn reference(repository: &Path, production: &str) -> Command {
    let mut log = git(repository);
    log.args(["log", "--raw", "-z", "--no-abbrev", "--format=%H%x00%an%x00%ae%x00%B"]);
    log.arg(format!("{production}..main"));
    log
}

#[cfg(test)]
mod tests {
    use super::is_busy;

    #[test]
    fn a_load_that_is_not_ours_alone_is_said() {
        assert!(is_busy("5.29 6.50 6.00 5/123 31362", 2));
        assert!(!is_busy("1.90 6.50 6.00 5/123 31362", 2));
        assert!(!is_busy("", 2));
    }
}
