//! What is said outside, and a person's word on what could not be: that it be
//! said again, or never.

use crate::audit::{Deed, note};
use crate::db::{execute, fetch};
use crate::outbox::{Row, read};
use crate::{MessageId, MessageRow, MessageState, Store, StoreError, micros};

/// Which messages; what is `None` is not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessagesWanted {
    pub state: Option<MessageState>,
    pub kind: Option<String>,
    /// That tell of this story.
    pub story: Option<String>,
}

/// What waits for a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Troubled {
    pub doubtful: u32,
    pub failed: u32,
}

impl Store {
    /// The newest, or those older than one.
    pub async fn messages(
        &self,
        wanted: MessagesWanted,
        before: Option<MessageId>,
        most: u32,
    ) -> Result<Vec<MessageRow>, StoreError> {
        const SELECT: &str = "select id, kind, target, meaning, state, added_at, done_at, attempts, run_at, error
             from outbox
             where ($1 = '' or state = $1) and ($2 = '' or kind = $2)
             and ($3 = '' or id in (select message from outbox_story where story = $3))
             and id < $4 order by id desc limit $5";
        let state = wanted.state.map_or("", MessageState::word);
        let (kind, story) = (wanted.kind.unwrap_or_default(), wanted.story.unwrap_or_default());
        let (before, most) = (before.map_or(i64::MAX, |id| id.0), i64::from(most));
        let rows: Vec<Row> = self
            .db
            .read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, state, &kind, &story, before, most)?) }))
            .await?;
        rows.into_iter().map(read).collect()
    }

    pub async fn message(&self, id: MessageId) -> Result<Option<MessageRow>, StoreError> {
        const SELECT: &str = "select id, kind, target, meaning, state, added_at, done_at, attempts, run_at, error
             from outbox where id = $1";
        let row: Option<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, SELECT, id.0)?) })).await?;
        row.map(read).transpose()
    }

    pub async fn troubled_messages(&self) -> Result<Troubled, StoreError> {
        const SELECT: &str = "select count(case when state = 'doubtful' then 1 end),
                 count(case when state = 'failed' then 1 end)
             from outbox where state in ('doubtful', 'failed')";
        let (doubtful, failed): (i64, i64) =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_one, SELECT)?) })).await?;
        let number = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(Troubled { doubtful: number(doubtful), failed: number(failed) })
    }

    /// Has one said that failed, or is in doubt, as if it were new and never begun;
    /// false where it is neither.
    pub async fn say_again(&self, id: MessageId, deed: Deed) -> Result<bool, StoreError> {
        const UPDATE: &str = "update outbox set state = 'waits', attempts = 0, run_at = $2, again_at = $2,
                 begun_at = null, done_at = null
             where id = $1 and state in ('doubtful', 'failed') and coalesce(leased_until, 0) <= $3";
        let done = self.change_message(UPDATE, id, deed).await?;
        self.work.came();
        Ok(done)
    }

    /// Has one never said that was not; false where it was, or just is.
    pub async fn drop_message(&self, id: MessageId, deed: Deed) -> Result<bool, StoreError> {
        const UPDATE: &str = "update outbox set state = 'dropped', done_at = $2
             where id = $1 and state in ('doubtful', 'failed', 'waits') and coalesce(leased_until, 0) <= $3";
        let done = self.change_message(UPDATE, id, deed).await?;
        // What stood behind it may be said now.
        self.work.came();
        Ok(done)
    }

    /// While nobody is saying it.
    async fn change_message(&self, update: &'static str, id: MessageId, deed: Deed) -> Result<bool, StoreError> {
        let clock = self.leases;
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let held = clock.lease(tx, deed.at, deed.at).await?;
                    if execute!(tx, update, id.0, micros(deed.at), held.now)? == 0 {
                        return Ok(false);
                    }
                    note(tx, &deed).await?;
                    Ok(true)
                })
            })
            .await
    }
}
