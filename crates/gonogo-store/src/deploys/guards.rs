//! What guards saw of deploys: their newest readings, and the points that later deploys
//! are compared with.

use super::journal::{Held, is_as_seen, put};
use super::runs;
use super::{DeployId, changed};
use crate::audit::{Deed, note};
use crate::db::{execute, fetch};
use crate::{Store, StoreError, micros, time};
use gonogo_core::deploy::Entry;
use gonogo_core::guard::{Reading, Sample, Series};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Of so many deploys of a service the points are kept.
const KEPT: i64 = 50;

/// What a guard saw of a deploy.
#[derive(Clone, Debug, PartialEq)]
pub struct GuardSeen {
    pub guard: String,
    /// What it reads: only deploys at which it read the same are compared.
    pub reads: String,
    pub reading: Reading,
    /// Why nothing newer could be read.
    pub trouble: Option<String>,
    /// When the deploy began.
    pub start: Timestamp,
    /// From before the deploy on; `None` leaves what was written before.
    pub series: Option<Series>,
}

/// What a guard saw of an earlier deploy.
#[derive(Clone, Debug, PartialEq)]
pub struct GuardBefore {
    pub deploy: DeployId,
    /// When the deploy began.
    pub start: Timestamp,
    pub series: Series,
}

/// Points as they are kept: seconds since 1970, and values.
#[derive(Serialize, Deserialize)]
struct Kept {
    samples: Vec<(i64, Option<f64>)>,
    trials: Vec<(i64, Option<f64>)>,
}

type SeenRow = (String, String, String, String, i64);

impl Store {
    /// What guards saw until now; pages show it.
    pub async fn guards_saw(
        &self,
        held: &Held,
        seen: Vec<GuardSeen>,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        const UPSERT: &str = "insert into deploy_guard (deploy, guard, reads, reading, trouble, series, start)
             values ($1, $2, $3, $4, $5, coalesce($6, ''), $7)
             on conflict (deploy, guard) do update set reads = excluded.reads, reading = excluded.reading,
                 trouble = excluded.trouble, start = excluded.start, series = coalesce($6, deploy_guard.series)";
        self.holding(held, now, until, move |tx, (id, _)| {
            Box::pin(async move {
                for GuardSeen { guard, reads, reading, trouble, series, start } in seen {
                    let reading = serde_json::to_string(&reading).map_err(|e| StoreError::Refused(e.to_string()))?;
                    let series = series.map(|series| kept(&series)).transpose()?;
                    let trouble = trouble.unwrap_or_default();
                    execute!(tx, UPSERT, id.0, guard, reads, reading, trouble, series, micros(start))?;
                }
                changed(tx, id).await
            })
        })
        .await
    }

    /// By the names of guards; without points.
    pub async fn guards_of(&self, deploy: DeployId) -> Result<Vec<GuardSeen>, StoreError> {
        const SELECT: &str =
            "select guard, reads, reading, trouble, start from deploy_guard where deploy = $1 order by guard";
        let rows: Vec<SeenRow> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, deploy.0)?) })).await?;
        let read = |(guard, reads, reading, trouble, start): SeenRow| {
            let unreadable = |_| StoreError::Unreadable(format!("what {guard} saw of deploy {}", deploy.0));
            let reading = serde_json::from_str(&reading).map_err(unreadable)?;
            let trouble = (!trouble.is_empty()).then_some(trouble);
            Ok(GuardSeen { guard, reads, reading, trouble, start: time(start), series: None })
        };
        rows.into_iter().map(read).collect()
    }

    /// The points that a guard read of a deploy; `None` where there are none any more.
    pub async fn guard_series(&self, deploy: DeployId, guard: String) -> Result<Option<Series>, StoreError> {
        const SELECT: &str = "select series from deploy_guard where deploy = $1 and guard = $2 and series <> ''";
        let row: Option<(String,)> = self
            .db
            .read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, SELECT, deploy.0, guard)?) }))
            .await?;
        row.map(|(text,)| series(deploy, &text)).transpose()
    }

    /// What a guard that reads the same saw of the last good deploys before one, newest
    /// first.
    pub async fn guard_before(
        &self,
        deploy: DeployId,
        guard: String,
        reads: String,
        most: u32,
    ) -> Result<Vec<GuardBefore>, StoreError> {
        const SELECT: &str = "select d.id, g.start, g.series from deploy o
             join deploy d on d.service = o.service and d.id < o.id and d.state = 'deployed'
             join deploy_guard g on g.deploy = d.id and g.guard = $2 and g.reads = $3 and g.series <> ''
             where o.id = $1 order by d.id desc limit $4";
        let rows: Vec<(i64, i64, String)> = self
            .db
            .read(|tx| {
                Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, deploy.0, guard, reads, i64::from(most))?) })
            })
            .await?;
        let read = |(id, began, text): (i64, i64, String)| {
            let deploy = DeployId(id);
            Ok(GuardBefore { deploy, start: time(began), series: series(deploy, &text)? })
        };
        rows.into_iter().map(read).collect()
    }

    /// A guard's word, or that the watch is over, where the journal has no more than was
    /// `seen`; what no runner has begun is taken back by a word.
    pub async fn guard_says(
        &self,
        held: &Held,
        entry: Entry,
        seen: usize,
        until: Timestamp,
        deed: Option<Deed>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.holding(held, now, until, move |tx, (id, fence)| {
            Box::pin(async move {
                is_as_seen(tx, id, seen).await?;
                if let Entry::Guarded { guard, .. } = &entry {
                    runs::take_back(tx, id, &format!("the guard {guard} wanted nothing more to begin"), now).await?;
                }
                put(tx, id, Some(fence), &entry, now).await?;
                if let Some(deed) = &deed {
                    note(tx, deed).await?;
                }
                changed(tx, id).await
            })
        })
        .await?;
        self.work.came();
        Ok(())
    }
}

/// Points that no later deploy is compared with are given up.
pub(super) async fn tidy(tx: &mut crate::db::Tx<'_>, id: DeployId) -> Result<(), StoreError> {
    const UPDATE: &str = "update deploy_guard set series = '' where series <> '' and deploy in (
         select id from deploy where service = (select service from deploy where id = $1) and id <= (
             select n.id from deploy n where n.service = (select service from deploy where id = $1)
             order by n.id desc limit 1 offset $2))";
    execute!(tx, UPDATE, id.0, KEPT)?;
    Ok(())
}

fn kept(series: &Series) -> Result<String, StoreError> {
    let points = |samples: &[Sample]| {
        samples.iter().map(|Sample { at, value }| (at.as_second(), *value)).collect::<Vec<(i64, Option<f64>)>>()
    };
    let kept = Kept { samples: points(&series.samples), trials: points(&series.trials) };
    serde_json::to_string(&kept).map_err(|error| StoreError::Refused(error.to_string()))
}

fn series(deploy: DeployId, text: &str) -> Result<Series, StoreError> {
    let unreadable = || StoreError::Unreadable(format!("what a guard read of deploy {}", deploy.0));
    let kept: Kept = serde_json::from_str(text).map_err(|_| unreadable())?;
    let points = |points: Vec<(i64, Option<f64>)>| {
        let sample =
            |(second, value)| Ok(Sample { at: Timestamp::from_second(second).map_err(|_| unreadable())?, value });
        points.into_iter().map(sample).collect::<Result<Vec<Sample>, StoreError>>()
    };
    Ok(Series { samples: points(kept.samples)?, trials: points(kept.trials)? })
}
