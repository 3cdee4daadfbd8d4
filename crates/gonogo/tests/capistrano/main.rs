//! `gonogo capistrano` with real Capistrano and hosts with a real sshd: what serves
//! afterwards, and what is left where it was killed, stopped or failed.

#![allow(clippy::unwrap_used, reason = "these are tests")]
#![allow(clippy::disallowed_methods, reason = "tests start the program")]

mod backwards;
mod forwards;
#[path = "../shared/hosts.rs"]
mod hosts;
mod killed;
#[path = "../shared/shop.rs"]
mod shop;

use shop::Shop;
use std::process::{Child, Command, Output, Stdio};

/// Such as `deploy` of a commit, for deploy 7 of `web`.
fn command(shop: &Shop, verb: &str, deploy: i64, sha: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gonogo"));
    command.args(["capistrano", verb, "--stage", "production", "--dir"]).arg(shop.dir());
    command.env("GONOGO_SERVICE", "web").env("GONOGO_DEPLOY", deploy.to_string());
    command.env("GONOGO_SHA", sha).env("GONOGO_RELEASE", release(deploy)).stdin(Stdio::null());
    command
}

/// What the release of that deploy is called.
fn release(deploy: i64) -> String {
    format!("202612010900{deploy:02}")
}

fn said(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{out}\n{err}")
}

#[track_caller]
fn says(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    said(&output)
}

/// What is said at last.
#[track_caller]
fn fails(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = said(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    said.rsplit_once("error: ").map(|(_, error)| error.to_owned()).unwrap_or(said)
}

/// One that goes on meanwhile, in a session of its own as below a runner.
fn begins(command: &Command) -> Child {
    let mut session = Command::new("setsid");
    session.arg(command.get_program()).args(command.get_args());
    session.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    session.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn status(shop: &Shop) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gonogo"));
    command.args(["capistrano", "status", "--stage", "production", "--dir"]).arg(shop.dir());
    says(&mut command)
}

/// Waits until it has come to a place where it is held.
#[track_caller]
fn comes_to(shop: &Shop, name: &str) {
    let there = || (!shop.marks(&format!("at-{name}")).is_empty()).then_some(());
    hosts::wait_for(there, || format!("it does not come to {name}"));
}
