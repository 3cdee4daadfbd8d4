//! Who signed a deploy off. A sign-off is for one head over exactly what runs:
//! whatever else is to ship, or runs by then, needs another.

use crate::audit::{Deed, note, note_made};
use crate::candidates::Candidate;
use crate::db::{Tx, execute, fetch};
use crate::views::changes::{candidate_has_changed, in_turn};
use crate::{Store, StoreError, micros, time};
use gonogo_core::ids::Sha;
use gonogo_core::person::Actor;
use gonogo_core::running::Running;
use jiff::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignOffId(pub i64);

/// A sign-off that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignOffRow {
    pub id: SignOffId,
    /// What the policy calls it.
    pub name: String,
    pub by: String,
    pub by_id: i64,
    pub at: Timestamp,
}

type Row = (i64, String, String, i64, i64);

impl Store {
    /// Those of a candidate that stand, in the order in which they were given.
    pub async fn sign_offs(&self, candidate: &Candidate) -> Result<Vec<SignOffRow>, StoreError> {
        let (service, head, production) = place(candidate);
        self.db.read(|tx| Box::pin(async move { standing(tx, &service, &head, &production).await })).await
    }

    /// Those that stand for a head over what runs of a service now, where that
    /// commit is among it.
    pub async fn sign_offs_over(&self, service: &str, head: Sha, base: Sha) -> Result<Vec<SignOffRow>, StoreError> {
        const RUNS: &str = "select running from production where service = $1";
        let (service, head, base) = (service.to_owned(), head.to_string(), base.to_string());
        self.db
            .read(|tx| {
                Box::pin(async move {
                    let runs: Option<(Option<String>,)> = fetch!(tx, fetch_optional, RUNS, &service)?;
                    let runs = runs.and_then(|(runs,)| runs).unwrap_or_default();
                    if !runs.split_ascii_whitespace().any(|sha| sha == base) {
                        return Ok(Vec::new());
                    }
                    standing(tx, &service, &head, &runs).await
                })
            })
            .await
    }

    /// Somebody signs a candidate off; `None` where that stands already. One that counts
    /// no more may stand in its place: that one is taken back.
    pub async fn sign_off(
        &self,
        candidate: &Candidate,
        name: &str,
        who: &Actor,
        instead_of: Option<SignOffId>,
        deed: Deed,
    ) -> Result<Option<SignOffId>, StoreError> {
        const UPDATE: &str = "update sign_off set taken_back_by = $2, taken_back_at = $3
             where id = $1 and taken_back_at is null";
        const INSERT: &str = "insert into sign_off (service, head, production, name, by_id, given_at)
             values ($1, $2, $3, $4, $5, $6)
             on conflict (service, head, production, name) where taken_back_at is null do nothing returning id";
        let (id, name, by_id) = (candidate.id, name.to_owned(), who.id());
        let (service, head, production) = place(candidate);
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    in_turn(tx).await?;
                    let at = micros(deed.at);
                    if let Some(old) = instead_of {
                        execute!(tx, UPDATE, old.0, by_id, at)?;
                    }
                    let given: Option<(i64,)> =
                        fetch!(tx, fetch_optional, INSERT, &service, &head, &production, &name, by_id, at)?;
                    let Some((given,)) = given else { return Ok(None) };
                    note_made(tx, &deed, Some(given)).await?;
                    candidate_has_changed(tx, id).await?;
                    Ok(Some(SignOffId(given)))
                })
            })
            .await
    }

    /// It does not stand any more; false where it did not.
    pub async fn take_sign_off_back(
        &self,
        candidate: &Candidate,
        id: SignOffId,
        who: &Actor,
        deed: Deed,
    ) -> Result<bool, StoreError> {
        const UPDATE: &str = "update sign_off set taken_back_by = $5, taken_back_at = $6
             where id = $1 and service = $2 and head = $3 and production = $4 and taken_back_at is null";
        let (of, by_id) = (candidate.id, who.id());
        let (service, head, production) = place(candidate);
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    in_turn(tx).await?;
                    let at = micros(deed.at);
                    if execute!(tx, UPDATE, id.0, &service, &head, &production, by_id, at)? == 0 {
                        return Ok(false);
                    }
                    note(tx, &deed).await?;
                    candidate_has_changed(tx, of).await?;
                    Ok(true)
                })
            })
            .await
    }
}

/// What a sign-off is for.
fn place(candidate: &Candidate) -> (String, String, String) {
    let production = candidate.production.as_ref().map(Running::to_string).unwrap_or_default();
    (candidate.service.clone(), candidate.head.to_string(), production)
}

async fn standing(tx: &mut Tx<'_>, service: &str, head: &str, production: &str) -> Result<Vec<SignOffRow>, StoreError> {
    let select = "select s.id, s.name, p.name, s.by_id, s.given_at from sign_off s join person p on p.id = s.by_id
         where s.service = $1 and s.head = $2 and s.production = $3 and s.taken_back_at is null order by s.id";
    let rows: Vec<Row> = fetch!(tx, fetch_all, select, service, head, production)?;
    let read = |(id, name, by, by_id, at): Row| SignOffRow { id: SignOffId(id), name, by, by_id, at: time(at) };
    Ok(rows.into_iter().map(read).collect())
}
