//! Tokens of programs. A token acts in its person's name, for its scopes alone,
//! until its end; what is stored of it is a hash.

use crate::audit::{Deed, note};
use crate::db::{execute, fetch};
use crate::people::{given, role_of};
use crate::{Store, StoreError, micros, time};
use gonogo_core::person::{Person, Scope, Token};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenId(pub i64);

#[derive(Clone, Debug)]
pub struct NewToken {
    pub token_hash: String,
    /// Whose it is.
    pub person: i64,
    /// What it is for.
    pub name: String,
    pub scopes: Vec<Scope>,
    pub until: Timestamp,
}

/// A token in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    pub id: TokenId,
    /// Whose it is.
    pub person: String,
    pub name: String,
    pub scopes: Vec<Scope>,
    pub added_at: Timestamp,
    pub until: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

/// So exact is when a token was last used: not each request is to be a write.
const EXACT: SignedDuration = SignedDuration::from_mins(1);

impl Store {
    pub async fn add_token(&self, new: NewToken, deed: Deed) -> Result<TokenId, StoreError> {
        const INSERT: &str = "insert into api_token (token_hash, person, name, scopes, added_at, expires_at)
             values ($1, $2, $3, $4, $5, $6) returning id";
        let scopes: Vec<&str> = new.scopes.iter().map(|scope| scope.word()).collect();
        let scopes = serde_json::Value::from(scopes).to_string();
        let (added_at, until) = (micros(deed.at), micros(new.until));
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let (id,): (i64,) = fetch!(
                        tx,
                        fetch_one,
                        INSERT,
                        &new.token_hash,
                        new.person,
                        &new.name,
                        &scopes,
                        added_at,
                        until
                    )?;
                    note(tx, &deed).await?;
                    Ok(TokenId(id))
                })
            })
            .await
    }

    /// Who a token stands for, while it lasts, with what admins let them do: what
    /// other systems say holds for a session alone, which asks them again. Nor
    /// does it stand for who can come in by another system only. That it was used
    /// is written down.
    pub async fn bearer_of(&self, token_hash: &str, now: Timestamp) -> Result<Option<Person>, StoreError> {
        type Row = (i64, String, String, Option<i64>, i64, String, String);
        const SELECT: &str = "select t.id, t.name, scopes, last_used_at, person.id, person.name, person.role
             from api_token t join person on person.id = t.person
             where token_hash = $1 and expires_at > $2 and revoked_at is null
             and deactivated_at is null and password_hash <> ''";
        let (token_hash, at) = (token_hash.to_owned(), micros(now));
        let found: Option<(Row, Person)> = self
            .db
            .read(|tx| {
                Box::pin(async move {
                    let row: Option<Row> = fetch!(tx, fetch_optional, SELECT, token_hash, at)?;
                    let Some(row) = row else { return Ok(None) };
                    let role = role_of(&row.6)?;
                    let person = Person { id: row.4, name: row.5.clone(), role, at: BTreeMap::new(), token: None };
                    Ok(Some((row, given(tx, person, "").await?)))
                })
            })
            .await?;
        let Some(((token, named, scopes, last_used_at, ..), person)) = found else { return Ok(None) };
        if last_used_at.is_none_or(|last| now.duration_since(time(last)) >= EXACT) {
            const UPDATE: &str = "update api_token set last_used_at = $2 where id = $1";
            let noted = self.db.write(move |tx| Box::pin(async move { Ok(execute!(tx, UPDATE, token, at)?) }));
            noted.await.unwrap_or(0); // a full disk refuses nobody who may read
        }
        let token = Token { id: token, name: named, scopes: scopes_of(&scopes)?, once: None };
        Ok(Some(Person { token: Some(token), ..person }))
    }

    /// The tokens of a person, or of all, that were not revoked; the newest first.
    pub async fn tokens(&self, of: Option<i64>) -> Result<Vec<TokenRow>, StoreError> {
        type Row = (i64, String, String, String, i64, i64, Option<i64>);
        const SELECT: &str = "select t.id, person.name, t.name, scopes, t.added_at, expires_at, last_used_at
             from api_token t join person on person.id = t.person
             where (t.person = $1 or $1 = -1) and revoked_at is null order by t.id desc";
        let of = of.unwrap_or(-1);
        let rows: Vec<Row> = self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, of)?) })).await?;
        let read = |(id, person, name, scopes, added_at, until, last_used_at): Row| {
            Ok(TokenRow {
                id: TokenId(id),
                person,
                name,
                scopes: scopes_of(&scopes)?,
                added_at: time(added_at),
                until: time(until),
                last_used_at: last_used_at.map(time),
            })
        };
        rows.into_iter().map(read).collect()
    }

    /// Takes a token of a person's, or anybody's, out of use; false where there is none.
    pub async fn revoke_token(&self, of: Option<i64>, id: TokenId, deed: Deed) -> Result<bool, StoreError> {
        const UPDATE: &str = "update api_token set revoked_at = $3
             where id = $1 and (person = $2 or $2 = -1) and revoked_at is null";
        let of = of.unwrap_or(-1);
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    if execute!(tx, UPDATE, id.0, of, micros(deed.at))? == 0 {
                        return Ok(false);
                    }
                    note(tx, &deed).await?;
                    Ok(true)
                })
            })
            .await
    }
}

fn scopes_of(text: &str) -> Result<Vec<Scope>, StoreError> {
    let wrong = || StoreError::Unreadable(format!("the scopes of a token: {text}"));
    let words: Vec<String> = serde_json::from_str(text).map_err(|_| wrong())?;
    words.iter().map(|word| word.parse().map_err(|()| wrong())).collect()
}
