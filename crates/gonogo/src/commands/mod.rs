//! One file a command. Each gives its exit code.

mod answer;
mod ask;
mod backup;
mod balancer;
mod candidate;
mod capistrano;
mod check;
mod demo;
mod deploy;
mod doctor;
mod explain;
mod guard;
mod hook;
mod http;
mod init;
mod lock;
mod replay;
mod restore;
mod runner;
mod schema;
mod serve;
mod status;
mod stop_all;
mod waive;

pub(crate) use capistrano::CapistranoCommand;
pub(crate) use check::outside;
pub(crate) use hook::HookCommand;
pub(crate) use http::HttpCommand;

use crate::cli::{Command, GuardCommand, StoreCommand};
use anyhow::Context;
use gonogo_engine::Secret;

pub(crate) fn run(command: Command) -> anyhow::Result<u8> {
    match command {
        Command::Check(args) => check::run(args),
        Command::Init(args) => init::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Explain { word } => explain::run(&word),
        Command::Schema { of } => schema::run(of),
        Command::Replay(args) => replay::run(&args),
        Command::Guard(GuardCommand::Replay(args)) => guard::replay(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Runner(args) => runner::run(&args),
        Command::Balancer(command) => balancer::run(&command),
        Command::Http(command) => http::run(&command),
        Command::Capistrano(command) => capistrano::run(&command),
        Command::Demo(args) => demo::run(&args),
        Command::Backup(args) => backup::run(&args),
        Command::Restore(args) => restore::run(&args),
        Command::Store(StoreCommand::Check(args)) => serve::store::check(&args),
        Command::Status(args) => status::run(&args),
        Command::Deploy(args) => deploy::run(&args),
        Command::Approve(args) => answer::approve(&args),
        Command::GoOn(args) => answer::go_on(&args),
        Command::Lock(args) => lock::run(&args),
        Command::Unlock(args) => lock::end(&args),
        Command::StopAll(args) => stop_all::run(&args),
        Command::Deploys(args) => deploy::list(&args),
        Command::Candidate(args) => candidate::run(&args),
        Command::Waive(args) => waive::run(&args),
        Command::Hook(command) => hook::run(&command),
    }
}

/// A file that a person named, with the name in the error.
fn read_text(path: &std::path::Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} could not be read", path.display()))
}

/// A secret of the environment, or of the file that a variable with `_FILE` names.
pub(crate) fn secret(name: &str) -> anyhow::Result<Option<Secret>> {
    Ok(Secret::read(name, |name| std::env::var(name).ok())?)
}
