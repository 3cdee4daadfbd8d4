//! Stories before their gate: which changed, what each lacks, and what its owner was
//! told of that.

use crate::db::{execute, fetch};
use crate::outbox::{NewMessage, put};
use crate::{Store, StoreError, micros, time};
use jiff::Timestamp;

/// A story that was told to have changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlyDue {
    pub story: String,
    /// Of two times the later one.
    pub at: Timestamp,
}

/// What is known of a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlyStory {
    pub story: String,
    /// JSON
    pub known: String,
    pub changed_at: Timestamp,
    /// Tells whether somebody has changed it since.
    version: i64,
}

/// What a look at a story came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlyLook {
    pub due: EarlyDue,
    /// As it was read; `None` where nothing was known of it.
    pub before: Option<EarlyStory>,
    /// What is known from now on, by the key that it has now; `None` where that is
    /// what was known.
    pub now: Option<(String, String)>,
}

type Row = (String, String, i64, i64);

impl Store {
    /// When a tracker was asked last which stories changed.
    pub async fn tracker_asked(&self, tracker: &str) -> Result<Option<Timestamp>, StoreError> {
        let tracker = tracker.to_owned();
        let select = "select at from tracker_asked where tracker = $1";
        let row: Option<(i64,)> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, select, tracker)?) })).await?;
        Ok(row.map(|(at,)| time(at)))
    }

    /// It told what changed until then.
    pub async fn tracker_was_asked(&self, tracker: &str, at: Timestamp) -> Result<(), StoreError> {
        let tracker = tracker.to_owned();
        let upsert = "insert into tracker_asked (tracker, at) values ($1, $2)
             on conflict (tracker) do update set at = excluded.at where tracker_asked.at < excluded.at";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    execute!(tx, upsert, &tracker, micros(at))?;
                    Ok(())
                })
            })
            .await
    }

    /// These stories changed.
    pub async fn early_changed(&self, stories: Vec<String>, at: Timestamp) -> Result<(), StoreError> {
        let upsert = "insert into early_due (story, at) values ($1, $2)
             on conflict (story) do update set at = excluded.at where early_due.at < excluded.at";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    for story in &stories {
                        execute!(tx, upsert, story, micros(at))?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Those that changed, the oldest first.
    pub async fn early_due(&self, most: u32) -> Result<Vec<EarlyDue>, StoreError> {
        let select = "select story, at from early_due order by at, story limit $1";
        let rows: Vec<(String, i64)> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, select, i64::from(most))?) })).await?;
        Ok(rows.into_iter().map(|(story, at)| EarlyDue { story, at: time(at) }).collect())
    }

    /// What is known of a story.
    pub async fn early_story(&self, story: &str) -> Result<Option<EarlyStory>, StoreError> {
        let story = story.to_owned();
        let select = "select story, known, changed_at, version from early_story where story = $1";
        let row: Option<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, select, story)?) })).await?;
        Ok(row.map(|(story, known, changed_at, version)| EarlyStory {
            story,
            known,
            changed_at: time(changed_at),
            version,
        }))
    }

    /// What the looks came to, and what is told of it: once. [`StoreError::Fenced`]
    /// where somebody else has looked at one of them meanwhile.
    pub async fn early_looked(
        &self,
        looks: Vec<EarlyLook>,
        messages: Vec<NewMessage>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const DONE: &str = "delete from early_due where story = $1 and at <= $2";
        const GOES: &str = "delete from early_story where story = $1 and version = $2";
        const NEW: &str = "insert into early_story (story, known, changed_at, version) values ($1, $2, $3, $4)
             on conflict (story) do nothing";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    for EarlyLook { due, before, now: known } in &looks {
                        execute!(tx, DONE, &due.story, micros(due.at))?;
                        let Some((story, known)) = known else { continue };
                        let version = before.as_ref().map_or(0, |before| before.version);
                        if let Some(before) = before
                            && execute!(tx, GOES, &before.story, version)? == 0
                        {
                            return Err(StoreError::Fenced);
                        }
                        if execute!(tx, NEW, story, known, micros(now), version + 1)? == 0 {
                            return Err(StoreError::Fenced);
                        }
                    }
                    for message in &messages {
                        put(tx, message).await?;
                    }
                    Ok(())
                })
            })
            .await?;
        self.work.came();
        Ok(())
    }
}
