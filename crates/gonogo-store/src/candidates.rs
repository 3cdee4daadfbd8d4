//! Candidates: a branch's head over what production runs, which may be several
//! commits while a deploy is half done, or before a merge over its base. Another
//! head, or something else to lie over, is another candidate; a branch, and a
//! pull request, has one that is open.

use crate::db::{Tx, execute, fetch};
use crate::messages::forget;
use crate::production::runs;
use crate::views::changes::{candidate_has_changed, has_changed, in_turn};
use crate::{Store, StoreError, micros, time};
use gonogo_core::case::Stage;
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
    /// What it is judged over: before a merge its base. `None` while it is not
    /// known.
    pub production: Option<Running>,
    pub opened_at: Timestamp,
    pub is_open: bool,
    pub stage: Stage,
}

/// What was seen of a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighted {
    pub service: String,
    pub branch: String,
    pub head: Sha,
    /// `None` while it is not known.
    pub production: Option<Running>,
    pub stage: Stage,
}

pub(crate) type Row = (i64, String, String, String, Option<String>, i64, Option<i64>, Option<i64>, Option<String>);

impl Store {
    /// The open candidate of a branch as it was seen: the one that is open
    /// already, or a new one in the place of the old. The second is whether it
    /// is new.
    pub async fn open_candidate(&self, seen: Sighted, now: Timestamp) -> Result<(Candidate, bool), StoreError> {
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    in_turn(tx).await?;
                    open(tx, seen, now).await
                })
            })
            .await
    }

    /// The branch is gone.
    pub async fn close_candidate(&self, id: CandidateId, now: Timestamp) -> Result<(), StoreError> {
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    in_turn(tx).await?;
                    close(tx, id, now).await?;
                    forget(tx, id).await
                })
            })
            .await
    }

    pub async fn candidate(&self, id: CandidateId) -> Result<Option<Candidate>, StoreError> {
        const SELECT: &str =
            "select id, service, branch, head, production, opened_at, closed_at, pull_request, into_branch
             from candidate where id = $1";
        let row: Option<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, SELECT, id.0)?) })).await?;
        row.map(read).transpose()
    }

    /// When the service had its head first, over whatever.
    pub async fn head_seen_at(&self, candidate: &Candidate) -> Result<Option<Timestamp>, StoreError> {
        const SELECT: &str = "select min(opened_at) from candidate where service = $1 and branch = $2 and head = $3";
        let (service, branch, head) = (candidate.service.clone(), candidate.branch.clone(), candidate.head.to_string());
        let (at,): (Option<i64>,) = self
            .db
            .read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_one, SELECT, service, branch, head)?) }))
            .await?;
        Ok(at.map(time))
    }

    pub async fn open_candidates(&self, service: &str) -> Result<Vec<Candidate>, StoreError> {
        const SELECT: &str =
            "select id, service, branch, head, production, opened_at, closed_at, pull_request, into_branch
             from candidate
             where service = $1 and closed_at is null order by branch, id";
        let service = service.to_owned();
        let rows: Vec<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, service)?) })).await?;
        rows.into_iter().map(read).collect()
    }

    /// Those for a merge that were opened, or closed, since a time.
    pub async fn merges_changed_since(&self, service: &str, since: Timestamp) -> Result<Vec<Candidate>, StoreError> {
        const SELECT: &str =
            "select id, service, branch, head, production, opened_at, closed_at, pull_request, into_branch
             from candidate
             where service = $1 and pull_request is not null and (opened_at >= $2 or closed_at >= $2) order by id";
        let (service, since) = (service.to_owned(), micros(since));
        let rows: Vec<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, service, since)?) })).await?;
        rows.into_iter().map(read).collect()
    }

    /// The keys of the stories in a service's open candidates.
    pub async fn open_stories(&self, service: &str) -> Result<Vec<String>, StoreError> {
        const SELECT: &str = "select distinct s.key from candidate_story s join candidate c on c.id = s.candidate
             where c.service = $1 and c.closed_at is null order by s.key";
        let service = service.to_owned();
        let rows: Vec<(String,)> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, service)?) })).await?;
        Ok(rows.into_iter().map(|(key,)| key).collect())
    }

    /// The open candidates that had a story in them when they were judged last.
    pub async fn open_candidates_with(&self, key: &str) -> Result<Vec<Candidate>, StoreError> {
        const SELECT: &str =
            "select id, service, branch, head, production, opened_at, closed_at, pull_request, into_branch
             from candidate
             join candidate_story on candidate_story.candidate = candidate.id
             where candidate_story.key = $1 and closed_at is null order by id";
        let key = key.to_owned();
        let rows: Vec<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, key)?) })).await?;
        rows.into_iter().map(read).collect()
    }
}

/// In turn with all that changes what pages show.
pub(crate) async fn open(tx: &mut Tx<'_>, seen: Sighted, now: Timestamp) -> Result<(Candidate, bool), StoreError> {
    if let Some(open) = open_of(tx, &seen).await? {
        if (open.head, &open.production, &open.stage) == (seen.head, &seen.production, &seen.stage) {
            return Ok((open, false));
        }
        close(tx, open.id, now).await?;
    }
    let insert = "insert into candidate
             (service, branch, head, production, opened_at, pull_request, into_branch)
         values ($1, $2, $3, $4, $5, $6, $7) returning id";
    let (pull_request, into) = columns(&seen.stage);
    let (id,): (i64,) = fetch!(
        tx,
        fetch_one,
        insert,
        &seen.service,
        &seen.branch,
        seen.head.to_string(),
        seen.production.as_ref().map(Running::to_string),
        micros(now),
        pull_request,
        into
    )?;
    has_changed(tx).await?;
    let Sighted { service, branch, head, production, stage } = seen;
    let (id, opened_at, is_open) = (CandidateId(id), now, true);
    Ok((Candidate { id, service, branch, head, production, opened_at, is_open, stage }, true))
}

async fn open_of(tx: &mut Tx<'_>, seen: &Sighted) -> Result<Option<Candidate>, StoreError> {
    const SELECT: &str = "select id, service, branch, head, production, opened_at, closed_at, pull_request, into_branch
         from candidate
         where service = $1 and branch = $2 and coalesce(pull_request, 0) = $3 and closed_at is null";
    let number = columns(&seen.stage).0.unwrap_or(0);
    let row: Option<Row> = fetch!(tx, fetch_optional, SELECT, &seen.service, &seen.branch, number)?;
    row.map(read).transpose()
}

/// Numbers of pull requests begin with one.
fn columns(stage: &Stage) -> (Option<i64>, Option<String>) {
    match stage {
        Stage::Deploy => (None, None),
        Stage::Merge { pull_request, into } => (i64::try_from(*pull_request).ok(), Some(into.clone())),
    }
}

pub(crate) async fn is_open(tx: &mut Tx<'_>, id: CandidateId) -> Result<bool, StoreError> {
    let select = "select id from candidate where id = $1 and closed_at is null";
    let row: Option<(i64,)> = fetch!(tx, fetch_optional, select, id.0)?;
    Ok(row.is_some())
}

async fn close(tx: &mut Tx<'_>, id: CandidateId, now: Timestamp) -> Result<(), StoreError> {
    let update = "update candidate set closed_at = $2 where id = $1 and closed_at is null";
    execute!(tx, update, id.0, micros(now))?;
    execute!(tx, "delete from candidate_wait where candidate = $1", id.0)?;
    candidate_has_changed(tx, id).await
}

pub(crate) fn read(
    (id, service, branch, head, production, opened_at, closed_at, pull_request, into): Row,
) -> Result<Candidate, StoreError> {
    let sha = |text: &str| text.parse::<Sha>().map_err(|_| StoreError::Unreadable(format!("`{text}` is no SHA")));
    let number = pull_request.and_then(|number| u64::try_from(number).ok());
    let merge = number.zip(into).map(|(pull_request, into)| Stage::Merge { pull_request, into });
    Ok(Candidate {
        id: CandidateId(id),
        service,
        branch,
        head: sha(&head)?,
        production: production.as_deref().map(runs).transpose()?,
        opened_at: time(opened_at),
        is_open: closed_at.is_none(),
        stage: merge.unwrap_or_default(),
    })
}
