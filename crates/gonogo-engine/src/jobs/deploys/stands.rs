//! How a deploy stands, in words for people. Pure.

use crate::commands::deploys::SILENT;
use gonogo_core::deploy::{ActKey, Direction, End, Entry, HaltedBy, Hold, HostStands, Outcome, Phase, Plan, hosts_of};
use gonogo_core::say;
use gonogo_store::{DeployRun, DeployState};
use jiff::Timestamp;

/// `build (2 of 3)`, and `health of ship on web-7 (3 of 3)`.
fn called(plan: &Plan, key: &ActKey) -> String {
    let act = key.act();
    let name = plan.step_of(key).map_or("a step", |step| &step.name);
    let host = plan.host_of(key).map(|host| format!(" on {}", host.name)).unwrap_or_default();
    let phase = match act.on.map(|on| on.phase) {
        None | Some(Phase::Run) => String::new(),
        Some(phase) => format!("{phase} of "),
    };
    format!("{phase}{name}{host} ({})", place(plan, key))
}

fn place(plan: &Plan, key: &ActKey) -> String {
    let act = key.act();
    let back = if act.direction == Direction::Back { ", back" } else { "" };
    let again = if act.attempt > 1 { format!(", attempt {}", act.attempt) } else { String::new() };
    format!("{} of {}{back}{again}", act.step + 1, plan.steps(act.direction).len())
}

/// What is under way, on a host or on several.
pub(super) fn of_runs(plan: &Plan, journal: &[Entry], runs: &[&DeployRun], now: Timestamp) -> String {
    let Some(first) = runs.first() else { return String::new() };
    let is_silent = |run: &&&DeployRun| run.heard_at.is_none_or(|at| now.duration_since(at) > SILENT);
    let act = first.of.key.act();
    let hosts = hosts_of(plan, journal, act.direction, act.step);
    if hosts.is_empty() || runs.iter().any(|run| is_silent(&run)) {
        return of_run(plan, runs.iter().find(is_silent).unwrap_or(first), now);
    }
    let names: Vec<&str> =
        runs.iter().filter_map(|run| plan.host_of(&run.of.key)).map(|host| host.name.as_str()).collect();
    let name = plan.step_of(&first.of.key).map_or("a step", |step| &step.name);
    let verb = if names.len() == 1 { "runs on" } else { "run on" };
    let steps = plan.steps(act.direction).len();
    format!("{name} ({} of {steps}) {verb} {}; {}", act.step + 1, say::list(&names, 3), counted(&hosts))
}

/// `6 of 12 hosts are done, 1 failed`
fn counted(hosts: &[HostStands]) -> String {
    let number = |is: fn(&HostStands) -> bool| hosts.iter().filter(|stands| is(stands)).count();
    let failed = number(|stands| matches!(stands, HostStands::Failed(_) | HostStands::LeftOut(_)));
    let of = number(|stands| !matches!(stands, HostStands::Untouched));
    let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
    format!("{} of {of} hosts are done{failed}", number(|stands| matches!(stands, HostStands::Done)))
}

/// Hosts that a deploy has left as they are: they failed, or a person said so.
pub(super) fn without(plan: &Plan, journal: &[Entry]) -> Vec<String> {
    let mut names = Vec::new();
    for (at, step) in plan.forward.iter().enumerate() {
        let hosts = step.rollout.iter().flat_map(|rollout| &rollout.hosts);
        for (host, stands) in hosts.zip(hosts_of(plan, journal, Direction::Forward, at)) {
            let is_left = matches!(stands, HostStands::Failed(_) | HostStands::LeftOut(_));
            if is_left && !names.contains(&host.name) {
                names.push(host.name.clone());
            }
        }
    }
    names
}

fn of_run(plan: &Plan, run: &DeployRun, now: Timestamp) -> String {
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

pub(super) fn of_hold(plan: &Plan, journal: &[Entry], hold: &Hold) -> (DeployState, String) {
    match hold {
        Hold::Halted(HaltedBy::Person(by)) => (DeployState::Halted, format!("{by} halted it")),
        Hold::Halted(HaltedBy::Step(key)) => {
            let act = key.act();
            let hosts = hosts_of(plan, journal, act.direction, act.step);
            let hosts = if hosts.is_empty() { String::new() } else { format!("; {}", counted(&hosts)) };
            (DeployState::Halted, format!("{} failed{hosts}", called(plan, key)))
        }
        Hold::CannotTell(key, why) => {
            let said = format!("whether {} was done cannot be told: {}; {}", called(plan, key), why.said, why.fix);
            (DeployState::NeedsPerson, said)
        }
    }
}

/// Why it ended so, where the word does not say all.
pub(super) fn of_end(journal: &[Entry], end: End, without: &[String]) -> String {
    let failed = journal.iter().rev().find_map(|entry| match entry {
        Entry::Settled { key, outcome: Outcome::Failed { failure } } => Some(format!("{key} {failure}")),
        _ => None,
    });
    match end {
        End::Deployed if !without.is_empty() => {
            format!("without {}: see what runs there, and say what runs", say::list(without, 5))
        }
        End::Deployed | End::Cancelled => String::new(),
        End::RolledBack | End::Abandoned => failed.unwrap_or_default(),
    }
}
