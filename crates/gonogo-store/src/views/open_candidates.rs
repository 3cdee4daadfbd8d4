//! What is open for a deploy, everywhere, with how it was judged last.

use super::escaped;
use crate::db::fetch;
use crate::production::runs;
use crate::{CandidateId, Store, StoreError, time};
use gonogo_core::running::Running;
use jiff::Timestamp;
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenCandidate {
    #[serde(skip)]
    pub id: CandidateId,
    pub service: String,
    pub branch: String,
    pub head: String,
    /// `None` while it is not known.
    pub production: Option<Running>,
    pub opened_at: Timestamp,
    /// `None` until it was judged once.
    pub judged: Option<Judged>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judged {
    pub verdict: String,
    /// One line: the verdict and its first reason.
    pub summary: String,
    pub at: Timestamp,
}

type Row = (i64, String, String, String, Option<String>, i64, Option<String>, Option<String>, Option<i64>);

fn read(
    (id, service, branch, head, production, opened, verdict, summary, at): Row,
) -> Result<OpenCandidate, StoreError> {
    Ok(OpenCandidate {
        id: CandidateId(id),
        service,
        branch,
        head,
        production: production.as_deref().map(runs).transpose()?,
        opened_at: time(opened),
        judged: Judged::read(verdict, summary, at),
    })
}

impl Judged {
    pub(super) fn read(verdict: Option<String>, summary: Option<String>, at: Option<i64>) -> Option<Self> {
        Some(Self { verdict: verdict?, summary: summary?, at: time(at?) })
    }
}

impl Store {
    /// By service, then by branch.
    pub async fn all_open_candidates(&self) -> Result<Vec<OpenCandidate>, StoreError> {
        const SELECT: &str = "select c.id, c.service, c.branch, c.head, c.production, c.opened_at,
                 e.verdict, e.summary, e.evaluated_at
             from candidate c
             left join evaluation e on e.id = (select max(id) from evaluation where candidate = c.id)
             where c.closed_at is null and c.pull_request is null
             order by c.service, c.branch";
        let rows: Vec<Row> = self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT)?) })).await?;
        rows.into_iter().map(read).collect()
    }

    /// Open candidates whose branch has this in it, or whose head begins so.
    pub async fn open_candidates_like(&self, text: &str, most: u32) -> Result<Vec<OpenCandidate>, StoreError> {
        const SELECT: &str = "select c.id, c.service, c.branch, c.head, c.production, c.opened_at,
                 e.verdict, e.summary, e.evaluated_at
             from candidate c
             left join evaluation e on e.id = (select max(id) from evaluation where candidate = c.id)
             where c.closed_at is null and c.pull_request is null and (lower(c.branch) like $1 escape '\\' or c.head like $2 escape '\\')
             order by c.service, c.branch limit $3";
        let text = escaped(&text.to_lowercase());
        let (branch, head, most) = (format!("%{text}%"), format!("{text}%"), i64::from(most));
        let rows: Vec<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, branch, head, most)?) })).await?;
        rows.into_iter().map(read).collect()
    }
}
