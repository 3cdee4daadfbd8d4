//! How a deploy stands, in words for people. Pure.

use crate::commands::deploys::SILENT;
use gonogo_core::deploy::{
    ActKey, AffinityIs, Choice, Direction, Does, End, Entry, Failure, GuardWord, HaltedBy, Hold, HostStands, Outcome,
    Phase, Plan, Sight, Step, affinity_is, hosts_of,
};
use gonogo_core::say;
use gonogo_store::{DeployRun, DeployState};
use jiff::{SignedDuration, Timestamp};

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
    let failed = number(|stands| matches!(stands, HostStands::Failed(_)));
    let left = number(|stands| matches!(stands, HostStands::LeftOut(_)));
    let of = number(|stands| !matches!(stands, HostStands::Untouched));
    let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
    let left = if left > 0 { format!(", {left} left as it is") } else { String::new() };
    format!("{} of {of} hosts are done{failed}{left}", number(|stands| matches!(stands, HostStands::Done)))
}

/// Hosts that a deploy has left as they are, on its way forward or back: they failed, or
/// a person said so.
pub(super) fn without(plan: &Plan, journal: &[Entry], direction: Direction) -> Vec<String> {
    let is_left = |stands: &HostStands| matches!(stands, HostStands::Failed(_) | HostStands::LeftOut(_));
    that_stand(plan, journal, direction, is_left)
}

fn that_stand(plan: &Plan, journal: &[Entry], direction: Direction, so: impl Fn(&HostStands) -> bool) -> Vec<String> {
    let mut names = Vec::new();
    for (at, step) in plan.steps(direction).iter().enumerate() {
        let hosts = step.rollout.iter().flat_map(|rollout| &rollout.hosts);
        for (host, stands) in hosts.zip(hosts_of(plan, journal, direction, at)) {
            if so(&stands) && !names.contains(&host.name) {
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

/// One that gonogo waits with itself.
pub(super) fn of_own(plan: &Plan, key: &ActKey, until: Timestamp, seen: Option<&Sight>) -> String {
    let name = called(plan, key);
    let Some(step) = plan.step_of(key) else { return name };
    match &step.does {
        Does::Pause { seconds } => {
            let began = until - SignedDuration::from_secs((*seconds).into());
            format!("{name} pauses until {}", say::end(began, until))
        }
        Does::Approval(question) => {
            format!("{name} asks {}, until {}: {}", question.whom(), say::minute(until), question.question)
        }
        Does::WaitForBuild(_) | Does::WaitForMetric(_) | Does::WaitForHttp { .. } | Does::Http { .. } | Does::Run => {
            let saw = match seen {
                Some(Sight::Met(said) | Sight::NotYet(said) | Sight::Never(said)) => format!("; seen last: {said}"),
                None => String::new(),
            };
            format!("{name}, until {}: {}{saw}", say::minute(until), Step::shown(step))
        }
    }
}

/// Why an act failed that says so itself.
fn why_failed(journal: &[Entry], of: &ActKey) -> Option<String> {
    journal.iter().rev().find_map(|entry| match entry {
        Entry::Settled {
            key,
            outcome: Outcome::Failed { failure: failure @ (Failure::NotMet { .. } | Failure::Refused { .. }) },
        } if key == of => Some(failure.to_string()),
        _ => None,
    })
}

/// That two versions serve, with sessions kept apart or not.
fn affinity(plan: &Plan, journal: &[Entry], verb: &str) -> Option<String> {
    match affinity_is(plan, journal) {
        AffinityIs::Off => None,
        AffinityIs::On => Some(format!("session affinity {verb} on")),
        AffinityIs::Perhaps => Some("session affinity may be on".to_owned()),
    }
}

pub(super) fn of_hold(plan: &Plan, journal: &[Entry], hold: &Hold) -> (DeployState, String) {
    let (state, said) = why_held(plan, journal, hold);
    let affinity = affinity(plan, journal, "is").map(|said| format!("; {said}")).unwrap_or_default();
    (state, said + &affinity)
}

fn why_held(plan: &Plan, journal: &[Entry], hold: &Hold) -> (DeployState, String) {
    match hold {
        Hold::Halted(HaltedBy::Person(by)) => (DeployState::Halted, format!("{by} halted it")),
        Hold::Halted(HaltedBy::Step(key)) => {
            let act = key.act();
            let hosts = hosts_of(plan, journal, act.direction, act.step);
            let hosts = if hosts.is_empty() { String::new() } else { format!("; {}", counted(&hosts)) };
            let why = why_failed(journal, key).map(|why| format!(": {why}")).unwrap_or_default();
            (DeployState::Halted, format!("{} failed{hosts}{why}", called(plan, key)))
        }
        Hold::Halted(HaltedBy::Guard { word: GuardWord::CannotTell, said, .. }) => {
            (DeployState::NeedsPerson, format!("whether it is worse cannot be told: {said}"))
        }
        Hold::Halted(HaltedBy::Guard { said, .. }) => (DeployState::Halted, said.clone()),
        Hold::CannotTell(key, why) => {
            let said = format!("whether {} was done cannot be told: {}; {}", called(plan, key), why.said, why.fix);
            (DeployState::NeedsPerson, said)
        }
    }
}

/// Steps on the runner that failed, where the policy goes on all the same.
fn passed_over(plan: &Plan, journal: &[Entry]) -> Vec<String> {
    let failed = |step: usize| {
        let of_it = |key: &ActKey| {
            let act = key.act();
            act.direction == Direction::Forward && act.step == step && act.on.is_none()
        };
        let last = journal.iter().rev().find_map(|entry| match entry {
            Entry::Settled { key, outcome } if of_it(key) => Some(!matches!(outcome, Outcome::Done)),
            Entry::Decided { key, choice: Choice::CountAsDone, .. } if of_it(key) => Some(false),
            _ => None,
        });
        last.unwrap_or(false)
    };
    plan.forward.iter().enumerate().filter(|(at, _)| failed(*at)).map(|(_, step)| step.name.clone()).collect()
}

/// What a guard proved last.
pub(super) fn worse(journal: &[Entry]) -> Option<String> {
    journal.iter().rev().find_map(|entry| match entry {
        Entry::Guarded { word: GuardWord::Worse, said, .. } => Some(said.clone()),
        _ => None,
    })
}

/// Why it ended so, where the word does not say all.
pub(super) fn of_end(plan: &Plan, journal: &[Entry], end: End, without: &[String]) -> String {
    let stays = affinity(plan, journal, "stays").filter(|_| end != End::Cancelled);
    let stays = stays.map(|said| format!("{said} until a deploy ends with one version"));
    let said = Some(why_ended(plan, journal, end, without)).filter(|said| !said.is_empty());
    said.into_iter().chain(stays).collect::<Vec<_>>().join("; ")
}

fn why_ended(plan: &Plan, journal: &[Entry], end: End, without: &[String]) -> String {
    let failed = journal.iter().rev().find_map(|entry| match entry {
        // It was in the way of going back.
        Entry::Settled { key, outcome: Outcome::Failed { failure: Failure::Ended { .. } } }
            if plan.step_of(key).is_some_and(|step| step.affinity.is_some()) =>
        {
            None
        }
        Entry::Settled { key, outcome: Outcome::Failed { failure } } => Some(format!("{key} {failure}")),
        _ => None,
    });
    match end {
        End::Deployed | End::RolledBack if !without.is_empty() => {
            format!("without {}: see what runs there, and say what runs", say::list(without, 5))
        }
        End::Deployed => match passed_over(plan, journal).as_slice() {
            [] => String::new(),
            failed => format!("but {} failed", say::list(failed, 5)),
        },
        End::Cancelled => String::new(),
        End::RolledBack => failed.or_else(|| worse(journal)).unwrap_or_default(),
        End::Abandoned => {
            let is_between = |stands: &HostStands| matches!(stands, HostStands::Between(_));
            let both = [Direction::Forward, Direction::Back];
            let between: Vec<String> =
                both.into_iter().flat_map(|way| that_stand(plan, journal, way, is_between)).collect();
            let drained =
                (!between.is_empty()).then(|| format!("{} may still be drained: see to that", say::list(&between, 5)));
            failed.into_iter().chain(drained).collect::<Vec<_>>().join("; ")
        }
    }
}
