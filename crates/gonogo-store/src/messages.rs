//! Messages to people, which the mirror keeps as wanted: when one is begun, and
//! where it stands. What was begun is written down before it is said, so that a
//! crash in between leaves a doubt, and never a second message.

use crate::candidates::{CandidateId, is_open};
use crate::db::{Tx, execute, fetch};
use crate::mirror::{Wanted, is_wanted, want};
use crate::outbox::{NewMessage, put};
use crate::{Store, StoreError, micros, time};
use jiff::Timestamp;

/// What is told of a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    pub candidate: CandidateId,
    /// What its branch is now; `None` where that is not decided.
    pub verdict: Option<&'static str>,
    /// What a branch of which nothing was told yet counts as.
    pub first: &'static str,
    /// Wanted when the verdict is a turn, and changed from then on; while the branch
    /// stays at a verdict that is news by itself, in the place of the one before it.
    pub message: Option<Wanted>,
    /// Said when the verdict is a turn.
    pub mails: Vec<NewMessage>,
}

/// What is known of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saying {
    Never,
    /// Since then it may have been posted there, under this key.
    Perhaps {
        channel: String,
        since: Timestamp,
        /// `None` where an older version began it.
        key: Option<String>,
    },
    At {
        channel: String,
        ts: String,
    },
}

impl Store {
    /// Wants the message where the verdict is a turn, or where there is one already.
    pub async fn tell(&self, news: News) -> Result<(), StoreError> {
        self.db.write(move |tx| Box::pin(async move { tell(tx, &news).await })).await?;
        self.work.came();
        Ok(())
    }

    pub async fn saying(&self, target: &str) -> Result<Saying, StoreError> {
        const SELECT: &str = "select begun_at, channel, ts, key from message where target = $1";
        type Row = (i64, String, Option<String>, Option<String>);
        let target = target.to_owned();
        let row: Option<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, SELECT, target)?) })).await?;
        Ok(match row {
            None => Saying::Never,
            Some((_, channel, Some(ts), _)) => Saying::At { channel, ts },
            Some((begun_at, channel, None, key)) => Saying::Perhaps { channel, since: time(begun_at), key },
        })
    }

    /// It is about to be posted there, under this key.
    pub async fn saying_begins(
        &self,
        target: &str,
        channel: &str,
        key: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (target, channel, key, now) = (target.to_owned(), channel.to_owned(), key.to_owned(), micros(now));
        let insert = "insert into message (target, channel, key, begun_at) values ($1, $2, $3, $4)
             on conflict (target) do update set channel = excluded.channel, key = excluded.key";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    execute!(tx, insert, &target, &channel, &key, now)?;
                    Ok(())
                })
            })
            .await
    }

    /// It stands there.
    pub async fn said(&self, target: &str, channel: String, ts: String) -> Result<(), StoreError> {
        let target = target.to_owned();
        let update = "update message set channel = $2, ts = $3 where target = $1";
        self.change(move |tx| Box::pin(async move { Ok(execute!(tx, update, &target, &channel, &ts)?) })).await
    }

    /// It was surely not posted.
    pub async fn not_said(&self, target: &str) -> Result<(), StoreError> {
        let target = target.to_owned();
        let delete = "delete from message where target = $1 and ts is null";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    execute!(tx, delete, &target)?;
                    Ok(())
                })
            })
            .await
    }
}

/// Nothing is told of a candidate that is open no more.
pub(crate) async fn tell(tx: &mut Tx<'_>, news: &News) -> Result<(), StoreError> {
    if !is_open(tx, news.candidate).await? {
        return Ok(());
    }
    let told = told(tx, news.candidate).await?;
    let before = told.as_ref().map_or(news.first, |told| told.verdict.as_str());
    let turned = news.verdict.is_some_and(|verdict| verdict != before);
    if turned {
        for mail in &news.mails {
            put(tx, mail).await?;
        }
    }
    let target = match &news.message {
        Some(message) => place(tx, news, told.as_ref(), turned, &message.target).await?,
        None => None,
    };
    if let Some(verdict) = news.verdict {
        keep(tx, news.candidate, verdict, target.as_deref()).await?;
    }
    if let (Some(message), Some(target)) = (&news.message, target) {
        want(tx, &Wanted { target, ..message.clone() }).await?;
    }
    Ok(())
}

/// What was told of a branch last.
struct Told {
    verdict: String,
    /// Where that is said, and of which candidate.
    place: Option<(String, i64)>,
}

async fn told(tx: &mut Tx<'_>, id: CandidateId) -> Result<Option<Told>, StoreError> {
    type Row = (String, Option<String>, Option<i64>);
    let select = "select told.verdict, told.target, told.candidate from told
         join candidate on candidate.service = told.service and candidate.branch = told.branch
         where candidate.id = $1";
    let row: Option<Row> = fetch!(tx, fetch_optional, select, id.0)?;
    Ok(row.map(|(verdict, target, candidate)| Told { verdict, place: target.zip(candidate) }))
}

/// Where it is said of a candidate what it is; `None` where it is not. What says it
/// of this one already goes on saying it. `own`: where it would be said first.
async fn place(
    tx: &mut Tx<'_>,
    news: &News,
    told: Option<&Told>,
    turned: bool,
    own: &str,
) -> Result<Option<String>, StoreError> {
    let said = told.and_then(|told| told.place.as_ref());
    if let Some((target, _)) = said.filter(|(_, of)| *of == news.candidate.0) {
        return Ok(Some(target.clone()));
    }
    if turned || is_wanted(tx, own).await? {
        return Ok(Some(own.to_owned()));
    }
    // The branch stays what it was, with another head: what was said of the one before
    // is of nobody any more.
    let stays = news.verdict.is_some_and(|verdict| verdict != news.first);
    Ok(said.filter(|_| stays).map(|(target, _)| target.clone()))
}

/// The candidate's branch is gone: another of its name begins anew.
pub(crate) async fn forget(tx: &mut Tx<'_>, id: CandidateId) -> Result<(), StoreError> {
    let delete = "delete from told where exists (select 1 from candidate
         where candidate.id = $1 and candidate.pull_request is null
         and candidate.service = told.service and candidate.branch = told.branch)";
    execute!(tx, delete, id.0)?;
    Ok(())
}

/// Keeps what the candidate's branch is now, and where that is said of it.
async fn keep(tx: &mut Tx<'_>, id: CandidateId, verdict: &str, target: Option<&str>) -> Result<(), StoreError> {
    let upsert = "insert into told (service, branch, verdict, target, candidate)
         select service, branch, $2, $3, case when $3 is null then null else id end from candidate where id = $1
         on conflict (service, branch) do update set verdict = excluded.verdict,
             target = coalesce(excluded.target, told.target),
             candidate = coalesce(excluded.candidate, told.candidate)";
    execute!(tx, upsert, id.0, verdict, target)?;
    Ok(())
}
