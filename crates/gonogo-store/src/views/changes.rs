//! Whether anything that pages show has changed. Whatever changes it takes the
//! next number in its transaction, and those transactions come one after the
//! other: who has seen a number has seen all that came before.

use crate::db::{Tx, alone, execute, fetch};
use crate::{CandidateId, Store, StoreError};
use std::fmt::{Display, Formatter};
use std::str::FromStr;

/// How far the store was when somebody looked at it. As text it goes to a page
/// and comes back with what the page asks next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor(i64);

impl Display for Cursor {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        text.parse().map(Self).map_err(|_| ())
    }
}

impl Store {
    pub async fn cursor(&self) -> Result<Cursor, StoreError> {
        const SELECT: &str = "select number from change where id = 1";
        let (number,): (i64,) = self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_one, SELECT)?) })).await?;
        Ok(Cursor(number))
    }

    /// Whether what the page of a candidate shows has changed since a look.
    pub async fn has_changed(&self, id: CandidateId, since: Cursor) -> Result<bool, StoreError> {
        const SELECT: &str = "select count(*) from candidate where id = $1 and changed > $2";
        let (number,): (i64,) =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_one, SELECT, id.0, since.0)?) })).await?;
        Ok(number > 0)
    }
}

const CHANGES: i64 = 0x6368_616e_6765;

/// First in a transaction that may change what pages show: the next one waits
/// for its end, with nothing in hand that this one could wait for.
pub(crate) async fn in_turn(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    alone(tx, CHANGES).await
}

/// Something of what pages show is another by this transaction.
pub(crate) async fn has_changed(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    let update = "update change set number = number + 1 where id = 1 returning number";
    let (number,): (i64,) = fetch!(tx, fetch_one, update)?;
    Ok(number)
}

/// The same of what the page of one candidate shows.
pub(crate) async fn candidate_has_changed(tx: &mut Tx<'_>, id: CandidateId) -> Result<(), StoreError> {
    let number = has_changed(tx).await?;
    execute!(tx, "update candidate set changed = $2 where id = $1", id.0, number)?;
    Ok(())
}

/// The same of all open candidates of a service.
pub(crate) async fn service_has_changed(tx: &mut Tx<'_>, service: &str) -> Result<(), StoreError> {
    let number = has_changed(tx).await?;
    execute!(tx, "update candidate set changed = $2 where service = $1 and closed_at is null", service, number)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        assert_eq!(Cursor(12).to_string().parse(), Ok(Cursor(12)));
        for wrong in ["", "1.2.3", "x", "99999999999999999999"] {
            assert_eq!(wrong.parse::<Cursor>(), Err(()), "{wrong}");
        }
    }
}
