//! What teams have to know of stories: by which messages each is told, and who
//! said that it knows.

use crate::audit::{Deed, note};
use crate::db::{execute, fetch};
use crate::outbox::{NewMessage, put};
use crate::{Store, StoreError, micros, time};
use jiff::Timestamp;

/// A story concerns a team, which is told by these messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAwareness {
    pub team: String,
    pub story: String,
    /// Where it is told and who may speak for it, as JSON.
    pub meaning: String,
    /// Those whose key is there already are not said again.
    pub messages: Vec<NewMessage>,
}

/// What a team knows of a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwarenessRow {
    pub team: String,
    pub meaning: String,
    pub told: Vec<ToldIn>,
    /// Who said that it knows, and when.
    pub acknowledged: Option<(String, Timestamp)>,
}

/// How a team was told of a story in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldIn {
    pub channel: String,
    /// When that was said first.
    pub at: Option<Timestamp>,
    /// Why it could not be said when that was tried last.
    pub trouble: Option<String>,
    /// Whether nobody tries any more.
    pub is_given_up: bool,
}

impl AwarenessRow {
    pub fn told_in(&self, channel: &str) -> Option<&ToldIn> {
        self.told.iter().find(|told| told.channel == channel)
    }

    /// When it was told anywhere.
    pub fn told_first(&self) -> Option<Timestamp> {
        self.told.iter().filter_map(|told| told.at).min()
    }

    /// Why it could not be told everywhere when that was tried last.
    pub fn trouble(&self) -> Option<&str> {
        self.told.iter().filter(|told| told.at.is_none()).find_map(|told| told.trouble.as_deref())
    }
}

impl Store {
    pub async fn make_aware(&self, all: Vec<NewAwareness>) -> Result<(), StoreError> {
        const UPSERT: &str = "insert into awareness (team, story, meaning) values ($1, $2, $3)
             on conflict (team, story) do update set meaning = excluded.meaning";
        const LINK: &str = "insert into awareness_message (message, team, story) values ($1, $2, $3)
             on conflict do nothing";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    for NewAwareness { team, story, meaning, messages } in &all {
                        execute!(tx, UPSERT, team, story, meaning)?;
                        for message in messages {
                            if let Some(id) = put(tx, message).await? {
                                execute!(tx, LINK, id, team, story)?;
                            }
                        }
                    }
                    Ok(())
                })
            })
            .await?;
        self.work.came();
        Ok(())
    }

    /// By team.
    pub async fn awareness_of(&self, story: &str) -> Result<Vec<AwarenessRow>, StoreError> {
        const SELECT: &str = "select team, meaning, acknowledged_by, acknowledged_at
             from awareness where story = $1 order by team";
        const TOLD: &str = "select m.team, o.target, min(case when o.state = 'said' then o.done_at end),
                 max(case when o.state <> 'said' then o.error end),
                 cast(min(case when o.state in ('failed', 'doubtful') then 1 else 0 end) as bigint)
             from awareness_message m join outbox o on o.id = m.message
             where m.story = $1 group by m.team, o.target order by m.team, o.target";
        type Row = (String, String, Option<String>, Option<i64>);
        type Told = (String, String, Option<i64>, Option<String>, i64);
        let story = story.to_owned();
        let (rows, mut told): (Vec<Row>, Vec<Told>) = self
            .db
            .read(|tx| {
                Box::pin(async move {
                    let rows: Vec<Row> = fetch!(tx, fetch_all, SELECT, &story)?;
                    Ok((rows, fetch!(tx, fetch_all, TOLD, story)?))
                })
            })
            .await?;
        let read = |(team, meaning, by, at): Row| AwarenessRow {
            told: told.extract_if(.., |told| told.0 == team).map(told_in).collect(),
            team,
            meaning,
            acknowledged: by.zip(at.map(time)),
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// Somebody says that a team knows of a story; false where there is nothing to
    /// say, or it was said.
    pub async fn acknowledge(&self, team: &str, story: &str, deed: Deed) -> Result<bool, StoreError> {
        const UPDATE: &str = "update awareness set acknowledged_by = $3, acknowledged_at = $4
             where team = $1 and story = $2 and acknowledged_at is null";
        let (team, story) = (team.to_owned(), story.to_owned());
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    if execute!(tx, UPDATE, &team, &story, &deed.actor, micros(deed.at))? == 0 {
                        return Ok(false);
                    }
                    note(tx, &deed).await?;
                    Ok(true)
                })
            })
            .await
    }
}

fn told_in((_, channel, at, trouble, is_given_up): (String, String, Option<i64>, Option<String>, i64)) -> ToldIn {
    ToldIn { channel, at: at.map(time), trouble, is_given_up: is_given_up != 0 }
}
