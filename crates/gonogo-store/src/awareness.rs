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
    /// When the first of its messages was said.
    pub told_at: Option<Timestamp>,
    /// Why one could not be said when that was tried last.
    pub trouble: Option<String>,
    /// Who said that it knows, and when.
    pub acknowledged: Option<(String, Timestamp)>,
}

impl Store {
    pub async fn make_aware(&self, all: Vec<NewAwareness>) -> Result<(), StoreError> {
        const UPSERT: &str = "insert into awareness (team, story, meaning) values ($1, $2, $3)
             on conflict (team, story) do update set meaning = excluded.meaning";
        const LINK: &str = "insert into awareness_message (message, team, story) values ($1, $2, $3)";
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
        const SELECT: &str = "select a.team, a.meaning, a.acknowledged_by, a.acknowledged_at,
                 (select min(o.done_at) from awareness_message m join outbox o on o.id = m.message
                  where m.team = a.team and m.story = a.story and o.state = 'said'),
                 (select max(o.error) from awareness_message m join outbox o on o.id = m.message
                  where m.team = a.team and m.story = a.story and o.state <> 'said')
             from awareness a where a.story = $1 order by a.team";
        type Row = (String, String, Option<String>, Option<i64>, Option<i64>, Option<String>);
        let story = story.to_owned();
        let rows: Vec<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, story)?) })).await?;
        let read = |(team, meaning, by, at, told_at, trouble): Row| AwarenessRow {
            team,
            meaning,
            told_at: told_at.map(time),
            trouble,
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
