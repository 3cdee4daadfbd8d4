//! Sees to deploys: each is somebody's for as long as they write to its journal, and
//! goes on from there with the next one.

mod affinity;
mod along;
mod card;
mod continuous;
mod follow;
mod guards;
mod heed;
mod locks;
mod looking;
mod news;
mod own;
mod ready;
mod stands;
mod stopped;

pub(super) use along::lapse;
pub(super) use card::{DeployWanted, tell_all};
pub(super) use continuous::ask_for_all;
pub(crate) use follow::lags;
pub(super) use follow::{GIT_REF, GITHUB_DEPLOYMENT, make_deployment, move_ref};
pub(crate) use guards::guards_read;
pub(super) use news::NewsWanted;
pub(crate) use news::{LockOff, told_of_follow_up, told_of_glass, told_of_lock, told_of_stop};
pub use stopped::stopped_words;

use super::{JobError, look_soon, told};
use crate::jobs::is_told;
use crate::serving::Serving;
use gonogo_core::deploy::{ActKey, Direction, End, Entry, Next, Outcome, goes_back, has_begun, next, release_of};
use gonogo_core::running::Running;
use gonogo_store::{Deed, DeployRow, DeployRun, DeployState, Held, RunKey, StepOrder, Stop, StoreError};
use guards::Watching;
use jiff::{SignedDuration, Timestamp};
use looking::Looking;
use ready::{Reading, Ready};
use std::sync::Arc;
use std::time::{Duration, Instant};
use stopped::under_way;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

/// How long a deploy is somebody's without a word from them.
const LEASE: SignedDuration = SignedDuration::from_secs(8);
const HEARTBEAT: Duration = Duration::from_secs(2);
/// Pages are told of what a step says no more often.
const SHOWS_EVERY: Duration = Duration::from_secs(1);
/// What was read before an act counts for so long: no runner begins it later.
const ASKED_FOR_WITHIN: SignedDuration = SignedDuration::from_mins(5);
/// What nobody tells of, such as a deploy whose lease ran out, is found so soon.
const AT_LEAST_EVERY: Duration = Duration::from_millis(500);

/// Takes deploys to which nobody sees until told to stop; others go on with them then.
pub(super) async fn see_to_all(serving: Arc<Serving>, mut stop: watch::Receiver<bool>) {
    let mut tasks = JoinSet::new();
    while !*stop.borrow() {
        match take(&serving).await {
            Ok(taken) => {
                for held in taken {
                    tasks.spawn(see_to(Arc::clone(&serving), held, stop.clone()));
                }
            }
            Err(error) => told::store_is_away(&error),
        }
        tokio::select! {
            () = serving.store.deploys_came() => {}
            () = tokio::time::sleep(AT_LEAST_EVERY) => {}
            Some(ended) = tasks.join_next() => if let Err(fault) = ended { tracing::error!(%fault, "seeing to a deploy ended") },
            _ = stop.changed() => {}
        }
    }
    while tasks.join_next().await.is_some() {}
}

async fn take(serving: &Serving) -> Result<Vec<Held>, StoreError> {
    let mut taken = Vec::new();
    for id in serving.store.deploys_unseen((serving.clock)()).await? {
        let now = (serving.clock)();
        taken.extend(serving.store.take_deploy(id, now, until(now)).await?);
    }
    Ok(taken)
}

fn until(now: Timestamp) -> Timestamp {
    now.saturating_add(LEASE).unwrap_or(now)
}

/// One deploy that is ours.
struct Seen {
    serving: Arc<Serving>,
    held: Held,
    row: DeployRow,
    /// What is read again before it begins.
    reading: Reading,
    /// While it stands nothing more begins.
    stop: Option<Stop>,
    /// How much its steps had said when pages were last told of it.
    shown_bytes: u64,
    shown_at: Instant,
    /// Its guards, once it has begun.
    watching: Option<Watching>,
    /// At what a step waits for, while it does.
    looking: Option<Looking>,
    /// When guards looked that were written down last, and when their points were.
    kept: Option<Timestamp>,
    points_at: Option<Instant>,
    /// Something that it waits for came.
    news: Arc<Notify>,
}

enum Step {
    /// Something was written: there may be more to do at once.
    Moved,
    Waits,
    /// Another one goes first: it is taken anew after that.
    GaveWay,
    Over,
}

async fn see_to(serving: Arc<Serving>, held: Held, mut stop: watch::Receiver<bool>) {
    let id = held.deploy();
    let row = match serving.store.deploy(id).await {
        Ok(Some(row)) => row,
        Ok(None) => return,
        Err(error) => return told::store_is_away(&error),
    };
    let news = Arc::new(Notify::new());
    let reading = Reading::from((serving.clock)());
    let mut seen = Seen {
        serving,
        held,
        row,
        reading,
        stop: None,
        shown_bytes: 0,
        shown_at: Instant::now(),
        watching: None,
        looking: None,
        kept: None,
        points_at: None,
        news: Arc::clone(&news),
    };
    loop {
        if *stop.borrow() {
            // Whoever comes next has it at once.
            let now = (seen.serving.clock)();
            return seen.serving.store.hold_deploy(&seen.held, now, now).await.unwrap_or(());
        }
        match seen.step().await {
            // Also where something was written that is to be seen first.
            Ok(Step::Moved) | Err(JobError::Store(StoreError::Done | StoreError::Stopped)) => {}
            Ok(Step::Waits) => {
                tokio::select! {
                    () = seen.serving.store.deploys_came() => {}
                    () = news.notified() => {}
                    () = tokio::time::sleep(HEARTBEAT) => {}
                    _ = stop.changed() => {}
                }
            }
            Ok(Step::GaveWay) => return,
            Ok(Step::Over) => return seen.finished().await,
            Err(JobError::Store(StoreError::Fenced)) => {
                tracing::warn!(deploy = id.0, "somebody else sees to the deploy now");
                return;
            }
            Err(error) => {
                tracing::error!(deploy = id.0, %error, "a deploy does not go on: it is tried again");
                // The lease runs out, and it is taken anew.
                return tokio::time::sleep(HEARTBEAT).await;
            }
        }
    }
}

impl Seen {
    async fn step(&mut self) -> Result<Step, JobError> {
        let store = &self.serving.store;
        let id = self.row.id;
        let written = store.deploy_journal(id).await?;
        let journal: Vec<Entry> = written.iter().map(|(entry, _)| entry.clone()).collect();
        let next = next(&self.row.plan, &journal);
        let has_begun = has_begun(&self.row.plan, &journal);
        self.stop = store.stop().await?;
        if has_begun {
            self.keeps_watch(&next, &written).await?;
        }
        if let (Next::Act(_), Some(stop)) = (&next, self.stop.clone()) {
            if let Some(word) = self.spoken(&journal, &written).filter(|_| has_begun) {
                return self.write(word, written.len()).await;
            }
            let times: Vec<Timestamp> = written.iter().map(|(_, at)| *at).collect();
            return self.stopped(&stop, &journal, &times, has_begun).await;
        }
        if has_begun && let Some(step) = self.heed(&next, &journal, &written).await? {
            return Ok(step);
        }
        if let (Next::Act(_), false) = (&next, has_begun) {
            if let Some(said) = follow::is_awaited(&self.serving, &self.row).await? {
                // What was read of it before does not count.
                self.reading = Reading::from((self.serving.clock)());
                return self.stands(DeployState::Queued, said, None).await;
            }
            match self.reading.ready(&self.serving, &self.row, &self.news).await? {
                Ready::Yes => {}
                Ready::Along(runs) => return self.moves_along(runs, journal.len()).await,
                Ready::NotYet(_) if self.gives_way(journal.len()).await? => return Ok(Step::GaveWay),
                Ready::NotYet(said) => return self.stands(DeployState::Queued, said, None).await,
                Ready::Refused(why) => return self.finish(DeployState::Refused, why, None, journal.len()).await,
            }
        }
        match next {
            Next::Act(act) => self.begin(act.key(), &written).await,
            Next::Follow(keys) => {
                let times: Vec<Timestamp> = written.iter().map(|(_, at)| *at).collect();
                self.follow(&keys, &journal, &times).await
            }
            Next::Hold(_) if !has_begun && self.gives_way(journal.len()).await? => Ok(Step::GaveWay),
            Next::Hold(hold) => {
                if !has_begun {
                    // What was read before it was halted is read anew once it goes on.
                    self.reading = Reading::from((self.serving.clock)());
                }
                let (state, said) = stands::of_hold(&self.row.plan, &journal, &hold);
                let both = if has_begun { self.both() } else { None };
                self.stands(state, said, both).await
            }
            // Without guards there is nothing to wait for, and with some they were heeded.
            Next::Watch => Ok(Step::Waits),
            Next::Finish(end) => {
                let way = if end == End::RolledBack { Direction::Back } else { Direction::Forward };
                let without = stands::without(&self.row.plan, &journal, way);
                let (state, runs) = match end {
                    // What runs on a host that was left as it is nobody knows.
                    End::Deployed if !without.is_empty() => (DeployState::Deployed, self.both()),
                    End::Deployed => (DeployState::Deployed, Some(Running::from(self.row.head))),
                    End::RolledBack if !without.is_empty() => (DeployState::RolledBack, self.both()),
                    End::RolledBack => (DeployState::RolledBack, Some(self.row.production.clone())),
                    End::Abandoned => (DeployState::Abandoned, self.both()),
                    // A start that came to nothing may have been told.
                    End::Cancelled => (DeployState::Cancelled, has_begun.then(|| self.row.production.clone())),
                };
                self.finish(state, stands::of_end(&self.row.plan, &journal, end, &without), runs, journal.len()).await
            }
        }
    }

    /// Whether one that goes first has its turn now.
    async fn gives_way(&self, seen: usize) -> Result<bool, StoreError> {
        self.serving.store.give_way(&self.held, seen, (self.serving.clock)(), until((self.serving.clock)())).await
    }

    /// What runs of it is followed to its end; it goes on once the stop is lifted.
    async fn stopped(
        &mut self,
        stop: &Stop,
        journal: &[Entry],
        times: &[Timestamp],
        has_begun: bool,
    ) -> Result<Step, JobError> {
        let under_way = under_way(journal);
        if !under_way.is_empty() {
            return self.follow(&under_way, journal, times).await;
        }
        let mut said = stopped_words(stop);
        if goes_back(&self.row.plan, journal) {
            said += "; it goes back once that is lifted";
            said += &stands::worse(journal).map(|worse| format!(": {worse}")).unwrap_or_default();
        }
        if has_begun {
            return self.stands(DeployState::Halted, said, self.both()).await;
        }
        self.reading = Reading::from((self.serving.clock)());
        self.stands(DeployState::Queued, said, None).await
    }

    /// What runs while it is neither the one nor the other.
    fn both(&self) -> Option<Running> {
        Running::of(self.row.production.shas().iter().copied().chain([self.row.head]))
    }

    async fn begin(&mut self, key: ActKey, written: &[(Entry, Timestamp)]) -> Result<Step, JobError> {
        let Some(mut step) = self.row.plan.ordered(&key) else {
            return Err(JobError::Broken(format!("the plan has no {key}")));
        };
        let now = (self.serving.clock)();
        step.env.insert("GONOGO_RELEASE".to_owned(), release_of(written, key.act().direction, now));
        let order = (!step.does.is_own()).then(|| StepOrder { runner: self.row.plan.runner.clone(), step });
        // Settled by what its runner says, which whoever has the deploy by then finds.
        let _begun = self.serving.store.intend(&self.held, key, order, written.len(), now, until(now)).await?;
        Ok(Step::Moved)
    }

    /// What the runner says of acts. One that somebody else began before a crash is
    /// found there too: its runner has it, or has not taken it yet.
    async fn follow(&mut self, keys: &[ActKey], journal: &[Entry], times: &[Timestamp]) -> Result<Step, JobError> {
        if let Some(own) = keys.iter().find(|key| self.row.plan.is_own(key)) {
            return self.waits_with(own, journal, times).await;
        }
        let given_at = |of: &ActKey| {
            let is_it = |entry: &Entry| matches!(entry, Entry::Intended { key } if key == of);
            journal.iter().position(is_it).map(|at| times[at])
        };
        let store = &self.serving.store;
        let runs = store.deploy_runs(self.row.id).await?;
        let mut open = Vec::new();
        for key in keys {
            let of = RunKey { deploy: self.row.id, key: key.clone() };
            let Some(run) = runs.iter().find(|run| run.of == of) else {
                return Err(JobError::Broken(format!("nobody was given {key}")));
            };
            let Some(outcome) = run.outcome.clone() else {
                open.push(run);
                continue;
            };
            let Some(intent) = store.unsettled(&self.held, key).await? else { return Ok(Step::Moved) };
            tracing::info!(deploy = self.row.id.0, %key, done = matches!(outcome, Outcome::Done), "a step of a deploy is over");
            let now = (self.serving.clock)();
            if matches!(outcome, Outcome::NotStarted { .. }) || !self.row.plan.changes_by(key) {
                // Where nothing else has begun it is read anew before anything does.
                self.reading = Reading::from(now);
            }
            store.settle(&self.held, intent, outcome, now, until(now)).await?;
            // What follows it on its host does not wait for the others.
            return Ok(Step::Moved);
        }
        if self.ends_waiting(&open, journal).await? {
            return Ok(Step::Moved);
        }
        let now = (self.serving.clock)();
        let waits_in_vain = |run: &&&DeployRun| {
            !run.is_held && given_at(&run.of.key).is_some_and(|at| now.duration_since(at) > ASKED_FOR_WITHIN)
        };
        if let Some(waits) = open.iter().find(waits_in_vain) {
            let why =
                format!("its runner {} did not ask for work for {} min", waits.runner, ASKED_FOR_WITHIN.as_mins());
            store.take_back_runs(self.row.id, &why, now).await?;
            return Ok(Step::Moved);
        }
        let said_bytes = runs.iter().map(|run| run.said_bytes).sum();
        if said_bytes != self.shown_bytes && self.shown_at.elapsed() >= SHOWS_EVERY {
            store.show_deploy(&self.held, now, until(now)).await?;
            (self.shown_bytes, self.shown_at) = (said_bytes, Instant::now());
        }
        let said = stands::of_runs(&self.row.plan, journal, &open, now);
        let stopped = self.stop.as_ref().map(|stop| format!("; then nothing more: {}", stopped_words(stop)));
        let said = said + &stopped.unwrap_or_default();
        self.stands(DeployState::Running, said, None).await
    }

    async fn stands(&self, state: DeployState, said: String, runs: Option<Running>) -> Result<Step, JobError> {
        let runs = if runs.is_some() && self.tells().await? { runs } else { None };
        let now = (self.serving.clock)();
        let tells = runs.is_some();
        let is_news = self.serving.store.deploy_stands(&self.held, state, said, runs, now, until(now)).await?;
        if is_news && tells {
            self.looks_again().await?;
        }
        Ok(Step::Waits)
    }

    async fn finish(
        &mut self,
        state: DeployState,
        said: String,
        runs: Option<Running>,
        seen: usize,
    ) -> Result<Step, JobError> {
        let runs = if runs.is_some() && self.tells().await? { runs } else { None };
        let detail =
            format!("deploy {}: {}{}{said}", self.row.id.0, state.word(), if said.is_empty() { "" } else { ", " });
        let deed = Deed {
            at: (self.serving.clock)(),
            actor: "gonogo".to_owned(),
            action: "ended a deploy",
            subject: self.row.service.clone(),
            detail,
            once: None,
        };
        self.serving.store.finish_deploy(&self.held, (state, said), runs, seen, deed).await?;
        tracing::info!(deploy = self.row.id.0, service = self.row.service, state = state.word(), "a deploy is over");
        Ok(Step::Over)
    }

    /// Whether what runs is what is told; else a branch, a tag or an address says so.
    async fn tells(&self) -> Result<bool, JobError> {
        match self.serving.service(&self.row.service) {
            Some(service) => is_told(&self.serving, service).await,
            None => Ok(false),
        }
    }

    async fn looks_again(&self) -> Result<(), StoreError> {
        match self.serving.service(&self.row.service) {
            Some(service) => look_soon(&self.serving, &service.repository).await,
            None => Ok(()),
        }
    }

    async fn finished(&self) {
        if let Err(error) = self.looks_again().await {
            told::store_is_away(&error);
        }
    }
}
