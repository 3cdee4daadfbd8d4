//! Stories: in which candidates one is or was, and which there are.

use super::{Judged, escaped};
use crate::db::fetch;
use crate::{CandidateId, Store, StoreError, time};
use jiff::Timestamp;
use serde::Serialize;

/// A candidate that has or had a story when it was judged last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoryPlace {
    #[serde(skip)]
    pub id: CandidateId,
    pub service: String,
    pub branch: String,
    pub head: String,
    pub opened_at: Timestamp,
    /// `None` while it is open.
    pub closed_at: Option<Timestamp>,
    pub title: String,
    pub ships: bool,
    /// `None` where it was closed before it was judged.
    pub judged: Option<Judged>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoryHit {
    pub key: String,
    pub title: String,
}

const MOST_PLACES: i64 = 100;

impl Store {
    /// Those that are open first, the newest first.
    pub async fn places_of(&self, key: &str) -> Result<Vec<StoryPlace>, StoreError> {
        const SELECT: &str = "select c.id, c.service, c.branch, c.head, c.opened_at, c.closed_at, s.title, s.ships,
                 e.verdict, e.summary, e.evaluated_at
             from candidate_story s
             join candidate c on c.id = s.candidate
             left join evaluation e on e.id = (select max(id) from evaluation where candidate = c.id)
             where s.key = $1
             order by case when c.closed_at is null then 0 else 1 end, c.id desc limit $2";
        type Row =
            (i64, String, String, String, i64, Option<i64>, String, i64, Option<String>, Option<String>, Option<i64>);
        let key = key.to_owned();
        let rows: Vec<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, key, MOST_PLACES)?) })).await?;
        let read = |(id, service, branch, head, opened, closed, title, ships, verdict, summary, at): Row| StoryPlace {
            id: CandidateId(id),
            service,
            branch,
            head,
            opened_at: time(opened),
            closed_at: closed.map(time),
            title,
            ships: ships != 0,
            judged: Judged::read(verdict, summary, at),
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// Stories whose key begins so, or whose title has this in it; by key.
    pub async fn stories_like(&self, text: &str, most: u32) -> Result<Vec<StoryHit>, StoreError> {
        const SELECT: &str = "select key, max(title) from candidate_story
             where key like $1 escape '\\' or lower(title) like $2 escape '\\'
             group by key order by key limit $3";
        let key = format!("{}%", escaped(&text.to_uppercase()));
        let title = format!("%{}%", escaped(&text.to_lowercase()));
        let rows: Vec<(String, String)> = self
            .db
            .read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, key, title, i64::from(most))?) }))
            .await?;
        Ok(rows.into_iter().map(|(key, title)| StoryHit { key, title }).collect())
    }
}
