//! What should be *seen* outside: a row a target, of which the newest wanted
//! version wins. A burst costs one call, and a late one cannot undo a newer.

use crate::candidates::CandidateId;
use crate::db::{Tx, execute, fetch, fetch_to_lease};
use crate::{Store, StoreError, micros};
use jiff::Timestamp;

/// What a target should show from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Names the one place: `github-status:acme/web:SHA:gonogo/deploy (web)`.
    pub target: String,
    pub kind: &'static str,
    /// The meaning, as JSON; rendered when it is shown.
    pub wanted: String,
    pub wanted_at: Timestamp,
    /// Whose verdict it awaits, where it is not the last word.
    pub awaits: Option<CandidateId>,
}

/// A target to be made as wanted; leased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    pub target: String,
    pub kind: String,
    pub wanted: String,
    pub attempts: i64,
    version: i64,
    /// Until when it is ours; tells our lease from another's.
    leased_until: i64,
}

impl Store {
    pub async fn want(&self, wanted: Wanted) -> Result<(), StoreError> {
        self.db.write(move |tx| Box::pin(async move { want(tx, &wanted).await })).await?;
        self.work.came();
        Ok(())
    }

    /// The target of this kind that has waited longest, leased until `until`.
    /// By kind: a system that hangs holds up no other.
    pub async fn lease_mirror(
        &self,
        kind: &'static str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Due>, StoreError> {
        type Row = (String, String, String, i64, i64);
        const DUE: &str = "select target, kind, wanted, attempts, version from mirror
             where kind = $2 and made_version < version and run_at <= $1
             and (leased_until is null or leased_until <= $3)
             order by run_at limit 1";
        let clock = self.leases;
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let held = clock.lease(tx, now, until).await?;
                    let found: Option<Row> = fetch_to_lease!(tx, DUE, micros(now), kind, held.now)?;
                    let Some((target, kind, wanted, attempts, version)) = found else { return Ok(None) };
                    let update = "update mirror set leased_until = $2, attempts = attempts + 1 where target = $1";
                    execute!(tx, update, &target, held.until)?;
                    Ok(Some(Due { target, kind, wanted, attempts: attempts + 1, version, leased_until: held.until }))
                })
            })
            .await
    }

    /// The target shows what was leased. A newer wish meanwhile stays due.
    /// Why exactly this is not seen yet; `None` where it is, was not tried yet, or something
    /// else is wanted there by now.
    pub async fn mirror_trouble(&self, wanted: &Wanted) -> Result<Option<String>, StoreError> {
        const SELECT: &str = "select error from mirror where target = $1 and wanted = $2 and error is not null";
        let (target, wanted) = (wanted.target.clone(), wanted.wanted.clone());
        let row: Option<(String,)> = self
            .db
            .read(move |tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, SELECT, &target, &wanted)?) }))
            .await?;
        Ok(row.map(|(error,)| error))
    }

    /// That something is not seen yet, with why, which is empty while it was not tried; `None`
    /// where it is seen, or nobody wants it.
    pub async fn mirror_awaited(&self, target: &str) -> Result<Option<String>, StoreError> {
        const SELECT: &str =
            "select coalesce(error, '') from mirror where target = $1 and coalesce(made_version, 0) < version";
        let target = target.to_owned();
        let row: Option<(String,)> =
            self.db.read(move |tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, SELECT, &target)?) })).await?;
        Ok(row.map(|(error,)| error))
    }

    pub async fn mirror_made(&self, due: &Due) -> Result<(), StoreError> {
        let (target, version) = (due.target.clone(), due.version);
        let update = "update mirror set made_version = $2, leased_until = null, attempts = 0, error = null
             where target = $1 and made_version < $2";
        self.change(move |tx| Box::pin(async move { Ok(execute!(tx, update, &target, version)?) })).await
    }

    /// It could not be made; it is tried again at a time. A newer wish meanwhile
    /// is due at its own.
    pub async fn mirror_failed(&self, due: &Due, at: Timestamp, error: String) -> Result<(), StoreError> {
        let (target, version, lease, at) = (due.target.clone(), due.version, due.leased_until, micros(at));
        let update = "update mirror set leased_until = null,
                 run_at = case when version = $2 then $3 else run_at end,
                 error = case when version = $2 then $4 else error end
             where target = $1 and leased_until = $5";
        let changed = self
            .change(move |tx| Box::pin(async move { Ok(execute!(tx, update, &target, version, at, &error, lease)?) }))
            .await;
        match changed {
            // The lease ran out: it is somebody else's now.
            Err(StoreError::Fenced) => Ok(()),
            other => other,
        }
    }
}

/// Sets what a target should show. The same again changes nothing; something
/// else is due at once, or as soon as the call that is under way has ended.
pub(crate) async fn want(tx: &mut Tx<'_>, new: &Wanted) -> Result<(), StoreError> {
    let insert = "insert into mirror (target, kind, wanted, version, wanted_at, run_at, awaits)
         values ($1, $2, $3, 1, $4, $4, $5)
         on conflict (target) do update set wanted = excluded.wanted, version = mirror.version + 1,
             wanted_at = excluded.wanted_at, run_at = excluded.run_at, attempts = 0, error = null,
             awaits = excluded.awaits
         where mirror.wanted <> excluded.wanted";
    execute!(tx, insert, &new.target, new.kind, &new.wanted, micros(new.wanted_at), new.awaits.map(|id| id.0))?;
    Ok(())
}

/// Whether something should be seen there.
pub(crate) async fn is_wanted(tx: &mut Tx<'_>, target: &str) -> Result<bool, StoreError> {
    let row: Option<(String,)> = fetch!(tx, fetch_optional, "select target from mirror where target = $1", target)?;
    Ok(row.is_some())
}
