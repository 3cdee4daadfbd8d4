//! The open pull requests of a service, with how each was judged last.

use super::Judged;
use crate::db::fetch;
use crate::{CandidateId, Store, StoreError};
use serde::Serialize;

/// A merge group is one more, of the pull request that leads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenPull {
    #[serde(skip)]
    pub candidate: CandidateId,
    pub number: u64,
    /// Empty where it was not seen itself yet.
    pub title: String,
    pub author: String,
    pub is_draft: bool,
    pub branch: String,
    pub into: String,
    pub head: String,
    /// `None` until it was judged once.
    pub judged: Option<Judged>,
}

/// How many open pull requests of a service have a verdict; without one they
/// are being judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PullCount {
    pub service: String,
    pub verdict: Option<String>,
    pub number: usize,
}

impl Store {
    /// The newest first.
    pub async fn open_pulls(&self, service: &str) -> Result<Vec<OpenPull>, StoreError> {
        const SELECT: &str = "select c.id, c.pull_request, p.title, p.author, p.is_draft, c.branch, c.into_branch,
                 c.head, e.verdict, e.summary, e.evaluated_at
             from candidate c
             left join pull_request p on p.service = c.service and p.number = c.pull_request
             left join evaluation e on e.id = (select max(id) from evaluation where candidate = c.id)
             where c.service = $1 and c.closed_at is null and c.pull_request is not null
             order by c.pull_request desc, c.id";
        type Row = (
            i64,
            i64,
            Option<String>,
            Option<String>,
            Option<i64>,
            String,
            String,
            String,
            Option<String>,
            Option<String>,
            Option<i64>,
        );
        let service = service.to_owned();
        let rows: Vec<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, service)?) })).await?;
        let read = |(id, number, title, author, is_draft, branch, into, head, verdict, summary, at): Row| OpenPull {
            candidate: CandidateId(id),
            number: u64::try_from(number).unwrap_or(0),
            title: title.unwrap_or_default(),
            author: author.unwrap_or_default(),
            is_draft: is_draft == Some(1),
            branch,
            into,
            head,
            judged: Judged::read(verdict, summary, at),
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// Of all services.
    pub async fn pull_counts(&self) -> Result<Vec<PullCount>, StoreError> {
        const SELECT: &str = "select c.service, e.verdict, count(*) from candidate c
             left join evaluation e on e.id = (select max(id) from evaluation where candidate = c.id)
             where c.closed_at is null and c.pull_request is not null
             group by c.service, e.verdict order by c.service, e.verdict";
        type Row = (String, Option<String>, i64);
        let rows: Vec<Row> = self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT)?) })).await?;
        let read = |(service, verdict, number): Row| {
            let number = usize::try_from(number).unwrap_or(0);
            PullCount { service, verdict, number }
        };
        Ok(rows.into_iter().map(read).collect())
    }
}
