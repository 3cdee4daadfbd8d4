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
    /// By kind; a kind of which nothing waits, neither by itself nor for a person, is
    /// left out.
    pub outbox: Vec<OutboxLoad>,
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

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxLoad {
    pub kind: String,
    pub waiting: u32,
    pub doubtful: u32,
    pub failed: u32,
    /// Of those that wait by themselves.
    pub oldest_waiting: Option<Timestamp>,
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
        // Both parts have an index of their own: what was said is not looked at.
        const OUTBOX: &str = "select kind, count(case when state = 'waits' then 1 end),
                 count(case when state = 'doubtful' then 1 end), count(case when state = 'failed' then 1 end),
                 min(case when state = 'waits' then since end)
             from (select kind, state, coalesce(again_at, added_at) as since from outbox where state = 'waits'
                 union all
                 select kind, state, added_at from outbox where state in ('doubtful', 'failed')) open
             group by kind order by kind";
        type JobRow = (String, i64, i64, i64, Option<i64>);
        type MirrorRow = (String, i64, i64, Option<i64>);
        type OutboxRow = (String, i64, i64, i64, Option<i64>);
        let now = micros(now);
        let (jobs, mirror, outbox): (Vec<JobRow>, Vec<MirrorRow>, Vec<OutboxRow>) = self
            .db
            .read(|tx| {
                Box::pin(async move {
                    let jobs = fetch!(tx, fetch_all, JOBS, now)?;
                    Ok((jobs, fetch!(tx, fetch_all, MIRROR)?, fetch!(tx, fetch_all, OUTBOX)?))
                })
            })
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
        let messages = |(kind, waiting, doubtful, failed, oldest): OutboxRow| OutboxLoad {
            kind,
            waiting: number(waiting),
            doubtful: number(doubtful),
            failed: number(failed),
            oldest_waiting: oldest.map(time),
        };
        Ok(Load {
            jobs: jobs.into_iter().map(job).collect(),
            mirror: mirror.into_iter().map(target).collect(),
            outbox: outbox.into_iter().map(messages).collect(),
        })
    }
}
