//! What people did, each entry chained to the one before by hash.

use crate::db::{Tx, alone, execute, fetch};
use crate::{Store, StoreError, micros, requests, time};
use gonogo_core::person::Once;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Something a person did, to be written down with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    pub at: Timestamp,
    pub actor: String,
    pub action: &'static str,
    pub subject: String,
    pub detail: String,
    /// Where it is a program's request that is to be done once.
    pub once: Option<Once>,
}

/// An entry as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    pub id: i64,
    pub at: Timestamp,
    pub actor: String,
    pub action: String,
    pub subject: String,
    pub detail: String,
    /// Over this entry and the hash of the one before.
    pub hash: String,
}

/// Which entries; what is `None` is not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditAsked {
    pub actor: Option<String>,
    pub action: Option<String>,
    pub subject: Option<String>,
    /// Of this instant and later.
    pub from: Option<Timestamp>,
    /// Of earlier than this instant.
    pub to: Option<Timestamp>,
}

type Row = (i64, i64, String, String, String, String, String);

/// Entries that are read at once.
const BLOCK: i64 = 1_000;
/// Chained by one writer at a time.
const LOCK: i64 = 0x0061_7564_6974;

impl Store {
    /// The newest entries, or those older than one.
    pub async fn audit(&self, asked: &AuditAsked, before: Option<i64>, most: u32) -> Result<Vec<AuditRow>, StoreError> {
        const SELECT: &str = "select id, at, actor, action, subject, detail, hash from audit
             where ($1 = '' or actor = $1) and ($2 = '' or action = $2) and ($3 = '' or subject = $3)
             and at >= $4 and at < $5 and id < $6 order by id desc limit $7";
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let (actor, action, subject) = (text(&asked.actor), text(&asked.action), text(&asked.subject));
        let (from, to) = (asked.from.map_or(i64::MIN, micros), asked.to.map_or(i64::MAX, micros));
        let (before, most) = (before.unwrap_or(i64::MAX), i64::from(most));
        let rows: Vec<Row> = self
            .db
            .read(|tx| {
                Box::pin(
                    async move { Ok(fetch!(tx, fetch_all, SELECT, actor, action, subject, from, to, before, most)?) },
                )
            })
            .await?;
        let read = |(id, at, actor, action, subject, detail, hash): Row| AuditRow {
            id,
            at: time(at),
            actor,
            action,
            subject,
            detail,
            hash,
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// The kinds of things that were done.
    pub async fn audited_actions(&self) -> Result<Vec<String>, StoreError> {
        const SELECT: &str = "select distinct action from audit order by action";
        let rows: Vec<(String,)> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT)?) })).await?;
        Ok(rows.into_iter().map(|(action,)| action).collect())
    }

    /// Writes down what changed nothing here, such as a sign-in that failed.
    pub async fn note_alone(&self, deed: Deed) -> Result<(), StoreError> {
        self.db.write(move |tx| Box::pin(async move { note(tx, &deed).await })).await
    }

    /// The first entry that does not follow from the one before it, if any.
    pub async fn audit_broken_at(&self) -> Result<Option<i64>, StoreError> {
        const SELECT: &str = "select id, at, actor, action, subject, detail, hash from audit
             where id > $1 order by id limit $2";
        let (mut last, mut previous) = (0, String::new());
        loop {
            let rows: Vec<Row> =
                self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, last, BLOCK)?) })).await?;
            if rows.is_empty() {
                return Ok(None);
            }
            for (id, at, actor, action, subject, detail, hash) in rows {
                if link(&previous, at, [&actor, &action, &subject, &detail]) != hash {
                    return Ok(Some(id));
                }
                (last, previous) = (id, hash);
            }
        }
    }
}

/// Writes a deed down in the transaction that does it.
pub(crate) async fn note(tx: &mut Tx<'_>, deed: &Deed) -> Result<(), StoreError> {
    note_made(tx, deed, None).await
}

/// The same, with the number of what it made.
pub(crate) async fn note_made(tx: &mut Tx<'_>, deed: &Deed, made: Option<i64>) -> Result<(), StoreError> {
    if let Some(once) = &deed.once {
        requests::is_done(tx, once, made, deed.at).await?;
    }
    alone(tx, LOCK).await?;
    let last: Option<(String,)> = fetch!(tx, fetch_optional, "select hash from audit order by id desc limit 1")?;
    let previous = last.map(|(hash,)| hash).unwrap_or_default();
    let at = micros(deed.at);
    let hash = link(&previous, at, [&deed.actor, deed.action, &deed.subject, &deed.detail]);
    let insert = "insert into audit (at, actor, action, subject, detail, hash) values ($1, $2, $3, $4, $5, $6)";
    execute!(tx, insert, at, &deed.actor, deed.action, &deed.subject, &deed.detail, hash)?;
    Ok(())
}

/// Over the hash before and each part with its length, so that no two rows read alike.
fn link(previous: &str, at: i64, parts: [&str; 4]) -> String {
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update(at.to_be_bytes());
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // a String takes all
        hex
    })
}
