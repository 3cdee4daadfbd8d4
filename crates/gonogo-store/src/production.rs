//! What runs in production: as it was known last, each of its moves, and what
//! was told of it. A move is recorded in the transaction that opens the
//! candidates over it.

use crate::audit::{Deed, note};
use crate::candidates::open;
use crate::db::{Tx, execute, fetch};
use crate::story_runs::to_be_read;
use crate::views::changes::{has_changed, in_turn};
use crate::{Candidate, Sighted, Store, StoreError, micros, time};
use gonogo_core::ids::Sha;
use gonogo_core::running::Running;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a look at a service came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductionSeen {
    pub service: String,
    /// `None` while it is not known.
    pub running: Option<Running>,
    /// Under which name it was found: a branch, a tag, an address.
    pub name: String,
    /// Why that counts: "from gonogo.toml".
    pub why: String,
    /// Why nothing says so now, and what mends that; with `running` that is what
    /// was known last.
    pub trouble: Option<String>,
    /// What of it the default branch does not have.
    pub astray: Option<String>,
}

/// Production as it was known last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProductionRow {
    /// `None` until it was known once.
    pub running: Option<Running>,
    pub name: String,
    pub why: String,
    /// When something said so last.
    pub known_at: Option<Timestamp>,
    /// When that was looked at last, whatever it came to.
    pub looked_at: Option<Timestamp>,
    /// Why nothing says so now, and what mends that.
    pub trouble: Option<String>,
    /// What of it the default branch does not have, and since when.
    pub astray: Option<(String, Timestamp)>,
}

impl ProductionRow {
    /// Whether a look came to what is known already.
    fn shows(&self, seen: &ProductionSeen) -> bool {
        let astray = self.astray.as_ref().map(|(astray, _)| astray);
        let is_same = (&self.name, &self.why, &self.trouble, astray)
            == (&seen.name, &seen.why, &seen.trouble, seen.astray.as_ref());
        is_same && (seen.running.is_none() || seen.running == self.running)
    }
}

/// Production ran something else from then on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProductionMove {
    pub id: i64,
    pub service: String,
    /// `None` where it was known the first time.
    pub before: Option<Running>,
    pub running: Running,
    pub name: String,
    pub why: String,
    pub seen_at: Timestamp,
}

/// What a deploy tool or a person said last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductionTold {
    /// SHAs as they were said, perhaps short.
    pub running: Vec<String>,
    pub by: String,
    pub at: Timestamp,
}

/// What a look changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    pub moved: Option<ProductionMove>,
    /// The open candidate of each branch that was sighted, and whether it is new.
    pub candidates: Vec<(Candidate, bool)>,
}

type Row =
    (String, Option<String>, String, String, Option<i64>, Option<i64>, Option<String>, Option<String>, Option<i64>);
pub(crate) type MoveRow = (i64, String, Option<String>, String, String, String, i64);

impl Store {
    /// Records what was seen of production, the move if it moved, and opens a
    /// candidate for each branch where its head or production is another. What was seen
    /// may be as old as the look.
    pub async fn looked(
        &self,
        seen: ProductionSeen,
        branches: Vec<Sighted>,
        began: Timestamp,
        now: Timestamp,
    ) -> Result<Looked, StoreError> {
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    in_turn(tx).await?;
                    let moved = note_production(tx, &seen, began, now).await?;
                    if let Some(moved) = &moved {
                        to_be_read(tx, moved).await?;
                    }
                    let mut candidates = Vec::new();
                    for branch in branches {
                        candidates.push(open(tx, branch, now).await?);
                    }
                    Ok(Looked { moved, candidates })
                })
            })
            .await
    }

    /// Of every service that was looked at, by its name.
    pub async fn productions(&self) -> Result<BTreeMap<String, ProductionRow>, StoreError> {
        const SELECT: &str =
            "select service, running, name, why, known_at, looked_at, trouble, astray, astray_since from production";
        let rows: Vec<Row> = self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT)?) })).await?;
        rows.into_iter().map(read).collect()
    }

    pub async fn production(&self, service: &str) -> Result<Option<ProductionRow>, StoreError> {
        let service = service.to_owned();
        self.db.read(|tx| Box::pin(async move { production_of(tx, &service).await })).await
    }

    /// The newest moves of a service, or those older than one, newest first.
    pub async fn production_moves(
        &self,
        service: &str,
        before: Option<i64>,
        most: u32,
    ) -> Result<Vec<ProductionMove>, StoreError> {
        const SELECT: &str = "select id, service, before, running, name, why, seen_at from production_move
             where service = $1 and id < $2 order by id desc limit $3";
        let (service, before, most) = (service.to_owned(), before.unwrap_or(i64::MAX), i64::from(most));
        let rows: Vec<MoveRow> = self
            .db
            .read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, service, before, most)?) }))
            .await?;
        rows.into_iter().map(read_move).collect()
    }

    /// The newest move of a service from that to this alone.
    pub async fn deploy_of(&self, service: &str, before: &Running, head: Sha) -> Result<Option<i64>, StoreError> {
        const SELECT: &str = "select max(id) from production_move where service = $1 and before = $2 and running = $3";
        let (service, before, head) = (service.to_owned(), before.to_string(), head.to_string());
        let row: (Option<i64>,) = self
            .db
            .read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_one, SELECT, service, before, head)?) }))
            .await?;
        Ok(row.0)
    }

    /// Keeps what was said, in the place of what was said before, with its audit entry.
    pub async fn tell_production(&self, service: &str, running: &[String], deed: Deed) -> Result<(), StoreError> {
        let (service, running) = (service.to_owned(), running.join(" "));
        let upsert = "insert into production_told (service, running, told_by, told_at) values ($1, $2, $3, $4)
             on conflict (service) do update set running = excluded.running, told_by = excluded.told_by,
                 told_at = excluded.told_at";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    execute!(tx, upsert, &service, &running, &deed.actor, micros(deed.at))?;
                    note(tx, &deed).await
                })
            })
            .await
    }

    pub async fn production_told(&self, service: &str) -> Result<Option<ProductionTold>, StoreError> {
        const SELECT: &str = "select running, told_by, told_at from production_told where service = $1";
        let service = service.to_owned();
        let row: Option<(String, String, i64)> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, SELECT, service)?) })).await?;
        Ok(row.map(|(running, by, at)| ProductionTold {
            running: running.split_ascii_whitespace().map(str::to_owned).collect(),
            by,
            at: time(at),
        }))
    }
}

/// The move, where it runs something else than it ran when it was known last.
async fn note_production(
    tx: &mut Tx<'_>,
    seen: &ProductionSeen,
    began: Timestamp,
    now: Timestamp,
) -> Result<Option<ProductionMove>, StoreError> {
    let last = production_of(tx, &seen.service).await?;
    if !last.as_ref().is_some_and(|last| last.shows(seen)) {
        has_changed(tx).await?;
    }
    let ran = last.as_ref().and_then(|last| last.running.clone());
    let since = last.and_then(|last| last.astray).map_or(now, |(_, since)| since);
    let known_at = seen.trouble.is_none().then(|| micros(now));
    let upsert =
        "insert into production (service, running, name, why, known_at, trouble, astray, astray_since, looked_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (service) do update set running = coalesce(excluded.running, production.running),
             name = excluded.name, why = excluded.why, known_at = coalesce(excluded.known_at, production.known_at),
             trouble = excluded.trouble, astray = excluded.astray, astray_since = excluded.astray_since,
             looked_at = excluded.looked_at";
    execute!(
        tx,
        upsert,
        &seen.service,
        seen.running.as_ref().map(Running::to_string),
        &seen.name,
        &seen.why,
        known_at,
        &seen.trouble,
        &seen.astray,
        seen.astray.as_ref().map(|_| micros(since)),
        micros(began)
    )?;
    let Some(running) = seen.running.clone().filter(|runs| ran.as_ref() != Some(runs)) else { return Ok(None) };
    let insert = "insert into production_move (service, before, running, name, why, seen_at)
         values ($1, $2, $3, $4, $5, $6) returning id";
    let before = ran.as_ref().map(Running::to_string);
    let (id,): (i64,) =
        fetch!(tx, fetch_one, insert, &seen.service, before, running.to_string(), &seen.name, &seen.why, micros(now))?;
    let (service, name, why) = (seen.service.clone(), seen.name.clone(), seen.why.clone());
    Ok(Some(ProductionMove { id, service, before: ran, running, name, why, seen_at: now }))
}

async fn production_of(tx: &mut Tx<'_>, service: &str) -> Result<Option<ProductionRow>, StoreError> {
    let select = "select service, running, name, why, known_at, looked_at, trouble, astray, astray_since
         from production where service = $1";
    let row: Option<Row> = fetch!(tx, fetch_optional, select, service)?;
    Ok(row.map(read).transpose()?.map(|(_, row)| row))
}

fn read(row: Row) -> Result<(String, ProductionRow), StoreError> {
    let (service, running, name, why, known_at, looked_at, trouble, astray, since) = row;
    let running = running.as_deref().map(runs).transpose()?;
    let (known_at, looked_at, astray) = (known_at.map(time), looked_at.map(time), astray.zip(since.map(time)));
    Ok((service, ProductionRow { running, name, why, known_at, looked_at, trouble, astray }))
}

/// The SHAs of a column.
pub(crate) fn runs(text: &str) -> Result<Running, StoreError> {
    text.parse().map_err(|_| StoreError::Unreadable(format!("`{text}` are no SHAs")))
}

pub(crate) fn read_move(
    (id, service, before, running, name, why, seen_at): MoveRow,
) -> Result<ProductionMove, StoreError> {
    let before = before.as_deref().map(runs).transpose()?;
    Ok(ProductionMove { id, service, before, running: runs(&running)?, name, why, seen_at: time(seen_at) })
}
