//! Waivers: a person's decision to let one finding pass, for a service, until a
//! time. They are never changed; one that is taken back says by whom.

use crate::audit::{Deed, note};
use crate::db::{execute, fetch};
use crate::{Store, StoreError, micros, time};
use gonogo_core::person::Actor;
use jiff::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaiverId(pub i64);

#[derive(Clone, Debug)]
pub struct NewWaiver {
    pub service: String,
    pub fingerprint: String,
    /// What is waived, in words.
    pub said: String,
    pub why: String,
    pub until: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaiverRow {
    pub id: WaiverId,
    pub fingerprint: String,
    pub said: String,
    pub by: String,
    pub why: String,
    pub given_at: Timestamp,
    pub until: Timestamp,
}

impl Store {
    /// Records a waiver with its audit entry.
    pub async fn waive(&self, new: NewWaiver, actor: &Actor, deed: Deed) -> Result<WaiverId, StoreError> {
        let by = actor.id();
        let insert = "insert into waiver (service, fingerprint, said, given_by, why, given_at, until)
             values ($1, $2, $3, $4, $5, $6, $7) returning id";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let (id,): (i64,) = fetch!(
                        tx,
                        fetch_one,
                        insert,
                        &new.service,
                        &new.fingerprint,
                        &new.said,
                        by,
                        &new.why,
                        micros(deed.at),
                        micros(new.until)
                    )?;
                    note(tx, &deed).await?;
                    Ok(WaiverId(id))
                })
            })
            .await
    }

    /// Takes a waiver of a service back; false where there is none to take back.
    pub async fn take_back(&self, service: &str, id: WaiverId, actor: &Actor, deed: Deed) -> Result<bool, StoreError> {
        let (by, service) = (actor.id(), service.to_owned());
        let update = "update waiver set taken_back_by = $3, taken_back_at = $4
             where id = $1 and service = $2 and taken_back_at is null";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    if execute!(tx, update, id.0, &service, by, micros(deed.at))? == 0 {
                        return Ok(false);
                    }
                    note(tx, &deed).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// All of a service that were not taken back, the newest first.
    pub async fn waivers(&self, service: &str) -> Result<Vec<WaiverRow>, StoreError> {
        type Row = (i64, String, String, String, String, i64, i64);
        const SELECT: &str = "select waiver.id, fingerprint, said, giver.name, why, given_at, until
             from waiver join person giver on giver.id = given_by
             where service = $1 and taken_back_at is null order by waiver.id desc";
        let service = service.to_owned();
        let rows: Vec<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, service)?) })).await?;
        let read = |(id, fingerprint, said, by, why, given, until): Row| WaiverRow {
            id: WaiverId(id),
            fingerprint,
            said,
            by,
            why,
            given_at: time(given),
            until: time(until),
        };
        Ok(rows.into_iter().map(read).collect())
    }
}
