//! `gonogo balancer`: what the runner has done at a balancer, as steps of deploys; people may
//! do the same.

use crate::cli::{AffinityArgs, AffinityOffArgs, AffinityOnArgs, BalancerCommand, ServerOfBalancer};
use crate::clock;
use anyhow::bail;
use gonogo_core::say;
use gonogo_remote::balancer::{Affinity, BalancerError, Haproxy, MapEntry, Of, Place, Said, sticks};
use gonogo_remote::http::{CA_FILE_VARIABLE, HttpSettings};
use jiff::{SignedDuration, Timestamp};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Who restarts HAProxy has it back within this.
const RESTARTS_WITHIN: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(500);

pub(crate) fn run(command: &BalancerCommand) -> anyhow::Result<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            BalancerCommand::AffinityOn(args) => on(args).await,
            BalancerCommand::AffinityOff(args) => off(args).await,
            BalancerCommand::Affinity(args) => stands(args).await,
            BalancerCommand::Drain(args) => drain(args).await,
            BalancerCommand::Undrain(args) => undrain(args).await,
        }
    })?;
    Ok(0)
}

async fn on(args: &AffinityOnArgs) -> anyhow::Result<()> {
    let of = Of { service: args.of.service.clone(), deploy: args.of.deploy };
    for balancer in balancers(&args.at)? {
        print(balancer.as_ref(), &patiently(async || balancer.on(&of).await).await?);
    }
    if let (Some(url), Some(cookie)) = (&args.url, &args.cookie) {
        let ca_file = std::env::var_os(CA_FILE_VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
        let requests = sticks(url, cookie, &HttpSettings { ca_file, is_direct: false }).await?;
        anstream::println!("{}: {requests} requests with its cookie stayed at one server", say::printable(url));
    }
    Ok(())
}

/// Whoever came to the older version has so long to be done with it; a restart in the
/// middle does not begin that anew.
async fn off(args: &AffinityOffArgs) -> anyhow::Result<()> {
    let of = Of { service: args.of.service.clone(), deploy: args.of.deploy };
    let balancers = balancers(&args.at)?;
    if args.after_seconds > 0 {
        let now = clock::now();
        let waits = SignedDuration::from_secs(args.after_seconds.into());
        let mut ends = Vec::new();
        for balancer in &balancers {
            ends.push(patiently(async || balancer.ends_at(&of, now + waits).await).await?);
        }
        let last = ends.iter().copied().max().flatten();
        let rest = last.map_or(SignedDuration::ZERO, |at| at.duration_since(now)).clamp(SignedDuration::ZERO, waits);
        if !rest.is_zero() {
            anstream::println!("sessions stay where they are for {} more", say::lasts(rest));
            tokio::time::sleep(rest.unsigned_abs()).await;
        }
        for (balancer, end) in balancers.iter().zip(ends) {
            // Such as by the way back, while nobody heard of this any more.
            let is_another = |until: Option<Timestamp>| until != end;
            if patiently(async || balancer.waits_until(&of).await).await?.is_some_and(is_another) {
                bail!("{} was turned on anew meanwhile: it stays as it is", balancer.name());
            }
        }
    }
    for balancer in &balancers {
        print(balancer.as_ref(), &patiently(async || balancer.off(&of).await).await?);
    }
    Ok(())
}

async fn stands(args: &AffinityArgs) -> anyhow::Result<()> {
    for balancer in balancers(args)? {
        print(balancer.as_ref(), &balancer.stands().await?);
    }
    Ok(())
}

async fn drain(args: &ServerOfBalancer) -> anyhow::Result<()> {
    for haproxy in haproxies(&args.haproxy)? {
        patiently(async || haproxy.drain(&args.server, Duration::from_secs(args.within_seconds.into())).await).await?;
        anstream::println!("{} at {}: nothing runs there any more", args.server, haproxy.place());
    }
    Ok(())
}

async fn undrain(args: &ServerOfBalancer) -> anyhow::Result<()> {
    for haproxy in haproxies(&args.haproxy)? {
        patiently(async || haproxy.undrain(&args.server, Duration::from_secs(args.within_seconds.into())).await)
            .await?;
        anstream::println!("{} at {}: up", args.server, haproxy.place());
    }
    Ok(())
}

fn haproxies(places: &[String]) -> Result<Vec<Haproxy>, BalancerError> {
    places.iter().map(|place| Ok(Haproxy::at(place.parse::<Place>()?))).collect()
}

fn balancers(args: &AffinityArgs) -> Result<Vec<Box<dyn Affinity>>, BalancerError> {
    let entry =
        |haproxy| -> Box<dyn Affinity> { Box::new(MapEntry { haproxy, map: args.map.clone(), key: args.key.clone() }) };
    Ok(haproxies(&args.haproxy)?.into_iter().map(entry).collect())
}

fn print(balancer: &dyn Affinity, Said { said, stands }: &Said) {
    anstream::println!("{}: {}", balancer.name(), say::printable(said));
    anstream::println!("  read back: {}", say::printable(stands));
}

/// Again where it may pass by itself.
async fn patiently<T>(does: impl AsyncFn() -> Result<T, BalancerError>) -> Result<T, BalancerError> {
    let begun = Instant::now();
    loop {
        match does().await {
            Err(error) if error.may_pass() && begun.elapsed() < RESTARTS_WITHIN => tokio::time::sleep(PAUSE).await,
            ended => return ended,
        }
    }
}
