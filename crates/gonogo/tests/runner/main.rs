//! `gonogo runner` as a process, and a small server that speaks its wire.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod crashes;
mod follows;
#[path = "../shared/hosts.rs"]
mod hosts;
mod on_hosts;
mod refusals;
mod server;
mod support;
