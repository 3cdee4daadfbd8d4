//! Deploys that wait for their turn.

use super::journal::{Held, put};
use super::{DeployId, DeployState, changed};
use crate::db::{Tx, execute, fetch};
use crate::{Store, StoreError, micros, time};
use gonogo_core::deploy::{Entry, InQueue, Need, Signal, gives_way};
use jiff::{SignedDuration, Timestamp};

/// How somebody wants a deploy to wait.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waits {
    /// Services of this group are deployed one at a time.
    pub group: Option<String>,
    /// It begins no sooner.
    pub not_before: Option<Timestamp>,
    /// Before those that wait as usual.
    pub goes_first: bool,
    /// In the place of this one, which is not deployed.
    pub instead_of: Option<DeployId>,
}

type Row = (i64, String, Option<String>, Option<i64>, i64, i64, i64);

impl Store {
    /// Open deploys to which everybody has agreed who has to.
    pub async fn deploys_in_queue(&self) -> Result<Vec<InQueue>, StoreError> {
        self.db.read(|tx| Box::pin(in_queue(tx))).await
    }

    /// Whose turn has come, and of which nothing has begun, steps back for one that goes
    /// first; false where there is none.
    pub async fn give_way(
        &self,
        held: &Held,
        seen: usize,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        const FREE: &str = "update deploy_lock set deploy = null where deploy = $1
             and exists (select 1 from deploy d where d.id = deploy_lock.deploy and d.began_at is null)";
        let gave = self
            .holding(held, now, until, move |tx, (id, _)| {
                Box::pin(async move {
                    super::journal::is_as_seen(tx, id, seen).await?;
                    let all = in_queue(tx).await?;
                    let gives = all.iter().find(|one| one.deploy == id.0).is_some_and(|one| gives_way(one, &all, now));
                    let gave = gives && execute!(tx, FREE, id.0)? > 0;
                    if gave {
                        changed(tx, id).await?;
                    }
                    Ok(gave)
                })
            })
            .await?;
        if gave {
            self.work.came();
        }
        Ok(gave)
    }

    /// Whether no deploy of its service ended later that brought or took back something.
    pub async fn is_newest_ended(&self, id: DeployId) -> Result<bool, StoreError> {
        const SELECT: &str = "select count(*) from deploy d join deploy o on o.service = d.service
             where d.id = $1 and o.id <> d.id and o.state in ('deployed', 'rolled-back') and o.ended_at > d.ended_at";
        let (later,): (i64,) =
            self.db.read(move |tx| Box::pin(async move { Ok(fetch!(tx, fetch_one, SELECT, id.0)?) })).await?;
        Ok(later == 0)
    }

    /// Whether one of a service has ended of which nothing was told yet.
    pub async fn has_untold_end(&self, service: &str) -> Result<bool, StoreError> {
        const SELECT: &str =
            "select count(*) from deploy where service = $1 and ended_at is not null and changed > told";
        let service = service.to_owned();
        let (number,): (i64,) =
            self.db.read(move |tx| Box::pin(async move { Ok(fetch!(tx, fetch_one, SELECT, &service)?) })).await?;
        Ok(number > 0)
    }

    /// How long the newest ones took that went well, each from its first act to its end.
    pub async fn deploys_took(&self, service: &str, most: u32) -> Result<Vec<SignedDuration>, StoreError> {
        const SELECT: &str = "select ended_at - began_at from deploy where service = $1 and state = 'deployed'
             and began_at is not null and ended_at is not null order by id desc limit $2";
        let service = service.to_owned();
        let rows: Vec<(i64,)> = self
            .db
            .read(move |tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, &service, i64::from(most))?) }))
            .await?;
        Ok(rows.into_iter().map(|(took,)| SignedDuration::from_micros(took)).collect())
    }

    /// Who is said to have done what nobody did: a person who cannot sign in.
    pub async fn robot(&self, name: &'static str, now: Timestamp) -> Result<i64, StoreError> {
        const INSERT: &str = "insert into person (name, password_hash, role, added_at, deactivated_at)
             values ($1, '', 'viewer', $2, $2) on conflict (name) do nothing";
        const SELECT: &str = "select id from person where name = $1";
        let known: Option<(i64,)> =
            self.db.read(move |tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, SELECT, name)?) })).await?;
        if let Some((id,)) = known {
            return Ok(id);
        }
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    execute!(tx, INSERT, name, micros(now))?;
                    let (id,): (i64,) = fetch!(tx, fetch_one, SELECT, name)?;
                    Ok(id)
                })
            })
            .await
    }

    /// As whom somebody agreed to a deploy; `None` where that was as the policy usually asks.
    pub async fn approved_as(&self, id: DeployId) -> Result<Option<Need>, StoreError> {
        const SELECT: &str = "select approved_as from deploy where id = $1 and approved_as is not null";
        let row: Option<(String,)> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, SELECT, id.0)?) })).await?;
        let read = |(text,): (String,)| serde_json::from_str(&text);
        row.map(read).transpose().map_err(|_| StoreError::Unreadable(format!("as whom deploy {} was approved", id.0)))
    }

    /// The newest deploy of a head, however it ended.
    pub async fn newest_deploy_of(
        &self,
        service: &str,
        head: gonogo_core::ids::Sha,
    ) -> Result<Option<(DeployId, DeployState, Option<Timestamp>)>, StoreError> {
        const SELECT: &str =
            "select id, state, ended_at from deploy where service = $1 and head = $2 order by id desc limit 1";
        let (service, head) = (service.to_owned(), head.to_string());
        let row: Option<(i64, String, Option<i64>)> = self
            .db
            .read(move |tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, SELECT, &service, &head)?) }))
            .await?;
        let read = |(id, state, ended): (i64, String, Option<i64>)| {
            let state = state.parse().map_err(|()| StoreError::Unreadable(format!("the state of deploy {id}")))?;
            Ok((DeployId(id), state, ended.map(time)))
        };
        row.map(read).transpose()
    }
}

/// All of them, with which ones have their turn.
pub(super) async fn in_queue(tx: &mut Tx<'_>) -> Result<Vec<InQueue>, StoreError> {
    let rows: Vec<Row> = fetch!(
        tx,
        fetch_all,
        "select d.id, d.service, d.service_group, d.not_before, d.goes_first, coalesce(d.place, d.id),
             (select count(*) from deploy_lock l where l.deploy = d.id)
         from deploy d where d.ended_at is null and d.state <> 'requested' order by d.id"
    )?;
    let read = |(deploy, service, group, not_before, goes_first, place, locks): Row| InQueue {
        deploy,
        service,
        group,
        not_before: not_before.map(time),
        goes_first: goes_first != 0,
        place,
        is_taken: locks > 0,
    };
    Ok(rows.into_iter().map(read).collect())
}

/// In which place one waits that is not deployed, since another one is in its place;
/// [`StoreError::Done`] where it has begun, or is over.
pub(super) async fn place_of(
    tx: &mut Tx<'_>,
    (old, service): (DeployId, &str),
    by: &str,
    now: Timestamp,
) -> Result<i64, StoreError> {
    const PLACE: &str = "select coalesce(place, id) from deploy where id = $1 and service = $2 and ended_at is null
         and began_at is null";
    let row: Option<(i64,)> = fetch!(tx, fetch_optional, PLACE, old.0, service)?;
    let (place,) = row.ok_or(StoreError::Done)?;
    let said = format!("{by} wanted another one in its place");
    if !cancelled(tx, old, &said, now).await? {
        // Whoever sees to it ends it.
        put(tx, old, None, &Entry::Asked { signal: Signal::Abandon, by: by.to_owned() }, now).await?;
    }
    changed(tx, old).await?;
    Ok(place)
}

/// One of which nothing has begun, and whose turn has not come, is over at once.
pub(super) async fn cancelled(tx: &mut Tx<'_>, id: DeployId, said: &str, now: Timestamp) -> Result<bool, StoreError> {
    const CANCEL: &str = "update deploy set state = 'cancelled', ended_at = $2, said = $3
         where id = $1 and ended_at is null and began_at is null
             and not exists (select 1 from deploy_lock l where l.deploy = deploy.id)";
    Ok(execute!(tx, CANCEL, id.0, micros(now), said)? > 0)
}
