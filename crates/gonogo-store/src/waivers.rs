//! Waivers: a person's decision to let one finding pass, for a service or one branch of
//! it, until a time. They are never changed; one that is taken back says by whom.

use crate::audit::{Deed, note, note_made};
use crate::db::{execute, fetch};
use crate::mirror::{Wanted, want};
use crate::views::changes::{in_turn, service_has_changed};
use crate::{Store, StoreError, micros, time};
use gonogo_core::person::Actor;
use jiff::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WaiverId(pub i64);

#[derive(Clone, Debug)]
pub struct NewWaiver {
    pub service: String,
    pub fingerprint: String,
    /// What is waived, in words.
    pub said: String,
    pub why: String,
    pub until: Timestamp,
    /// Then it lets nothing pass until another person confirms it.
    pub needs_second: bool,
    /// Where it lets pass; without it, in all branches of the service.
    pub branch: Option<String>,
}

/// What came of giving a waiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waived {
    Given(WaiverId),
    /// Another one of the same lasts still, or is proposed: nothing was recorded.
    Stands {
        id: WaiverId,
        by_id: i64,
        why: String,
        until: Timestamp,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaiverRow {
    pub id: WaiverId,
    pub service: String,
    pub fingerprint: String,
    pub said: String,
    pub by: String,
    pub by_id: i64,
    pub why: String,
    pub given_at: Timestamp,
    pub until: Timestamp,
    pub needs_second: bool,
    pub confirmed_by: Option<String>,
    pub branch: Option<String>,
}

impl WaiverRow {
    pub fn holds_in(&self, branch: &str) -> bool {
        self.branch.as_deref().is_none_or(|only| only == branch)
    }

    /// Lets nothing pass yet: a second person is wanted.
    pub fn is_proposed(&self) -> bool {
        self.needs_second && self.confirmed_by.is_none()
    }
}

impl Store {
    /// Records a waiver with its audit entry, unless one of the same stands: of a
    /// form that is sent twice at once, one counts.
    pub async fn waive(&self, new: NewWaiver, actor: &Actor, deed: Deed) -> Result<Waived, StoreError> {
        self.waive_loudly(new, None, actor, deed).await
    }

    /// The same, with what people are told of it.
    pub async fn waive_loudly(
        &self,
        new: NewWaiver,
        told: Option<Wanted>,
        actor: &Actor,
        deed: Deed,
    ) -> Result<Waived, StoreError> {
        let by = actor.id();
        let select = "select id, given_by, why, until from waiver where service = $1 and fingerprint = $2
             and taken_back_at is null and until > $3 and (branch is null or branch = $4) order by id desc limit 1";
        let insert =
            "insert into waiver (service, fingerprint, said, given_by, why, given_at, until, needs_second, branch)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    in_turn(tx).await?;
                    let (service, fingerprint) = (&new.service, &new.fingerprint);
                    let stands: Option<(i64, i64, String, i64)> =
                        fetch!(tx, fetch_optional, select, service, fingerprint, micros(deed.at), &new.branch)?;
                    if let Some((id, by_id, why, until)) = stands {
                        return Ok(Waived::Stands { id: WaiverId(id), by_id, why, until: time(until) });
                    }
                    let (id,): (i64,) = fetch!(
                        tx,
                        fetch_one,
                        insert,
                        service,
                        fingerprint,
                        &new.said,
                        by,
                        &new.why,
                        micros(deed.at),
                        micros(new.until),
                        i64::from(new.needs_second),
                        &new.branch
                    )?;
                    note_made(tx, &deed, Some(id)).await?;
                    service_has_changed(tx, service).await?;
                    if let Some(told) = &told {
                        want(tx, told).await?;
                    }
                    Ok(Waived::Given(WaiverId(id)))
                })
            })
            .await
    }

    /// Takes a waiver of a service back, with what people are told of it; false
    /// where there is none to take back.
    pub async fn take_back(
        &self,
        service: &str,
        id: WaiverId,
        told: Option<Wanted>,
        actor: &Actor,
        deed: Deed,
    ) -> Result<bool, StoreError> {
        let update = "update waiver set taken_back_by = $3, taken_back_at = $4
             where id = $1 and service = $2 and taken_back_at is null";
        self.change_waiver(update, service, id, told, actor, deed).await
    }

    /// Another person agrees to a waiver of a service, with what people are told of
    /// it; false where there is none that waits for them, such as their own.
    pub async fn confirm_waiver(
        &self,
        service: &str,
        id: WaiverId,
        told: Option<Wanted>,
        actor: &Actor,
        deed: Deed,
    ) -> Result<bool, StoreError> {
        let update = "update waiver set confirmed_by = $3, confirmed_at = $4
             where id = $1 and service = $2 and needs_second = 1 and confirmed_at is null
             and taken_back_at is null and given_by <> $3 and until > $4";
        self.change_waiver(update, service, id, told, actor, deed).await
    }

    /// Of `$1` the id, `$2` the service, `$3` the person and `$4` the time.
    async fn change_waiver(
        &self,
        update: &'static str,
        service: &str,
        id: WaiverId,
        told: Option<Wanted>,
        actor: &Actor,
        deed: Deed,
    ) -> Result<bool, StoreError> {
        let (by, service) = (actor.id(), service.to_owned());
        let changed = self
            .db
            .write(move |tx| {
                Box::pin(async move {
                    in_turn(tx).await?;
                    if execute!(tx, update, id.0, &service, by, micros(deed.at))? == 0 {
                        return Ok(false);
                    }
                    note(tx, &deed).await?;
                    service_has_changed(tx, &service).await?;
                    if let Some(told) = &told {
                        want(tx, told).await?;
                    }
                    Ok(true)
                })
            })
            .await?;
        self.work.came();
        Ok(changed)
    }

    /// All of a service that were not taken back, the newest first.
    pub async fn waivers(&self, service: &str) -> Result<Vec<WaiverRow>, StoreError> {
        self.all_waivers(Some(service)).await
    }

    /// The same of one service or of all.
    pub async fn all_waivers(&self, service: Option<&str>) -> Result<Vec<WaiverRow>, StoreError> {
        type Row = (i64, String, String, String, i64, String, String, i64, i64, i64, Option<String>, Option<String>);
        const SELECT: &str = "select waiver.id, service, fingerprint, said, given_by, giver.name, why, given_at, until,
                 needs_second, second.name, branch
             from waiver join person giver on giver.id = given_by
             left join person second on second.id = confirmed_by
             where ($1 = '' or service = $1) and taken_back_at is null order by waiver.id desc";
        let service = service.unwrap_or_default().to_owned();
        let rows: Vec<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, service)?) })).await?;
        let read =
            |(id, service, fingerprint, said, by_id, by, why, given, until, second, confirmed_by, branch): Row| {
                WaiverRow {
                    id: WaiverId(id),
                    service,
                    fingerprint,
                    said,
                    by,
                    by_id,
                    why,
                    given_at: time(given),
                    until: time(until),
                    needs_second: second != 0,
                    confirmed_by,
                    branch,
                }
            };
        Ok(rows.into_iter().map(read).collect())
    }
}
