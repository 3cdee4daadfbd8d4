//! People and their sessions. Passwords and tokens are here as hashes alone.

use crate::audit::{Deed, note};
use crate::db::{execute, fetch};
use crate::{Store, StoreError, micros, time};
use gonogo_core::person::{Person, Role};
use jiff::Timestamp;

/// A person in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonRow {
    pub person: Person,
    pub added_at: Timestamp,
}

/// A person with what their password is compared with.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub person: Person,
    pub password_hash: String,
}

impl Store {
    /// Adds a person; `None` where the name is taken. `only_first`: where there
    /// is anybody already, nobody is added.
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
                    let (people,): (i64,) = fetch!(tx, fetch_one, "select count(*) from person")?;
                    if only_first && people > 0 {
                        return Ok(None);
                    }
                    let insert = "insert into person (name, password_hash, role, added_at)
                         values ($1, $2, $3, $4) on conflict (name) do nothing returning id";
                    let added: Option<(i64,)> =
                        fetch!(tx, fetch_optional, insert, &name, &password_hash, role.word(), micros(deed.at))?;
                    let Some((id,)) = added else { return Ok(None) };
                    note(tx, &deed).await?;
                    Ok(Some(Person { id, name, role }))
                })
            })
            .await
    }

    pub async fn has_people(&self) -> Result<bool, StoreError> {
        const SELECT: &str = "select count(*) from person";
        let (people,): (i64,) = self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_one, SELECT)?) })).await?;
        Ok(people > 0)
    }

    pub async fn people(&self) -> Result<Vec<PersonRow>, StoreError> {
        type Row = (i64, String, String, i64);
        const SELECT: &str = "select id, name, role, added_at from person order by name";
        let rows: Vec<Row> = self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT)?) })).await?;
        rows.into_iter()
            .map(|(id, name, role, added)| {
                let person = Person { id, name, role: role_of(&role)? };
                Ok(PersonRow { person, added_at: time(added) })
            })
            .collect()
    }

    /// Who may sign in by this name.
    pub async fn credentials(&self, name: &str) -> Result<Option<Credentials>, StoreError> {
        type Row = (i64, String, String, String);
        const SELECT: &str = "select id, name, password_hash, role from person where name = $1";
        let name = name.to_owned();
        let row: Option<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, SELECT, name)?) })).await?;
        row.map(|(id, name, password_hash, role)| {
            Ok(Credentials { person: Person { id, name, role: role_of(&role)? }, password_hash })
        })
        .transpose()
    }

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

    pub async fn end_session(&self, token_hash: String) -> Result<(), StoreError> {
        let delete = "delete from session where token_hash = $1";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    execute!(tx, delete, &token_hash)?;
                    Ok(())
                })
            })
            .await
    }

    /// Whose session this is, while it lasts.
    pub async fn person_of_session(&self, token_hash: &str, now: Timestamp) -> Result<Option<Person>, StoreError> {
        type Row = (i64, String, String);
        const SELECT: &str = "select person.id, person.name, person.role from session
             join person on person.id = session.person
             where session.token_hash = $1 and session.expires_at > $2";
        let (token_hash, now) = (token_hash.to_owned(), micros(now));
        let row: Option<Row> = self
            .db
            .read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, SELECT, token_hash, now)?) }))
            .await?;
        row.map(|(id, name, role)| Ok(Person { id, name, role: role_of(&role)? })).transpose()
    }
}

fn role_of(text: &str) -> Result<Role, StoreError> {
    text.parse().map_err(|()| StoreError::Unreadable(format!("`{text}` is no role")))
}
