//! How much waits, and for how long: what operators watch.

use crate::db::fetch;
use crate::{Store, StoreError, micros, time};
use jiff::Timestamp;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// By kind; a kind of which there is none is left out.
    pub jobs: Vec<JobLoad>,
    /// By kind, of all that was ever wanted.
    pub mirror: Vec<MirrorLoad>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobLoad {
    pub kind: String,
    pub waiting: u32,
    pub running: u32,
    pub given_up: u32,
    /// Since when the oldest that is due could be run.
    pub oldest_due: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirrorLoad {
    pub kind: String,
    pub waiting: u32,
    /// Of those, what could not be shown when it was tried last.
    pub failing: u32,
    pub oldest_wanted: Option<Timestamp>,
}

impl Store {
    pub async fn load(&self, now: Timestamp) -> Result<Load, StoreError> {
        const JOBS: &str = "select kind,
                 count(case when dead_at is null and (leased_until is null or leased_until <= $1) then 1 end),
                 count(case when dead_at is null and leased_until > $1 then 1 end),
                 count(dead_at),
                 min(case when dead_at is null and run_at <= $1
                     and (leased_until is null or leased_until <= $1) then run_at end)
             from job group by kind order by kind";
        const MIRROR: &str = "select kind,
                 count(case when made_version < version then 1 end),
                 count(case when made_version < version and error is not null then 1 end),
                 min(case when made_version < version then wanted_at end)
             from mirror group by kind order by kind";
        type JobRow = (String, i64, i64, i64, Option<i64>);
        type MirrorRow = (String, i64, i64, Option<i64>);
        let now = micros(now);
        let (jobs, mirror): (Vec<JobRow>, Vec<MirrorRow>) = self
            .db
            .read(|tx| Box::pin(async move { Ok((fetch!(tx, fetch_all, JOBS, now)?, fetch!(tx, fetch_all, MIRROR)?)) }))
            .await?;
        let number = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
        let job = |(kind, waiting, running, given_up, oldest): JobRow| JobLoad {
            kind,
            waiting: number(waiting),
            running: number(running),
            given_up: number(given_up),
            oldest_due: oldest.map(time),
        };
        let target = |(kind, waiting, failing, oldest): MirrorRow| MirrorLoad {
            kind,
            waiting: number(waiting),
            failing: number(failing),
            oldest_wanted: oldest.map(time),
        };
        Ok(Load { jobs: jobs.into_iter().map(job).collect(), mirror: mirror.into_iter().map(target).collect() })
    }
}
