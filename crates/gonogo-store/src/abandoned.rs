//! What is seen outside as if a verdict were to come, of a candidate that is open
//! no more. However it came to that, by two who crossed or by a crash, a look at
//! the rows finds it.

use crate::candidates::read;
use crate::db::{Tx, fetch};
use crate::mirror::{Wanted, want};
use crate::views::changes::in_turn;
use crate::{Candidate, Store, StoreError};
use gonogo_core::ids::Sha;

/// At once; the next look finds the others.
const MOST: i64 = 500;

/// One target that awaits what does not come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Abandoned {
    pub target: String,
    pub kind: String,
    /// The meaning, as it was wanted.
    pub wanted: String,
    /// Whose verdict it awaits.
    pub candidate: Candidate,
    /// Where the same branch, or pull request, is now; `None` where it is gone.
    pub moved_to: Option<Sha>,
}

impl Store {
    /// Wants of each what is said of it instead; how many there were. What an open
    /// candidate of the same head will say is left to that one.
    pub async fn settle_abandoned(
        &self,
        say: impl Fn(&Abandoned) -> Option<Wanted> + Send + 'static,
    ) -> Result<usize, StoreError> {
        // Mostly there is nothing: who writes is not kept waiting for that.
        if self.db.read(|tx| Box::pin(async move { abandoned(tx).await })).await?.is_empty() {
            return Ok(0);
        }
        let settled = self
            .db
            .write(move |tx| {
                Box::pin(async move {
                    in_turn(tx).await?;
                    let wanted: Vec<Wanted> = abandoned(tx).await?.iter().filter_map(&say).collect();
                    for wanted in &wanted {
                        want(tx, wanted).await?;
                    }
                    Ok(wanted.len())
                })
            })
            .await?;
        self.work.came();
        Ok(settled)
    }
}

async fn abandoned(tx: &mut Tx<'_>) -> Result<Vec<Abandoned>, StoreError> {
    const SELECT: &str = "select m.target, m.kind, m.wanted, next.head,
             c.id, c.service, c.branch, c.head, c.production, c.opened_at, c.closed_at, c.pull_request, c.into_branch
         from mirror m
         join candidate c on c.id = m.awaits
         left join candidate next on next.service = c.service and next.branch = c.branch
             and coalesce(next.pull_request, 0) = coalesce(c.pull_request, 0) and next.closed_at is null
         where m.awaits is not null and c.closed_at is not null
         and not exists (select 1 from candidate other where other.service = c.service and other.head = c.head
             and (other.pull_request is null) = (c.pull_request is null) and other.closed_at is null)
         order by m.awaits, m.target limit $1";
    let rows: Vec<Row> = fetch!(tx, fetch_all, SELECT, MOST)?;
    rows.into_iter().map(whole).collect()
}

type Row = (
    String,
    String,
    String,
    Option<String>,
    i64,
    String,
    String,
    String,
    Option<String>,
    i64,
    Option<i64>,
    Option<i64>,
    Option<String>,
);

fn whole(row: Row) -> Result<Abandoned, StoreError> {
    let (target, kind, wanted, next, id, service, branch, head, production, opened_at, closed_at, number, into) = row;
    let candidate = read((id, service, branch, head, production, opened_at, closed_at, number, into))?;
    let no_sha = |text: &str| StoreError::Unreadable(format!("`{text}` is no SHA"));
    let moved_to = next.map(|next| next.parse().map_err(|_| no_sha(&next))).transpose()?;
    Ok(Abandoned { target, kind, wanted, candidate, moved_to })
}
