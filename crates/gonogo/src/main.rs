//! The program `gonogo`: a face. It parses what was asked, calls one engine
//! command and renders the answer; no rule lives here.

mod cli;
mod clock;
mod commands;
mod logs;
mod progress;
mod render;
mod server;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are asked for; all else is a mistake in the call.
            let code = if error.use_stderr() { 2 } else { 0 };
            error.print().ok();
            return ExitCode::from(code);
        }
    };
    match commands::run(cli.command) {
        Ok(code) => ExitCode::from(code),
        Err(error) if is_broken_pipe(&error) => ExitCode::from(2),
        Err(error) => {
            anstream::eprintln!("{}", render::error(&error));
            // A server that is away is no mistake in the call: it is not known.
            ExitCode::from(if error.is::<server::Away>() { 3 } else { 2 })
        }
    }
}

/// Whoever read our output has gone: nobody is left to tell.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let is_pipe = |e: &std::io::Error| e.kind() == std::io::ErrorKind::BrokenPipe;
    error.downcast_ref::<std::io::Error>().is_some_and(is_pipe)
}
