//! One act: it is begun, unless it was before; what it says is sent, and then what it
//! came to.

use super::hosts::{Hosts, OnHost};
use super::link::{Link, Unknown};
use super::output::{MOST, Output};
use super::secrets::{Secrets, fingerprint};
use anyhow::bail;
use gonogo_api::runner::{CameTo, Order, RunEnded, RunOf};
use gonogo_core::deploy::ActKey;
use gonogo_remote::starter::{GRACE, Lack, Local, Mask, Over, Standing, Start, StarterError};
use secrecy::SecretString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// What steps call this program.
const OWN: &str = "gonogo";
/// Where it looks whether all deploys are stopped.
const STOPPED_FILE: &str = "GONOGO_STOPPED_FILE";
const GLANCE: Duration = Duration::from_millis(100);
/// A start takes a second at most: after so long it is called off.
const STARTS_WITHIN: Duration = Duration::from_secs(30);

pub(super) struct Runner {
    pub local: Local,
    pub link: Link,
    pub secrets: Secrets,
    pub hosts: Hosts,
    /// What runs as `gonogo` here: no other version of it, wherever that may be.
    pub own: String,
}

/// Of which act, and how following it came out.
pub(super) type Told = (RunOf, Result<(), Unknown>);

enum Says {
    All,
    /// The server wants no more of it.
    Unwanted,
}

/// Where it runs.
enum At {
    Here,
    There(OnHost),
}

pub(super) struct Following(JoinHandle<()>);

impl Following {
    /// The act goes on.
    pub(super) fn leave(self) {
        self.0.abort();
    }
}

impl Runner {
    pub(super) fn follow(self: &Arc<Self>, order: Order, tell: UnboundedSender<Told>) -> Following {
        let runner = Arc::clone(self);
        Following(tokio::spawn(async move {
            let of = order.of.clone();
            let told = runner.does(&order).await;
            tell.send((of, told)).ok(); // nobody listens any more when it ends
        }))
    }

    pub(super) fn end(&self, of: &RunOf, by: &str) {
        tracing::info!(deploy = of.deploy, key = of.key, by, "it is to be ended");
        if self.hosts.end(of, by) {
            return;
        }
        if let Err(error) = self.local.end(&folder(of), by) {
            tracing::warn!(%error, deploy = of.deploy, key = of.key, "it cannot be ended");
        }
    }

    /// An act here that goes on phase by phase knows that all deploys are stopped, or not.
    pub(super) fn knows_of_stop(&self, of: &RunOf) {
        if let Err(error) = self.local.stopped(&folder(of), self.hosts.why_stopped().as_deref()) {
            tracing::warn!(%error, deploy = of.deploy, key = of.key, "it is not told of the stop");
        }
    }

    /// From its start to the moment when the server knows what it came to.
    async fn does(&self, order: &Order) -> Result<(), Unknown> {
        let Order { of, service, name, .. } = order;
        let (came_to, is_over) = match self.begin(order).await {
            Ok((output, place)) => {
                let came_to = self.follows_to_end(order, &place, output).await?;
                (came_to, matches!(self.look(order, &place), Standing::Over(_)))
            }
            Err(came_to) => (Some(came_to), matches!(self.look(order, &At::Here), Standing::Over(_))),
        };
        if let Some(came_to) = came_to {
            tracing::info!(deploy = of.deploy, key = of.key, service, name, ?came_to, "it is over");
            self.link.ended(&RunEnded { of: of.clone(), came_to }).await?;
        }
        if of.key.parse::<ActKey>().is_ok() && is_over {
            self.local.told(&folder(of));
            self.hosts.told(&folder(of));
        }
        Ok(())
    }

    /// Begins it, unless it was begun before.
    async fn begin(&self, order: &Order) -> Result<(Output, At), CameTo> {
        let Order { of, service, name, .. } = order;
        if let Err(why) = of.key.parse::<ActKey>() {
            return Err(CameTo::NotStarted { why });
        }
        if let Some(wanted) = self.hosts.wanted(order, &folder(of)) {
            let path = wanted.output();
            if wanted.was_sent() {
                tracing::info!(deploy = of.deploy, key = of.key, service, name, "it was sent before, and is followed");
                return Ok((self.goes_on(order, path), At::There(self.hosts.attach(of, wanted))));
            }
            if let Some(why) = order.not_begun_because.clone() {
                return Err(CameTo::NotStarted { why });
            }
            let (start, mask) = self.prepare(order)?;
            tracing::info!(deploy = of.deploy, key = of.key, service, name, place = %wanted.place, "it is sent");
            let began = self.hosts.begin(of, wanted, &start);
            let on = began.map_err(|error| CameTo::NotStarted { why: error.to_string() })?;
            return Ok((Output::of(path, mask, MOST), At::There(on)));
        }
        if self.local.run(&folder(of)).exists() {
            tracing::info!(deploy = of.deploy, key = of.key, service, name, "it was begun before, and is followed");
            return Ok((self.goes_on(order, self.local.output(&folder(of))), At::Here));
        }
        if let Some(why) = order.not_begun_because.clone() {
            // Also by an order that is on its way yet.
            self.call_off(of);
            return Err(CameTo::NotStarted { why });
        }
        let (start, mask) = self.prepare(order)?;
        let output = Output::of(self.local.output(&folder(of)), mask, MOST);
        match self.start(start).await {
            Ok(()) => {
                tracing::info!(deploy = of.deploy, key = of.key, service, name, "it was started");
                // One that came meanwhile.
                self.knows_of_stop(of);
            }
            Err(error) => {
                tracing::warn!(%error, deploy = of.deploy, key = of.key, service, name, "its start failed");
                self.call_off(of);
                if let Standing::Over(Over::NotStarted { .. }) = self.look(order, &At::Here) {
                    return Err(CameTo::NotStarted { why: error.to_string() });
                }
            }
        }
        Ok((output, At::Here))
    }

    /// What it says from where the server has it.
    fn goes_on(&self, order: &Order, path: PathBuf) -> Output {
        let key = folder(&order.of);
        let mask = || {
            let secrets = self.secrets.named(&order.secrets)?;
            if self.local.kept(&key) != Some(fingerprint(&key, &secrets)) {
                bail!("its secrets were changed since it began");
            }
            Ok(Mask::of(&secrets)?)
        };
        let mut output = match mask() {
            Ok(mask) => Output::of(path, mask, MOST),
            // What it says cannot be masked any more.
            Err(error) => {
                tracing::warn!(%error, key, "what it says is not sent");
                Output::withheld(path, &error.to_string())
            }
        };
        output.go_to(order.said_bytes);
        output
    }

    /// All that it needs to begin.
    fn prepare(&self, order: &Order) -> Result<(Start, Mask), CameTo> {
        let key = folder(&order.of);
        let broken = |said: String| CameTo::Broken { said };
        if order.argv.is_empty() {
            return Err(broken("it has no program".to_owned()));
        }
        let secrets = self.secrets.named(&order.secrets).map_err(|error| broken(error.to_string()))?;
        let mask = Mask::of(&secrets).map_err(|error| broken(error.to_string()))?;
        let kept = self.local.keep(&key, &fingerprint(&key, &secrets));
        kept.map_err(|error| CameTo::NotStarted { why: error.to_string() })?;
        let mut env = order.env.clone();
        if is_capistrano(order) {
            let file = self.local.stopped_file(&key).to_str().map(str::to_owned);
            env.extend(file.map(|file| (STOPPED_FILE.to_owned(), file)));
        }
        let plain = env.into_iter().map(|(name, value)| (name, SecretString::from(value)));
        let start = Start {
            service: lock_of(order),
            fence: order.fence,
            key: key.clone(),
            argv: self.words(order),
            env: plain.chain(secrets).collect(),
            dir: order.dir.clone(),
            limit: limit(order),
            grace: grace(order),
        };
        Ok((start, mask))
    }

    fn words(&self, order: &Order) -> Vec<String> {
        let is_here = order.on.as_ref().is_none_or(|on| on.ssh.is_none());
        let mut argv = order.argv.clone();
        if let Some(program) = argv.first_mut().filter(|program| is_here && *program == OWN) {
            program.clone_from(&self.own);
        }
        argv
    }

    async fn start(&self, start: Start) -> Result<(), StarterError> {
        let local = self.local.clone();
        let starting = tokio::task::spawn_blocking(move || local.start(&start));
        match tokio::time::timeout(STARTS_WITHIN, starting).await {
            Ok(Ok(started)) => started.map(|_| ()),
            Ok(Err(error)) => Err(StarterError::Shell(error.to_string())),
            Err(_) => Err(StarterError::NoAnswer(format!("{} s went by", STARTS_WITHIN.as_secs()))),
        }
    }

    /// What it came to; nothing where the server wants no more of it.
    async fn follows_to_end(&self, order: &Order, place: &At, mut output: Output) -> Result<Option<CameTo>, Unknown> {
        let mut starting: Option<Instant> = None;
        loop {
            // What it said is read after it was seen to be over.
            let standing = self.look(order, place);
            if let Says::Unwanted = self.says(&order.of, &mut output, matches!(standing, Standing::Over(_))).await? {
                return Ok(None);
            }
            match standing {
                Standing::Over(over) => return Ok(Some(came_to(over, order))),
                Standing::Running => starting = None,
                // Whoever follows it there calls it off.
                Standing::Starting if matches!(place, At::There(_)) => {}
                Standing::Starting => {
                    let since = *starting.get_or_insert_with(Instant::now);
                    if since.elapsed() > STARTS_WITHIN {
                        starting = None;
                        self.call_off(&order.of);
                    }
                }
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Sends all that is there.
    async fn says(&self, of: &RunOf, output: &mut Output, is_over: bool) -> Result<Says, Unknown> {
        loop {
            match output.part(is_over) {
                Ok(Some((at_byte, bytes))) => {
                    let end = at_byte + bytes.len() as u64;
                    match self.link.said(of, at_byte, bytes).await? {
                        Some(known) if known == end => {}
                        Some(known) => output.go_to(known),
                        None => return Ok(Says::Unwanted),
                    }
                }
                Ok(None) => return Ok(Says::All),
                Err(error) => {
                    tracing::warn!(%error, deploy = of.deploy, key = of.key, "what it says cannot be read");
                    return Ok(Says::All);
                }
            }
        }
    }

    fn look(&self, order: &Order, place: &At) -> Standing {
        match place {
            At::Here => self.local.look(&folder(&order.of), limit(order), grace(order)),
            At::There(on) => on.look(),
        }
    }

    fn call_off(&self, of: &RunOf) {
        if let Err(error) = self.local.call_off(&folder(of)) {
            tracing::warn!(%error, deploy = of.deploy, key = of.key, "its start cannot be called off");
        }
    }
}

/// Its name on the host.
fn folder(of: &RunOf) -> String {
    format!("d{}-{}", of.deploy, of.key)
}

/// Under which name acts keep each other out. What is done here for several hosts of a
/// step is done side by side.
fn lock_of(order: &Order) -> String {
    match &order.on {
        Some(on) if on.ssh.is_none() => format!("{}.on.{}", order.service, on.name),
        _ => order.service.clone(),
    }
}

pub(super) fn limit(order: &Order) -> Duration {
    Duration::from_secs(order.limit_seconds.into())
}

/// Between TERM and KILL. What stops by itself where nothing is left half done, and else is
/// at its end soon, is let.
fn grace(order: &Order) -> Duration {
    const PUBLISHES: Duration = Duration::from_mins(10);
    if is_capistrano(order) { PUBLISHES } else { GRACE }
}

fn is_capistrano(order: &Order) -> bool {
    order.argv.iter().map(String::as_str).take(2).eq([OWN, "capistrano"])
}

fn came_to(over: Over, order: &Order) -> CameTo {
    let there = order.on.as_ref().filter(|on| on.ssh.is_some());
    let place = there.map_or("the runner's host", |on| &on.name);
    match over {
        Over::Exit { status } => CameTo::Exit { status },
        Over::TimedOut => CameTo::TimedOut,
        Over::Ended { by } => CameTo::Ended { by },
        Over::NotStarted { why } => CameTo::NotStarted { why },
        Over::CannotTell { said, fix } => CameTo::CannotTell { said, fix },
        Over::Unreached { said, fix } => CameTo::Broken { said: format!("{said}: {fix}") },
        Over::Broken(Lack::Program) => {
            let program = order.argv.first().map_or("", String::as_str);
            CameTo::Broken { said: format!("there is no program `{program}` on {place}") }
        }
        Over::Broken(Lack::Dir) => {
            let dir = order.dir.as_deref().unwrap_or_default();
            CameTo::Broken { said: format!("there is no folder {dir} on {place}") }
        }
        // The connection broke while they were sent.
        Over::Broken(Lack::Env) if there.is_some() => {
            CameTo::NotStarted { why: format!("its variables did not come to {place}") }
        }
        Over::Broken(Lack::Env) => CameTo::Broken { said: format!("its variables could not be set on {place}") },
    }
}
