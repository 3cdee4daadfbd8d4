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
    /// Wanted when the verdict is a turn, and changed from then on.
    pub message: Option<Wanted>,
    /// Said when the verdict is a turn.
    pub mails: Vec<NewMessage>,
}

/// What is known of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saying {
    Never,
    /// Since then it may have been posted there.
    Perhaps {
        channel: String,
        since: Timestamp,
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
        const SELECT: &str = "select begun_at, channel, ts from message where target = $1";
        type Row = (i64, String, Option<String>);
        let target = target.to_owned();
        let row: Option<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, SELECT, target)?) })).await?;
        Ok(match row {
            None => Saying::Never,
            Some((_, channel, Some(ts))) => Saying::At { channel, ts },
            Some((begun_at, channel, None)) => Saying::Perhaps { channel, since: time(begun_at) },
        })
    }

    /// It is about to be posted there.
    pub async fn saying_begins(&self, target: &str, channel: &str, now: Timestamp) -> Result<(), StoreError> {
        let (target, channel, now) = (target.to_owned(), channel.to_owned(), micros(now));
        let insert = "insert into message (target, channel, begun_at) values ($1, $2, $3)
             on conflict (target) do update set channel = excluded.channel";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    execute!(tx, insert, &target, &channel, now)?;
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
    let turned = match news.verdict {
        Some(verdict) => turns(tx, news.candidate, verdict, news.first).await?,
        None => false,
    };
    if turned {
        for mail in &news.mails {
            put(tx, mail).await?;
        }
    }
    let Some(message) = &news.message else { return Ok(()) };
    if turned || is_wanted(tx, &message.target).await? {
        want(tx, message).await?;
    }
    Ok(())
}

/// The candidate's branch is gone: another of its name begins anew.
pub(crate) async fn forget(tx: &mut Tx<'_>, id: CandidateId) -> Result<(), StoreError> {
    let delete = "delete from told where exists (select 1 from candidate
         where candidate.id = $1 and candidate.pull_request is null
         and candidate.service = told.service and candidate.branch = told.branch)";
    execute!(tx, delete, id.0)?;
    Ok(())
}

/// Keeps what the candidate's branch is now: whether it was something else.
async fn turns(tx: &mut Tx<'_>, id: CandidateId, verdict: &str, first: &str) -> Result<bool, StoreError> {
    let select = "select told.verdict from told
         join candidate on candidate.service = told.service and candidate.branch = told.branch
         where candidate.id = $1";
    let told: Option<(String,)> = fetch!(tx, fetch_optional, select, id.0)?;
    let upsert = "insert into told (service, branch, verdict)
         select service, branch, $2 from candidate where id = $1
         on conflict (service, branch) do update set verdict = excluded.verdict";
    execute!(tx, upsert, id.0, verdict)?;
    Ok(told.as_ref().map_or(first, |(told,)| told.as_str()) != verdict)
}
