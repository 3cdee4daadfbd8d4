//! What people do to stories in the tracker from here. Each is written down before
//! it is done: one whose end is not known is looked for, and never done again by
//! itself.

use crate::audit::{Deed, note};
use crate::db::{execute, fetch};
use crate::jobs::{NewJob, put};
use crate::requests::KEPT_FOR;
use crate::{Store, StoreError, micros, time};
use jiff::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoryActId(pub i64);

/// An act to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewStoryAct {
    /// A word of who asks: sent twice it is one act.
    pub once: String,
    pub person: i64,
    pub story: String,
    /// What it is, in JSON.
    pub meaning: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoryActRow {
    pub id: StoryActId,
    pub by_id: i64,
    pub by: String,
    pub story: String,
    pub meaning: String,
    pub begun_at: Timestamp,
    /// `None` while it is not known what came of it.
    pub ended: Option<StoryActEnd>,
}

/// What came of an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoryActEnd {
    pub outcome: StoryActOutcome,
    pub said: String,
    pub at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoryActOutcome {
    Done,
    /// By the tracker: nothing was written.
    Refused,
    /// It was looked for later, and the tracker does not have it.
    NotThere,
}

impl StoryActOutcome {
    const ALL: [Self; 3] = [Self::Done, Self::Refused, Self::NotThere];

    fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::NotThere => "not-there",
        }
    }
}

/// Whether an act is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoryActBegun {
    New(StoryActId),
    /// It was asked for before.
    Known(StoryActRow),
}

const ONCE: &str = "select a.id, a.person, p.name, a.story, a.meaning, a.begun_at, a.ended_at, a.outcome, a.said
     from story_act a join person p on p.id = a.person where a.once = $1";

type Row = (i64, i64, String, String, String, i64, Option<i64>, Option<String>, String);

impl Store {
    /// Writes an act down, with the work that looks for what came of it where nobody
    /// says so, which is found by the act's number.
    pub async fn begin_story_act(
        &self,
        new: NewStoryAct,
        looked_for: (&'static str, Timestamp),
        deed: Deed,
    ) -> Result<StoryActBegun, StoreError> {
        // Who asks again after a day asks for something new, as of all requests.
        const FREE: &str = "update story_act set once = null where once = $1 and begun_at <= $2";
        const INSERT: &str = "insert into story_act (once, person, story, meaning, begun_at)
             values ($1, $2, $3, $4, $5) on conflict (once) do nothing returning id";
        let (kind, run_at) = looked_for;
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let NewStoryAct { once, person, story, meaning } = &new;
                    execute!(tx, FREE, once, micros(deed.at - KEPT_FOR))?;
                    let begun: Option<(i64,)> =
                        fetch!(tx, fetch_optional, INSERT, once, person, story, meaning, micros(deed.at))?;
                    let Some((id,)) = begun else {
                        let row: Row = fetch!(tx, fetch_one, ONCE, once)?;
                        return Ok(StoryActBegun::Known(read(row)?));
                    };
                    put(tx, &NewJob { kind, key: id.to_string(), body: String::new(), run_at }).await?;
                    note(tx, &deed).await?;
                    Ok(StoryActBegun::New(StoryActId(id)))
                })
            })
            .await
    }

    /// What came of it; false where that is known already. What was refused may be
    /// asked for again.
    pub async fn end_story_act(&self, id: StoryActId, end: StoryActEnd, deed: Deed) -> Result<bool, StoreError> {
        const UPDATE: &str = "update story_act set ended_at = $2, outcome = $3, said = $4,
                 once = case when $3 = 'done' then once else null end
             where id = $1 and ended_at is null";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let StoryActEnd { outcome, said, at } = &end;
                    if execute!(tx, UPDATE, id.0, micros(*at), outcome.word(), said)? == 0 {
                        return Ok(false);
                    }
                    note(tx, &deed).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// One that was asked for by this word within a day, unless the tracker refused it.
    pub async fn story_act_once(&self, once: &str, now: Timestamp) -> Result<Option<StoryActRow>, StoreError> {
        let once = once.to_owned();
        let row: Option<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, ONCE, once)?) })).await?;
        let row = row.map(read).transpose()?;
        Ok(row.filter(|row| row.begun_at > now - KEPT_FOR))
    }

    pub async fn story_act(&self, id: StoryActId) -> Result<Option<StoryActRow>, StoreError> {
        const SELECT: &str =
            "select a.id, a.person, p.name, a.story, a.meaning, a.begun_at, a.ended_at, a.outcome, a.said
             from story_act a join person p on p.id = a.person where a.id = $1";
        let row: Option<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, SELECT, id.0)?) })).await?;
        row.map(read).transpose()
    }

    /// Of a story, the newest first.
    pub async fn story_acts(&self, story: &str, most: u32) -> Result<Vec<StoryActRow>, StoreError> {
        const SELECT: &str =
            "select a.id, a.person, p.name, a.story, a.meaning, a.begun_at, a.ended_at, a.outcome, a.said
             from story_act a join person p on p.id = a.person where a.story = $1 order by a.id desc limit $2";
        let (story, most) = (story.to_owned(), i64::from(most));
        let rows: Vec<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, story, most)?) })).await?;
        rows.into_iter().map(read).collect()
    }
}

fn read(row: Row) -> Result<StoryActRow, StoreError> {
    let (id, by_id, by, story, meaning, begun, ended, outcome, said) = row;
    let outcome = outcome.map(|word| {
        let found = StoryActOutcome::ALL.into_iter().find(|outcome| outcome.word() == word);
        found.ok_or_else(|| StoreError::Unreadable(format!("`{word}` is no outcome")))
    });
    let ended = ended.zip(outcome.transpose()?).map(|(at, outcome)| StoryActEnd { outcome, said, at: time(at) });
    Ok(StoryActRow { id: StoryActId(id), by_id, by, story, meaning, begun_at: time(begun), ended })
}
