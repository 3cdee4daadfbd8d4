//! A deploy as it is told to people and programs: its acts, in the order in which
//! they began, and what may be said of it.

use crate::commands::deploys::{MaySay, may_say_of};
use crate::serving::Serving;
use gonogo_core::deploy::{ActKey, Direction, Entry, Outcome};
use gonogo_store::{DeployId, DeployRow, DeployRun, StoreError};
use jiff::Timestamp;

#[derive(Clone, Debug)]
pub struct ToldDeploy {
    pub row: DeployRow,
    pub acts: Vec<ToldAct>,
    pub may: MaySay,
    /// What people asked and decided, in the order in which they did.
    pub words: Vec<(String, Timestamp)>,
}

/// One attempt of one step.
#[derive(Clone, Debug)]
pub struct ToldAct {
    pub key: ActKey,
    pub name: String,
    /// The program and its arguments.
    pub argv: Vec<String>,
    pub began_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// `None` while it runs.
    pub outcome: Option<Outcome>,
    pub run: Option<DeployRun>,
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
                let steps = if key.act().direction == Direction::Forward { &row.plan.forward } else { &row.plan.back };
                let step = steps.get(key.act().step);
                let run = runs.iter().position(|run| run.of.key == key).map(|at| runs.remove(at));
                acts.push(ToldAct {
                    name: step.map_or_else(String::new, |step| step.name.clone()),
                    argv: step.map_or_else(Vec::new, |step| step.argv.clone()),
                    began_at: at,
                    ended_at: None,
                    outcome: None,
                    run,
                    key,
                });
            }
            Entry::Settled { key, outcome } => {
                if let Some(act) = acts.iter_mut().find(|act| act.key == key) {
                    (act.outcome, act.ended_at) = (Some(outcome), Some(at));
                }
            }
            Entry::Decided { key, by, choice } => words.push((format!("{by}: {key} {}", choice.words()), at)),
            Entry::Asked { signal, by } => words.push((format!("{by} {}", signal.words()), at)),
        }
    }
    Ok(Some(ToldDeploy { row, acts, may, words }))
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
