//! Who sees to a deploy, and what was done of it. Each write holds the lock's fence
//! against what the writer was given, in its transaction.

use super::locks::is_locked;
use super::queue::{cancelled, in_queue};
use super::runs::{self, StepOrder};
use super::stops::is_stopped;
use super::{DeployId, DeployState, changed};
use crate::audit::{Deed, note};
use crate::db::{Tx, execute, fetch};
use crate::views::changes::in_turn;
use crate::{Store, StoreError, micros, time};
use gonogo_core::deploy::{ActKey, Entry, InQueue, Outcome, Place, Signal, place};
use gonogo_core::running::Running;
use jiff::Timestamp;
use std::iter;

/// The lock of a deploy: there is one only from [`Store::take_deploy`], and it is worth
/// nothing after [`Store::finish_deploy`].
#[derive(Debug)]
pub struct Held {
    deploy: DeployId,
    /// Each with its fence: the first one is its service's, which its acts have.
    locks: Vec<(String, i64)>,
}

/// An act that is written down and may begin, once.
#[derive(Debug)]
#[must_use]
pub struct Intent {
    key: ActKey,
}

impl Held {
    pub fn deploy(&self) -> DeployId {
        self.deploy
    }
}

/// Its service's, and its group's.
fn locks_of(one: &InQueue) -> Vec<String> {
    let group = one.group.iter().map(|group| format!("group {group}"));
    iter::once(format!("service {}", one.service)).chain(group).collect()
}

impl Store {
    /// Open deploys whose turn it is and to which nobody sees.
    pub async fn deploys_unseen(&self, now: Timestamp) -> Result<Vec<DeployId>, StoreError> {
        const SEEN: &str = "select deploy from deploy_lock where deploy is not null and until > $1";
        let clock = self.leases;
        self.db
            .read(move |tx| {
                Box::pin(async move {
                    let all = in_queue(tx).await?;
                    if all.is_empty() {
                        return Ok(Vec::new());
                    }
                    let lease = clock.lease(tx, now, now).await?;
                    let seen: Vec<(i64,)> = fetch!(tx, fetch_all, SEEN, lease.now)?;
                    let is_unseen = |one: &&InQueue| !seen.contains(&(one.deploy,));
                    let has_turn = |one: &&InQueue| one.is_taken || place(one, &all, now) == Place::Turn;
                    Ok(all.iter().filter(is_unseen).filter(has_turn).map(|one| DeployId(one.deploy)).collect())
                })
            })
            .await
    }

    /// `None` where somebody else sees to it, or to another deploy of its service.
    pub async fn take_deploy(
        &self,
        id: DeployId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Held>, StoreError> {
        const TAKE: &str = "insert into deploy_lock (name, deploy, fence, until) values ($1, $2, 1, $3)
             on conflict (name) do update
                 set deploy = excluded.deploy, fence = deploy_lock.fence + 1, until = excluded.until
                 where deploy_lock.deploy is null or (deploy_lock.deploy = excluded.deploy and deploy_lock.until <= $4)
             returning fence";
        let clock = self.leases;
        let taken = self
            .db
            .write(move |tx| {
                Box::pin(async move {
                    // Who finishes it just now is waited for.
                    in_turn(tx).await?;
                    let lease = clock.lease(tx, now, until).await?;
                    let all = in_queue(tx).await?;
                    let Some(one) = all.iter().find(|one| one.deploy == id.0) else { return Ok(None) };
                    if !one.is_taken && place(one, &all, now) != Place::Turn {
                        return Ok(None);
                    }
                    let mut locks = Vec::new();
                    for name in locks_of(one) {
                        let row: Option<(i64,)> =
                            fetch!(tx, fetch_optional, TAKE, &name, id.0, lease.until, lease.now)?;
                        // All of them, or none.
                        locks.push((name, row.ok_or(StoreError::Done)?.0));
                    }
                    Ok(Some(Held { deploy: id, locks }))
                })
            })
            .await;
        match taken {
            Err(StoreError::Done) => Ok(None),
            other => other,
        }
    }

    /// Goes on seeing to it.
    pub async fn hold_deploy(&self, held: &Held, now: Timestamp, until: Timestamp) -> Result<(), StoreError> {
        self.holding(held, now, until, |_, _| Box::pin(async { Ok(()) })).await
    }

    /// The same, and pages show what it has said by now.
    pub async fn show_deploy(&self, held: &Held, now: Timestamp, until: Timestamp) -> Result<(), StoreError> {
        self.holding(held, now, until, |tx, (id, _)| Box::pin(async move { changed(tx, id).await })).await
    }

    /// What was written of it, with when.
    pub async fn deploy_journal(&self, id: DeployId) -> Result<Vec<(Entry, Timestamp)>, StoreError> {
        const SELECT: &str = "select body, at from deploy_journal where deploy = $1 order by seq";
        let rows: Vec<(String, i64)> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, id.0)?) })).await?;
        let read = |(body, at): (String, i64)| {
            let unreadable = |_| StoreError::Unreadable(format!("the journal of deploy {}", id.0));
            Ok((serde_json::from_str(&body).map_err(unreadable)?, time(at)))
        };
        rows.into_iter().map(read).collect()
    }

    /// Writes down that an act begins, and gives it to its runner where one does it, together:
    /// [`StoreError::Done`] where the journal has more by now than was `seen`, and
    /// [`StoreError::Stopped`] where nothing may begin.
    pub async fn intend(
        &self,
        held: &Held,
        key: ActKey,
        order: impl Into<Option<StepOrder>>,
        seen: usize,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Intent, StoreError> {
        // What only waits is no beginning.
        const BEGAN: &str = "update deploy set state = 'running', said = '',
                 began_at = coalesce(began_at, case when $3 = 1 then $2 end) where id = $1";
        let (given, order) = (key.clone(), order.into());
        self.holding(held, now, until, move |tx, (id, fence)| {
            Box::pin(async move {
                is_as_seen(tx, id, seen).await?;
                if is_stopped(tx).await? || is_locked(tx, id, now).await? {
                    return Err(StoreError::Stopped);
                }
                put(tx, id, Some(fence), &Entry::Intended { key: key.clone() }, now).await?;
                if let Some(order) = &order {
                    runs::give(tx, id, &key, fence, order).await?;
                }
                let changes = order.as_ref().is_some_and(|order| order.step.does.changes());
                execute!(tx, BEGAN, id.0, micros(now), i64::from(changes))?;
                changed(tx, id).await
            })
        })
        .await?;
        self.work.came();
        Ok(Intent { key: given })
    }

    /// One that was written down, perhaps by somebody who crashed since.
    pub async fn unsettled(&self, held: &Held, key: &ActKey) -> Result<Option<Intent>, StoreError> {
        const SELECT: &str = "select count(*) from deploy_journal i where i.deploy = $1 and i.key = $2
             and i.entry = 'intended' and not exists (select 1 from deploy_journal s
                 where s.deploy = i.deploy and s.key = i.key and s.entry = 'settled')";
        let (id, word) = (held.deploy.0, key.to_string());
        let (number,): (i64,) =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_one, SELECT, id, word)?) })).await?;
        Ok((number > 0).then(|| Intent { key: key.clone() }))
    }

    /// What became of an act.
    pub async fn settle(
        &self,
        held: &Held,
        intent: Intent,
        outcome: Outcome,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        self.holding(held, now, until, move |tx, (id, fence)| {
            Box::pin(async move {
                put(tx, id, Some(fence), &Entry::Settled { key: intent.key, outcome }, now).await?;
                changed(tx, id).await
            })
        })
        .await
    }

    /// How far it is, for people, and what runs meanwhile, where that is told: written
    /// only where it is another, and then true.
    pub async fn deploy_stands(
        &self,
        held: &Held,
        state: DeployState,
        said: String,
        runs: Option<Running>,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        const UPDATE: &str = "update deploy set state = $2, said = $3 where id = $1 and (state <> $2 or said <> $3)";
        self.holding(held, now, until, move |tx, (id, _)| {
            Box::pin(async move {
                let is_news = execute!(tx, UPDATE, id.0, state.word(), &said)? > 0;
                if is_news {
                    // Once: what a person says after that is not undone.
                    if let Some(runs) = runs {
                        tell(tx, id, &runs, micros(now)).await?;
                    }
                    changed(tx, id).await?;
                }
                Ok(is_news)
            })
        })
        .await
    }

    /// It is over, and its lock is free: together with what runs from now on, where
    /// that is told.
    pub async fn finish_deploy(
        &self,
        held: &Held,
        (state, said): (DeployState, String),
        runs: Option<Running>,
        seen: usize,
        deed: Deed,
    ) -> Result<(), StoreError> {
        const UPDATE: &str = "update deploy set state = $2, said = $3, ended_at = $4 where id = $1";
        const FREE: &str = "update deploy_lock set deploy = null where deploy = $1";
        let now = deed.at;
        self.holding(held, now, now, move |tx, (id, _)| {
            Box::pin(async move {
                let at = micros(now);
                is_as_seen(tx, id, seen).await?;
                execute!(tx, UPDATE, id.0, state.word(), &said, at)?;
                execute!(tx, FREE, id.0)?;
                if let Some(runs) = runs {
                    tell(tx, id, &runs, at).await?;
                }
                note(tx, &deed).await?;
                super::guards::tidy(tx, id).await?;
                changed(tx, id).await
            })
        })
        .await?;
        self.work.came();
        Ok(())
    }

    /// What a person says of an open deploy, of whose journal they have seen so much;
    /// false where it is over, or something else was written since.
    pub async fn say_of_deploy(&self, id: DeployId, entry: Entry, seen: usize, deed: Deed) -> Result<bool, StoreError> {
        const OPEN: &str = "select count(*) from deploy where id = $1 and ended_at is null";
        let kept = self
            .db
            .write(move |tx| {
                Box::pin(async move {
                    in_turn(tx).await?;
                    let (open,): (i64,) = fetch!(tx, fetch_one, OPEN, id.0)?;
                    match is_as_seen(tx, id, seen).await {
                        _ if open == 0 => return Ok(false),
                        Err(StoreError::Done) => return Ok(false),
                        other => other?,
                    }
                    if let Entry::Asked { signal: Signal::Halt | Signal::RollBack | Signal::Abandon, by } = &entry {
                        runs::take_back(tx, id, &format!("{by} wanted nothing more to begin"), deed.at).await?;
                    }
                    put(tx, id, None, &entry, deed.at).await?;
                    if let Entry::Asked { signal: Signal::RollBack | Signal::Abandon, by } = &entry {
                        cancelled(tx, id, &format!("cancelled by {by}"), deed.at).await?;
                    }
                    note(tx, &deed).await?;
                    changed(tx, id).await?;
                    Ok(true)
                })
            })
            .await?;
        self.work.came();
        Ok(kept)
    }

    /// Writes where the lock is still theirs, which is the heartbeat too.
    pub(super) async fn holding<T, F>(
        &self,
        held: &Held,
        now: Timestamp,
        until: Timestamp,
        run: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t, 'c> FnOnce(
                &'t mut Tx<'c>,
                (DeployId, i64),
            ) -> futures_util::future::BoxFuture<'t, Result<T, StoreError>>
            + Send
            + 'static,
    {
        const HOLD: &str = "update deploy_lock set until = $4 where name = $1 and deploy = $2 and fence = $3";
        let Held { deploy, locks } = held;
        let (deploy, locks, clock) = (*deploy, locks.clone(), self.leases);
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    in_turn(tx).await?;
                    let lease = clock.lease(tx, now, until).await?;
                    for (name, fence) in &locks {
                        if execute!(tx, HOLD, name, deploy.0, *fence, lease.until)? == 0 {
                            return Err(StoreError::Fenced);
                        }
                    }
                    let fence = locks.first().map_or(0, |(_, fence)| *fence);
                    run(tx, (deploy, fence)).await
                })
            })
            .await
    }
}

/// Whether the journal has no more than what somebody decided on.
pub(super) async fn is_as_seen(tx: &mut Tx<'_>, id: DeployId, seen: usize) -> Result<(), StoreError> {
    const SELECT: &str = "select count(*) from deploy_journal where deploy = $1";
    let (number,): (i64,) = fetch!(tx, fetch_one, SELECT, id.0)?;
    if usize::try_from(number).unwrap_or(usize::MAX) == seen { Ok(()) } else { Err(StoreError::Done) }
}

/// What runs of a deploy's service, as the deploy knows.
async fn tell(tx: &mut Tx<'_>, id: DeployId, runs: &Running, at: i64) -> Result<(), StoreError> {
    const TOLD: &str = "insert into production_told (service, running, told_by, told_at)
         select service, $2, $3, $4 from deploy where id = $1
         on conflict (service) do update set running = excluded.running, told_by = excluded.told_by,
             told_at = excluded.told_at where production_told.running <> excluded.running";
    execute!(tx, TOLD, id.0, runs.to_string(), format!("deploy {}", id.0), at)?;
    Ok(())
}

/// The next entry of a deploy's journal.
pub(super) async fn put(
    tx: &mut Tx<'_>,
    id: DeployId,
    fence: Option<i64>,
    entry: &Entry,
    now: Timestamp,
) -> Result<(), StoreError> {
    const INSERT: &str = "insert into deploy_journal (deploy, seq, key, entry, body, fence, at)
         select $1, coalesce(max(seq), 0) + 1, $2, $3, $4, $5, $6 from deploy_journal where deploy = $1";
    let (word, key) = match entry {
        Entry::Intended { key } => ("intended", Some(key)),
        Entry::Settled { key, .. } => ("settled", Some(key)),
        Entry::Decided { key, .. } => ("decided", Some(key)),
        Entry::Replied { key, .. } => ("replied", Some(key)),
        Entry::Asked { .. } => ("asked", None),
        Entry::Guarded { .. } => ("guarded", None),
        Entry::Watched => ("watched", None),
    };
    let body = serde_json::to_string(entry).map_err(|error| StoreError::Refused(error.to_string()))?;
    execute!(tx, INSERT, id.0, key.map(ToString::to_string), word, body, fence, micros(now))?;
    Ok(())
}
