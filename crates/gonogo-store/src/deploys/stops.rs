//! Stops of all deploys: while one stands, no act of any deploy begins. What writes
//! that an act begins looks for it in the same transaction.

use super::DeployId;
use super::runs::{self, RunKey};
use crate::audit::{Deed, note};
use crate::db::{Tx, execute, fetch};
use crate::mirror::{Wanted, want};
use crate::views::changes::{has_changed, in_turn};
use crate::{Store, StoreError, micros, time};
use jiff::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    pub id: i64,
    pub by: String,
    /// Empty where nobody said why.
    pub why: String,
    pub at: Timestamp,
}

/// What came of stopping all deploys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    Now,
    /// They were already.
    Before(Stop),
}

/// An act that was given to a runner, and of which no end is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnderWay {
    pub of: RunKey,
    pub service: String,
    /// The step's name, and the host's where it is for one.
    pub name: String,
    pub host: Option<String>,
    /// When it was written down that it begins.
    pub since: Timestamp,
    pub end_wanted_by: Option<String>,
}

type Row = (i64, String, String, i64);

const STANDS: &str = "select s.id, p.name, s.why, s.stopped_at from deploy_stop s
     join person p on p.id = s.stopped_by where s.stands = 1";

impl Store {
    /// The stop that stands.
    pub async fn stop(&self) -> Result<Option<Stop>, StoreError> {
        let row: Option<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, STANDS)?) })).await?;
        Ok(row.map(read))
    }

    /// From here on nothing begins; what no runner was told of is taken back.
    pub async fn stop_all(&self, by: i64, why: String, told: Vec<Wanted>, deed: Deed) -> Result<Stopped, StoreError> {
        const INSERT: &str = "insert into deploy_stop (stopped_by, why, stopped_at, stands) values ($1, $2, $3, 1)";
        let stopped = self
            .db
            .write(move |tx| {
                Box::pin(async move {
                    in_turn(tx).await?;
                    let before: Option<Row> = fetch!(tx, fetch_optional, STANDS)?;
                    if let Some(row) = before {
                        return Ok(Stopped::Before(read(row)));
                    }
                    execute!(tx, INSERT, by, &why, micros(deed.at))?;
                    let waiting: Vec<(i64,)> =
                        fetch!(tx, fetch_all, "select distinct deploy from deploy_run where state = 'waiting'")?;
                    for (id,) in waiting {
                        runs::take_back(tx, DeployId(id), &format!("{} stopped all deploys", deed.actor), deed.at)
                            .await?;
                    }
                    turned(tx, &told).await?;
                    note(tx, &deed).await?;
                    Ok(Stopped::Now)
                })
            })
            .await?;
        self.work.came();
        Ok(stopped)
    }

    /// Deploys go on where they were; false where it does not stand any more.
    pub async fn lift_stop(&self, id: i64, by: i64, told: Vec<Wanted>, deed: Deed) -> Result<bool, StoreError> {
        const UPDATE: &str = "update deploy_stop set stands = null, lifted_by = $2, lifted_at = $3
             where id = $1 and stands = 1";
        let lifted = self
            .db
            .write(move |tx| {
                Box::pin(async move {
                    in_turn(tx).await?;
                    if execute!(tx, UPDATE, id, by, micros(deed.at))? == 0 {
                        return Ok(false);
                    }
                    turned(tx, &told).await?;
                    note(tx, &deed).await?;
                    Ok(true)
                })
            })
            .await?;
        self.work.came();
        Ok(lifted)
    }

    /// What runs of all deploys, the oldest first.
    pub async fn acts_under_way(&self) -> Result<Vec<UnderWay>, StoreError> {
        const SELECT: &str = "select r.deploy, r.key, d.service, r.step, j.at, r.end_wanted_by from deploy_run r
             join deploy d on d.id = r.deploy
             join deploy_journal j on j.deploy = r.deploy and j.key = r.key and j.entry = 'intended'
             where r.state <> 'ended' order by j.at, r.deploy, r.key limit 500";
        type Row = (i64, String, String, String, i64, Option<String>);
        let rows: Vec<Row> = self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT)?) })).await?;
        let read = |(deploy, key, service, step, at, end_wanted_by): Row| {
            let unreadable = || StoreError::Unreadable(format!("{key} of deploy {deploy}"));
            let step: gonogo_core::deploy::Step = serde_json::from_str(&step).map_err(|_| unreadable())?;
            Ok(UnderWay {
                of: RunKey { deploy: DeployId(deploy), key: key.parse().map_err(|_| unreadable())? },
                service,
                name: step.name,
                host: step.on.map(|on| on.host.name),
                since: time(at),
                end_wanted_by,
            })
        };
        rows.into_iter().map(read).collect()
    }
}

/// Whether an act may begin, in the transaction that writes so down.
pub(super) async fn is_stopped(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let (number,): (i64,) = fetch!(tx, fetch_one, "select count(*) from deploy_stop where stands = 1")?;
    Ok(number > 0)
}

/// All open deploys and candidates stand otherwise from now on, and people are told.
async fn turned(tx: &mut Tx<'_>, told: &[Wanted]) -> Result<(), StoreError> {
    let number = has_changed(tx).await?;
    execute!(tx, "update deploy set changed = $1 where ended_at is null", number)?;
    execute!(tx, "update candidate set changed = $1 where closed_at is null", number)?;
    for wanted in told {
        want(tx, wanted).await?;
    }
    Ok(())
}

fn read((id, by, why, at): Row) -> Stop {
    Stop { id, by, why, at: time(at) }
}
