//! What is said outside once. A message has a key of its own; that it was begun
//! is written down before it is said, so that a crash in between leaves a doubt,
//! and never a second message. Of one target the older is said first.

use crate::audit::{Deed, note};
use crate::db::{Tx, execute, fetch, fetch_to_lease};
use crate::leases::Lease;
use crate::{Store, StoreError, micros, time};
use jiff::Timestamp;
use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MessageId(pub i64);

/// What is to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// How: `slack`, `jira-comment`.
    pub kind: &'static str,
    /// Where: a channel, an issue.
    pub target: String,
    /// No other message has it, whenever it was said.
    pub key: String,
    /// The meaning, as JSON; rendered when it is said.
    pub meaning: String,
    /// The stories that it tells of.
    pub stories: Vec<String>,
    pub at: Timestamp,
}

/// A message to be said now; leased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    pub id: MessageId,
    pub kind: String,
    pub target: String,
    pub key: String,
    pub meaning: String,
    pub attempts: i64,
    pub added_at: Timestamp,
    /// Since then it may have been said.
    pub begun_at: Option<Timestamp>,
    /// When a person had it said again.
    pub again_at: Option<Timestamp>,
    /// Until when it is ours; tells our lease from another's.
    leased_until: i64,
}

/// How saying it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// What the other system calls it.
    Said { place: String },
    /// Surely not: it is tried again at a time, as if never begun.
    NotSaid { again_at: Timestamp, error: String },
    /// It may have been: it is looked for at a time.
    Perhaps { again_at: Timestamp, error: String },
    /// It may have been, and cannot be looked for: a person has to say.
    Doubtful { error: String },
    /// It never will be.
    Failed { error: String },
}

/// How far a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageState {
    Waits,
    Said,
    Doubtful,
    Failed,
    /// A person wants it to be said no more.
    Dropped,
}

/// A message as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MessageRow {
    #[serde(skip)]
    pub id: MessageId,
    pub kind: String,
    pub target: String,
    #[serde(skip)]
    pub meaning: String,
    pub state: MessageState,
    pub added_at: Timestamp,
    pub done_at: Option<Timestamp>,
    /// How often it was tried, since a person had it said again.
    pub attempts: i64,
    /// When it is tried next, where it waits.
    pub next_at: Option<Timestamp>,
    /// Why it was not said when it was tried last.
    pub error: Option<String>,
}

pub(crate) type Row = (i64, String, String, String, String, i64, Option<i64>, i64, i64, Option<String>);
type Leased = (i64, String, String, String, String, i64, i64, Option<i64>, Option<i64>);

const MOST_OF_STORY: i64 = 50;

impl MessageState {
    pub const ALL: [Self; 5] = [Self::Waits, Self::Said, Self::Doubtful, Self::Failed, Self::Dropped];

    pub fn word(self) -> &'static str {
        match self {
            Self::Waits => "waits",
            Self::Said => "said",
            Self::Doubtful => "doubtful",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }

    /// The one of this word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

impl Store {
    /// The message of a kind that has waited longest, leased until `until`. Those
    /// behind another one to the same target wait for it.
    pub async fn lease_message(
        &self,
        kind: &'static str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Outgoing>, StoreError> {
        let clock = self.leases;
        let leased: Option<(Leased, i64)> = self
            .db
            .write(move |tx| {
                Box::pin(async move {
                    let held = clock.lease(tx, now, until).await?;
                    Ok(lease(tx, kind, micros(now), held).await?.map(|leased| (leased, held.until)))
                })
            })
            .await?;
        Ok(leased.map(|((id, kind, target, key, meaning, attempts, added_at, begun_at, again_at), leased_until)| {
            Outgoing {
                id: MessageId(id),
                kind,
                target,
                key,
                meaning,
                attempts: attempts + 1,
                added_at: time(added_at),
                begun_at: begun_at.map(time),
                again_at: again_at.map(time),
                leased_until,
            }
        }))
    }

    /// It is about to be said.
    pub async fn message_begins(&self, message: &Outgoing, now: Timestamp) -> Result<(), StoreError> {
        let (id, lease, now) = (message.id.0, message.leased_until, micros(now));
        let update = "update outbox set begun_at = coalesce(begun_at, $3)
             where id = $1 and leased_until = $2 and state = 'waits'";
        self.change(move |tx| Box::pin(async move { Ok(execute!(tx, update, id, lease, now)?) })).await
    }

    /// What came of it. Whose lease ran out says nothing any more.
    pub async fn message_ended(&self, message: &Outgoing, ended: Ended, now: Timestamp) -> Result<(), StoreError> {
        const UPDATE: &str = "update outbox set leased_until = null, state = $3, error = $4, place = $5, run_at = $6,
                 begun_at = case when $7 = 1 then null else begun_at end,
                 done_at = case when $3 = 'waits' then null else $8 end
             where id = $1 and leased_until = $2 and state = 'waits'";
        let (id, lease) = (message.id.0, message.leased_until);
        let (state, error, place, run_at, forgets) = match ended {
            Ended::Said { place } => ("said", None, Some(place), now, 0_i64),
            Ended::NotSaid { again_at, error } => ("waits", Some(error), None, again_at, 1),
            Ended::Perhaps { again_at, error } => ("waits", Some(error), None, again_at, 0),
            Ended::Doubtful { error } => ("doubtful", Some(error), None, now, 0),
            Ended::Failed { error } => ("failed", Some(error), None, now, 0),
        };
        let (run_at, now) = (micros(run_at), micros(now));
        let changed = self
            .change(move |tx| {
                Box::pin(
                    async move { Ok(execute!(tx, UPDATE, id, lease, state, &error, &place, run_at, forgets, now)?) },
                )
            })
            .await;
        match changed {
            Err(StoreError::Fenced) => Ok(()),
            other => other,
        }
    }

    /// Has what a person wants said; what is there already is not said again.
    pub async fn say(&self, messages: Vec<NewMessage>, deed: Deed) -> Result<(), StoreError> {
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    for message in &messages {
                        put(tx, message).await?;
                    }
                    note(tx, &deed).await?;
                    Ok(())
                })
            })
            .await?;
        self.work.came();
        Ok(())
    }

    /// What was told of a story, the newest first.
    pub async fn messages_of_story(&self, story: &str) -> Result<Vec<MessageRow>, StoreError> {
        const SELECT: &str = "select o.id, o.kind, o.target, o.meaning, o.state, o.added_at, o.done_at,
                 o.attempts, o.run_at, o.error
             from outbox_story s join outbox o on o.id = s.message
             where s.story = $1 order by o.id desc limit $2";
        let story = story.to_owned();
        let rows: Vec<Row> = self
            .db
            .read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, story, MOST_OF_STORY)?) }))
            .await?;
        rows.into_iter().map(read).collect()
    }
}

/// Puts it there to be said: its number, where it is new or nobody tried any more.
/// Otherwise one whose key is there already was said, or will be. What may have
/// been said is looked for first this time too.
pub(crate) async fn put(tx: &mut Tx<'_>, new: &NewMessage) -> Result<Option<i64>, StoreError> {
    let insert = "insert into outbox (kind, target, key, meaning, state, added_at, run_at)
         values ($1, $2, $3, $4, 'waits', $5, $5)
         on conflict (key) do update set state = 'waits', meaning = excluded.meaning, attempts = 0,
             run_at = excluded.run_at, again_at = excluded.run_at, leased_until = null, done_at = null
             where outbox.state in ('failed', 'doubtful')
         returning id";
    let at = micros(new.at);
    let id: Option<(i64,)> = fetch!(tx, fetch_optional, insert, new.kind, &new.target, &new.key, &new.meaning, at)?;
    let Some((id,)) = id else { return Ok(None) };
    for story in &new.stories {
        let insert = "insert into outbox_story (message, story) values ($1, $2) on conflict do nothing";
        execute!(tx, insert, id, story)?;
    }
    Ok(Some(id))
}

/// Those of a kind about a story that wait are said no more. One that was begun, or
/// that somebody is at, may have been said: whoever says it finds out.
pub(crate) async fn end_waiting(
    tx: &mut Tx<'_>,
    kind: &str,
    story: &str,
    why: &str,
    now: i64,
    held: Lease,
) -> Result<(), StoreError> {
    let update = "update outbox set state = 'failed', error = $3, done_at = $4, leased_until = null
         where kind = $1 and state = 'waits' and begun_at is null and (leased_until is null or leased_until <= $5)
         and id in (select message from outbox_story where story = $2)";
    execute!(tx, update, kind, story, why, now, held.now)?;
    Ok(())
}

async fn lease(tx: &mut Tx<'_>, kind: &str, now: i64, held: Lease) -> Result<Option<Leased>, StoreError> {
    const DUE: &str = "select id, kind, target, key, meaning, attempts, added_at, begun_at, again_at from outbox
         where kind = $2 and state = 'waits' and run_at <= $1
         and (leased_until is null or leased_until <= $3)
         and not exists (select 1 from outbox o where o.kind = outbox.kind and o.target = outbox.target
             and o.state = 'waits' and o.id < outbox.id)
         order by run_at, id limit 1";
    let found: Option<Leased> = fetch_to_lease!(tx, DUE, now, kind, held.now)?;
    let Some(leased) = found else { return Ok(None) };
    execute!(tx, "update outbox set leased_until = $2, attempts = attempts + 1 where id = $1", leased.0, held.until)?;
    Ok(Some(leased))
}

pub(crate) fn read(
    (id, kind, target, meaning, state, added_at, done_at, attempts, run_at, error): Row,
) -> Result<MessageRow, StoreError> {
    let no_state = || StoreError::Unreadable(format!("`{state}` is no state of a message"));
    let state = MessageState::of(&state).ok_or_else(no_state)?;
    Ok(MessageRow {
        id: MessageId(id),
        kind,
        target,
        meaning,
        state,
        added_at: time(added_at),
        done_at: done_at.map(time),
        attempts,
        next_at: (state == MessageState::Waits).then(|| time(run_at)),
        error,
    })
}
