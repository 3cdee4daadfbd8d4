//! Candidates, open and closed, for a deploy or before a merge, each with how it was judged last.

use crate::candidates::read as read_candidate;
use crate::db::fetch;
use crate::{Candidate, CandidateId, EvaluationId, Store, StoreError, time};
use jiff::Timestamp;

/// A candidate in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CandidateRow {
    pub candidate: Candidate,
    /// `None` until it was judged once.
    pub judged: Option<Evaluated>,
}

/// How it was judged last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluated {
    pub evaluation: EvaluationId,
    pub verdict: String,
    pub exit_code: i64,
    /// One line: the verdict and its first reason.
    pub summary: String,
    pub at: Timestamp,
}

/// Which candidates are wanted; what is empty asks for nothing.
#[derive(Clone, Debug, Default)]
pub struct CandidatesWanted {
    pub service: String,
    pub branch: String,
    /// The head's SHA, or how it begins.
    pub head: String,
    pub is_open: Option<bool>,
    /// Those that are judged before a merge, instead of those for a deploy.
    pub is_merge: bool,
}

type Row = (
    i64,
    String,
    String,
    String,
    Option<String>,
    i64,
    Option<i64>,
    Option<i64>,
    Option<String>,
    Option<i64>,
    Option<String>,
    Option<i64>,
    Option<String>,
    Option<i64>,
);

/// The statement, with which rows it wants.
macro_rules! select {
    ($which:literal) => {
        concat!(
            "select c.id, c.service, c.branch, c.head, c.production, c.opened_at, c.closed_at,
                 c.pull_request, c.into_branch,
                 e.id, e.verdict, e.exit_code, e.summary, e.evaluated_at
             from candidate c
             left join evaluation e on e.id = (select max(id) from evaluation where candidate = c.id) ",
            $which
        )
    };
}

impl Store {
    pub async fn candidate_row(&self, id: CandidateId) -> Result<Option<CandidateRow>, StoreError> {
        const SELECT: &str = select!("where c.id = $1");
        let row: Option<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, SELECT, id.0)?) })).await?;
        row.map(read).transpose()
    }

    /// Those for a deploy, or before a merge: the newest, or those older than one.
    pub async fn candidates(
        &self,
        wanted: CandidatesWanted,
        before: Option<CandidateId>,
        most: u32,
    ) -> Result<Vec<CandidateRow>, StoreError> {
        const SELECT: &str = select!(
            "where c.id < $1 and case when c.pull_request is null then 0 else 1 end = $7 and ($2 = '' or c.service = $2) and ($3 = '' or c.branch = $3)
             and ($4 = '' or substr(c.head, 1, length($4)) = $4)
             and ($5 = '' or ($5 = 'open' and c.closed_at is null) or ($5 = 'closed' and c.closed_at is not null))
             order by c.id desc limit $6"
        );
        let (before, most) = (before.map_or(i64::MAX, |id| id.0), i64::from(most));
        let state = match wanted.is_open {
            None => "",
            Some(true) => "open",
            Some(false) => "closed",
        };
        let is_merge = i64::from(wanted.is_merge);
        let CandidatesWanted { service, branch, head, .. } = wanted;
        let rows: Vec<Row> = self
            .db
            .read(|tx| {
                Box::pin(async move {
                    Ok(fetch!(tx, fetch_all, SELECT, before, service, branch, head, state, most, is_merge)?)
                })
            })
            .await?;
        rows.into_iter().map(read).collect()
    }
}

fn read(row: Row) -> Result<CandidateRow, StoreError> {
    let (
        id,
        service,
        branch,
        head,
        production,
        opened_at,
        closed_at,
        pull_request,
        into,
        evaluation,
        verdict,
        exit_code,
        summary,
        at,
    ) = row;
    let candidate = read_candidate((id, service, branch, head, production, opened_at, closed_at, pull_request, into))?;
    let judged = evaluation.zip(exit_code).zip(verdict).zip(summary).zip(at);
    let judged = judged.map(|((((evaluation, exit_code), verdict), summary), at)| Evaluated {
        evaluation: EvaluationId(evaluation),
        verdict,
        exit_code,
        summary,
        at: time(at),
    });
    Ok(CandidateRow { candidate, judged })
}
