//! How a deploy stands, in words for people. Pure.

use crate::commands::deploys::SILENT;
use gonogo_core::deploy::{ActKey, Direction, End, Entry, HaltedBy, Hold, Outcome, Plan, Step};
use gonogo_core::say;
use gonogo_store::{DeployRun, DeployState};
use jiff::Timestamp;

pub(super) fn step_of<'p>(plan: &'p Plan, key: &ActKey) -> Option<&'p Step> {
    let act = key.act();
    let steps = match act.direction {
        Direction::Forward => &plan.forward,
        Direction::Back => &plan.back,
    };
    steps.get(act.step)
}

/// `build (2 of 3)`
fn called(plan: &Plan, key: &ActKey) -> String {
    let act = key.act();
    let (all, back) = match act.direction {
        Direction::Forward => (plan.forward.len(), ""),
        Direction::Back => (plan.back.len(), ", back"),
    };
    let name = step_of(plan, key).map_or("a step", |step| &step.name);
    let again = if act.attempt > 1 { format!(", attempt {}", act.attempt) } else { String::new() };
    format!("{name} ({} of {all}{back}{again})", act.step + 1)
}

pub(super) fn of_run(plan: &Plan, run: &DeployRun, now: Timestamp) -> String {
    let name = called(plan, &run.of.key);
    match run.heard_at {
        None => format!("{name} waits for the runner {}", run.runner),
        Some(at) if now.duration_since(at) > SILENT => {
            format!("{name} may run: its runner {} was heard of last at {}", run.runner, say::minute(at))
        }
        Some(_) => match &run.end_wanted_by {
            Some(by) => format!("{name} is being ended, as {by} wants"),
            None => format!("{name} runs"),
        },
    }
}

pub(super) fn of_hold(plan: &Plan, hold: &Hold) -> (DeployState, String) {
    match hold {
        Hold::Halted(HaltedBy::Person(by)) => (DeployState::Halted, format!("{by} halted it")),
        Hold::Halted(HaltedBy::Step(key)) => (DeployState::Halted, format!("{} failed", called(plan, key))),
        Hold::CannotTell(key, why) => {
            let said = format!("whether {} was done cannot be told: {}; {}", called(plan, key), why.said, why.fix);
            (DeployState::NeedsPerson, said)
        }
    }
}

/// Why it ended so, where the word does not say all.
pub(super) fn of_end(journal: &[Entry], end: End) -> String {
    let failed = journal.iter().rev().find_map(|entry| match entry {
        Entry::Settled { key, outcome: Outcome::Failed { failure } } => Some(format!("{key} {failure}")),
        _ => None,
    });
    match end {
        End::Deployed | End::Cancelled => String::new(),
        End::RolledBack | End::Abandoned => failed.unwrap_or_default(),
    }
}
