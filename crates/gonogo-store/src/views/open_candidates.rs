//! What is open, everywhere, with how it was judged last.

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

impl Store {
    /// By service, then by branch.
    pub async fn all_open_candidates(&self) -> Result<Vec<OpenCandidate>, StoreError> {
        const SELECT: &str = "select c.id, c.service, c.branch, c.head, c.production, c.opened_at,
                 e.verdict, e.summary, e.evaluated_at
             from candidate c
             left join evaluation e on e.id = (select max(id) from evaluation where candidate = c.id)
             where c.closed_at is null
             order by c.service, c.branch";
        type Row = (i64, String, String, String, Option<String>, i64, Option<String>, Option<String>, Option<i64>);
        let rows: Vec<Row> = self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT)?) })).await?;
        let read = |(id, service, branch, head, production, opened, verdict, summary, at): Row| {
            let judged = verdict.zip(summary).zip(at);
            Ok(OpenCandidate {
                id: CandidateId(id),
                service,
                branch,
                head,
                production: production.as_deref().map(runs).transpose()?,
                opened_at: time(opened),
                judged: judged.map(|((verdict, summary), at)| Judged { verdict, summary, at: time(at) }),
            })
        };
        rows.into_iter().map(read).collect()
    }
}
