//! What becomes of accounts: passwords, roles, and who may come in no more.

use super::people::{PersonError, checked_hash, deed, fits, hash_of, random_word};
use super::sign_in::With;
use crate::serving::Serving;
use gonogo_core::person::{Act, Person, Role};
use gonogo_store::{PersonRow, StoreError};
use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};

/// How long a link to choose a password is good.
pub const LINK_LASTS: SignedDuration = SignedDuration::from_hours(24);

/// Sets one's own password; of one's sessions this one alone goes on.
pub async fn change_password(
    serving: &Serving,
    who: &Person,
    session: &str,
    old: SecretString,
    new: SecretString,
) -> Result<(), PersonError> {
    let now = (serving.clock)();
    if let Some(until) = serving.throttle.until(&who.name, now) {
        return Err(PersonError::Input(format!("too many wrong passwords: try again after {until}")));
    }
    let Some(known) = serving.store.credentials(&who.name).await? else {
        return Err(PersonError::Input(
            "you have no password here: an admin makes you a link to choose one".to_owned(),
        ));
    };
    let is_right = serving.throttle.hashing.run(move || fits(Some(&known), &old)).await?;
    if !is_right {
        serving.throttle.was_wrong(&who.name, now);
        return Err(PersonError::Input("the password until now is another one".to_owned()));
    }
    let hash = checked_hash(serving, new).await?;
    let deed = deed(now, &who.name, "changed their password", &who.name, "");
    Ok(serving.store.set_password(who.id, hash, hash_of(session), deed).await?)
}

/// The code of a link by which a person chooses a password, once.
pub async fn make_link(serving: &Serving, who: &Person, person: i64) -> Result<SecretString, PersonError> {
    let actor = who.may(Act::ChangePerson).map_err(PersonError::Forbidden)?;
    let row = active(serving, person).await?;
    let now = (serving.clock)();
    let code = random_word();
    let until = now.saturating_add(LINK_LASTS).unwrap_or(now);
    let deed = deed(now, actor.name(), "made a password link", &row.person.name, "");
    serving.store.begin_reset(person, hash_of(code.expose_secret()), until, deed).await?;
    Ok(code)
}

/// Chooses a password by such a link; false where its code is worth nothing.
pub async fn use_link(serving: &Serving, code: &str, password: SecretString) -> Result<bool, PersonError> {
    let (code_hash, now) = (hash_of(code), (serving.clock)());
    let Some((person, name)) = serving.store.person_of_reset(&code_hash, now).await? else { return Ok(false) };
    let hash = checked_hash(serving, password).await?;
    let deed = deed(now, &name, "chose a password by a link", &name, "");
    let is_done = serving.store.end_reset(code_hash, person, hash, deed).await?;
    if is_done {
        serving.throttle.was_right(&name);
    }
    Ok(is_done)
}

/// Gives a person a role, for all services or at one; at one, `None` takes away
/// what was given there.
pub async fn set_role(
    serving: &Serving,
    who: &Person,
    person: i64,
    service: Option<&str>,
    role: Option<Role>,
) -> Result<(), PersonError> {
    let actor = who.may(Act::ChangePerson).map_err(PersonError::Forbidden)?;
    if let Some(name) = service
        && serving.service(name).is_none()
    {
        return Err(PersonError::Input(format!("there is no service `{name}`")));
    }
    if role.is_none() && service.is_none() {
        return Err(PersonError::Input("a person has a role: who may come in no more is deactivated".to_owned()));
    }
    let row = known(serving, person).await?;
    let place = service.map_or_else(|| "for all services".to_owned(), |name| format!("at {name}"));
    let (action, detail) = match role {
        Some(role) => ("gave a role", format!("{} {place}", role.word())),
        None => ("took a role", place),
    };
    let deed = deed((serving.clock)(), actor.name(), action, &row.person.name, &detail);
    let given = service.map(|name| (name.to_owned(), role.is_some()));
    some_admin(serving.store.set_role(person, role.unwrap_or(Role::Viewer), given, deed).await)
}

/// Who is not active cannot sign in, and is signed out at once.
pub async fn set_active(serving: &Serving, who: &Person, person: i64, is_active: bool) -> Result<(), PersonError> {
    let actor = who.may(Act::ChangePerson).map_err(PersonError::Forbidden)?;
    let row = known(serving, person).await?;
    let action = if is_active { "activated" } else { "deactivated" };
    let deed = deed((serving.clock)(), actor.name(), action, &row.person.name, "");
    some_admin(serving.store.set_active(person, is_active, deed).await)
}

/// That system lets one in no more; whoever has no other way in would be shut out.
pub async fn part_from(serving: &Serving, who: &Person, with: With) -> Result<(), PersonError> {
    let name = with.name(serving).unwrap_or(with.word());
    let row = known(serving, who.id).await?;
    let is_open = |word: &str| With::of(word).is_some_and(|other| other != with && other.name(serving).is_some());
    if !row.has_password && !row.identities.iter().any(|identity| is_open(&identity.source)) {
        return Err(PersonError::Input(format!("without a password {name} is your only way in")));
    }
    let deed = deed((serving.clock)(), &who.name, with.parted(), &who.name, "");
    let is_done = serving.store.part_identity(who.id, with.word(), deed).await?;
    if is_done { Ok(()) } else { Err(PersonError::Input(format!("no {name} account is joined"))) }
}

async fn known(serving: &Serving, person: i64) -> Result<PersonRow, PersonError> {
    let row = serving.store.person(person).await?;
    row.ok_or_else(|| PersonError::Input("there is no such person".to_owned()))
}

async fn active(serving: &Serving, person: i64) -> Result<PersonRow, PersonError> {
    let row = known(serving, person).await?;
    match row.deactivated_at {
        None => Ok(row),
        Some(_) => Err(PersonError::Input(format!("{} is deactivated: activate them first", row.person.name))),
    }
}

fn some_admin(done: Result<(), StoreError>) -> Result<(), PersonError> {
    done.map_err(|error| match error {
        StoreError::LastAdmin => PersonError::Input(
            "nobody with a password would be admin any more: make somebody else admin first".to_owned(),
        ),
        other => PersonError::Store(other),
    })
}
