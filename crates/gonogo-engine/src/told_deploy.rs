//! A deploy as it is told to people and programs: its acts, in the order in which
//! they began, and what may be said of it.

use crate::commands::deploys::{MaySay, may_say_of};
use crate::jobs::lags;
use crate::serving::Serving;
use crate::told_guards::{ToldGuard, told_guards};
use crate::told_queue::{ToldPlace, told_place};
use gonogo_core::deploy::{ActKey, Direction, Does, Entry, HostStands, Outcome, Phase, Plan, Step, hosts_of};
use gonogo_store::{DeployId, DeployRow, DeployRun, DeployState, StoreError};
use jiff::{SignedDuration, Timestamp};

#[derive(Clone, Debug)]
pub struct ToldDeploy {
    pub row: DeployRow,
    pub acts: Vec<ToldAct>,
    /// Steps on hosts, in the plan's order: those forward, and once there is one back.
    pub rollouts: Vec<ToldRollout>,
    /// What guards saw of it, in the plan's order.
    pub guards: Vec<ToldGuard>,
    pub may: MaySay,
    /// Where it stands, while it waits for its turn.
    pub place: Option<ToldPlace>,
    /// What at the code host does not follow it yet, and why.
    pub lags: Vec<String>,
    /// What people asked and decided, in the order in which they did.
    pub words: Vec<(String, Timestamp)>,
}

/// A step on hosts.
#[derive(Clone, Debug)]
pub struct ToldRollout {
    pub direction: Direction,
    /// Among the plan's steps of that direction, from 0.
    pub step: usize,
    pub name: String,
    pub group: String,
    pub batches: usize,
    /// In the order of their turns.
    pub hosts: Vec<ToldHost>,
}

/// How one host stands in one step.
#[derive(Clone, Debug)]
pub struct ToldHost {
    pub name: String,
    pub zone: Option<String>,
    /// From 1.
    pub batch: usize,
    pub stands: HostStands,
    /// The newest act on it; `None` where nothing was begun.
    pub act: Option<ActKey>,
}

/// One attempt of one step, or of one phase of it on one host.
#[derive(Clone, Debug)]
pub struct ToldAct {
    pub key: ActKey,
    pub name: String,
    pub on: Option<(String, Phase)>,
    pub does: Does,
    /// What it does, in one line.
    pub shown: String,
    /// When one ends at the latest with which gonogo waits itself.
    pub until: Option<Timestamp>,
    pub began_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// `None` while it runs.
    pub outcome: Option<Outcome>,
    /// What somebody said to it with which gonogo waits.
    pub replied: Option<String>,
    pub run: Option<DeployRun>,
}

impl ToldAct {
    /// What it came to, in words; `None` while it runs.
    pub fn came_to(&self) -> Option<String> {
        self.outcome.as_ref().map(|outcome| match outcome {
            Outcome::Done if self.does.question().is_some() => {
                self.replied.clone().unwrap_or_else(|| outcome_words(&Outcome::Done))
            }
            // It was begun, and changed nothing.
            Outcome::NotStarted { why } if self.does.is_own() => format!("ended early: {why}"),
            outcome => outcome_words(outcome),
        })
    }
}

pub async fn told_deploy(serving: &Serving, id: DeployId) -> Result<Option<ToldDeploy>, StoreError> {
    let Some(row) = serving.store.deploy(id).await? else { return Ok(None) };
    let journal = serving.store.deploy_journal(id).await?;
    let mut runs = serving.store.deploy_runs(id).await?;
    let entries: Vec<Entry> = journal.iter().map(|(entry, _)| entry.clone()).collect();
    let may = may_say_of(&row, &entries);
    let (mut acts, mut words): (Vec<ToldAct>, Vec<(String, Timestamp)>) = (Vec::new(), Vec::new());
    for (entry, at) in journal {
        match entry {
            Entry::Intended { key } => {
                let step = row.plan.ordered(&key);
                let run = runs.iter().position(|run| run.of.key == key).map(|at| runs.remove(at));
                acts.push(ToldAct {
                    on: step.as_ref().and_then(|step| step.on.as_ref()).map(|on| (on.host.name.clone(), on.phase)),
                    name: step.as_ref().map_or_else(String::new, |step| step.name.clone()),
                    shown: step.as_ref().map(Step::shown).unwrap_or_default(),
                    until: step.as_ref().and_then(|step| ends_by(step, at)),
                    does: step.map(|step| step.does).unwrap_or_default(),
                    began_at: at,
                    ended_at: None,
                    outcome: None,
                    replied: None,
                    run,
                    key,
                });
            }
            Entry::Settled { key, outcome } => {
                if let Some(act) = acts.iter_mut().find(|act| act.key == key) {
                    (act.outcome, act.ended_at) = (Some(outcome), Some(at));
                }
            }
            Entry::Replied { key, by, reply } => {
                let name = row.plan.step_of(&key).map_or("a step", |step| &step.name);
                if let Some(act) = acts.iter_mut().find(|act| act.key == key) {
                    act.replied = Some(format!("{by} {}", reply.words()));
                }
                words.push((format!("{by}: {key} ({name}), {}", reply.words()), at));
            }
            Entry::Decided { key, by, choice } => words.push((format!("{by}: {key} {}", choice.words()), at)),
            Entry::Guarded { said, .. } => words.push((said, at)),
            Entry::Watched => words.push(("guards watched it to the end".to_owned(), at)),
            Entry::Asked { signal, by } => words.push((format!("{by} {}", signal.words()), at)),
        }
    }
    let rollouts = rollouts(&row.plan, &entries, &acts);
    let guards = told_guards(&row.plan, serving.store.guards_of(id).await?);
    let (place, lags) = (told_place(serving, &row).await?, lags(serving, &row).await?);
    Ok(Some(ToldDeploy { row, acts, rollouts, guards, may, place, lags, words }))
}

fn ends_by(step: &Step, began: Timestamp) -> Option<Timestamp> {
    step.does.is_own().then(|| began + SignedDuration::from_secs(step.limit_seconds.into()))
}

fn rollouts(plan: &Plan, journal: &[Entry], acts: &[ToldAct]) -> Vec<ToldRollout> {
    let goes_back = acts.iter().any(|act| act.key.act().direction == Direction::Back);
    let back = goes_back.then_some(Direction::Back);
    let mut told = Vec::new();
    for direction in [Some(Direction::Forward), back].into_iter().flatten() {
        for (step, one) in plan.steps(direction).iter().enumerate() {
            let Some(rollout) = &one.rollout else { continue };
            let stands = hosts_of(plan, journal, direction, step);
            let mut hosts = Vec::new();
            for (batch, places) in rollout.batches.iter().enumerate() {
                for &at in places {
                    let is_of_it = |act: &&ToldAct| {
                        let of = act.key.act();
                        (of.direction, of.step) == (direction, step) && of.on.is_some_and(|on| on.host == at)
                    };
                    hosts.push(ToldHost {
                        name: rollout.hosts[at].name.clone(),
                        zone: rollout.hosts[at].zone.clone(),
                        batch: batch + 1,
                        stands: stands[at].clone(),
                        act: acts.iter().rev().find(is_of_it).map(|act| act.key.clone()),
                    });
                }
            }
            let (name, group) = (one.name.clone(), rollout.group.clone());
            told.push(ToldRollout { direction, step, name, group, batches: rollout.batches.len(), hosts });
        }
    }
    told
}

/// How a host stands, in words.
pub fn host_words(stands: &HostStands) -> String {
    match stands {
        HostStands::Waits => "waits for its turn".to_owned(),
        HostStands::Runs(key) => match key.act().on.map(|on| on.phase) {
            Some(Phase::Drain) => "is being drained".to_owned(),
            Some(Phase::Health) => "is asked whether it is well".to_owned(),
            Some(Phase::Undrain) => "is brought back into service".to_owned(),
            Some(Phase::Run) | None => "runs".to_owned(),
        },
        HostStands::Between(phase) => format!("waits for {phase}"),
        HostStands::Done => "done".to_owned(),
        HostStands::Failed(key) => format!("failed{}", in_phase(key)),
        HostStands::CannotTell(key, _) => format!("cannot be told{}", in_phase(key)),
        HostStands::LeftOut(key) => format!("left as it is{}", in_phase(key)),
        HostStands::Untouched => "nothing to be undone".to_owned(),
    }
}

fn in_phase(key: &ActKey) -> String {
    match key.act().on.map(|on| on.phase) {
        Some(Phase::Run) | None => String::new(),
        Some(phase) => format!(" in {phase}"),
    }
}

/// How far a deploy is, for people: a mark, and words.
pub fn state_words(state: DeployState) -> (&'static str, &'static str) {
    match state {
        DeployState::Requested => ("…", "Waits for approval"),
        DeployState::Queued => ("…", "Queued"),
        DeployState::Running => ("▶", "Running"),
        DeployState::Asking => ("…", "Waits for a yes"),
        DeployState::Halted => ("‖", "Halted"),
        DeployState::NeedsPerson => ("?", "Needs a person"),
        DeployState::Deployed => ("✓", "Deployed"),
        DeployState::RolledBack => ("↩", "Rolled back"),
        DeployState::Abandoned => ("✗", "Ended as it was"),
        DeployState::Cancelled => ("–", "Cancelled"),
        DeployState::Refused => ("✗", "Refused"),
    }
}

/// What an act came to, in words.
pub fn outcome_words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done => "done".to_owned(),
        Outcome::Failed { failure } => failure.to_string(),
        Outcome::NotStarted { why } => format!("was not begun: {why}"),
        Outcome::CannotTell { why } => format!("whether it was done cannot be told: {}", why.said),
    }
}
