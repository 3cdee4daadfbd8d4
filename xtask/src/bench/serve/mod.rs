//! `cargo xtask bench serve`: the bars of the server, on SQLite, and on
//! PostgreSQL where `GONOGO_TEST_POSTGRES` names one.

mod flood;
mod http;
mod pages;
mod pushes;
mod server;

use super::bars::Bar;
use super::report;
use crate::workspace::metadata;
use anyhow::Context;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Measure this program instead of building one
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Only what has this in its name: flood, latency, services, growth, pages
    #[arg(long)]
    only: Option<String>,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let target = PathBuf::from(metadata()?["target_directory"].as_str().context("cargo names no target folder")?);
    let program = options.program.clone().map_or_else(|| report::released(&target), Ok)?;
    let load_before = report::load();
    let postgres = std::env::var("GONOGO_TEST_POSTGRES").ok();
    let mut bars = Vec::new();
    for (name, store) in [("SQLite", None), ("PostgreSQL", postgres.as_deref())] {
        if name == "PostgreSQL" && store.is_none() {
            eprintln!("no GONOGO_TEST_POSTGRES: `./test with cargo xtask bench serve` has one");
            continue;
        }
        let all = measured(options.only.as_deref(), &program, store)?;
        bars.extend(all.into_iter().map(|bar| Bar { what: format!("{name}: {}", bar.what), ..bar }));
    }
    let bench = target.join("bench");
    std::fs::create_dir_all(&bench)?;
    report::print(&bars, load_before.as_deref(), &bench.join("serve.json"))
}

fn measured(only: Option<&str>, program: &Path, postgres: Option<&str>) -> anyhow::Result<Vec<Bar>> {
    type Part = fn(&Path, Option<&str>) -> anyhow::Result<Vec<Bar>>;
    let parts: [(&str, Part); 5] = [
        ("pages", pages::all),
        ("flood", flood::all),
        ("latency", pushes::latency),
        ("growth", |program, postgres| Ok(vec![pushes::growth(program, postgres)?])),
        ("services", |program, postgres| Ok(vec![pushes::services(program, postgres)?])),
    ];
    let mut bars = Vec::new();
    for (name, part) in parts.iter().filter(|(name, _)| only.is_none_or(|only| name.contains(only))) {
        eprintln!("measuring {name}");
        bars.extend(part(program, postgres).with_context(|| (*name).to_owned())?);
    }
    Ok(bars)
}
