//! What runners do: the acts that were given to them, what those say, and what they
//! come to. A runner is known by its name; what it was given stays its own.

use super::{DeployId, changed};
use crate::audit::{Deed, note};
use crate::db::{Tx, execute, fetch};
use crate::views::changes::in_turn;
use crate::{Store, StoreError, micros, time};
use futures_util::future::BoxFuture;
use gonogo_core::deploy::{ActKey, Failure, Outcome, Step};
use gonogo_core::fact::Why;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a runner is to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepOrder {
    pub runner: String,
    pub step: Step,
}

/// One act of one deploy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunKey {
    pub deploy: DeployId,
    pub key: ActKey,
}

/// An act that a runner was given.
#[derive(Clone, Debug, PartialEq)]
pub struct DeployRun {
    pub of: RunKey,
    pub fence: i64,
    pub runner: String,
    pub step: Step,
    /// Whether the runner knows of it.
    pub is_held: bool,
    /// Who wants it ended.
    pub end_wanted_by: Option<String>,
    pub heard_at: Option<Timestamp>,
    pub outcome: Option<Outcome>,
    pub ended_at: Option<Timestamp>,
    pub said_bytes: u64,
}

/// What a runner has to know.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Runs {
    /// What is its own, and it did not say that it knows of.
    pub new: Vec<DeployRun>,
    /// Of what it knows of, what is to be ended.
    pub to_end: Vec<(RunKey, String)>,
    /// Of what it said that it knows of, what is over, or not its own.
    pub gone: Vec<RunKey>,
}

/// A part of what an act said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub at_byte: u64,
    pub at: Timestamp,
    pub bytes: Vec<u8>,
}

type Row = (i64, String, i64, String, String, String, Option<String>, Option<i64>, Option<String>, Option<i64>, i64);

macro_rules! select_runs {
    ($rest:literal) => {
        concat!(
            "select deploy, key, fence, runner, step, state, end_wanted_by, heard_at, outcome, ended_at, said_bytes
             from deploy_run ",
            $rest
        )
    };
}

pub(super) async fn give(
    tx: &mut Tx<'_>,
    id: DeployId,
    key: &ActKey,
    fence: i64,
    order: &StepOrder,
) -> Result<(), StoreError> {
    // Where its runner did what came before: another folder has none of that.
    const INSERT: &str = "insert into deploy_run (deploy, key, fence, runner, step, state, instance)
         values ($1, $2, $3, $4, $5, 'waiting', (select max(instance) from deploy_run where deploy = $1 and runner = $4))";
    let step = serde_json::to_string(&order.step).map_err(|error| StoreError::Refused(error.to_string()))?;
    execute!(tx, INSERT, id.0, key.to_string(), fence, &order.runner, step)?;
    Ok(())
}

/// What no runner has been told of yet does not begin any more.
pub(super) async fn take_back(tx: &mut Tx<'_>, id: DeployId, why: &str, now: Timestamp) -> Result<(), StoreError> {
    const UPDATE: &str = "update deploy_run set state = 'ended', outcome = $2, ended_at = $3
         where deploy = $1 and state = 'waiting'";
    execute!(tx, UPDATE, id.0, written(&Outcome::NotStarted { why: why.to_owned() })?, micros(now))?;
    Ok(())
}

fn written(outcome: &Outcome) -> Result<String, StoreError> {
    serde_json::to_string(outcome).map_err(|error| StoreError::Refused(error.to_string()))
}

impl Store {
    /// Ends when there may be something new of deploys.
    pub async fn deploys_came(&self) {
        self.work.deploys.notified().await;
    }

    /// A runner asks for work, and says what it knows of. What was given to another
    /// instance of its name, with another folder, stays that one's.
    pub async fn runs_for(
        &self,
        runner: &str,
        instance: &str,
        knows: Vec<RunKey>,
        now: Timestamp,
    ) -> Result<Runs, StoreError> {
        const OPEN: &str = select_runs!("where runner = $1 and state <> 'ended' order by deploy, key limit 2000");
        const HEARD: &str = "update deploy_run set state = 'held', heard_at = $3, instance = $4
             where deploy = $1 and key = $2 and state <> 'ended' and (instance is null or instance = $4)";
        let (runner, instance) = (runner.to_owned(), instance.to_owned());
        // Asked for each second and mostly for nothing: what is read needs no turn.
        let open: Vec<Row> = {
            let runner = runner.clone();
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, OPEN, runner)?) })).await?
        };
        let mut open: Vec<DeployRun> = open.into_iter().map(read).collect::<Result<_, _>>()?;
        if !open.is_empty() {
            let heard: Vec<(i64, String)> = open.iter().map(|run| (run.of.deploy.0, run.of.key.to_string())).collect();
            // What ended since it was read is not given out again.
            let open_still = self
                .db
                .write(move |tx| {
                    Box::pin(async move {
                        let mut open_still = Vec::new();
                        for (deploy, key) in heard {
                            if execute!(tx, HEARD, deploy, &key, micros(now), &instance)? > 0 {
                                open_still.push((deploy, key));
                            }
                        }
                        Ok(open_still)
                    })
                })
                .await?;
            open.retain(|run| open_still.contains(&(run.of.deploy.0, run.of.key.to_string())));
        }
        let gone = knows.iter().filter(|one| open.iter().all(|run| run.of != **one)).cloned().collect();
        let mut runs = Runs { gone, ..Runs::default() };
        for run in open {
            if let Some(by) = run.end_wanted_by.clone().filter(|_| knows.contains(&run.of)) {
                runs.to_end.push((run.of.clone(), by));
            }
            if !knows.contains(&run.of) {
                runs.new.push(run);
            }
        }
        Ok(runs)
    }

    /// Keeps what an act said from this byte on: how many bytes there are then. What
    /// is there already is passed over; what would leave a gap is not kept.
    pub async fn run_said(
        &self,
        of: RunKey,
        runner: &str,
        at_byte: u64,
        bytes: Vec<u8>,
        now: Timestamp,
    ) -> Result<Option<u64>, StoreError> {
        const SELECT: &str = "select said_bytes from deploy_run
             where deploy = $1 and key = $2 and runner = $3 and state <> 'ended'";
        const INSERT: &str = "insert into deploy_said (deploy, key, at_byte, at, bytes) values ($1, $2, $3, $4, $5)";
        const UPDATE: &str = "update deploy_run set said_bytes = $4, heard_at = $5
             where deploy = $1 and key = $2 and said_bytes = $3";
        let (runner, key) = (runner.to_owned(), of.key.to_string());
        let said = self
            .db
            .write(move |tx| {
                Box::pin(async move {
                    let known: Option<(i64,)> = fetch!(tx, fetch_optional, SELECT, of.deploy.0, &key, &runner)?;
                    let Some((known,)) = known else { return Ok(None) };
                    let known_bytes = u64::try_from(known).unwrap_or(0);
                    let skip = usize::try_from(known_bytes.saturating_sub(at_byte)).unwrap_or(usize::MAX);
                    if at_byte > known_bytes || skip >= bytes.len() {
                        return Ok(Some(known_bytes));
                    }
                    let new = bytes[skip..].to_vec();
                    let end = known + i64::try_from(new.len()).unwrap_or(0);
                    // Two of one runner at once: the second one finds another end.
                    if execute!(tx, UPDATE, of.deploy.0, &key, known, end, micros(now))? == 0 {
                        return Ok(Some(known_bytes));
                    }
                    execute!(tx, INSERT, of.deploy.0, &key, known, micros(now), new)?;
                    Ok(Some(u64::try_from(end).unwrap_or(0)))
                })
            })
            .await?;
        self.work.deploys.notify_waiters();
        Ok(said)
    }

    /// What an act came to; told again it is the same. False where it is not theirs.
    pub async fn run_ended(
        &self,
        of: RunKey,
        runner: &str,
        outcome: Outcome,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        const UPDATE: &str = "update deploy_run set state = 'ended', outcome = $4, ended_at = $5
             where deploy = $1 and key = $2 and runner = $3 and state <> 'ended'";
        const THEIRS: &str = "select count(*) from deploy_run where deploy = $1 and key = $2 and runner = $3";
        let (runner, key) = (runner.to_owned(), of.key.to_string());
        let outcome = written(&outcome)?;
        let is_theirs = self
            .db
            .write(move |tx| {
                Box::pin(async move {
                    in_turn(tx).await?;
                    if execute!(tx, UPDATE, of.deploy.0, &key, &runner, &outcome, micros(now))? > 0 {
                        changed(tx, of.deploy).await?;
                        return Ok(true);
                    }
                    let (number,): (i64,) = fetch!(tx, fetch_one, THEIRS, of.deploy.0, &key, &runner)?;
                    Ok(number > 0)
                })
            })
            .await?;
        self.work.came();
        Ok(is_theirs)
    }

    /// Somebody says that a runner does not come back, which was not heard of since then:
    /// whether the act was done is for a person to tell. False where it was.
    pub async fn give_up_run(&self, of: RunKey, by: &str, since: Timestamp, deed: Deed) -> Result<bool, StoreError> {
        const WAITING: &str = "update deploy_run set state = 'ended', outcome = $3, ended_at = $4
             where deploy = $1 and key = $2 and state = 'waiting'";
        const HELD: &str = "update deploy_run set state = 'ended', outcome = $4, ended_at = $5
             where deploy = $1 and key = $2 and state = 'held' and (heard_at is null or heard_at <= $3)";
        // What comes next is for whichever runner of that name asks.
        const ANY: &str = "update deploy_run set instance = null where deploy = $1 and state = 'ended'";
        let said = format!("{by} gave its runner up, which was not heard of any more");
        let not_started = written(&Outcome::NotStarted { why: said.clone() })?;
        let why = Why::new(said, "look on its host whether it was done");
        let cannot_tell = written(&Outcome::CannotTell { why })?;
        self.of_run(of.clone(), deed, move |tx, at| {
            Box::pin(async move {
                let (deploy, key) = (of.deploy.0, of.key.to_string());
                let waited = execute!(tx, WAITING, deploy, &key, not_started, at)?;
                let given_up = waited + execute!(tx, HELD, deploy, &key, micros(since), cannot_tell, at)?;
                if given_up > 0 {
                    execute!(tx, ANY, deploy)?;
                }
                Ok(given_up)
            })
        })
        .await
    }

    /// Somebody wants what runs to be ended; false where it is over.
    pub async fn end_run(&self, of: RunKey, by: &str, deed: Deed) -> Result<bool, StoreError> {
        // Nothing of it has begun: no runner has been told of it.
        const WAITING: &str = "update deploy_run set state = 'ended', end_wanted_by = $3, outcome = $4, ended_at = $5
             where deploy = $1 and key = $2 and state = 'waiting'";
        const HELD: &str = "update deploy_run set end_wanted_by = coalesce(end_wanted_by, $3)
             where deploy = $1 and key = $2 and state = 'held'";
        let by = by.to_owned();
        let ended = written(&Outcome::Failed { failure: Failure::Ended { by: by.clone() } })?;
        self.of_run(of.clone(), deed, move |tx, at| {
            Box::pin(async move {
                let (deploy, key) = (of.deploy.0, of.key.to_string());
                let waited = execute!(tx, WAITING, deploy, &key, &by, ended, at)?;
                Ok(waited + execute!(tx, HELD, deploy, &key, &by)?)
            })
        })
        .await
    }

    /// What no runner has asked for does not begin any more.
    pub async fn take_back_runs(&self, id: DeployId, why: &str, now: Timestamp) -> Result<(), StoreError> {
        let why = why.to_owned();
        let taken = self
            .db
            .write(move |tx| {
                Box::pin(async move {
                    in_turn(tx).await?;
                    take_back(tx, id, &why, now).await?;
                    changed(tx, id).await
                })
            })
            .await;
        self.work.came();
        taken
    }

    /// Changes an act with its audit entry; false where nothing was changed.
    async fn of_run<F>(&self, of: RunKey, deed: Deed, run: F) -> Result<bool, StoreError>
    where
        F: for<'t, 'c> FnOnce(&'t mut Tx<'c>, i64) -> BoxFuture<'t, Result<u64, StoreError>> + Send + 'static,
    {
        let has_changed = self
            .db
            .write(move |tx| {
                Box::pin(async move {
                    in_turn(tx).await?;
                    if run(tx, micros(deed.at)).await? == 0 {
                        return Ok(false);
                    }
                    note(tx, &deed).await?;
                    changed(tx, of.deploy).await?;
                    Ok(true)
                })
            })
            .await?;
        self.work.came();
        Ok(has_changed)
    }

    /// Whether a runner of that name was given what is not over.
    pub async fn has_open_runs(&self, runner: &str) -> Result<bool, StoreError> {
        const SELECT: &str = "select count(*) from deploy_run where runner = $1 and state <> 'ended'";
        let runner = runner.to_owned();
        let (number,): (i64,) =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_one, SELECT, runner)?) })).await?;
        Ok(number > 0)
    }

    /// All acts of a deploy that were given to runners.
    pub async fn deploy_runs(&self, id: DeployId) -> Result<Vec<DeployRun>, StoreError> {
        const SELECT: &str = select_runs!("where deploy = $1 order by key");
        let rows: Vec<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, id.0)?) })).await?;
        rows.into_iter().map(read).collect()
    }

    /// What an act said, from this byte on, up to so many parts.
    pub async fn said_of_run(&self, of: &RunKey, from_byte: u64, most: u32) -> Result<Vec<Said>, StoreError> {
        const SELECT: &str = "select at_byte, at, bytes from deploy_said
             where deploy = $1 and key = $2 and at_byte >= coalesce((select max(at_byte) from deploy_said
                 where deploy = $1 and key = $2 and at_byte <= $3), 0)
             and at_byte + length(bytes) > $3 order by at_byte limit $4";
        let (deploy, key) = (of.deploy.0, of.key.to_string());
        let from = i64::try_from(from_byte).unwrap_or(i64::MAX);
        let rows: Vec<(i64, i64, Vec<u8>)> = self
            .db
            .read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, deploy, key, from, i64::from(most))?) }))
            .await?;
        let read = |(at_byte, at, bytes): (i64, i64, Vec<u8>)| {
            let at_byte = u64::try_from(at_byte).unwrap_or(0);
            let skip = usize::try_from(from_byte.saturating_sub(at_byte)).unwrap_or(0).min(bytes.len());
            Said { at_byte: at_byte + skip as u64, at: time(at), bytes: bytes[skip..].to_vec() }
        };
        Ok(rows.into_iter().map(read).collect())
    }
}

fn read(row: Row) -> Result<DeployRun, StoreError> {
    let (deploy, key, fence, runner, step, state, end_wanted_by, heard_at, outcome, ended_at, said) = row;
    let unreadable = |what: &str| StoreError::Unreadable(format!("{what} of {key} of deploy {deploy}"));
    let outcome = outcome.map(|outcome| serde_json::from_str(&outcome)).transpose();
    Ok(DeployRun {
        of: RunKey { deploy: DeployId(deploy), key: key.parse().map_err(|_| unreadable("the name"))? },
        fence,
        runner,
        step: serde_json::from_str(&step).map_err(|_| unreadable("the step"))?,
        is_held: state != "waiting",
        end_wanted_by,
        heard_at: heard_at.map(time),
        outcome: outcome.map_err(|_| unreadable("the outcome"))?,
        ended_at: ended_at.map(time),
        said_bytes: u64::try_from(said).unwrap_or(0),
    })
}
