//! How a candidate was judged, time after time.

use super::Evaluated;
use crate::db::fetch;
use crate::{CandidateId, EvaluationId, Store, StoreError, time};

/// An evaluation in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluationRow {
    pub candidate: CandidateId,
    pub judged: Evaluated,
}

impl Store {
    /// A candidate's newest, or those older than one.
    pub async fn evaluation_rows(
        &self,
        candidate: CandidateId,
        before: Option<EvaluationId>,
        most: u32,
    ) -> Result<Vec<EvaluationRow>, StoreError> {
        type Row = (i64, String, i64, String, i64);
        const SELECT: &str = "select id, verdict, exit_code, summary, evaluated_at from evaluation
             where candidate = $1 and id < $2 order by id desc limit $3";
        let (before, most) = (before.map_or(i64::MAX, |id| id.0), i64::from(most));
        let rows: Vec<Row> = self
            .db
            .read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, candidate.0, before, most)?) }))
            .await?;
        let read = |(id, verdict, exit_code, summary, at): Row| EvaluationRow {
            candidate,
            judged: Evaluated { evaluation: EvaluationId(id), verdict, exit_code, summary, at: time(at) },
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// The `gonogo.check/1` that an evaluation of a candidate came to.
    pub async fn evaluation_result(
        &self,
        candidate: CandidateId,
        id: EvaluationId,
    ) -> Result<Option<String>, StoreError> {
        const SELECT: &str = "select result from evaluation where candidate = $1 and id = $2";
        let row: Option<(String,)> = self
            .db
            .read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, SELECT, candidate.0, id.0)?) }))
            .await?;
        Ok(row.map(|(result,)| result))
    }
}
