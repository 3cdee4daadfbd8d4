//! For whom open candidates wait: what a person's first page begins with.

use crate::candidates::CandidateId;
use crate::db::{execute, fetch};
use crate::views::changes::in_turn;
use crate::{Store, StoreError};

/// Somebody has to do something before a candidate may ship.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NewWait {
    /// As policies call people, or `tracker:ID`; empty for whoever has the role.
    pub who: String,
    /// What one has to be at the service, at the least; empty for anybody.
    pub role: String,
    /// What is so, in one line.
    pub what: String,
    pub fix: String,
    /// Empty where it is of no one story.
    pub story: String,
}

/// A wait, with the candidate that it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitRow {
    pub wait: NewWait,
    pub candidate: CandidateId,
    pub service: String,
    pub branch: String,
    /// Where it is to be merged only.
    pub pull_request: Option<u64>,
}

type Of = (String, String, String, String, String);
type Row = (String, String, String, String, String, i64, String, String, Option<i64>);

impl Store {
    /// For whom a candidate waits, in the place of what was known before; of one
    /// that is closed nothing is kept.
    pub async fn waits_are(&self, candidate: CandidateId, mut waits: Vec<NewWait>) -> Result<(), StoreError> {
        const SELECT: &str = "select who, role, what, fix, story from candidate_wait where candidate = $1";
        const INSERT: &str = "insert into candidate_wait (candidate, who, role, what, fix, story)
             select $1, $2, $3, $4, $5, $6 from candidate where id = $1 and closed_at is null";
        waits.sort();
        waits.dedup();
        let before: Vec<Of> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, candidate.0)?) })).await?;
        let mut before: Vec<NewWait> = before.into_iter().map(read).collect();
        before.sort();
        if before == waits {
            return Ok(());
        }
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    in_turn(tx).await?;
                    execute!(tx, "delete from candidate_wait where candidate = $1", candidate.0)?;
                    for NewWait { who, role, what, fix, story } in &waits {
                        execute!(tx, INSERT, candidate.0, who, role, what, fix, story)?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// What waits for who is called one of these, and for whoever has a role; by
    /// service and branch. Whether they have it is for the caller to say.
    pub async fn waits_for(&self, called: &[String]) -> Result<Vec<WaitRow>, StoreError> {
        const SELECT: &str = "select w.who, w.role, w.what, w.fix, w.story, c.id, c.service, c.branch, c.pull_request
             from candidate_wait w join candidate c on c.id = w.candidate
             where w.who = $1 and c.closed_at is null order by c.service, c.branch, c.id, w.story, w.what";
        let called: Vec<String> = [String::new()].into_iter().chain(called.iter().cloned()).collect();
        let rows = self.db.read(|tx| {
            Box::pin(async move {
                let mut rows: Vec<Row> = Vec::new();
                for who in called {
                    let more: Vec<Row> = fetch!(tx, fetch_all, SELECT, who)?;
                    rows.extend(more);
                }
                Ok(rows)
            })
        });
        let of_candidate = |(who, role, what, fix, story, id, service, branch, pull_request): Row| WaitRow {
            wait: read((who, role, what, fix, story)),
            candidate: CandidateId(id),
            service,
            branch,
            pull_request: pull_request.and_then(|number| u64::try_from(number).ok()),
        };
        let mut waits: Vec<WaitRow> = rows.await?.into_iter().map(of_candidate).collect();
        waits.sort_by(|one, other| (&one.service, &one.branch).cmp(&(&other.service, &other.branch)));
        Ok(waits)
    }
}

fn read((who, role, what, fix, story): Of) -> NewWait {
    NewWait { who, role, what, fix, story }
}
