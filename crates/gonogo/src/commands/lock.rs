//! `gonogo lock` and `gonogo unlock`.

use super::ask::asking;
use crate::cli::{LockArgs, UnlockArgs};
use gonogo_api::{LockEnd, NewServiceLock, ServiceLock};
use gonogo_core::say;

pub(crate) fn run(args: &LockArgs) -> anyhow::Result<u8> {
    let seconds = match args.until {
        Some(until) => until.duration_since(crate::clock::now()).as_secs(),
        None => i64::from(args.hours) * 3_600,
    };
    let lock = asking(&args.server, async |server, _| {
        server.lock(&args.service, &NewServiceLock { why: args.reason.clone(), seconds }).await?;
        Ok(server.service(&args.service).await?.lock)
    })?;
    match lock {
        Some(lock) => anstream::println!("{}", line(&args.service, &lock)),
        None => anstream::println!("{} was locked, and is not any more", args.service),
    }
    Ok(0)
}

pub(crate) fn end(args: &UnlockArgs) -> anyhow::Result<u8> {
    asking(&args.server, async |server, _| server.unlock(&args.service, &LockEnd { why: args.reason.clone() }).await)?;
    anstream::println!("{} is not locked any more", args.service);
    Ok(0)
}

/// `web is locked by ada until 2026-12-01 15:00 UTC: the migration runs`
pub(super) fn line(service: &str, lock: &ServiceLock) -> String {
    let (by, why) = (say::printable(&lock.by), say::printable(&lock.why));
    format!("{service} is locked by {by} until {}: {why}", say::minute_of(&lock.until))
}
