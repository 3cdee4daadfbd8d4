//! What an evaluation was made from, as it was recorded.

use crate::db::fetch;
use crate::{EvaluationId, Store, StoreError};

impl Store {
    pub async fn recording(&self, id: EvaluationId) -> Result<Option<Vec<u8>>, StoreError> {
        const SELECT: &str = "select recording from evaluation where id = $1";
        let row: Option<(Vec<u8>,)> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, SELECT, id.0)?) })).await?;
        Ok(row.map(|(recording,)| recording))
    }
}
