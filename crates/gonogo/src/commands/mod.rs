//! One file a command. Each gives its exit code.

mod backup;
mod check;
mod demo;
mod doctor;
mod explain;
mod hook;
mod init;
mod replay;
mod restore;
mod schema;
mod serve;

pub(crate) use hook::HookCommand;

use crate::cli::{Command, StoreCommand};
use anyhow::{Context, bail};
use secrecy::SecretString;

pub(crate) fn run(command: Command) -> anyhow::Result<u8> {
    match command {
        Command::Check(args) => check::run(args),
        Command::Init(args) => init::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Explain { word } => explain::run(&word),
        Command::Schema { of } => schema::run(of),
        Command::Replay(args) => replay::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Backup(args) => backup::run(&args),
        Command::Restore(args) => restore::run(&args),
        Command::Store(StoreCommand::Check(args)) => serve::store::check(&args),
        Command::Hook(command) => hook::run(&command),
    }
}

/// A file that a person named, with the name in the error.
fn read_text(path: &std::path::Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} could not be read", path.display()))
}

/// A secret of the environment, or of the file that a variable with `_FILE` names.
pub(crate) fn secret(name: &str) -> anyhow::Result<Option<SecretString>> {
    let given = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let text = match (given(name), given(&format!("{name}_FILE"))) {
        (Some(text), _) => text,
        (None, Some(path)) => {
            std::fs::read_to_string(&path).with_context(|| format!("{name}_FILE: {path} could not be read"))?
        }
        (None, None) => return Ok(None),
    };
    let text = text.trim();
    if text.is_empty() {
        bail!("{name}_FILE: the file is empty\n  → write the secret into it, alone");
    }
    Ok(Some(SecretString::from(text.to_owned())))
}
