//! `gonogo runner`: asks a server for steps of deploys, and does them on this host.
//! The steps run by themselves: it may be killed at any time, and its successor with
//! the same folder goes on from there.

mod acts;
mod hosts;
mod link;
mod output;
mod place;
mod secrets;

use super::serve::told_to_stop;
use crate::cli::RunnerArgs;
use crate::{clock, logs};
use acts::{Following, Runner};
use anyhow::{Context, bail};
use gonogo_api::runner::{AskForWork, RunOf, Stop, Work};
use gonogo_remote::ssh::Ssh;
use hosts::Hosts;
use jiff::SignedDuration;
use link::{Link, Unknown};
use secrets::Secrets;
use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// The server answers then at the latest.
const WAIT_SECONDS: u32 = 20;
/// What is wanted again and again is not asked for more often.
const BREATH: Duration = Duration::from_millis(500);
/// So long what is over and told stays on the host.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
const BETWEEN_TIDYING: Duration = Duration::from_hours(24);

pub(crate) fn run(args: &RunnerArgs) -> anyhow::Result<u8> {
    if args.with_parent {
        std::thread::spawn(end_with_parent);
    }
    logs::begin(logs::LogFormat::default(), logs::LogLevel::default());
    let place = place::take(&args.folder, args.with_parent)?;
    let link = Link::to(&args.server, &args.name, &args.token_file)?;
    let secrets = Secrets::of(args.secrets_file.as_deref())?;
    if let Some(config) = &args.ssh_config {
        std::fs::File::open(config).with_context(|| format!("{} could not be read", config.display()))?;
    }
    let hosts = Hosts::of(&args.folder, Ssh { config: args.ssh_config.clone() });
    // Before somebody replaces it: a new version stands in the same place.
    let own = std::env::current_exe().context("where this program stands is not known")?;
    let own = own.to_str().context("where this program stands is no text")?.to_owned();
    let runner = Arc::new(Runner { local: place.local.clone(), link, secrets, hosts, own });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        let stop = told_to_stop()?;
        tracing::info!(version = env!("CARGO_PKG_VERSION"), name = args.name, server = args.server, "asking for work");
        tokio::select! {
            () = stop => {
                tracing::info!("told to stop: what runs goes on, and the next runner of this folder follows it");
                Ok(())
            }
            Unknown = work(&runner, &place.instance) => bail!(
                "{} does not know this runner\n  → see that {} has the token that the server gave to {}",
                args.server, args.token_file.display(), args.name
            ),
        }
    });
    // A start that is under way ends by itself.
    runtime.shutdown_timeout(Duration::from_millis(100));
    ended.map(|()| 0)
}

/// Whoever holds the other end has gone. What runs goes on.
fn end_with_parent() {
    let mut bytes = [0; 64];
    let mut stdin = std::io::stdin();
    while stdin.read(&mut bytes).is_ok_and(|length| length > 0) {}
    std::process::exit(0);
}

/// Asks, and does; until the server knows it no more.
async fn work(runner: &Arc<Runner>, instance: &str) -> Unknown {
    let mut follows: BTreeMap<RunOf, Following> = BTreeMap::new();
    let (tell, mut told) = mpsc::unbounded_channel();
    let mut tidied: Option<Instant> = None;
    let mut stopped: Option<Stop> = None;
    loop {
        if tidied.is_none_or(|at| at.elapsed() > BETWEEN_TIDYING) {
            let before = u64::try_from((clock::now() - KEPT).as_second()).unwrap_or(0);
            let before = SystemTime::UNIX_EPOCH + Duration::from_secs(before);
            runner.local.tidy(before);
            runner.hosts.tidy(before, &runner.local);
            tidied = Some(Instant::now());
        }
        let (instance, follows_now) = (instance.to_owned(), follows.keys().cloned().collect());
        let stop = stopped.as_ref().map(|stop| stop.id);
        let ask = AskForWork { instance, follows: follows_now, wait_seconds: WAIT_SECONDS, stop };
        let asked_at = Instant::now();
        let work = tokio::select! {
            work = runner.link.work(&ask) => work,
            Some((of, ended)) = told.recv() => {
                follows.remove(&of);
                match ended {
                    Ok(()) => continue,
                    Err(unknown) => return unknown,
                }
            }
        };
        let Work { new, end, gone, stop } = match work {
            Ok(work) => work,
            Err(unknown) => return unknown,
        };
        // What is begun here begins at once; to a host it may be on its way for long.
        runner.hosts.stopped(stop.as_ref().map(|stop| stop.said.as_str()));
        stopped = stop;
        // What is to be ended is said until it is.
        let is_repeated = new.iter().all(|order| follows.contains_key(&order.of));
        for order in new {
            follows.entry(order.of.clone()).or_insert_with(|| runner.follow(order, tell.clone()));
        }
        for of in follows.keys() {
            runner.knows_of_stop(of);
        }
        for wanted in end {
            if follows.contains_key(&wanted.of) {
                runner.end(&wanted.of, &wanted.by);
            }
        }
        for of in gone {
            if let Some(following) = follows.remove(&of) {
                following.leave();
            }
        }
        if is_repeated && asked_at.elapsed() < BREATH {
            tokio::time::sleep(BREATH).await;
        }
    }
}
