//! Benches: whole-program figures beside their bars (DESIGN §12).

mod bars;
mod capistrano;
mod check;
mod files;
mod guard;
mod history;
mod measure;
mod messages;
mod random;
mod report;
mod repository;
mod serve;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// What a deploy by Capistrano takes longer than Capistrano
    Capistrano(capistrano::Options),
    /// `gonogo check` on made repositories, against `git log`
    Check(check::Options),
    /// Guards on made deploys and on public series, beside a threshold and a test for one look
    Guard(guard::Options),
    /// `gonogo serve` under load, between stand-ins for GitHub and Jira
    Serve(serve::Options),
}

pub(crate) fn run(bench: &Bench) -> anyhow::Result<()> {
    match bench {
        Bench::Capistrano(options) => capistrano::run(options),
        Bench::Check(options) => check::run(options),
        Bench::Guard(options) => guard::run(options),
        Bench::Serve(options) => serve::run(options),
    }
}
