//! Deploys: each with its lock, its journal, and what runners do of it.

mod along;
mod glass;
mod guards;
mod journal;
mod locks;
mod queue;
mod runs;
mod stops;

pub use glass::{Broken, FollowUp, Glass, NewGlass};
pub use guards::{GuardBefore, GuardSeen};
pub use journal::{Held, Intent};
pub use locks::{Locked, NewLock, ServiceLock};
pub use queue::Waits;
pub use runs::{DeployRun, RunKey, Runs, Said, StepOrder};
pub use stops::{Stop, Stopped, UnderWay};

use crate::audit::{Deed, note, note_made};
use crate::db::{Tx, execute, fetch};
use crate::mirror::{Wanted, want};
use crate::views::changes::{has_changed, in_turn};
use crate::{CandidateId, Store, StoreError, micros, time};
use gonogo_core::deploy::{Need, Plan};
use gonogo_core::ids::Sha;
use gonogo_core::running::Running;
use jiff::Timestamp;
use serde::Serialize;
use std::str::FromStr;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct DeployId(pub i64);

/// How far a deploy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeployState {
    /// Nobody has agreed to it yet.
    Requested,
    Queued,
    Running,
    /// A step asks people whether it goes on.
    Asking,
    Halted,
    NeedsPerson,
    Deployed,
    RolledBack,
    Abandoned,
    Cancelled,
    Refused,
}

/// A deploy that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDeploy {
    pub service: String,
    pub branch: String,
    pub head: Sha,
    pub production: Running,
    pub candidate: CandidateId,
    pub requested_by: i64,
    /// Slack's id of the channel in which it was asked for.
    pub channel: Option<String>,
    pub waits: Waits,
    /// Whether somebody has to agree to it first.
    pub is_to_be_approved: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeployRow {
    pub id: DeployId,
    pub service: String,
    pub branch: String,
    pub head: Sha,
    pub production: Running,
    pub candidate: CandidateId,
    pub requested_by: String,
    pub requested_by_id: i64,
    pub requested_at: Timestamp,
    pub state: DeployState,
    pub said: String,
    pub plan: Plan,
    /// Who agreed to it, and when.
    pub approved: Option<(String, Timestamp)>,
    pub began_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// It begins no sooner.
    pub not_before: Option<Timestamp>,
    /// Where a person had it begin in spite of what kept it.
    pub glass: Option<Glass>,
}

/// A deploy of which people were not told all that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UntoldDeploy {
    pub id: DeployId,
    /// Its newest change.
    pub changed: i64,
    /// Slack's id of the channel in which it was asked for.
    pub channel: Option<String>,
}

/// What came of asking for a deploy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requested {
    New(DeployId),
    /// Another one of this head waits or runs.
    Underway(DeployId),
}

/// Which deploys are wanted; what is empty asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeploysWanted {
    pub service: String,
    pub only_open: bool,
    /// Older than this one.
    pub before: Option<DeployId>,
}

impl DeployState {
    pub const ALL: [Self; 11] = [
        Self::Requested,
        Self::Queued,
        Self::Running,
        Self::Asking,
        Self::Halted,
        Self::NeedsPerson,
        Self::Deployed,
        Self::RolledBack,
        Self::Abandoned,
        Self::Cancelled,
        Self::Refused,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Asking => "asking",
            Self::Halted => "halted",
            Self::NeedsPerson => "needs-person",
            Self::Deployed => "deployed",
            Self::RolledBack => "rolled-back",
            Self::Abandoned => "abandoned",
            Self::Cancelled => "cancelled",
            Self::Refused => "refused",
        }
    }

    pub fn has_ended(self) -> bool {
        match self {
            Self::Requested | Self::Queued | Self::Running | Self::Asking | Self::Halted | Self::NeedsPerson => false,
            Self::Deployed | Self::RolledBack | Self::Abandoned | Self::Cancelled | Self::Refused => true,
        }
    }
}

impl FromStr for DeployState {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|state| state.word() == text).ok_or(())
    }
}

type Row = (
    i64,
    String,
    String,
    String,
    String,
    i64,
    String,
    i64,
    i64,
    String,
    String,
    String,
    Option<String>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
);

macro_rules! select_deploys {
    ($rest:literal) => {
        concat!(
            "select d.id, d.service, d.branch, d.head, d.production, d.candidate, p.name, d.requested_by,
                 d.requested_at, d.state, d.said, d.plan, a.name, d.approved_at, d.began_at, d.ended_at
             from deploy d join person p on p.id = d.requested_by left join person a on a.id = d.approved_by ",
            $rest
        )
    };
}

impl Store {
    /// Asked for, with its plan, which knows the deploy's number.
    pub async fn request_deploy<P>(&self, new: NewDeploy, plan: P, deed: Deed) -> Result<Requested, StoreError>
    where
        P: FnOnce(DeployId) -> Plan + Send + 'static,
    {
        let requested = self
            .db
            .write(move |tx| {
                Box::pin(async move {
                    in_turn(tx).await?;
                    if let Some(id) = underway(tx, &new).await? {
                        return Ok(Requested::Underway(id));
                    }
                    let id = insert(tx, &new, plan, None, deed.at).await?;
                    note_made(tx, &deed, Some(id.0)).await?;
                    changed(tx, id).await?;
                    Ok(Requested::New(id))
                })
            })
            .await?;
        self.work.came();
        Ok(requested)
    }

    /// Somebody agrees to it, and it is queued; false where it does not wait for that.
    pub async fn approve_deploy(&self, id: DeployId, by: i64, given: &Need, deed: Deed) -> Result<bool, StoreError> {
        const UPDATE: &str = "update deploy set state = 'queued', approved_by = $2, approved_at = $3, approved_as = $4
             where id = $1 and state = 'requested'";
        let given = serde_json::to_string(given).map_err(|error| StoreError::Refused(error.to_string()))?;
        self.of_requested(id, deed, move |tx, at| {
            Box::pin(async move { Ok(execute!(tx, UPDATE, id.0, by, at, given)?) })
        })
        .await
    }

    /// It is not asked for any more; false where it does not wait for an approval.
    pub async fn cancel_requested(&self, id: DeployId, deed: Deed) -> Result<bool, StoreError> {
        const UPDATE: &str = "update deploy set state = 'cancelled', ended_at = $2
             where id = $1 and state = 'requested'";
        self.of_requested(id, deed, move |tx, at| Box::pin(async move { Ok(execute!(tx, UPDATE, id.0, at)?) })).await
    }

    async fn of_requested<F>(&self, id: DeployId, deed: Deed, run: F) -> Result<bool, StoreError>
    where
        F: for<'t, 'c> FnOnce(&'t mut Tx<'c>, i64) -> futures_util::future::BoxFuture<'t, Result<u64, StoreError>>
            + Send
            + 'static,
    {
        let done = self
            .db
            .write(move |tx| {
                Box::pin(async move {
                    in_turn(tx).await?;
                    if run(tx, micros(deed.at)).await? == 0 {
                        return Ok(false);
                    }
                    note(tx, &deed).await?;
                    changed(tx, id).await?;
                    Ok(true)
                })
            })
            .await?;
        self.work.came();
        Ok(done)
    }

    pub async fn deploys_untold(&self) -> Result<Vec<UntoldDeploy>, StoreError> {
        const SELECT: &str = "select id, changed, channel from deploy where changed > told order by id limit 100";
        let rows: Vec<(i64, i64, Option<String>)> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT)?) })).await?;
        Ok(rows.into_iter().map(|(id, changed, channel)| UntoldDeploy { id: DeployId(id), changed, channel }).collect())
    }

    /// A deploy is told of up to that change, by what is wanted to be seen of it.
    pub async fn tell_deploy(&self, id: DeployId, changed: i64, told: Vec<Wanted>) -> Result<(), StoreError> {
        const UPDATE: &str = "update deploy set told = $2 where id = $1 and told < $2";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    // What another replica told since is newer.
                    if execute!(tx, UPDATE, id.0, changed)? > 0 {
                        for wanted in &told {
                            want(tx, wanted).await?;
                        }
                    }
                    Ok(())
                })
            })
            .await?;
        self.work.came();
        Ok(())
    }

    pub async fn deploy(&self, id: DeployId) -> Result<Option<DeployRow>, StoreError> {
        self.db
            .read(|tx| {
                Box::pin(async move {
                    let row: Option<Row> = fetch!(tx, fetch_optional, select_deploys!("where d.id = $1"), id.0)?;
                    Ok(whole(tx, row.into_iter().collect()).await?.pop())
                })
            })
            .await
    }

    /// The newest first.
    pub async fn deploys(&self, wanted: DeploysWanted, most: u32) -> Result<Vec<DeployRow>, StoreError> {
        const SELECT: &str = select_deploys!(
            "where ($1 = '' or d.service = $1) and ($2 = 0 or d.ended_at is null) and d.id < $3
             order by d.id desc limit $4"
        );
        let DeploysWanted { service, only_open, before } = wanted;
        let (only_open, before) = (i64::from(only_open), before.map_or(i64::MAX, |before| before.0));
        self.db
            .read(|tx| {
                Box::pin(async move {
                    let rows = fetch!(tx, fetch_all, SELECT, service, only_open, before, i64::from(most))?;
                    whole(tx, rows).await
                })
            })
            .await
    }
}

/// The newest first, or one.
async fn whole(tx: &mut Tx<'_>, rows: Vec<Row>) -> Result<Vec<DeployRow>, StoreError> {
    const TIMES: &str = "select id, not_before from deploy where id between $1 and $2 and not_before is not null";
    let (Some(last), Some(first)) = (rows.first(), rows.last()) else { return Ok(Vec::new()) };
    let (first, last) = (first.0, last.0);
    let mut glasses = glass::glasses(tx, first, last).await?;
    let times: Vec<(i64, i64)> = fetch!(tx, fetch_all, TIMES, first, last)?;
    let whole = |row: Row| {
        let (glass, not_before) = (glasses.remove(&row.0), times.iter().find(|(id, _)| *id == row.0));
        Ok(DeployRow { glass, not_before: not_before.map(|(_, at)| time(*at)), ..read(row)? })
    };
    rows.into_iter().map(whole).collect()
}

/// An open one of the same head.
async fn underway(tx: &mut Tx<'_>, new: &NewDeploy) -> Result<Option<DeployId>, StoreError> {
    const SELECT: &str = "select id from deploy where service = $1 and head = $2 and ended_at is null";
    let found: Option<(i64,)> = fetch!(tx, fetch_optional, SELECT, &new.service, new.head.to_string())?;
    Ok(found.map(|(id,)| DeployId(id)))
}

/// In this state, or in the one that it is asked for in.
async fn insert(
    tx: &mut Tx<'_>,
    new: &NewDeploy,
    plan: impl FnOnce(DeployId) -> Plan,
    state: Option<DeployState>,
    at: Timestamp,
) -> Result<DeployId, StoreError> {
    const INSERT: &str = "insert into deploy
             (service, branch, head, production, candidate, requested_by, requested_at, state, plan, channel,
                 service_group, not_before, goes_first, place)
         values ($1, $2, $3, $4, $5, $6, $7, 'queued', '', $8, $9, $10, $11, $12) returning id";
    const PLAN: &str = "update deploy set plan = $2, state = $3 where id = $1";
    let place = match new.waits.instead_of {
        Some(old) => {
            let by: (String,) = fetch!(tx, fetch_one, "select name from person where id = $1", new.requested_by)?;
            Some(queue::place_of(tx, (old, &new.service), &by.0, at).await?)
        }
        None => None,
    };
    let (head, production) = (new.head.to_string(), new.production.to_string());
    let (id,): (i64,) = fetch!(
        tx,
        fetch_one,
        INSERT,
        &new.service,
        &new.branch,
        head,
        production,
        new.candidate.0,
        new.requested_by,
        micros(at),
        &new.channel,
        &new.waits.group,
        new.waits.not_before.map(micros),
        i64::from(new.waits.goes_first),
        place
    )?;
    let plan = plan(DeployId(id));
    let usual = if new.is_to_be_approved { DeployState::Requested } else { DeployState::Queued };
    let plan = serde_json::to_string(&plan).map_err(|e| StoreError::Refused(e.to_string()))?;
    execute!(tx, PLAN, id, plan, state.unwrap_or(usual).word())?;
    Ok(DeployId(id))
}

/// What pages show of a deploy is another by this transaction, which is in turn.
async fn changed(tx: &mut Tx<'_>, id: DeployId) -> Result<(), StoreError> {
    let number = has_changed(tx).await?;
    execute!(tx, "update deploy set changed = $2 where id = $1", id.0, number)?;
    Ok(())
}

fn read(row: Row) -> Result<DeployRow, StoreError> {
    let (
        id,
        service,
        branch,
        head,
        production,
        candidate,
        by,
        by_id,
        at,
        state,
        said,
        plan,
        agreed,
        agreed_at,
        began,
        ended,
    ) = row;
    let unreadable = |what: &str| StoreError::Unreadable(format!("{what} of deploy {id}"));
    Ok(DeployRow {
        id: DeployId(id),
        service,
        branch,
        head: head.parse().map_err(|_| unreadable("the head"))?,
        production: production.parse().map_err(|_| unreadable("what ran before"))?,
        candidate: CandidateId(candidate),
        requested_by: by,
        requested_by_id: by_id,
        requested_at: time(at),
        state: state.parse().map_err(|()| unreadable("the state"))?,
        said,
        plan: serde_json::from_str(&plan).map_err(|_| unreadable("the plan"))?,
        approved: agreed.zip(agreed_at.map(time)),
        began_at: began.map(time),
        ended_at: ended.map(time),
        not_before: None,
        glass: None,
    })
}
