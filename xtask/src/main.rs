//! Chores of the project: what `./test` checks beside lints and tests, docs
//! that are built, benches. Never a part of the program.

mod arch;
mod bench;
mod docs;
mod new_check;
mod programs;
mod workspace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Chores of the project
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Check which crate depends on which, and how large and how pure files are
    Arch,
    /// Measure the program against its bars
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Build docs/checks from the pages beside the checks
    Docs {
        /// Fail where they differ, and write nothing
        #[arg(long)]
        check: bool,
    },
    /// Make a check: its file, its test, its page, its place in the registry
    NewCheck {
        /// Such as story-key
        name: String,
    },
}

fn main() -> ExitCode {
    let done = match Cli::parse().chore {
        Chore::Arch => arch::run(),
        Chore::Bench(bench) => bench::run(&bench),
        Chore::Docs { check } => docs::run(check),
        Chore::NewCheck { name } => new_check::run(&name),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
