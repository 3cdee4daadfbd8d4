//! Deploys that wait while production moves along to their heads.

use super::journal::{Held, is_as_seen};
use super::{DeployId, changed};
use crate::audit::{Deed, note};
use crate::db::{Tx, execute, fetch};
use crate::views::changes::in_turn;
use crate::{Candidate, CandidateId, Store, StoreError, micros};
use gonogo_core::deploy::Plan;
use gonogo_core::ids::Sha;
use gonogo_core::running::Running;
use jiff::Timestamp;

impl Store {
    /// What runs is nearer to a deploy's head than when it was asked for: it is over that
    /// from now on, by this plan. Nothing of it has begun.
    pub async fn move_deploy(
        &self,
        held: &Held,
        production: Running,
        plan: Plan,
        seen: usize,
        until: Timestamp,
        deed: Deed,
    ) -> Result<(), StoreError> {
        const UPDATE: &str = "update deploy set moved_from = coalesce(moved_from, candidate), candidate = $2,
                 production = $3, plan = $4 where id = $1";
        const OF: &str = "select service, branch, head from deploy where id = $1";
        let now = deed.at;
        self.holding(held, now, until, move |tx, (id, _)| {
            Box::pin(async move {
                is_as_seen(tx, id, seen).await?;
                let production = production.to_string();
                let of: (String, String, String) = fetch!(tx, fetch_one, OF, id.0)?;
                let candidate = candidate_over(tx, &of, &production, now).await?;
                let plan = serde_json::to_string(&plan).map_err(|e| StoreError::Refused(e.to_string()))?;
                execute!(tx, UPDATE, id.0, candidate, production, plan)?;
                note(tx, &deed).await?;
                changed(tx, id).await
            })
        })
        .await?;
        self.work.came();
        Ok(())
    }

    /// The candidate that people saw, where it is not the one of a deploy any more.
    pub async fn deploy_moved_from(&self, id: DeployId) -> Result<Option<CandidateId>, StoreError> {
        const SELECT: &str = "select moved_from from deploy where id = $1 and moved_from is not null";
        let row: Option<(i64,)> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, SELECT, id.0)?) })).await?;
        Ok(row.map(|(id,)| CandidateId(id)))
    }

    /// A part of what a candidate brings, up to a commit: open to nobody but a deploy.
    pub async fn candidate_up_to(&self, whole: &Candidate, head: Sha, now: Timestamp) -> Result<Candidate, StoreError> {
        let production = whole.production.as_ref().map(Running::to_string).unwrap_or_default();
        let of = (whole.service.clone(), whole.branch.clone(), head.to_string());
        let id = self
            .db
            .write(move |tx| {
                Box::pin(async move {
                    in_turn(tx).await?;
                    candidate_over(tx, &of, &production, now).await
                })
            })
            .await?;
        let made = self.candidate(CandidateId(id)).await?;
        made.ok_or_else(|| StoreError::Unreadable(format!("candidate {id}")))
    }

    /// Whether a deploy of it waits or runs: then it is judged though its branch has moved on.
    pub async fn is_to_be_deployed(&self, candidate: CandidateId) -> Result<bool, StoreError> {
        Ok(self.open_deploy_of(candidate).await?.is_some())
    }

    pub async fn open_deploy_of(&self, candidate: CandidateId) -> Result<Option<DeployId>, StoreError> {
        const SELECT: &str = "select id from deploy where candidate = $1 and ended_at is null order by id limit 1";
        let row: Option<(i64,)> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, SELECT, candidate.0)?) })).await?;
        Ok(row.map(|(id,)| DeployId(id)))
    }

    /// A request to which nobody agreed is over; false where somebody has.
    pub async fn lapse_deploy(&self, id: DeployId, said: String, now: Timestamp) -> Result<bool, StoreError> {
        const UPDATE: &str =
            "update deploy set state = 'refused', ended_at = $3, said = $2 where id = $1 and state = 'requested'";
        let done = self
            .db
            .write(move |tx| {
                Box::pin(async move {
                    in_turn(tx).await?;
                    let done = execute!(tx, UPDATE, id.0, said, micros(now))? > 0;
                    if done {
                        changed(tx, id).await?;
                    }
                    Ok(done)
                })
            })
            .await?;
        self.work.came();
        Ok(done)
    }
}

/// The candidate of a service's branch and head over what runs: the one that there was,
/// or one that is open to nobody but a deploy.
async fn candidate_over(
    tx: &mut Tx<'_>,
    (service, branch, head): &(String, String, String),
    production: &str,
    now: Timestamp,
) -> Result<i64, StoreError> {
    const FIND: &str = "select id from candidate where service = $1 and branch = $2 and head = $3
             and production = $4 and pull_request is null order by id desc limit 1";
    const INSERT: &str = "insert into candidate (service, branch, head, production, opened_at, closed_at)
         values ($1, $2, $3, $4, $5, $5) returning id";
    let found: Option<(i64,)> = fetch!(tx, fetch_optional, FIND, service, branch, head, production)?;
    if let Some((found,)) = found {
        return Ok(found);
    }
    let (made,): (i64,) = fetch!(tx, fetch_one, INSERT, service, branch, head, production, micros(now))?;
    Ok(made)
}
