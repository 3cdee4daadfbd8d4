//! Who locked a service is reminded before the lock ends: in Slack, themselves where
//! their account is joined, else where the service has its deploys told.

use super::news::told_of_end;
use crate::commands::slack_join::SLACK;
use crate::serving::Serving;
use gonogo_store::{ServiceLock, StoreError};
use jiff::{SignedDuration, Timestamp};

/// So long before it ends, or a quarter of a short one.
const BEFORE: SignedDuration = SignedDuration::from_mins(15);

pub(super) async fn remind(serving: &Serving) -> Result<(), StoreError> {
    if serving.slack.is_none() {
        return Ok(());
    }
    let now = (serving.clock)();
    for lock in serving.store.locks_to_remind_of(now).await?.iter().filter(|lock| is_about_to_end(lock, now)) {
        let person = serving.store.person(lock.by_id).await?;
        let identities = person.into_iter().flat_map(|person| person.identities);
        let member = identities.into_iter().find(|one| one.source == SLACK).map(|one| one.subject);
        let service = serving.service(&lock.service);
        let channel = member.or_else(|| service?.deploys_told.slack_channel.clone());
        let told = channel.map(|channel| told_of_end(serving, lock, channel, now));
        serving.store.reminded_of_lock(lock.id, told, now).await?;
    }
    Ok(())
}

fn is_about_to_end(lock: &ServiceLock, now: Timestamp) -> bool {
    let lasts = lock.until.duration_since(lock.at);
    lock.until.duration_since(now) <= BEFORE.min(lasts / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_has_time_to_lock_it_anew() {
        let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
        let lock = |until| ServiceLock {
            id: 1,
            service: "web".to_owned(),
            by: "ada".to_owned(),
            by_id: 1,
            why: "x".to_owned(),
            at: at(0),
            until: at(until),
        };
        assert_eq!([104, 105, 119].map(|minute| is_about_to_end(&lock(120), at(minute))), [false, true, true]);
        assert_eq!([14, 15].map(|minute| is_about_to_end(&lock(20), at(minute))), [false, true]);
    }
}
