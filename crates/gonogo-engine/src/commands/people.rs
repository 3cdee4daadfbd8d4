//! People: signing in, and adding who may.

use super::hashing::Hashing;
use crate::serving::Serving;
use argon2::Argon2;
use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use gonogo_core::person::{Act, Actor, Forbidden, Person, Role};
use gonogo_store::{Credentials, Deed, StoreError};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use thiserror::Error;

pub(super) const SESSION_LASTS: SignedDuration = SignedDuration::from_hours(12);
pub const LEAST_PASSWORD: usize = 12;
const MOST_PASSWORD: usize = 200;
const MOST_NAME: usize = 60;
/// So many wrong passwords for a name are let pass at once.
const FREE_TRIES: u32 = 5;
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(30);
const MOST_PAUSE: SignedDuration = SignedDuration::from_mins(15);
/// Names that are remembered; more at once is an attack on many.
const MOST_NAMES: usize = 10_000;
/// So many failed sign-ins are written down in an hour; more are counted, so
/// that strangers cannot fill the disk.
const MOST_NOTED: u32 = 100;
const NOTED_FOR: SignedDuration = SignedDuration::from_hours(1);

#[derive(Debug)]
pub enum SignIn {
    /// With the session's token, which only the person's browser keeps.
    Done {
        token: SecretString,
    },
    Wrong,
    TooOften {
        until: Timestamp,
    },
}

#[derive(Debug, Error)]
pub enum PersonError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Forbidden(Forbidden),
    /// What is wrong with the name or the password, and what would do.
    #[error("{0}")]
    Input(String),
    #[error("the password could not be hashed: {0}")]
    Hash(String),
    #[error("too many passwords are being looked at just now: try again in some seconds")]
    Busy,
    /// Whether the person may still come in cannot be found out now.
    #[error("whether you may still come in is not known, since {name} does not say: {said}")]
    NotKnown { name: String, said: String },
}

/// Slows down who guesses passwords, for each name that is tried, and bounds
/// what is written down of it.
#[derive(Debug, Default)]
pub struct Throttle {
    tries: Mutex<HashMap<String, Tries>>,
    noted: Mutex<Noted>,
    pub(super) hashing: Hashing,
}

/// Failed sign-ins of this hour.
#[derive(Debug, Default)]
struct Noted {
    since: Option<Timestamp>,
    number: u32,
}

impl Noted {
    /// Whether one more may be written down, and how many of the hour before
    /// were not.
    fn one_more(&mut self, now: Timestamp) -> Option<u32> {
        let is_same = self.since.is_some_and(|since| now.duration_since(since).abs() < NOTED_FOR);
        let left_out = if is_same { 0 } else { self.number.saturating_sub(MOST_NOTED) };
        if !is_same {
            *self = Self { since: Some(now), number: 0 };
        }
        self.number = self.number.saturating_add(1);
        (self.number <= MOST_NOTED).then_some(left_out)
    }
}

#[derive(Clone, Copy, Debug)]
struct Tries {
    wrong: u32,
    until: Timestamp,
}

impl Throttle {
    pub(super) fn until(&self, name: &str, now: Timestamp) -> Option<Timestamp> {
        self.tries().get(name).map(|tries| tries.until).filter(|until| now < *until)
    }

    pub(super) fn was_wrong(&self, name: &str, now: Timestamp) {
        let mut all = self.tries();
        if all.len() >= MOST_NAMES {
            all.retain(|_, tries| now < tries.until);
        }
        let tries = all.entry(name.to_owned()).or_insert(Tries { wrong: 0, until: now });
        tries.wrong = tries.wrong.saturating_add(1);
        if let Some(more) = tries.wrong.checked_sub(FREE_TRIES) {
            let pause = FIRST_PAUSE.checked_mul(1 << more.min(10)).map_or(MOST_PAUSE, |pause| pause.min(MOST_PAUSE));
            tries.until = now.checked_add(pause).unwrap_or(now);
        }
    }

    pub(super) fn was_right(&self, name: &str) {
        self.tries().remove(name);
    }

    fn tries(&self) -> std::sync::MutexGuard<'_, HashMap<String, Tries>> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Begins a session where the password is right. An unknown name takes as long.
pub async fn sign_in(serving: &Serving, name: &str, password: SecretString) -> Result<SignIn, PersonError> {
    let now = (serving.clock)();
    if let Some(until) = serving.throttle.until(name, now) {
        return Ok(SignIn::TooOften { until });
    }
    let known = serving.store.credentials(name).await?;
    let person = known.as_ref().map(|known| known.person.clone());
    let is_right = serving.throttle.hashing.run(move || fits(known.as_ref(), &password)).await?;
    let Some(person) = person.filter(|_| is_right) else {
        serving.throttle.was_wrong(name, now);
        note_failure(serving, name, "wrong name or password").await?;
        return Ok(SignIn::Wrong);
    };
    serving.throttle.was_right(name);
    Ok(SignIn::Done { token: begin_session(serving, &person, now, "").await? })
}

/// Begins a session of this person for whoever asks. Only for a server that
/// nobody but the people on its machine can reach; `None` where there is no
/// such person.
pub async fn let_in(serving: &Serving, name: &str) -> Result<Option<SecretString>, StoreError> {
    let Some(known) = serving.store.credentials(name).await? else { return Ok(None) };
    let now = (serving.clock)();
    Ok(Some(begin_session(serving, &known.person, now, "without a password: this is a demo").await?))
}

async fn begin_session(
    serving: &Serving,
    person: &Person,
    now: Timestamp,
    detail: &str,
) -> Result<SecretString, StoreError> {
    let token = random_word();
    let until = now.checked_add(SESSION_LASTS).unwrap_or(now);
    let deed = deed(now, &person.name, "signed in", &person.name, detail);
    serving.store.begin_session(hash_of(token.expose_secret()), person.id, now, until, deed).await?;
    Ok(token)
}

/// Ends the session of this token, if it is one still. That needs nobody's word.
pub async fn sign_out(serving: &Serving, token: &str) -> Result<(), StoreError> {
    let (now, token_hash) = ((serving.clock)(), hash_of(token));
    let Some(session) = serving.store.session(&token_hash, now).await? else { return Ok(()) };
    let name = session.person.name;
    serving.store.end_session(token_hash, deed(now, &name, "signed out", &name, "")).await
}

/// Writes down that somebody tried to come in by this name.
pub(super) async fn note_failure(serving: &Serving, name: &str, why: &str) -> Result<(), StoreError> {
    let now = (serving.clock)();
    let noted = serving.throttle.noted.lock().unwrap_or_else(PoisonError::into_inner).one_more(now);
    let Some(left_out) = noted else { return Ok(()) };
    let more = if left_out == 0 { String::new() } else { format!("; {left_out} more before were not written down") };
    let name = gonogo_core::say::cut(name, MOST_NAME);
    serving.store.note_alone(deed(now, "nobody", "failed to sign in", &name, &format!("{why}{more}"))).await
}

/// Adds somebody; `None` where the name is taken.
pub async fn add_person(
    serving: &Serving,
    who: &Person,
    name: &str,
    password: SecretString,
    role: Role,
) -> Result<Option<Person>, PersonError> {
    let actor = who.may(Act::AddPerson).map_err(PersonError::Forbidden)?;
    let deed = deed_of(&actor, (serving.clock)(), "added a person", name, role.word());
    add(serving, name, password, role, false, deed).await
}

/// Adds the first admin, by the one-time code that the server printed; false
/// where the code is wrong or somebody was first.
pub async fn add_first(serving: &Serving, code: &str, name: &str, password: SecretString) -> Result<bool, PersonError> {
    if serving.first_code_hash.as_deref() != Some(hash_of(code).as_str()) {
        return Ok(false);
    }
    let deed = deed((serving.clock)(), name, "became the first admin", name, "by the code printed at start");
    Ok(add(serving, name, password, Role::Admin, true, deed).await?.is_some())
}

async fn add(
    serving: &Serving,
    name: &str,
    password: SecretString,
    role: Role,
    only_first: bool,
    deed: Deed,
) -> Result<Option<Person>, PersonError> {
    let may_stand = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@' | '+');
    if name.is_empty() || name.chars().count() > MOST_NAME || !name.chars().all(may_stand) {
        let said = format!("a name has up to {MOST_NAME} letters, digits and `.`, `-`, `_`, `@`, `+`");
        return Err(PersonError::Input(said));
    }
    let hash = checked_hash(serving, password).await?;
    Ok(serving.store.add_person(name.to_owned(), hash, role, only_first, deed).await?)
}

/// The hash of a password that somebody chose, if it is one to choose.
pub(super) async fn checked_hash(serving: &Serving, password: SecretString) -> Result<String, PersonError> {
    let length = password.expose_secret().chars().count();
    if !(LEAST_PASSWORD..=MOST_PASSWORD).contains(&length) {
        let said = format!("a password has {LEAST_PASSWORD} to {MOST_PASSWORD} characters");
        return Err(PersonError::Input(said));
    }
    serving.throttle.hashing.run(move || hash_password(&password)).await?.map_err(PersonError::Hash)
}

fn hash_password(password: &SecretString) -> Result<String, String> {
    let salt = SaltString::generate(&mut OsRng);
    let hash = Argon2::default().hash_password(password.expose_secret().as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|e| e.to_string())
}

pub(super) fn fits(known: Option<&Credentials>, password: &SecretString) -> bool {
    let Some(known) = known else {
        // As much work as for a name that exists.
        hash_password(password).ok();
        return false;
    };
    let Ok(hash) = PasswordHash::new(&known.password_hash) else { return false };
    Argon2::default().verify_password(password.expose_secret().as_bytes(), &hash).is_ok()
}

/// 256 bits that nobody can guess, in hex.
pub fn random_word() -> SecretString {
    let salts = [SaltString::generate(&mut OsRng), SaltString::generate(&mut OsRng)];
    SecretString::from(hash_of(&format!("{}{}", salts[0], salts[1])))
}

pub fn hash_of(word: &str) -> String {
    crate::jobs::hex_sha256(word.as_bytes())
}

pub(super) fn deed(at: Timestamp, actor: &str, action: &'static str, subject: &str, detail: &str) -> Deed {
    let (actor, subject, detail) = (actor.to_owned(), subject.to_owned(), detail.to_owned());
    Deed { at, actor, action, subject, detail, once: None }
}

/// The same of somebody who may, with the token that they came with.
pub(super) fn deed_of(actor: &Actor, at: Timestamp, action: &'static str, subject: &str, detail: &str) -> Deed {
    let plain = deed(at, actor.name(), action, subject, detail);
    let Some(token) = actor.token() else { return plain };
    let by = format!("by the token {}", token.name);
    let detail = if detail.is_empty() { by } else { format!("{detail} ({by})") };
    Deed { detail, once: token.once.clone(), ..plain }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn strangers_cannot_fill_the_audit() {
        let mut noted = Noted::default();
        let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
        let written = (0..250).filter(|_| noted.one_more(at(5)).is_some()).count();
        assert_eq!(written, 100);
        assert_eq!(noted.one_more(at(64)), None);
        assert_eq!(noted.one_more(at(65)), Some(151), "the next hour tells how many");
        assert_eq!(noted.one_more(at(66)), Some(0));
    }

    #[test]
    fn guesses_are_slowed_down_by_name() {
        let throttle = Throttle::default();
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        for second in 0..4 {
            throttle.was_wrong("maria", at(second));
        }
        assert_eq!(throttle.until("maria", at(4)), None);
        throttle.was_wrong("maria", at(4));
        assert_eq!(throttle.until("maria", at(5)), Some(at(34)));
        assert_eq!(throttle.until("ivo", at(5)), None);
        for _ in 0..40 {
            throttle.was_wrong("maria", at(40));
        }
        assert_eq!(throttle.until("maria", at(41)), Some(at(40 + 15 * 60)));
        throttle.was_right("maria");
        assert_eq!(throttle.until("maria", at(41)), None);
    }

    #[test]
    fn words_differ_and_passwords_fit_their_hash_alone() {
        assert_ne!(random_word().expose_secret(), random_word().expose_secret());
        let right = SecretString::from("correct horse battery");
        let person = Person { id: 1, name: "maria".to_owned(), role: Role::Viewer, at: BTreeMap::new(), token: None };
        let known = Credentials { person, password_hash: hash_password(&right).unwrap() };
        assert!(fits(Some(&known), &right));
        assert!(!fits(Some(&known), &SecretString::from("correct horse")));
        assert!(!fits(None, &right));
    }
}
