//! `gonogo capistrano`: what the runner has done as steps of deploys; people may do the same.

mod args;

pub(crate) use args::CapistranoCommand;

use super::serve::told_to_stop;
use crate::clock;
use anyhow::{anyhow, bail};
use args::{CapistranoActArgs, CapistranoArgs};
use gonogo_core::deploy::release_name;
use gonogo_core::ids::Sha;
use gonogo_core::say;
use gonogo_remote::capistrano::{Capistrano, CapistranoError, Look, Mind, Wanted, Way};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) fn run(command: &CapistranoCommand) -> anyhow::Result<u8> {
    match command {
        CapistranoCommand::Deploy(args) => stoppable(args, |cap, wanted, mind| {
            cap.deploy(wanted, mind)?;
            Ok("deployed")
        }),
        CapistranoCommand::Back(args) => stoppable(args, |cap, wanted, mind| {
            Ok(match cap.back(wanted, mind)? {
                Way::Nothing => "it served everywhere: nothing was to be done",
                Way::RolledBack => "rolled back",
                Way::Anew => "deployed anew",
            })
        }),
        CapistranoCommand::Status(args) => status(args),
        CapistranoCommand::Unlock(args) => {
            for (host, lock) in of(args).unlock()? {
                let said =
                    lock.map_or_else(|| "there was no lock".to_owned(), |lock| format!("took off the lock: {lock}"));
                tells(&format!("{host}: {}", say::printable(&said)));
            }
            Ok(0)
        }
    }
}

fn of(args: &CapistranoArgs) -> Capistrano {
    let CapistranoArgs { stage, dir, only, command } = args;
    Capistrano { command: command.clone(), dir: dir.clone(), stage: stage.clone(), only: only.clone() }
}

/// Once somebody wants it ended, it stops where nothing is left half done.
fn stoppable(
    args: &CapistranoActArgs,
    does: impl FnOnce(&Capistrano, &Wanted, &Mind<'_>) -> Result<&'static str, CapistranoError>,
) -> anyhow::Result<u8> {
    let CapistranoActArgs { at, sha, release, service, stopped_file, deploy } = args;
    let now = clock::now();
    let sha = sha.parse::<Sha>().map_err(|_| anyhow!("`{sha}` is no commit\n  → give all 40 digits of its SHA"))?;
    let release = release.clone().unwrap_or_else(|| release_name(now));
    if release.len() != 14 || !release.chars().all(|c| c.is_ascii_digit()) {
        bail!("`{release}` is no name of a release\n  → it has 14 digits, as Capistrano's own have");
    }
    if service.is_empty() || service.contains(|c: char| c.is_whitespace() || c.is_control()) {
        bail!("`{}` is no name of a service\n  → it is one word", say::printable(service));
    }
    let wanted = Wanted { service: service.clone(), deploy: *deploy, sha: sha.to_string(), release };
    let is_to_stop = Arc::new(AtomicBool::new(false));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let told = runtime.block_on(async { told_to_stop() })?;
    let stop = Arc::clone(&is_to_stop);
    runtime.spawn(async move {
        told.await;
        stop.store(true, Ordering::Relaxed);
        tells("told to stop: it does so before the next phase, unless it publishes already");
    });
    let waits = || {
        let why = std::fs::read_to_string(stopped_file.as_ref()?).ok()?;
        Some(why.trim().to_owned())
    };
    let mind = Mind { now, stop: &is_to_stop, waits: &waits, says: &tells };
    let done = does(&of(at), &wanted, &mind);
    runtime.shutdown_background();
    tells(done?);
    Ok(0)
}

/// Apart from what Capistrano says.
fn tells(said: &str) {
    anstream::println!("gonogo: {said}");
}

fn status(args: &CapistranoArgs) -> anyhow::Result<u8> {
    let mut is_known = true;
    for host in of(args).stands()? {
        match host {
            Ok(look) => stands(&look),
            Err(error) => {
                is_known = false;
                anstream::println!("{error}");
            }
        }
    }
    Ok(if is_known { 0 } else { 3 })
}

fn stands(look: &Look) {
    let line = |text: &str| anstream::println!("  {}", say::printable(text));
    anstream::println!("{}: {}", say::printable(&look.host), say::printable(&look.said()));
    for release in &look.releases {
        let sha = release.sha.as_deref().unwrap_or("no REVISION");
        let seen = if release.was_published { "was published" } else { "never seen to serve" };
        let by = release.by.as_deref().map(|by| format!(", begun by deploy {by}")).unwrap_or_default();
        line(&format!("{}  {sha}  {seen}{by}", release.name));
    }
    if let Some(lock) = &look.lock {
        line(&format!("locked: {lock}"));
    }
}
