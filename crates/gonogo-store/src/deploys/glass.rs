//! Break-glass: a deploy that a person has begin although something keeps it. That is
//! never taken back, and somebody writes afterwards what came of it.

use super::{DeployId, DeployState, NewDeploy, changed, insert, underway};
use crate::audit::{Deed, note, note_made};
use crate::db::{Tx, execute, fetch};
use crate::mirror::{Wanted, want};
use crate::views::changes::in_turn;
use crate::{Store, StoreError, micros, time};
use gonogo_core::deploy::Plan;
use jiff::Timestamp;
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glass {
    pub by: String,
    pub by_id: i64,
    pub why: String,
    /// In spite of what.
    pub around: String,
    pub at: Timestamp,
    pub follow_up: Option<FollowUp>,
}

/// What somebody wrote afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowUp {
    pub text: String,
    pub by: String,
    pub at: Timestamp,
}

/// Why a deploy is to begin all the same; who asks for the deploy breaks the glass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewGlass {
    pub why: String,
    pub around: String,
}

/// What came of breaking the glass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It is queued: asked for anew, or one that had waited.
    Queued(DeployId),
    /// One of this head has begun, or somebody broke the glass for it.
    Underway(DeployId),
}

type Row = (i64, String, i64, String, String, i64, Option<String>, Option<String>, Option<i64>);

/// Of the deploys with these numbers, and those between.
pub(super) async fn glasses(tx: &mut Tx<'_>, from: i64, to: i64) -> Result<BTreeMap<i64, Glass>, StoreError> {
    const SELECT: &str =
        "select g.deploy, p.name, g.broken_by, g.why, g.around, g.broken_at, g.follow_up, f.name, g.followed_at
         from deploy_glass g join person p on p.id = g.broken_by left join person f on f.id = g.followed_by
         where g.deploy between $1 and $2";
    let rows: Vec<Row> = fetch!(tx, fetch_all, SELECT, from, to)?;
    let read = |(deploy, by, by_id, why, around, at, text, followed_by, followed_at): Row| {
        let follow_up = text.zip(followed_by).zip(followed_at);
        let follow_up = follow_up.map(|((text, by), at)| FollowUp { text, by, at: time(at) });
        (deploy, Glass { by, by_id, why, around, at: time(at), follow_up })
    };
    Ok(rows.into_iter().map(read).collect())
}

impl Store {
    pub async fn glass(&self, id: DeployId) -> Result<Option<Glass>, StoreError> {
        let mut all = self.db.read(|tx| Box::pin(glasses(tx, id.0, id.0))).await?;
        Ok(all.remove(&id.0))
    }

    /// Deploys that are over, and of which nobody has written the follow-up.
    pub async fn glasses_without_follow_up(&self) -> Result<Vec<(DeployId, String, Glass)>, StoreError> {
        const SELECT: &str = "select d.id, d.service from deploy d join deploy_glass g on g.deploy = d.id
             where g.follow_up is null and d.ended_at is not null order by d.id limit 200";
        self.db
            .read(|tx| {
                Box::pin(async move {
                    let rows: Vec<(i64, String)> = fetch!(tx, fetch_all, SELECT)?;
                    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(Vec::new()) };
                    let mut all = glasses(tx, first.0, last.0).await?;
                    let of = |(id, service): (i64, String)| Some((DeployId(id), service, all.remove(&id)?));
                    Ok(rows.into_iter().filter_map(of).collect())
                })
            })
            .await
    }

    /// Has it queued. One of this head that waits for an approval, or for its turn, is
    /// queued by that too. `told` is what people are told of the deploy with its number.
    pub async fn break_glass<P, T>(
        &self,
        new: NewDeploy,
        glass: NewGlass,
        plan: P,
        told: T,
        deed: Deed,
    ) -> Result<Broken, StoreError>
    where
        P: FnOnce(DeployId) -> Plan + Send + 'static,
        T: FnOnce(DeployId) -> Vec<Wanted> + Send + 'static,
    {
        const INSERT: &str =
            "insert into deploy_glass (deploy, broken_by, why, around, broken_at) values ($1, $2, $3, $4, $5)";
        const WAITS: &str = "update deploy set state = 'queued', said = '', goes_first = 1, not_before = null
             where id = $1 and began_at is null
             and state in ('requested', 'queued')
             and not exists (select 1 from deploy_glass g where g.deploy = deploy.id)";
        let broken = self
            .db
            .write(move |tx| {
                Box::pin(async move {
                    in_turn(tx).await?;
                    let id = match underway(tx, &new).await? {
                        Some(id) => {
                            if execute!(tx, WAITS, id.0)? == 0 {
                                return Ok(Broken::Underway(id));
                            }
                            id
                        }
                        None => insert(tx, &new, plan, Some(DeployState::Queued), deed.at).await?,
                    };
                    execute!(tx, INSERT, id.0, new.requested_by, &glass.why, &glass.around, micros(deed.at))?;
                    note_made(tx, &deed, Some(id.0)).await?;
                    changed(tx, id).await?;
                    for wanted in told(id) {
                        want(tx, &wanted).await?;
                    }
                    Ok(Broken::Queued(id))
                })
            })
            .await?;
        self.work.came();
        Ok(broken)
    }

    /// Once; false where somebody has written it, or the glass was not broken.
    pub async fn write_follow_up(
        &self,
        id: DeployId,
        by: i64,
        text: String,
        told: Vec<Wanted>,
        deed: Deed,
    ) -> Result<bool, StoreError> {
        const UPDATE: &str = "update deploy_glass set follow_up = $2, followed_by = $3, followed_at = $4
             where deploy = $1 and follow_up is null";
        let written = self
            .db
            .write(move |tx| {
                Box::pin(async move {
                    in_turn(tx).await?;
                    if execute!(tx, UPDATE, id.0, &text, by, micros(deed.at))? == 0 {
                        return Ok(false);
                    }
                    note(tx, &deed).await?;
                    changed(tx, id).await?;
                    for wanted in &told {
                        want(tx, wanted).await?;
                    }
                    Ok(true)
                })
            })
            .await?;
        self.work.came();
        Ok(written)
    }
}
