//! A step on hosts: which of them has its turn, and how each of them stands. Pure.

use super::hosts::Phase;
use super::journal::{Act, ActKey, Direction, Entry, On};
use super::machine::{StepIs, Story};
use super::plan::{HostCommand, Plan, Rollout};
use super::section::OnFailure;
use crate::fact::Why;

/// How a host stands in one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostStands {
    /// Its turn is not yet.
    Waits,
    /// This is under way, or was when somebody crashed.
    Runs(ActKey),
    /// Between two phases: this one is next.
    Between(Phase),
    Done,
    Failed(ActKey),
    CannotTell(ActKey, Why),
    /// A person had it left as it is after this failed.
    LeftOut(ActKey),
    /// Nothing was done on it that would have to be undone.
    Untouched,
}

/// How each host of a step stands, in the plan's order; none where the step does not
/// run on hosts.
pub fn hosts_of(plan: &Plan, journal: &[Entry], direction: Direction, step: usize) -> Vec<HostStands> {
    stands_in(plan, &Story::of(plan, journal), direction, step)
}

/// The same of a journal that was read.
pub(super) fn stands_in(plan: &Plan, story: &Story, direction: Direction, step: usize) -> Vec<HostStands> {
    let rollout = plan.steps(direction).get(step).and_then(|step| step.rollout.as_ref());
    let Some(rollout) = rollout else { return Vec::new() };
    let turn = Turn { plan, story, direction, step, rollout };
    (0..rollout.hosts.len()).map(|host| turn.host(host).0).collect()
}

/// One step on hosts, as far as it is.
pub(super) struct Turn<'t> {
    pub plan: &'t Plan,
    pub story: &'t Story,
    pub direction: Direction,
    pub step: usize,
    pub rollout: &'t Rollout,
}

impl Turn<'_> {
    /// Batch after batch. Where it is halted, too many hosts have failed or one cannot be
    /// told, no host is drained and no command begins any more, in the batch that has its
    /// turn neither; a host on which the command was done is still brought into service.
    pub(super) fn is(&self, on_failure: OnFailure) -> StepIs {
        let hosts: Vec<(HostStands, Option<Act>)> = (0..self.rollout.hosts.len()).map(|host| self.host(host)).collect();
        let mut failed = hosts.iter().filter_map(|(stands, _)| match stands {
            HostStands::Failed(key) => Some(key.clone()),
            _ => None,
        });
        let most = if on_failure == OnFailure::Continue { usize::MAX } else { self.rollout.max_failed };
        let one_too_many = failed.clone().nth(most.min(hosts.len())).and_then(|_| failed.next());
        let cannot_tell = hosts.iter().find_map(|(stands, _)| match stands {
            HostStands::CannotTell(key, why) => Some((key.clone(), why.clone())),
            _ => None,
        });
        let is_stopped = self.story.halted.is_some() || one_too_many.is_some() || cannot_tell.is_some();
        let mut waits = None;
        for batch in &self.rollout.batches {
            let turns = batch.iter().filter_map(|host| hosts[*host].1);
            for act in turns.clone() {
                let brings_back = act.on.is_some_and(|on| on.phase > Phase::Run);
                if brings_back {
                    return StepIs::ToFinish(act);
                }
                if !is_stopped {
                    return StepIs::ToDo(act);
                }
                waits = waits.or(Some(act));
            }
            let is_open = |host: &usize| {
                !matches!(
                    hosts[*host].0,
                    HostStands::Done | HostStands::Failed(_) | HostStands::LeftOut(_) | HostStands::Untouched
                )
            };
            if batch.iter().any(is_open) {
                break;
            }
        }
        let runs = hosts.iter().find_map(|(stands, _)| match stands {
            HostStands::Runs(key) => Some(key.clone()),
            _ => None,
        });
        match (runs, cannot_tell, one_too_many, waits) {
            (Some(key), ..) => StepIs::UnderWay(key),
            (None, Some((key, why)), ..) => StepIs::CannotTell(key, why),
            (None, None, Some(key), _) => StepIs::Failed(key),
            (None, None, None, Some(act)) => StepIs::ToDo(act),
            (None, None, None, None) => StepIs::Done,
        }
    }

    /// How a host stands, and what it would do next.
    fn host(&self, host: usize) -> (HostStands, Option<Act>) {
        if self.direction == Direction::Back && !self.is_touched(host) {
            return (HostStands::Untouched, None);
        }
        if let Some(key) = self.left_before(host) {
            return (HostStands::LeftOut(key), None);
        }
        let mut before = None;
        for (phase, HostCommand { tries, .. }) in &self.rollout.commands {
            let on = Some(On { host, phase: *phase });
            let act = match self.story.attempts(self.direction, self.step, on, *tries) {
                StepIs::Done => {
                    before = Some(*phase);
                    continue;
                }
                StepIs::LeftOut(key) => return (HostStands::LeftOut(key), None),
                StepIs::UnderWay(key) => return (HostStands::Runs(key), None),
                StepIs::Failed(key) => return (HostStands::Failed(key), None),
                StepIs::CannotTell(key, why) => return (HostStands::CannotTell(key, why), None),
                StepIs::ToDo(act) | StepIs::ToFinish(act) => act,
            };
            let has_begun = before.is_some() || act.attempt > 1;
            let stands = if has_begun { HostStands::Between(*phase) } else { HostStands::Waits };
            return (stands, Some(act));
        }
        (HostStands::Done, None)
    }

    /// What failed on a host in an earlier step, so that it is left as it is: nothing more
    /// is brought to it, and nothing brings it back into service.
    fn left_before(&self, host: usize) -> Option<ActKey> {
        let name = &self.rollout.hosts[host].name;
        self.plan.steps(self.direction).iter().enumerate().take(self.step).find_map(|(step, one)| {
            let rollout = one.rollout.as_ref()?;
            let host = rollout.hosts.iter().position(|host| host.name == *name)?;
            match (Turn { step, rollout, ..*self }.host(host).0, one.on_failure) {
                // What may fail anywhere is no reason to leave a host out.
                (HostStands::Failed(_), OnFailure::Continue) => None,
                (HostStands::LeftOut(key) | HostStands::Failed(key), _) => Some(key),
                _ => None,
            }
        })
    }

    /// Whether there is something to be undone on a host: where no step forward runs on
    /// it, other steps may have brought something there.
    fn is_touched(&self, host: usize) -> bool {
        let name = &self.rollout.hosts[host].name;
        let mut places = Vec::new();
        for (step, one) in self.plan.forward.iter().enumerate() {
            let hosts = one.rollout.iter().flat_map(|rollout| rollout.hosts.iter().enumerate());
            places.extend(hosts.filter(|(_, one)| one.name == *name).map(|(host, _)| (step, host)));
        }
        places.is_empty() || self.story.has_touched(&places)
    }
}
