//! Whether anything that pages show has changed.

use crate::db::fetch;
use crate::{CandidateId, Store, StoreError};
use std::fmt::{Display, Formatter};
use std::str::FromStr;

/// How far the store was when somebody looked at it. As text it goes to a page
/// and comes back with what the page asks next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    evaluation: i64,
    candidate: i64,
    open: i64,
}

impl Display for Cursor {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.evaluation, self.candidate, self.open)
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('.').map(|part| part.parse::<i64>().map_err(|_| ()));
        let mut next = || parts.next().unwrap_or(Err(()));
        let cursor = Self { evaluation: next()?, candidate: next()?, open: next()? };
        if parts.next().is_some() { Err(()) } else { Ok(cursor) }
    }
}

impl Store {
    pub async fn cursor(&self) -> Result<Cursor, StoreError> {
        const SELECT: &str = "select (select coalesce(max(id), 0) from evaluation),
                 (select coalesce(max(id), 0) from candidate),
                 (select count(*) from candidate where closed_at is null)";
        let (evaluation, candidate, open): (i64, i64, i64) =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_one, SELECT)?) })).await?;
        Ok(Cursor { evaluation, candidate, open })
    }

    /// Whether a candidate was judged, or was replaced or closed, between two looks.
    pub async fn has_changed(&self, id: CandidateId, since: Cursor, now: Cursor) -> Result<bool, StoreError> {
        const SELECT: &str = "select count(*) from evaluation where candidate = $1 and id > $2 and id <= $3";
        if (since.candidate, since.open) != (now.candidate, now.open) {
            return Ok(true);
        }
        let (number,): (i64,) = self
            .db
            .read(|tx| {
                Box::pin(async move { Ok(fetch!(tx, fetch_one, SELECT, id.0, since.evaluation, now.evaluation)?) })
            })
            .await?;
        Ok(number > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        let cursor = Cursor { evaluation: 12, candidate: 3, open: 0 };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for wrong in ["", "1", "1.2", "1.2.x", "1.2.3.4", "99999999999999999999.1.1"] {
            assert_eq!(wrong.parse::<Cursor>(), Err(()), "{wrong}");
        }
    }
}
