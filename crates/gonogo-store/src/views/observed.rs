//! What a service was told that stops, or would have stopped while it is only
//! observed: each candidate with its last verdict.

use crate::db::fetch;
use crate::{CandidateId, Store, StoreError, micros, time};
use jiff::Timestamp;
use serde::Serialize;

/// A candidate that was No-Go at last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stopped {
    #[serde(skip)]
    pub candidate: CandidateId,
    pub branch: String,
    /// Of a candidate for a merge.
    pub pull_request: Option<u64>,
    pub head: String,
    pub summary: String,
    pub at: Timestamp,
    /// Whether production came to run it all the same.
    pub shipped: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Observed {
    /// How many candidates were judged.
    pub judged: usize,
    /// The newest first, cut.
    pub stopped: Vec<Stopped>,
    pub all_stopped: usize,
}

impl Store {
    /// Of a service since a time; without candidates that were open to nobody but a deploy.
    pub async fn observed(&self, service: &str, since: Timestamp, most: u32) -> Result<Observed, StoreError> {
        const COUNT: &str = "select count(*), coalesce(sum(case when e.verdict = 'no-go' then 1 else 0 end), 0)
             from candidate c
             join evaluation e on e.id = (select max(id) from evaluation where candidate = c.id)
             where c.service = $1 and e.evaluated_at >= $2
                 and (c.closed_at is null or c.closed_at > c.opened_at)";
        const SELECT: &str = "select s.id, s.branch, s.pull_request, s.head, s.summary, s.evaluated_at,
                 (select count(*) from production_move m where m.service = $1
                     and ' ' || m.running || ' ' like '% ' || s.head || ' %')
             from (select c.id, c.branch, c.pull_request, c.head, e.summary, e.evaluated_at, e.id as evaluation
                 from candidate c
                 join evaluation e on e.id = (select max(id) from evaluation where candidate = c.id)
                 where c.service = $1 and e.evaluated_at >= $2 and e.verdict = 'no-go'
                     and (c.closed_at is null or c.closed_at > c.opened_at)
                 order by e.id desc limit $3) s
             order by s.evaluation desc";
        type Row = (i64, String, Option<i64>, String, String, i64, i64);
        let (service, since, most) = (service.to_owned(), micros(since), i64::from(most));
        let ((judged, all), rows): ((i64, i64), Vec<Row>) = self
            .db
            .read(|tx| {
                Box::pin(async move {
                    let counts = fetch!(tx, fetch_one, COUNT, &service, since)?;
                    Ok((counts, fetch!(tx, fetch_all, SELECT, &service, since, most)?))
                })
            })
            .await?;
        let read = |(id, branch, number, head, summary, at, shipped): Row| Stopped {
            candidate: CandidateId(id),
            branch,
            pull_request: number.and_then(|number| u64::try_from(number).ok()),
            head,
            summary,
            at: time(at),
            shipped: shipped != 0,
        };
        let count = |number: i64| usize::try_from(number).unwrap_or(0);
        let stopped = rows.into_iter().map(read).collect();
        Ok(Observed { judged: count(judged), stopped, all_stopped: count(all) })
    }
}
