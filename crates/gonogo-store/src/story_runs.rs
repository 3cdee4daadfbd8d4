//! Stories in production: which came with a move of it and which went, and what
//! of that people were told. Whether a story runs is kept by service; that it is
//! deployed, or was rolled back, is said once for all of them.

use crate::db::{Tx, execute, fetch};
use crate::outbox::{NewMessage, end_waiting, put};
use crate::post_deploy::{ToAsk, no_more, to_be_asked};
use crate::production::MoveRow;
use crate::{ProductionMove, Store, StoreError, micros, production, time};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// A story that a move brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoryCame {
    pub story: String,
    /// Empty where the tracker did not tell it.
    pub title: String,
    /// What is told of it, as JSON.
    pub told: String,
    /// The SHAs that brought it.
    pub commits: Vec<String>,
    /// Where it may ask for something to be looked at after the deploy.
    pub to_ask: Option<ToAsk>,
}

/// A story as a service runs it, or ran it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoryRun {
    pub service: String,
    pub story: String,
    pub title: String,
    pub told: String,
    /// Whether all that runs has it.
    pub is_live: bool,
    pub since: Timestamp,
    pub news: Option<StoryNews>,
}

/// What nobody was told of yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoryNews {
    Came,
    Went,
}

/// Everything that says whether there is something to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Untold {
    /// Of each story that has news, in every service; by story and service.
    pub runs: Vec<StoryRun>,
    /// Those of them that wait in an open candidate, and in which service.
    pub waits: Vec<(String, String)>,
    /// Services of which it is not known what waits: a candidate is not judged
    /// yet, or lies over nothing that is known, or has stories that nobody could
    /// tell, or a move was not looked at.
    pub unknown: BTreeSet<String>,
}

/// A story turned: it is deployed now, or was rolled back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoryTurn {
    pub story: String,
    pub news: StoryNews,
    /// The fix versions that its issue has for it from now on.
    pub versions: Vec<String>,
    /// A kind of message about the story of which those that wait are none of its
    /// business any more, and why.
    pub ends: Option<(&'static str, &'static str)>,
}

/// What was said of a story last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorySaid {
    /// Else it was rolled back.
    pub is_deployed: bool,
    pub at: Timestamp,
    /// The fix versions that its issue has for that.
    pub versions: Vec<String>,
}

type Row = (String, String, String, String, i64, i64, Option<String>);

const WORDS: [(StoryNews, &str); 2] = [(StoryNews::Came, "came"), (StoryNews::Went, "went")];

impl StoryNews {
    fn word(self) -> &'static str {
        if self == Self::Came { "came" } else { "went" }
    }
}

impl Store {
    /// The moves of a service whose stories were not looked at, oldest first.
    pub async fn unread_moves(&self, service: &str) -> Result<Vec<ProductionMove>, StoreError> {
        const SELECT: &str = "select m.id, m.service, m.before, m.running, m.name, m.why, m.seen_at
             from move_unread u join production_move m on m.id = u.move
             where u.service = $1 order by m.id";
        let service = service.to_owned();
        let rows: Vec<MoveRow> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, service)?) })).await?;
        rows.into_iter().map(production::read_move).collect()
    }

    /// The stories that a service runs, with the commits that brought each.
    pub async fn live_stories(&self, service: &str) -> Result<Vec<(String, Vec<String>)>, StoreError> {
        const SELECT: &str = "select story, commits from story_run where service = $1 and is_live = 1 order by story";
        let service = service.to_owned();
        let rows: Vec<(String, String)> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, service)?) })).await?;
        Ok(rows.into_iter().map(|(story, commits)| (story, words(&commits).map(str::to_owned).collect())).collect())
    }

    /// What a move brought, and what it took away: once.
    pub async fn move_read(
        &self,
        moved: &ProductionMove,
        came: Vec<StoryCame>,
        went: Vec<String>,
    ) -> Result<(), StoreError> {
        let moved = moved.clone();
        self.change(move |tx| {
            Box::pin(async move {
                let (service, at) = (&moved.service, micros(moved.seen_at));
                if execute!(tx, "delete from move_unread where move = $1", moved.id)? == 0 {
                    return Ok(0);
                }
                for story in &came {
                    comes(tx, service, story, at).await?;
                    if let Some(ask) = &story.to_ask {
                        to_be_asked(tx, &moved, &story.story, &story.title, ask).await?;
                    }
                }
                for story in &went {
                    goes(tx, service, story, at).await?;
                    no_more(tx, service, story).await?;
                }
                Ok(1)
            })
        })
        .await
    }

    /// A candidate of which the work of this kind was given up is not waited for:
    /// people see that it was.
    pub async fn untold(&self, judging: &'static str) -> Result<Untold, StoreError> {
        const RUNS: &str = "select service, story, title, told, is_live, since, news from story_run
             where story in (select story from story_run where news is not null) order by story, service";
        // In one statement: what waits and what is not known are of one moment.
        const REST: &str = "select s.key, c.service from candidate_story s join candidate c on c.id = s.candidate
             where c.closed_at is null and s.ships = 1
             and s.key in (select story from story_run where news is not null)
             union select '', c.service from candidate c where c.closed_at is null
             and (c.production is null or coalesce((select e.is_unread from evaluation e
                 where e.candidate = c.id order by e.id desc limit 1), 1) = 1)
             and not exists (select 1 from job j
                 where j.kind = $1 and j.key = cast(c.id as text) and j.dead_at is not null)
             union select '', service from move_unread";
        let (runs, rest): (Vec<Row>, Vec<(String, String)>) = self
            .db
            .read(|tx| {
                Box::pin(async move {
                    let runs: Vec<Row> = fetch!(tx, fetch_all, RUNS)?;
                    let rest = if runs.is_empty() { Vec::new() } else { fetch!(tx, fetch_all, REST, judging)? };
                    Ok((runs, rest))
                })
            })
            .await?;
        let (unknown, waits): (Vec<_>, Vec<_>) = rest.into_iter().partition(|(story, _)| story.is_empty());
        let unknown = unknown.into_iter().map(|(_, service)| service).collect();
        Ok(Untold { runs: runs.into_iter().map(read).collect::<Result<_, _>>()?, waits, unknown })
    }

    /// Keeps that these stories turned, and what is said of it: once.
    pub async fn stories_turned(
        &self,
        turns: Vec<StoryTurn>,
        messages: Vec<NewMessage>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const SAID: &str = "insert into story_said (story, is_deployed, at, versions) values ($1, $2, $3, $4)
             on conflict (story) do update set is_deployed = excluded.is_deployed, at = excluded.at,
                 versions = excluded.versions";
        let clock = self.leases;
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    for StoryTurn { story, news, versions, ends } in &turns {
                        let update = "update story_run set news = null where story = $1 and news = $2";
                        if execute!(tx, update, story, news.word())? == 0 {
                            return Err(StoreError::Fenced);
                        }
                        let is_deployed = i64::from(*news == StoryNews::Came);
                        execute!(tx, SAID, story, is_deployed, micros(now), versions.join("\n"))?;
                        if let Some((kind, why)) = ends {
                            let held = clock.lease(tx, now, now).await?;
                            end_waiting(tx, kind, story, why, micros(now), held).await?;
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

    /// What was said of a story last; `None` where nothing was.
    pub async fn story_said(&self, story: &str) -> Result<Option<StorySaid>, StoreError> {
        const SELECT: &str = "select is_deployed, at, versions from story_said where story = $1";
        let story = story.to_owned();
        let row: Option<(i64, i64, String)> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, SELECT, story)?) })).await?;
        Ok(row.map(|(is_deployed, at, versions)| StorySaid {
            is_deployed: is_deployed != 0,
            at: time(at),
            versions: versions.lines().map(str::to_owned).collect(),
        }))
    }

    /// Where a story runs or ran, by service.
    pub async fn runs_of(&self, story: &str) -> Result<Vec<StoryRun>, StoreError> {
        const SELECT: &str = "select service, story, title, told, is_live, since, news from story_run
             where story = $1 order by service";
        let story = story.to_owned();
        let rows: Vec<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, story)?) })).await?;
        rows.into_iter().map(read).collect()
    }
}

/// What a move of production brings and takes is looked at later. What ran when
/// it was known the first time is no news.
pub(crate) async fn to_be_read(tx: &mut Tx<'_>, moved: &ProductionMove) -> Result<(), StoreError> {
    if moved.before.is_some() {
        execute!(tx, "insert into move_unread (move, service) values ($1, $2)", moved.id, &moved.service)?;
    }
    Ok(())
}

/// Of a story that was said to be deployed a further part is no news.
async fn comes(tx: &mut Tx<'_>, service: &str, came: &StoryCame, at: i64) -> Result<(), StoreError> {
    let select = "select commits from story_run where service = $1 and story = $2";
    let before: Option<(String,)> = fetch!(tx, fetch_optional, select, service, &came.story)?;
    let before = before.map(|(commits,)| commits).unwrap_or_default();
    let commits: BTreeSet<&str> = words(&before).chain(came.commits.iter().map(String::as_str)).collect();
    let commits = commits.into_iter().collect::<Vec<_>>().join(" ");
    let upsert = "insert into story_run (service, story, title, told, commits, is_live, since, news)
         values ($1, $2, coalesce(nullif($3, ''), (select max(title) from candidate_story where key = $2), ''),
             $4, $5, 1, $6,
             case when exists (select 1 from story_said where story = $2 and is_deployed = 1) then null else 'came' end)
         on conflict (service, story) do update set title = coalesce(nullif(excluded.title, ''), story_run.title), told = excluded.told,
             commits = excluded.commits, is_live = 1, news = excluded.news,
             since = case when story_run.is_live = 1 then story_run.since else excluded.since end";
    execute!(tx, upsert, service, &came.story, &came.title, &came.told, &commits, at)?;
    Ok(())
}

/// That a story went of which nothing was said is no news; of one that has no
/// news it was.
async fn goes(tx: &mut Tx<'_>, service: &str, story: &str, at: i64) -> Result<(), StoreError> {
    let update = "update story_run set is_live = 0, since = $3,
             news = case when news is null then 'went' end
         where service = $1 and story = $2 and is_live = 1";
    execute!(tx, update, service, story, at)?;
    Ok(())
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_ascii_whitespace()
}

fn read((service, story, title, told, is_live, since, news): Row) -> Result<StoryRun, StoreError> {
    let known = |word: String| {
        let found = WORDS.iter().find(|(_, known)| *known == word);
        found.map(|(news, _)| *news).ok_or_else(|| StoreError::Unreadable(format!("`{word}` is no news of a story")))
    };
    let news = news.map(known).transpose()?;
    Ok(StoryRun { service, story, title, told, is_live: is_live != 0, since: time(since), news })
}
