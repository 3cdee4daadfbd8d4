//! Open candidates of one service with the same head: what is shown at the
//! commit is the word of all of them, read where it is written.

use crate::candidates::{CandidateId, is_open};
use crate::db::{Tx, execute, fetch};
use crate::mirror::{Wanted, want};
use crate::views::changes::in_turn;
use crate::{Store, StoreError, micros, time};
use jiff::Timestamp;
use std::fmt;

/// Another one, with how it was judged last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SameHead {
    pub candidate: CandidateId,
    pub branch: String,
    /// Of a candidate for a merge.
    pub pull_request: Option<u64>,
    /// `None` until it was judged once.
    pub judged: Option<JudgedAs>,
}

/// What an evaluation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedAs {
    pub verdict: String,
    pub exit_code: u8,
    /// One line: the verdict and its first reason.
    pub summary: String,
}

/// How far the judging of a candidate is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Judging {
    /// `None` where it was not since that is kept.
    pub looked_at: Option<Timestamp>,
    pub is_due: bool,
}

/// What should be seen of a candidate, by what the others of its head are.
pub struct Shown(Box<dyn FnOnce(&[SameHead]) -> Vec<Wanted> + Send>);

impl Shown {
    pub fn beside(show: impl FnOnce(&[SameHead]) -> Vec<Wanted> + Send + 'static) -> Self {
        Self(Box::new(show))
    }
}

impl From<Vec<Wanted>> for Shown {
    fn from(wanted: Vec<Wanted>) -> Self {
        Self::beside(|_| wanted)
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shown")
    }
}

impl Store {
    /// Wants it, while the candidate is open: it was judged then, and nothing is new.
    pub async fn show(&self, id: CandidateId, shown: Shown, judged_at: Timestamp) -> Result<(), StoreError> {
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    in_turn(tx).await?;
                    hold(tx, id).await?;
                    looked(tx, id, judged_at).await?;
                    show(tx, id, shown).await
                })
            })
            .await?;
        self.work.came();
        Ok(())
    }

    /// When a candidate was judged last, whatever came of it, and whether it is to be
    /// judged again just now.
    pub async fn judging_of(&self, id: CandidateId, kind: &str, now: Timestamp) -> Result<Judging, StoreError> {
        const SELECT: &str = "select looked_at, cast(case when exists (select 1 from job where kind = $2 and key = $3
                 and dead_at is null and run_at <= $4) then 1 else 0 end as bigint) from candidate where id = $1";
        let (kind, key) = (kind.to_owned(), id.0.to_string());
        let row: Option<(Option<i64>, i64)> = self
            .db
            .read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, SELECT, id.0, kind, key, micros(now))?) }))
            .await?;
        let (looked_at, is_due) = row.unwrap_or_default();
        Ok(Judging { looked_at: looked_at.map(time), is_due: is_due != 0 })
    }

    /// The others that are open, the oldest first.
    pub async fn same_head(&self, id: CandidateId) -> Result<Vec<SameHead>, StoreError> {
        self.db.read(|tx| Box::pin(async move { others(tx, id).await })).await
    }
}

pub(crate) async fn looked(tx: &mut Tx<'_>, id: CandidateId, at: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "update candidate set looked_at = $2 where id = $1", id.0, micros(at))?;
    Ok(())
}

/// Those of one head are changed by one at a time until the transaction ends;
/// `SQLite` has one writer anyway.
pub(crate) async fn hold(tx: &mut Tx<'_>, id: CandidateId) -> Result<(), StoreError> {
    if let Tx::Postgres(connection) = tx {
        const HOLD: &str = "select other.id from candidate c
             join candidate other on other.service = c.service and other.head = c.head
             where c.id = $1 and other.closed_at is null
             order by other.id for update of other";
        sqlx::query(HOLD).bind(id.0).fetch_all(&mut **connection).await?;
    }
    Ok(())
}

pub(crate) async fn show(tx: &mut Tx<'_>, id: CandidateId, shown: Shown) -> Result<(), StoreError> {
    if !is_open(tx, id).await? {
        return Ok(());
    }
    let others = others(tx, id).await?;
    for wanted in (shown.0)(&others) {
        want(tx, &wanted).await?;
    }
    Ok(())
}

async fn others(tx: &mut Tx<'_>, id: CandidateId) -> Result<Vec<SameHead>, StoreError> {
    const SELECT: &str = "select other.id, other.branch, other.pull_request, e.verdict, e.exit_code, e.summary
         from candidate c
         join candidate other on other.service = c.service and other.head = c.head and other.id <> c.id
             and other.closed_at is null
             and (other.pull_request is null) = (c.pull_request is null)
         left join evaluation e on e.id = (select max(id) from evaluation where candidate = other.id)
         where c.id = $1 order by other.id";
    type Row = (i64, String, Option<i64>, Option<String>, Option<i64>, Option<String>);
    let rows: Vec<Row> = fetch!(tx, fetch_all, SELECT, id.0)?;
    let read = |(id, branch, number, verdict, exit_code, summary): Row| SameHead {
        candidate: CandidateId(id),
        branch,
        pull_request: number.and_then(|number| u64::try_from(number).ok()),
        judged: verdict.zip(exit_code).zip(summary).map(|((verdict, exit_code), summary)| JudgedAs {
            verdict,
            exit_code: u8::try_from(exit_code).unwrap_or(u8::MAX),
            summary,
        }),
    };
    Ok(rows.into_iter().map(read).collect())
}
