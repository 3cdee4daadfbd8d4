//! People: who they are, and what an admin lets them do. Passwords and codes
//! are here as hashes alone.

use crate::audit::{Deed, note, note_made};
use crate::db::{Tx, alone, execute, fetch};
use crate::jira_accounts::forget_jira;
use crate::{Store, StoreError, micros, time};
use gonogo_core::person::{Person, Role};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Whose word a role that an admin gave is.
pub(crate) const BY_ADMIN: &str = "admin";
/// Who is an admin is changed by one at a time: of two who demote each other, or
/// become the first, one is told that it is not so any more.
const ADMINS: i64 = 0x0061_646d_696e;

/// A person in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonRow {
    /// With what admins let them do; what other systems say is not in it.
    pub person: Person,
    pub added_at: Timestamp,
    pub has_password: bool,
    /// Then they cannot sign in.
    pub deactivated_at: Option<Timestamp>,
    /// Who they are elsewhere.
    pub identities: Vec<Identity>,
}

/// Who a person is in another system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub source: String,
    /// That system's own id of them.
    pub subject: String,
    /// As they were called there when they were seen last.
    pub name: String,
}

/// A person with what their password is compared with.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub person: Person,
    pub password_hash: String,
}

impl Store {
    /// Adds a person; `None` where the name is taken. `only_first`: where there
    /// is an admin already, nobody is added.
    pub async fn add_person(
        &self,
        name: String,
        password_hash: String,
        role: Role,
        only_first: bool,
        deed: Deed,
    ) -> Result<Option<Person>, StoreError> {
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    alone(tx, ADMINS).await?;
                    if only_first && admins(tx).await? > 0 {
                        return Ok(None);
                    }
                    let insert = "insert into person (name, password_hash, role, added_at)
                         values ($1, $2, $3, $4) on conflict (name) do nothing returning id";
                    let added: Option<(i64,)> =
                        fetch!(tx, fetch_optional, insert, &name, &password_hash, role.word(), micros(deed.at))?;
                    let Some((id,)) = added else { return Ok(None) };
                    note_made(tx, &deed, Some(id)).await?;
                    Ok(Some(Person { id, name, role, at: BTreeMap::new(), token: None }))
                })
            })
            .await
    }

    /// Whether anybody can sign in as an admin by a password of ours.
    pub async fn has_admin(&self) -> Result<bool, StoreError> {
        self.db.read(|tx| Box::pin(async move { Ok(admins(tx).await? > 0) })).await
    }

    /// By name.
    pub async fn people(&self) -> Result<Vec<PersonRow>, StoreError> {
        self.db.read(|tx| Box::pin(people(tx, None))).await
    }

    pub async fn person(&self, id: i64) -> Result<Option<PersonRow>, StoreError> {
        if id == 0 {
            return Ok(None); // it would stand for all of them
        }
        Ok(self.db.read(|tx| Box::pin(people(tx, Some(id)))).await?.pop())
    }

    /// The greatest role that anybody's last word gives a person at a service; `None`
    /// for who may not sign in.
    pub async fn role_known_at(&self, person: i64, service: &str) -> Result<Option<Role>, StoreError> {
        const SELECT: &str = "select role from person where id = $1 and deactivated_at is null
             union all select g.role from role_given g join person p on p.id = g.person
             where g.person = $1 and g.service in ('', $2) and p.deactivated_at is null";
        let service = service.to_owned();
        let rows: Vec<(String,)> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, person, &service)?) })).await?;
        rows.iter().map(|(role,)| role_of(role)).try_fold(None, |most, role| Ok(most.max(Some(role?))))
    }

    /// Who a person is in another system, by who they are in one.
    pub async fn same_person(&self, source: &str, subject: &str, other: &str) -> Result<Option<String>, StoreError> {
        const SELECT: &str = "select o.subject from identity i join identity o on o.person = i.person
             join person p on p.id = i.person
             where i.source = $1 and i.subject = $2 and o.source = $3 and p.deactivated_at is null";
        let (source, subject, other) = (source.to_owned(), subject.to_owned(), other.to_owned());
        let row: Option<(String,)> = self
            .db
            .read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, SELECT, source, subject, other)?) }))
            .await?;
        Ok(row.map(|(subject,)| subject))
    }

    /// Who may sign in by this name and a password.
    pub async fn credentials(&self, name: &str) -> Result<Option<Credentials>, StoreError> {
        type Row = (i64, String, String, String);
        const SELECT: &str = "select id, name, password_hash, role from person
             where name = $1 and password_hash <> '' and deactivated_at is null";
        let name = name.to_owned();
        self.db
            .read(|tx| {
                Box::pin(async move {
                    let row: Option<Row> = fetch!(tx, fetch_optional, SELECT, name)?;
                    let Some((id, name, password_hash, role)) = row else { return Ok(None) };
                    let person =
                        given(tx, Person { id, name, role: role_of(&role)?, at: BTreeMap::new(), token: None }, "")
                            .await?;
                    Ok(Some(Credentials { person, password_hash }))
                })
            })
            .await
    }

    /// Gives a person a role for all services, or at one; there `None` takes it
    /// away. [`StoreError::LastAdmin`] where nobody would be admin any more.
    pub async fn set_role(
        &self,
        person: i64,
        role: Role,
        service: Option<(String, bool)>,
        deed: Deed,
    ) -> Result<(), StoreError> {
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    alone(tx, ADMINS).await?;
                    let before = admins(tx).await?;
                    match &service {
                        None => {
                            execute!(tx, "update person set role = $2 where id = $1", person, role.word())?;
                        }
                        Some((service, is_given)) => {
                            give(tx, person, service, BY_ADMIN, is_given.then_some(role)).await?;
                        }
                    }
                    some_stay(tx, before).await?;
                    note(tx, &deed).await
                })
            })
            .await
    }

    /// A person who is not active has no session and no token, and gets none: what
    /// ended does not come back.
    /// [`StoreError::LastAdmin`] where nobody would be admin any more.
    pub async fn set_active(&self, person: i64, is_active: bool, deed: Deed) -> Result<(), StoreError> {
        let gone_at = (!is_active).then(|| micros(deed.at));
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    alone(tx, ADMINS).await?;
                    let before = admins(tx).await?;
                    execute!(tx, "update person set deactivated_at = $2 where id = $1", person, gone_at)?;
                    // Also of who is activated: one may have begun meanwhile.
                    execute!(tx, "delete from session where person = $1", person)?;
                    execute!(tx, "delete from password_reset where person = $1", person)?;
                    if !is_active {
                        forget_jira(tx, person, "the person was deactivated").await?;
                    }
                    let revoke = "update api_token set revoked_at = $2 where person = $1 and revoked_at is null";
                    execute!(tx, revoke, person, micros(deed.at))?;
                    some_stay(tx, before).await?;
                    note(tx, &deed).await
                })
            })
            .await
    }

    /// Sets a password; of the person's sessions this one alone goes on.
    pub async fn set_password(
        &self,
        person: i64,
        password_hash: String,
        keep: String,
        deed: Deed,
    ) -> Result<(), StoreError> {
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    changed_password(tx, person, &password_hash, &keep).await?;
                    note(tx, &deed).await
                })
            })
            .await
    }

    /// Whoever has the code may choose a password; an older code is worth
    /// nothing any more.
    pub async fn begin_reset(
        &self,
        person: i64,
        code_hash: String,
        until: Timestamp,
        deed: Deed,
    ) -> Result<(), StoreError> {
        let insert = "insert into password_reset (code_hash, person, expires_at) values ($1, $2, $3)";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let delete = "delete from password_reset where person = $1 or expires_at <= $2";
                    execute!(tx, delete, person, micros(deed.at))?;
                    execute!(tx, insert, &code_hash, person, micros(until))?;
                    note(tx, &deed).await
                })
            })
            .await
    }

    /// Who may choose a password by this code: their id and name.
    pub async fn person_of_reset(&self, code_hash: &str, now: Timestamp) -> Result<Option<(i64, String)>, StoreError> {
        const SELECT: &str = "select person.id, person.name from password_reset
             join person on person.id = password_reset.person
             where code_hash = $1 and expires_at > $2 and deactivated_at is null";
        let (code_hash, now) = (code_hash.to_owned(), micros(now));
        self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, SELECT, code_hash, now)?) })).await
    }

    /// Sets the password of whom the code is for, and ends their sessions; false
    /// where the code is used up by now.
    pub async fn end_reset(
        &self,
        code_hash: String,
        person: i64,
        password_hash: String,
        deed: Deed,
    ) -> Result<bool, StoreError> {
        let delete = "delete from password_reset where code_hash = $1 and person = $2 and expires_at > $3";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    if execute!(tx, delete, &code_hash, person, micros(deed.at))? == 0 {
                        return Ok(false);
                    }
                    changed_password(tx, person, &password_hash, "").await?;
                    note(tx, &deed).await?;
                    Ok(true)
                })
            })
            .await
    }
}

/// Undoes the transaction where it takes the last admin.
async fn some_stay(tx: &mut Tx<'_>, before: i64) -> Result<(), StoreError> {
    if before > 0 && admins(tx).await? == 0 { Err(StoreError::LastAdmin) } else { Ok(()) }
}

async fn changed_password(tx: &mut Tx<'_>, person: i64, hash: &str, keep: &str) -> Result<(), StoreError> {
    execute!(tx, "update person set password_hash = $2 where id = $1", person, hash)?;
    execute!(tx, "delete from session where person = $1 and token_hash <> $2", person, keep)?;
    execute!(tx, "delete from password_reset where person = $1", person)?;
    Ok(())
}

/// Admins of all services who can sign in whatever becomes of other systems.
async fn admins(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    const SELECT: &str = "select count(*) from person
         where role = 'admin' and password_hash <> '' and deactivated_at is null";
    let (admins,): (i64,) = fetch!(tx, fetch_one, SELECT)?;
    Ok(admins)
}

async fn people(tx: &mut Tx<'_>, only: Option<i64>) -> Result<Vec<PersonRow>, StoreError> {
    type Row = (i64, String, String, i64, bool, Option<i64>);
    const SELECT: &str = "select id, name, role, added_at, password_hash <> '', deactivated_at from person
         where $1 = 0 or id = $1 order by name";
    // No person has the id 0.
    let only = only.unwrap_or(0);
    let rows: Vec<Row> = fetch!(tx, fetch_all, SELECT, only)?;
    let roles: Vec<(i64, String, String)> = fetch!(
        tx,
        fetch_all,
        "select person, service, role from role_given where source = 'admin' and ($1 = 0 or person = $1)",
        only
    )?;
    let identities: Vec<(i64, String, String, String)> = fetch!(
        tx,
        fetch_all,
        "select person, source, subject, name from identity where $1 = 0 or person = $1 order by source",
        only
    )?;
    let read = |(id, name, role, added, has_password, deactivated): Row| {
        let own = roles.iter().filter(|(person, ..)| *person == id);
        let at = own.map(|(_, service, role)| Ok((service.clone(), role_of(role)?)));
        let named = identities.iter().filter(|(person, ..)| *person == id);
        Ok(PersonRow {
            person: Person { id, name, role: role_of(&role)?, at: at.collect::<Result<_, StoreError>>()?, token: None },
            added_at: time(added),
            has_password,
            deactivated_at: deactivated.map(time),
            identities: named
                .map(|(_, source, subject, name)| Identity {
                    source: source.clone(),
                    subject: subject.clone(),
                    name: name.clone(),
                })
                .collect(),
        })
    };
    rows.into_iter().map(read).collect()
}

/// The person with what they were given by admins and by this system.
pub(crate) async fn given(tx: &mut Tx<'_>, mut person: Person, source: &str) -> Result<Person, StoreError> {
    const SELECT: &str = "select service, role from role_given where person = $1 and source in ('admin', $2)";
    let rows: Vec<(String, String)> = fetch!(tx, fetch_all, SELECT, person.id, source)?;
    for (service, role) in rows {
        let role = role_of(&role)?;
        if service.is_empty() {
            person.role = person.role.max(role);
        } else {
            let here = person.at.entry(service).or_insert(role);
            *here = role.max(*here);
        }
    }
    Ok(person)
}

/// One role by one source; `None` takes it away.
pub(crate) async fn give(
    tx: &mut Tx<'_>,
    person: i64,
    service: &str,
    source: &str,
    role: Option<Role>,
) -> Result<(), StoreError> {
    let delete = "delete from role_given where person = $1 and service = $2 and source = $3";
    execute!(tx, delete, person, service, source)?;
    if let Some(role) = role {
        let insert = "insert into role_given (person, service, source, role) values ($1, $2, $3, $4)";
        execute!(tx, insert, person, service, source, role.word())?;
    }
    Ok(())
}

pub(crate) fn role_of(text: &str) -> Result<Role, StoreError> {
    text.parse().map_err(|()| StoreError::Unreadable(format!("`{text}` is no role")))
}
