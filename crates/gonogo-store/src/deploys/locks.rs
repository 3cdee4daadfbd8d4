//! Locks of services by people: while one stands, nobody but its owner has a deploy of
//! the service begin. Each has an end, and holds no more from then on.

use super::DeployId;
use crate::audit::{Deed, note, note_made};
use crate::db::{Tx, execute, fetch};
use crate::mirror::{Wanted, want};
use crate::views::changes::{in_turn, service_has_changed};
use crate::{Store, StoreError, micros, time};
use jiff::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceLock {
    pub id: i64,
    pub service: String,
    pub by: String,
    pub by_id: i64,
    pub why: String,
    pub at: Timestamp,
    pub until: Timestamp,
}

/// A lock that somebody wants; the deed's actor is its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLock {
    pub service: String,
    pub by_id: i64,
    pub why: String,
    pub until: Timestamp,
}

/// What came of locking a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Locked {
    Now(i64),
    /// Somebody else has locked it.
    Before(ServiceLock),
}

type Row = (i64, String, String, i64, String, i64, i64);

macro_rules! select_locks {
    ($rest:literal) => {
        concat!(
            "select l.id, l.service, p.name, l.locked_by, l.why, l.locked_at, l.until from service_lock l
             join person p on p.id = l.locked_by where l.taken_off_at is null and l.until > $1 ",
            $rest
        )
    };
}

const OF_SERVICE: &str = select_locks!("and l.service = $2 order by l.id desc limit 1");
const OFF: &str = "update service_lock set taken_off_by = $2, taken_off_at = $3, taken_off_why = $4
     where id = $1 and taken_off_at is null and until > $3";

impl Store {
    /// The lock of a service that stands.
    pub async fn service_lock(&self, service: &str, now: Timestamp) -> Result<Option<ServiceLock>, StoreError> {
        let service = service.to_owned();
        let row: Option<Row> = self
            .db
            .read(move |tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, OF_SERVICE, micros(now), &service)?) }))
            .await?;
        Ok(row.map(read))
    }

    /// All that stand, by their services.
    pub async fn service_locks(&self, now: Timestamp) -> Result<Vec<ServiceLock>, StoreError> {
        const SELECT: &str = select_locks!("order by l.service, l.id");
        let rows: Vec<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, micros(now))?) })).await?;
        Ok(rows.into_iter().map(read).collect())
    }

    /// Theirs from now on. Another one of their own gives way to it.
    pub async fn lock_service(&self, new: NewLock, told: Vec<Wanted>, deed: Deed) -> Result<Locked, StoreError> {
        const INSERT: &str = "insert into service_lock (service, locked_by, why, locked_at, until)
             values ($1, $2, $3, $4, $5) returning id";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    in_turn(tx).await?;
                    let NewLock { service, by_id, why, until } = &new;
                    let at = micros(deed.at);
                    let before: Option<Row> = fetch!(tx, fetch_optional, OF_SERVICE, at, service)?;
                    match before.map(read) {
                        Some(other) if other.by_id != *by_id => return Ok(Locked::Before(other)),
                        Some(own) => {
                            execute!(tx, OFF, own.id, by_id, at, "")?;
                        }
                        None => {}
                    }
                    let (id,): (i64,) = fetch!(tx, fetch_one, INSERT, service, by_id, why, at, micros(*until))?;
                    note_made(tx, &deed, Some(id)).await?;
                    turned(tx, service, &told).await?;
                    Ok(Locked::Now(id))
                })
            })
            .await
    }

    /// False where it does not stand any more.
    pub async fn take_lock_off(
        &self,
        lock: &ServiceLock,
        by: i64,
        why: String,
        told: Vec<Wanted>,
        deed: Deed,
    ) -> Result<bool, StoreError> {
        let (id, service) = (lock.id, lock.service.clone());
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    in_turn(tx).await?;
                    if execute!(tx, OFF, id, by, micros(deed.at), &why)? == 0 {
                        return Ok(false);
                    }
                    note(tx, &deed).await?;
                    turned(tx, &service, &told).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// Those that stand, and of whose end nobody was reminded.
    pub async fn locks_to_remind_of(&self, now: Timestamp) -> Result<Vec<ServiceLock>, StoreError> {
        const SELECT: &str = select_locks!("and l.reminded_at is null order by l.until limit 100");
        let rows: Vec<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, micros(now))?) })).await?;
        Ok(rows.into_iter().map(read).collect())
    }

    /// Once: with what its owner is told.
    pub async fn reminded_of_lock(&self, id: i64, told: Option<Wanted>, now: Timestamp) -> Result<(), StoreError> {
        const UPDATE: &str = "update service_lock set reminded_at = $2 where id = $1 and reminded_at is null
             and taken_off_at is null";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    if execute!(tx, UPDATE, id, micros(now))? > 0
                        && let Some(told) = &told
                    {
                        want(tx, told).await?;
                    }
                    Ok(())
                })
            })
            .await?;
        self.work.came();
        Ok(())
    }
}

/// Whether somebody else's lock keeps a deploy from its first act, in the transaction
/// that writes so down.
pub(super) async fn is_locked(tx: &mut Tx<'_>, id: DeployId, now: Timestamp) -> Result<bool, StoreError> {
    const SELECT: &str = "select count(*) from service_lock l join deploy d on d.service = l.service
         where d.id = $1 and d.began_at is null and l.locked_by <> d.requested_by
         and l.taken_off_at is null and l.until > $2";
    let (number,): (i64,) = fetch!(tx, fetch_one, SELECT, id.0, micros(now))?;
    Ok(number > 0)
}

async fn turned(tx: &mut Tx<'_>, service: &str, told: &[Wanted]) -> Result<(), StoreError> {
    service_has_changed(tx, service).await?;
    for wanted in told {
        want(tx, wanted).await?;
    }
    Ok(())
}

fn read((id, service, by, by_id, why, at, until): Row) -> ServiceLock {
    ServiceLock { id, service, by, by_id, why, at: time(at), until: time(until) }
}
