//! What teams have to know of stories, by each service's policy: by which messages
//! each is told, and who said that it knows.

use crate::audit::{Deed, note};
use crate::db::{execute, fetch};
use crate::outbox::{MessageState, NewMessage, put};
use crate::{Store, StoreError, micros, time};
use jiff::Timestamp;

/// A story concerns a team by the policy of a service; it is told by these messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAwareness {
    pub team: String,
    pub story: String,
    pub service: String,
    /// Where it is told and who may speak for it, as JSON.
    pub meaning: String,
    /// Those whose key is there already are not said again.
    pub messages: Vec<NewMessage>,
}

/// What a team knows of a story, as far as a service is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwarenessRow {
    pub team: String,
    pub service: String,
    pub meaning: String,
    /// By whichever service: told is told.
    pub told: Vec<ToldIn>,
    /// Who said for this service that it knows, and when.
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
    /// How far the message is that is farthest.
    pub state: MessageState,
    /// When it was said last, or given up.
    pub ended_at: Option<Timestamp>,
}

/// How far messages are, the farthest first.
const FAR: [MessageState; 5] =
    [MessageState::Said, MessageState::Waits, MessageState::Doubtful, MessageState::Failed, MessageState::Dropped];

impl AwarenessRow {
    pub fn told_in(&self, channel: &str) -> Option<&ToldIn> {
        self.told.iter().find(|told| told.channel == channel)
    }
}

impl Store {
    pub async fn make_aware(&self, all: Vec<NewAwareness>) -> Result<(), StoreError> {
        const UPSERT: &str = "insert into awareness_service (team, story, service, meaning) values ($1, $2, $3, $4)
             on conflict (team, story, service) do update set meaning = excluded.meaning";
        const LINK: &str = "insert into awareness_message (message, team, story) values ($1, $2, $3)
             on conflict do nothing";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    for NewAwareness { team, story, service, meaning, messages } in &all {
                        execute!(tx, UPSERT, team, story, service, meaning)?;
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

    /// By team and service.
    pub async fn awareness_of(&self, story: &str) -> Result<Vec<AwarenessRow>, StoreError> {
        const SELECT: &str = "select team, service, meaning, acknowledged_by, acknowledged_at
             from awareness_service where story = $1 order by team, service";
        const TOLD: &str = "select m.team, o.target, min(case when o.state = 'said' then o.done_at end),
                 max(case when o.state <> 'said' then o.error end),
                 cast(min(case o.state when 'said' then 0 when 'waits' then 1 when 'doubtful' then 2
                     when 'failed' then 3 else 4 end) as bigint), max(o.done_at)
             from awareness_message m join outbox o on o.id = m.message
             where m.story = $1 group by m.team, o.target order by m.team, o.target";
        type Row = (String, String, String, Option<String>, Option<i64>);
        let story = story.to_owned();
        let (rows, told): (Vec<Row>, Vec<Told>) = self
            .db
            .read(|tx| {
                Box::pin(async move {
                    let rows: Vec<Row> = fetch!(tx, fetch_all, SELECT, &story)?;
                    Ok((rows, fetch!(tx, fetch_all, TOLD, story)?))
                })
            })
            .await?;
        let read = |(team, service, meaning, by, at): Row| AwarenessRow {
            told: told.iter().filter(|told| told.0 == team).map(told_in).collect(),
            team,
            service,
            meaning,
            acknowledged: by.zip(at.map(time)),
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// Somebody says for these services that a team knows of a story; false where
    /// there is nothing to say for any, or it was said.
    pub async fn acknowledge(
        &self,
        team: &str,
        story: &str,
        services: Vec<String>,
        deed: Deed,
    ) -> Result<bool, StoreError> {
        const UPDATE: &str = "update awareness_service set acknowledged_by = $4, acknowledged_at = $5
             where team = $1 and story = $2 and service = $3 and acknowledged_at is null";
        let (team, story) = (team.to_owned(), story.to_owned());
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let mut changed = 0;
                    for service in &services {
                        changed += execute!(tx, UPDATE, &team, &story, service, &deed.actor, micros(deed.at))?;
                    }
                    if changed == 0 {
                        return Ok(false);
                    }
                    note(tx, &deed).await?;
                    Ok(true)
                })
            })
            .await
    }
}

type Told = (String, String, Option<i64>, Option<String>, i64, Option<i64>);

fn told_in((_, channel, at, trouble, far, ended_at): &Told) -> ToldIn {
    let state = usize::try_from(*far).ok().and_then(|far| FAR.get(far)).copied();
    ToldIn {
        channel: channel.clone(),
        at: at.map(time),
        trouble: trouble.clone(),
        state: state.unwrap_or(MessageState::Dropped),
        ended_at: ended_at.map(time),
    }
}
