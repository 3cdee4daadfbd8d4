//! `gonogo hook`: a commit names its story before it is made. The rule itself
//! is the check's (`gonogo_checks::commit_rule`); here are the files around it.

mod args;
mod commit_msg;
mod install;
mod message;
mod place;
mod prepare;
mod print;
mod rules;
mod script;
mod status;
mod uninstall;

pub(crate) use args::HookCommand;

pub(super) fn run(command: &HookCommand) -> anyhow::Result<u8> {
    match command {
        HookCommand::Install(args) => install::run(args),
        HookCommand::Uninstall(args) => uninstall::run(args),
        HookCommand::Status(args) => status::run(args),
        HookCommand::CommitMsg { file } => commit_msg::run(file),
        HookCommand::PrepareCommitMsg { file, source, .. } => prepare::run(file, source.as_deref()),
        HookCommand::Print(args) => print::run(args),
    }
}

/// A line on standard error, where git shows what hooks say.
fn tell(line: &str) {
    anstream::eprintln!("gonogo: {}", gonogo_core::say::printable(line));
}
