//! A person locks a service: until then nobody else has a deploy of it begin. What is
//! under way goes on. Who has developer rights may take a lock off, by name.

use super::deploys::DeployError;
use super::people::deed_of;
use crate::jobs::{LockOff, told_of_lock};
use crate::serving::Serving;
use gonogo_core::person::{Act, Person};
use gonogo_core::say;
use gonogo_store::{Locked, NewLock, ServiceLock, StoreError};
use jiff::{SignedDuration, Timestamp};

const MOST_WHY: usize = 500;
pub const USUAL_LOCK: SignedDuration = SignedDuration::from_hours(4);
const LONGEST: SignedDuration = SignedDuration::from_hours(14 * 24);

/// For so long; a lock of one's own is given another end and reason so.
pub async fn lock_service(
    serving: &Serving,
    who: &Person,
    service: &str,
    why: &str,
    lasts: SignedDuration,
) -> Result<ServiceLock, DeployError> {
    let actor = who.may_at(service, Act::Lock).map_err(DeployError::Forbidden)?;
    let why = why_of(why)?;
    if lasts <= SignedDuration::ZERO || lasts > LONGEST {
        return Err(DeployError::NotNow {
            said: "a lock ends in the future, 14 days from now at the latest".to_owned(),
            fix: "choose such an end; it may be locked anew before that".to_owned(),
        });
    }
    let now = (serving.clock)();
    let until = now.saturating_add(lasts).unwrap_or(Timestamp::MAX);
    let (by, by_id, service) = (who.name.clone(), who.id, service.to_owned());
    let mut lock = ServiceLock { id: 0, service, by, by_id, why, at: now, until };
    let detail = format!("until {}: {}", say::minute(until), lock.why);
    let deed = deed_of(&actor, now, "locked a service", &lock.service, &detail);
    let new = NewLock { service: lock.service.clone(), by_id, why: lock.why.clone(), until };
    let told = told_of_lock(serving, &lock, None, now);
    match serving.store.lock_service(new, told, deed).await? {
        Locked::Now(id) => {
            lock.id = id;
            Ok(lock)
        }
        Locked::Before(other) => {
            let said = format!("{}; take it off first, with a reason", locked_words(&other));
            Err(DeployError::Gone(said))
        }
    }
}

/// `seen` is the lock that they mean. Who takes off another's says why.
pub async fn take_lock_off(
    serving: &Serving,
    who: &Person,
    service: &str,
    seen: Option<i64>,
    why: &str,
) -> Result<ServiceLock, DeployError> {
    let actor = who.may_at(service, Act::Lock).map_err(DeployError::Forbidden)?;
    let gone = || DeployError::Gone(format!("{service} is not locked by that any more"));
    let now = (serving.clock)();
    let stands = serving.store.service_lock(service, now).await?;
    let lock = stands.filter(|lock| seen.is_none_or(|seen| seen == lock.id)).ok_or_else(gone)?;
    let why = if lock.by_id == who.id && say::trimmed(why).is_empty() { String::new() } else { why_of(why)? };
    let because = if why.is_empty() { String::new() } else { format!(": {why}") };
    let detail = format!("of {}, until {} ({}){because}", lock.by, say::minute(lock.until), lock.why);
    let deed = deed_of(&actor, now, "took a lock off", service, &detail);
    let told = told_of_lock(serving, &lock, Some(LockOff { by: &who.name, why: &why }), now);
    if serving.store.take_lock_off(&lock, who.id, why, told, deed).await? { Ok(lock) } else { Err(gone()) }
}

/// The lock that keeps somebody from having a deploy of a service begin.
pub(crate) async fn keeps_out(
    serving: &Serving,
    service: &str,
    person: i64,
) -> Result<Option<ServiceLock>, StoreError> {
    let lock = serving.store.service_lock(service, (serving.clock)()).await?;
    Ok(lock.filter(|lock| lock.by_id != person))
}

/// Such as `web is locked by ada until 2026-12-01 15:00 UTC: the migration runs`.
pub fn locked_words(lock: &ServiceLock) -> String {
    format!("{} is locked by {} until {}: {}", lock.service, lock.by, say::minute(lock.until), lock.why)
}

/// What somebody else does about it.
pub(crate) fn unlocking(serving: &Serving, lock: &ServiceLock) -> String {
    format!(
        "wait for its end, ask {}, or take it off with a reason: {}/services/{}",
        lock.by, serving.pages, lock.service
    )
}

fn why_of(why: &str) -> Result<String, DeployError> {
    let why = say::trimmed(why);
    if why.is_empty() || why.chars().count() > MOST_WHY {
        let said = format!("a lock has a reason, of up to {MOST_WHY} characters, and so has taking off another's");
        return Err(DeployError::NotNow { said, fix: "say why".to_owned() });
    }
    Ok(why.to_owned())
}
