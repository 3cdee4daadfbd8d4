//! Candidates: a branch's head over what production runs, which may be several
//! commits while a deploy is half done. Another head or
//! another production is another candidate; a branch has one that is open.

use crate::db::{Tx, execute, fetch};
use crate::messages::forget;
use crate::production::runs;
use crate::{Store, StoreError, micros, time};
use gonogo_core::ids::Sha;
use gonogo_core::running::Running;
use jiff::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CandidateId(pub i64);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub id: CandidateId,
    pub service: String,
    pub branch: String,
    pub head: Sha,
    /// `None` while it is not known.
    pub production: Option<Running>,
    pub opened_at: Timestamp,
    pub is_open: bool,
}

/// What was seen of a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighted {
    pub service: String,
    pub branch: String,
    pub head: Sha,
    /// `None` while it is not known.
    pub production: Option<Running>,
}

type Row = (i64, String, String, String, Option<String>, i64, Option<i64>);

impl Store {
    /// The open candidate of a branch as it was seen: the one that is open
    /// already, or a new one in the place of the old. The second is whether it
    /// is new.
    pub async fn open_candidate(&self, seen: Sighted, now: Timestamp) -> Result<(Candidate, bool), StoreError> {
        self.db.write(move |tx| Box::pin(async move { open(tx, seen, now).await })).await
    }

    /// The branch is gone.
    pub async fn close_candidate(&self, id: CandidateId, now: Timestamp) -> Result<(), StoreError> {
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    close(tx, id, now).await?;
                    forget(tx, id).await
                })
            })
            .await
    }

    pub async fn candidate(&self, id: CandidateId) -> Result<Option<Candidate>, StoreError> {
        const SELECT: &str =
            "select id, service, branch, head, production, opened_at, closed_at from candidate where id = $1";
        let row: Option<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, SELECT, id.0)?) })).await?;
        row.map(read).transpose()
    }

    pub async fn open_candidates(&self, service: &str) -> Result<Vec<Candidate>, StoreError> {
        const SELECT: &str = "select id, service, branch, head, production, opened_at, closed_at from candidate
             where service = $1 and closed_at is null order by branch";
        let service = service.to_owned();
        let rows: Vec<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, service)?) })).await?;
        rows.into_iter().map(read).collect()
    }

    /// The open candidates that had a story in them when they were judged last.
    pub async fn open_candidates_with(&self, key: &str) -> Result<Vec<Candidate>, StoreError> {
        const SELECT: &str = "select id, service, branch, head, production, opened_at, closed_at from candidate
             join candidate_story on candidate_story.candidate = candidate.id
             where candidate_story.key = $1 and closed_at is null order by id";
        let key = key.to_owned();
        let rows: Vec<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, key)?) })).await?;
        rows.into_iter().map(read).collect()
    }
}

pub(crate) async fn open(tx: &mut Tx<'_>, seen: Sighted, now: Timestamp) -> Result<(Candidate, bool), StoreError> {
    if let Some(open) = open_of(tx, &seen.service, &seen.branch).await? {
        if open.head == seen.head && open.production == seen.production {
            return Ok((open, false));
        }
        close(tx, open.id, now).await?;
    }
    let insert = "insert into candidate (service, branch, head, production, opened_at)
         values ($1, $2, $3, $4, $5) returning id";
    let (id,): (i64,) = fetch!(
        tx,
        fetch_one,
        insert,
        &seen.service,
        &seen.branch,
        seen.head.to_string(),
        seen.production.as_ref().map(Running::to_string),
        micros(now)
    )?;
    let Sighted { service, branch, head, production } = seen;
    let id = CandidateId(id);
    Ok((Candidate { id, service, branch, head, production, opened_at: now, is_open: true }, true))
}

async fn open_of(tx: &mut Tx<'_>, service: &str, branch: &str) -> Result<Option<Candidate>, StoreError> {
    const SELECT: &str = "select id, service, branch, head, production, opened_at, closed_at from candidate
         where service = $1 and branch = $2 and closed_at is null";
    let row: Option<Row> = fetch!(tx, fetch_optional, SELECT, service, branch)?;
    row.map(read).transpose()
}

pub(crate) async fn is_open(tx: &mut Tx<'_>, id: CandidateId) -> Result<bool, StoreError> {
    let select = "select id from candidate where id = $1 and closed_at is null";
    let row: Option<(i64,)> = fetch!(tx, fetch_optional, select, id.0)?;
    Ok(row.is_some())
}

async fn close(tx: &mut Tx<'_>, id: CandidateId, now: Timestamp) -> Result<(), StoreError> {
    let update = "update candidate set closed_at = $2 where id = $1 and closed_at is null";
    execute!(tx, update, id.0, micros(now))?;
    Ok(())
}

fn read((id, service, branch, head, production, opened_at, closed_at): Row) -> Result<Candidate, StoreError> {
    let sha = |text: &str| text.parse::<Sha>().map_err(|_| StoreError::Unreadable(format!("`{text}` is no SHA")));
    Ok(Candidate {
        id: CandidateId(id),
        service,
        branch,
        head: sha(&head)?,
        production: production.as_deref().map(runs).transpose()?,
        opened_at: time(opened_at),
        is_open: closed_at.is_none(),
    })
}
