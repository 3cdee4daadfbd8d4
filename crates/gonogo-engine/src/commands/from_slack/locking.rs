//! A service locked by words in Slack, and its lock taken off.

use super::deploying::{Came, asker, usage};
use crate::commands::deploys::DeployError;
use crate::commands::locks::{USUAL_LOCK, lock_service, locked_words, take_lock_off};
use crate::serving::Serving;
use gonogo_core::person::Person;
use gonogo_core::say;
use gonogo_read::slack::Asked;
use gonogo_store::StoreError;
use jiff::SignedDuration;

const LOCK: &str = "lock";
const UNLOCK: &str = "unlock";
/// What is said in the place of a service.
pub(super) const LOCKING: [&str; 2] = [LOCK, UNLOCK];

pub(super) async fn came(serving: &Serving, asked: &Asked, word: &str, rest: &[&str]) -> Result<Came, StoreError> {
    let person = match asker(serving, asked).await? {
        Ok(person) => person,
        Err(came) => return Ok(came),
    };
    let [service, words @ ..] = rest else { return Ok(usage(serving, "which service? ")) };
    if serving.service(service).is_none() {
        return Ok(usage(serving, &format!("there is no service `{service}` here. ")));
    }
    let done = if word == LOCK {
        lock(serving, &person, service, words).await
    } else {
        unlock(serving, &person, service, words).await
    };
    match done {
        Ok(came) => Ok(came),
        Err(DeployError::Store(error)) => Err(error),
        Err(error) => Ok(Came::not(error.to_string())),
    }
}

async fn lock(serving: &Serving, person: &Person, service: &str, words: &[&str]) -> Result<Came, DeployError> {
    let (lasts, why) = lasts(words);
    let lock = lock_service(serving, person, service, &why, lasts).await?;
    let said = say::slack(&say::printable(&locked_words(&lock)));
    Ok(Came {
        outcome: format!("{} locked {service}", person.name),
        said: format!("{said}. Nobody else deploys it until then; `/deploy unlock {service}` takes the lock off."),
    })
}

async fn unlock(serving: &Serving, person: &Person, service: &str, words: &[&str]) -> Result<Came, DeployError> {
    let lock = take_lock_off(serving, person, service, None, &words.join(" ")).await?;
    let by = say::slack(&say::printable(&lock.by));
    Ok(Came {
        outcome: format!("{} took the lock of {service} off", person.name),
        said: format!("The lock of {service} by {by} is taken off."),
    })
}

/// `2h the migration runs`; a reason alone is for the usual time.
fn lasts(words: &[&str]) -> (SignedDuration, String) {
    let whole = |time: SignedDuration| time > SignedDuration::ZERO;
    match words {
        [time, rest @ ..] if let Some(lasts) = duration(time).filter(|lasts| whole(*lasts)) => (lasts, rest.join(" ")),
        _ => (USUAL_LOCK, words.join(" ")),
    }
}

/// `90m`, `2h`, `3d`
fn duration(word: &str) -> Option<SignedDuration> {
    match word.strip_suffix('d').and_then(|days| days.parse::<u16>().ok()) {
        Some(days) => Some(SignedDuration::from_hours(i64::from(days) * 24)),
        None => word.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_is_said_first_or_not_at_all() {
        let of = |text: &str| {
            let words: Vec<&str> = text.split(' ').collect();
            let (time, why) = lasts(&words);
            (time.as_mins(), why)
        };
        assert_eq!(of("2h the migration runs"), (120, "the migration runs".to_owned()));
        assert_eq!(of("90m x"), (90, "x".to_owned()));
        assert_eq!(of("3d x"), (3 * 24 * 60, "x".to_owned()));
        assert_eq!(of("the migration runs"), (240, "the migration runs".to_owned()));
        assert_eq!(of("-2h x"), (240, "-2h x".to_owned()));
    }
}
