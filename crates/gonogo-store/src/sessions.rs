//! Sessions, and people who come from other systems. Tokens are here as hashes
//! alone; what another system gave is sealed by what the hash is of.

use crate::audit::{Deed, note};
use crate::db::{Tx, execute, fetch};
use crate::people::{give, given, role_of};
use crate::{Store, StoreError, micros, time};
use gonogo_core::person::{Person, Roles};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// A session that lasts still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// With what admins and the system that the session came from let them do.
    pub person: Person,
    /// `None` where it began with a password of ours.
    pub outside: Option<Outside>,
}

/// A person who came by an account in another system that lets nobody in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    pub person: Person,
    pub has_password: bool,
    /// Whether a system that they sign in with has said lately that they may.
    pub has_word: bool,
}

/// What a session from another system rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    pub source: String,
    /// When that system said last that the person may.
    pub asked_at: Timestamp,
    /// With what it is asked again.
    pub sealed: String,
}

/// Who somebody is in another system, by its own id, and what follows.
#[derive(Clone, Debug)]
pub struct Guest {
    pub source: &'static str,
    pub subject: String,
    pub name: String,
    pub roles: Roles,
}

/// What a session rests on from now on.
#[derive(Clone, Debug)]
pub struct Renewed {
    pub token_hash: String,
    /// With what that system is asked the next time, where that changed.
    pub sealed: Option<String>,
    pub roles: Roles,
}

/// A session to begin.
#[derive(Clone, Debug)]
pub struct NewSession {
    pub token_hash: String,
    pub until: Timestamp,
    pub sealed: String,
}

impl Store {
    /// Begins a session that rests on a password.
    pub async fn begin_session(
        &self,
        token_hash: String,
        person: i64,
        now: Timestamp,
        until: Timestamp,
        deed: Deed,
    ) -> Result<(), StoreError> {
        let insert = "insert into session (token_hash, person, begun_at, expires_at) values ($1, $2, $3, $4)";
        let (now, until) = (micros(now), micros(until));
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    execute!(tx, "delete from session where expires_at <= $1", now)?;
                    execute!(tx, insert, &token_hash, person, now, until)?;
                    note(tx, &deed).await
                })
            })
            .await
    }

    /// Who this is with us, if they were here before, and whether they may come in.
    pub async fn person_by_identity(
        &self,
        source: &'static str,
        subject: &str,
    ) -> Result<Option<(i64, String, bool)>, StoreError> {
        const SELECT: &str = "select person.id, person.name, person.deactivated_at is null from identity
             join person on person.id = identity.person where source = $1 and subject = $2";
        let subject = subject.to_owned();
        self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, SELECT, source, subject)?) })).await
    }

    /// Who has this account in another system, if they may come in: with what
    /// admins let them do, and with what the systems do whose word on them is
    /// younger than `since`. That word is each session's own.
    pub async fn person_elsewhere(
        &self,
        source: &'static str,
        subject: &str,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Elsewhere>, StoreError> {
        type Row = (i64, String, String, String);
        const SELECT: &str = "select person.id, person.name, person.role, person.password_hash from identity
             join person on person.id = identity.person
             where identity.source = $1 and subject = $2 and deactivated_at is null";
        const WORDS: &str = "select distinct source from session
             where person = $1 and source is not null and asked_at > $2 and asked_at <= $3 and expires_at > $3";
        let (subject, since, now) = (subject.to_owned(), micros(since), micros(now));
        self.db
            .read(|tx| {
                Box::pin(async move {
                    let row: Option<Row> = fetch!(tx, fetch_optional, SELECT, source, subject)?;
                    let Some((id, name, role, password)) = row else { return Ok(None) };
                    let person = Person { id, name, role: role_of(&role)?, at: BTreeMap::new(), token: None };
                    let mut person = given(tx, person, "").await?;
                    let words: Vec<(String,)> = fetch!(tx, fetch_all, WORDS, id, since, now)?;
                    for (word,) in &words {
                        person = given(tx, person, word).await?;
                    }
                    Ok(Some(Elsewhere { person, has_password: !password.is_empty(), has_word: !words.is_empty() }))
                })
            })
            .await
    }

    /// Adds a person who comes from another system, under the first of these
    /// names that is free.
    pub async fn add_guest(&self, guest: Guest, names: Vec<String>, deed: Deed) -> Result<Option<i64>, StoreError> {
        let insert = "insert into person (name, password_hash, role, added_at)
             values ($1, '', 'viewer', $2) on conflict (name) do nothing returning id";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    for name in &names {
                        let added: Option<(i64,)> = fetch!(tx, fetch_optional, insert, name, micros(deed.at))?;
                        if let Some((id,)) = added {
                            join(tx, id, &guest, deed.at).await?;
                            note(tx, &Deed { actor: name.clone(), subject: name.clone(), ..deed }).await?;
                            return Ok(Some(id));
                        }
                    }
                    Ok(None)
                })
            })
            .await
    }

    /// Lets a person who is with us already come in by another system too; false
    /// where that identity is somebody's, or they have one there.
    pub async fn join_identity(&self, person: i64, guest: Guest, deed: Deed) -> Result<bool, StoreError> {
        const SELECT: &str = "select count(*) from identity where source = $1 and (subject = $2 or person = $3)";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let (taken,): (i64,) = fetch!(tx, fetch_one, SELECT, guest.source, &guest.subject, person)?;
                    if taken > 0 {
                        return Ok(false);
                    }
                    join(tx, person, &guest, deed.at).await?;
                    note(tx, &deed).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// Takes it away again, with the sessions and roles that rest on it.
    pub async fn part_identity(&self, person: i64, source: &'static str, deed: Deed) -> Result<bool, StoreError> {
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let delete = "delete from identity where person = $1 and source = $2";
                    if execute!(tx, delete, person, source)? == 0 {
                        return Ok(false);
                    }
                    forget(tx, person, source).await?;
                    note(tx, &deed).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// Begins a session that rests on what another system says.
    pub async fn begin_guest_session(
        &self,
        person: i64,
        guest: Guest,
        new: NewSession,
        deed: Deed,
    ) -> Result<(), StoreError> {
        let insert = "insert into session (token_hash, person, begun_at, expires_at, source, asked_at, sealed)
             values ($1, $2, $3, $4, $5, $3, $6)";
        let now = micros(deed.at);
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    execute!(tx, "delete from session where expires_at <= $1", now)?;
                    let until = micros(new.until);
                    execute!(tx, insert, &new.token_hash, person, now, until, guest.source, &new.sealed)?;
                    let rename = "update identity set name = $3 where source = $1 and subject = $2";
                    execute!(tx, rename, guest.source, &guest.subject, &guest.name)?;
                    replace_roles(tx, person, guest.source, &guest.roles).await?;
                    note(tx, &deed).await
                })
            })
            .await
    }

    /// Whether the caller is the one to ask the other system again, up to `until`;
    /// false where another does, or has by now.
    pub async fn begin_renewal(
        &self,
        token_hash: String,
        known: Outside,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let update = "update session set renewing_until = $5 where token_hash = $1 and asked_at = $2 and sealed = $3
             and (renewing_until is null or renewing_until <= $4)";
        let (asked_at, now, until) = (micros(known.asked_at), micros(now), micros(until));
        self.db
            .write(move |tx| {
                Box::pin(
                    async move { Ok(execute!(tx, update, &token_hash, asked_at, &known.sealed, now, until)? == 1) },
                )
            })
            .await
    }

    /// No word came of it: another may ask, with what may have changed.
    pub async fn end_renewal(&self, token_hash: String, sealed: Option<String>) -> Result<(), StoreError> {
        let update = "update session set renewing_until = null, sealed = coalesce($2, sealed) where token_hash = $1";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    execute!(tx, update, &token_hash, &sealed)?;
                    Ok(())
                })
            })
            .await
    }

    /// The other system says that the person may still, and as what. The deed is
    /// written down where that is something else than before.
    pub async fn still_may(&self, person: i64, source: String, renewed: Renewed, deed: Deed) -> Result<(), StoreError> {
        let update = "update session set asked_at = $2, sealed = coalesce($3, sealed), renewing_until = null
             where token_hash = $1";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let Renewed { token_hash, sealed, roles } = &renewed;
                    execute!(tx, update, token_hash, micros(deed.at), sealed)?;
                    if replace_roles(tx, person, &source, roles).await? { note(tx, &deed).await } else { Ok(()) }
                })
            })
            .await
    }

    /// The other system says that the person may no more: all that rests on it ends.
    pub async fn may_no_more(&self, person: i64, source: String, deed: Deed) -> Result<(), StoreError> {
        self.db
            .write(move |tx| {
                Box::pin(async move { if forget(tx, person, &source).await? { note(tx, &deed).await } else { Ok(()) } })
            })
            .await
    }

    pub async fn end_session(&self, token_hash: String, deed: Deed) -> Result<(), StoreError> {
        let delete = "delete from session where token_hash = $1";
        self.db
            .write(move |tx| {
                Box::pin(
                    async move { if execute!(tx, delete, &token_hash)? == 0 { Ok(()) } else { note(tx, &deed).await } },
                )
            })
            .await
    }

    /// The session of a token, while it lasts.
    pub async fn session(&self, token_hash: &str, now: Timestamp) -> Result<Option<Session>, StoreError> {
        type Row = (i64, String, String, Option<String>, Option<i64>, Option<String>);
        const SELECT: &str = "select person.id, person.name, person.role, source, asked_at, sealed from session
             join person on person.id = session.person
             where session.token_hash = $1 and session.expires_at > $2 and person.deactivated_at is null";
        let (token_hash, now) = (token_hash.to_owned(), micros(now));
        self.db
            .read(|tx| {
                Box::pin(async move {
                    let row: Option<Row> = fetch!(tx, fetch_optional, SELECT, token_hash, now)?;
                    let Some((id, name, role, source, asked, sealed)) = row else { return Ok(None) };
                    let person = Person { id, name, role: role_of(&role)?, at: BTreeMap::new(), token: None };
                    let person = given(tx, person, source.as_deref().unwrap_or_default()).await?;
                    let outside = source.zip(asked).zip(sealed).map(|((source, asked), sealed)| Outside {
                        source,
                        asked_at: time(asked),
                        sealed,
                    });
                    Ok(Some(Session { person, outside }))
                })
            })
            .await
    }
}

async fn join(tx: &mut Tx<'_>, person: i64, guest: &Guest, at: Timestamp) -> Result<(), StoreError> {
    let insert = "insert into identity (source, subject, person, name, joined_at) values ($1, $2, $3, $4, $5)";
    execute!(tx, insert, guest.source, &guest.subject, person, &guest.name, micros(at))?;
    Ok(())
}

/// Ends what rests on another system's word; whether there was anything.
async fn forget(tx: &mut Tx<'_>, person: i64, source: &str) -> Result<bool, StoreError> {
    let sessions = execute!(tx, "delete from session where person = $1 and source = $2", person, source)?;
    let roles = execute!(tx, "delete from role_given where person = $1 and source = $2", person, source)?;
    Ok(sessions + roles > 0)
}

/// Whether they are others than before.
async fn replace_roles(tx: &mut Tx<'_>, person: i64, source: &str, roles: &Roles) -> Result<bool, StoreError> {
    let select = "select service, role from role_given where person = $1 and source = $2";
    let rows: Vec<(String, String)> = fetch!(tx, fetch_all, select, person, source)?;
    let before: BTreeMap<String, String> = rows.into_iter().collect();
    let all = [("", roles.all)];
    let at = roles.at.iter().map(|(service, role)| (service.as_str(), *role));
    let now: Vec<(&str, _)> = all.into_iter().chain(at).collect();
    let is_same = |(service, role): &(&str, gonogo_core::person::Role)| {
        before.get(*service).is_some_and(|was| was == role.word())
    };
    if now.len() == before.len() && now.iter().all(is_same) {
        return Ok(false);
    }
    execute!(tx, "delete from role_given where person = $1 and source = $2", person, source)?;
    for (service, role) in now {
        give(tx, person, service, source, Some(role)).await?;
    }
    Ok(true)
}
