//! Guards on thousands of made deploys, and on public series with faults put into them:
//! how many good deploys they halt, how many bad ones they find, and when; beside a fixed
//! threshold, and a test for one look that is looked at each minute.

mod deploys;
mod rivals;
mod series;
mod trial;

use super::bars::{Bar, Limit, Measured};
use super::report;
use crate::programs::cargo;
use crate::workspace::{metadata, root};
use anyhow::{Context, bail};
use std::path::PathBuf;
use trial::{Judges, Tally};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Made deploys of each kind
    #[arg(long, default_value_t = 2000)]
    deploys: u64,
    /// The folder with series of numenta/NAB and their `windows.json`; without it, these are skipped
    #[arg(long, value_name = "DIR", env = "GONOGO_BENCH_NAB")]
    nab: Option<PathBuf>,
}

pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    // Unoptimised, it takes an hour.
    if cfg!(debug_assertions) {
        return run_released();
    }
    let load = report::load();
    let mut bars = made(options.deploys);
    if let Some(folder) = &options.nab {
        bars.extend(series::measure(folder)?);
    } else {
        eprintln!("PUBLIC SERIES ARE SKIPPED: name a folder with them by --nab or GONOGO_BENCH_NAB");
        bars.push(Bar {
            what: "public series".to_owned(),
            measured: Measured::Skipped("no --nab and no GONOGO_BENCH_NAB"),
            limit: None,
        });
    }
    let target = metadata()?["target_directory"].as_str().map(PathBuf::from).context("cargo names no target folder")?;
    let bench = target.join("bench");
    std::fs::create_dir_all(&bench).with_context(|| bench.display().to_string())?;
    report::print(&bars, load.as_deref(), &bench.join("guard.json"))
}

fn run_released() -> anyhow::Result<()> {
    let arguments = std::env::args().skip(1);
    // Optimised, and not as small as what is released.
    let profile = ["--config=profile.release.lto=false", "--config=profile.release.codegen-units=16"];
    let mut run = cargo();
    run.args(["run", "--release", "--locked", "--quiet", "--package=xtask"]).args(profile).arg("--").args(arguments);
    if !run.current_dir(root()).status()?.success() {
        bail!("the bench failed");
    }
    Ok(())
}

fn made(count: u64) -> Vec<Bar> {
    use deploys::{Kind, play};
    let mut bars = Vec::new();
    let mut add = |what: &str, kind: Kind, limits: Limits| {
        let tally = play(kind, count);
        let origin = "made: 50 requests/s, 1% errors, 10 s";
        bars.extend(rows(what, origin, &tally, limits));
        if limits.halted.is_some_and(|limit| matches!(limit, Limit::AtMost(_))) {
            let how = format!("{} of {}; {origin}", tally.guard.asked(), tally.guard.deploys());
            let measured = Measured::Figure { figure: tally.guard.percent_asked(), unit: "%", how };
            bars.push(Bar { what: what.replace("halted", "that end with a question"), measured, limit: None });
        }
    };
    let at_most = |most| Limits { halted: Some(Limit::AtMost(most)), median: None };
    add("good deploys halted", Kind::Good, at_most(1.0));
    add("good deploys with a restart bump halted", Kind::Bump, at_most(2.0));
    add("good deploys in a wave of traffic halted", Kind::Wave, at_most(1.0));
    add("good deploys with errors in bursts halted", Kind::Bursts, at_most(1.0));
    let found = |least, median| Limits { halted: Some(Limit::AtLeast(least)), median };
    add("fivefold errors found", Kind::Errors(5.0), found(95.0, Some(Limit::AtMost(70.0))));
    add("fivefold errors found, with a restart bump", Kind::BumpThen(5.0), found(95.0, Some(Limit::AtMost(70.0))));
    add("doubled errors found", Kind::Errors(2.0), found(80.0, None));
    add("errors up by a quarter halted", Kind::Errors(1.25), at_most(1.0));
    bars
}

#[derive(Clone, Copy)]
struct Limits {
    halted: Option<Limit>,
    median: Option<Limit>,
}

/// Ours with its bar, the others for comparison.
fn rows(what: &str, origin: &str, tally: &Judges<Tally>, limits: Limits) -> Vec<Bar> {
    let mut bars = Vec::new();
    for (who, tally) in [("", &tally.guard), (": threshold", &tally.threshold), (": fixed horizon", &tally.horizon)] {
        let is_ours = who.is_empty();
        let how = format!("{} of {}; {origin}", tally.halted(), tally.deploys());
        let measured = Measured::Figure { figure: tally.percent(), unit: "%", how };
        bars.push(Bar { what: format!("{what}{who}"), measured, limit: limits.halted.filter(|_| is_ours) });
        if let Some(limit) = limits.median {
            let figure = tally.median_seconds();
            let measured = Measured::Figure { figure, unit: "s", how: "median after the fault began".to_owned() };
            bars.push(Bar { what: format!("{what}{who}, after"), measured, limit: Some(limit).filter(|_| is_ours) });
        }
    }
    bars
}
