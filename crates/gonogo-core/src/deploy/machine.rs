//! What is to be done next of a deploy. Total and pure: an act that was intended and
//! not settled is probed, and never derived again.

use super::affinity::{Switch, two_versions_serve};
use super::journal::{Act, ActKey, Choice, Direction, Entry, Failure, GuardWord, On, Outcome, Signal, has_begun};
use super::kinds::Does;
use super::plan::{Plan, Step};
use super::rollout::Turn;
use super::section::OnFailure;
use crate::fact::Why;
use std::collections::BTreeMap;

/// An act that did not begin is begun again so often without being asked.
const NOT_STARTED_TRIES: usize = 2;
/// What only reads, and of which nobody can tell how it ended, is done again so often.
const LOOKS_AGAIN: u32 = 3;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// One more begins; others of its step may be under way on other hosts.
    Act(Act),
    /// They are under way, or were when somebody crashed: their ends are to be found.
    Follow(Vec<ActKey>),
    /// A person says how it goes on.
    Hold(Hold),
    /// All steps are done: guards watch what comes of it.
    Watch,
    Finish(End),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hold {
    Halted(HaltedBy),
    /// Whether it was done cannot be told: it may be run again, count as done, or
    /// the deploy ends as it is.
    CannotTell(ActKey, Why),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HaltedBy {
    Person(String),
    /// Its last attempt failed, or could not be begun.
    Step(ActKey),
    Guard {
        guard: String,
        word: GuardWord,
        said: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Deployed,
    RolledBack,
    /// As it is: what runs is a part of both.
    Abandoned,
    /// Before anything had begun.
    Cancelled,
}

/// How far an act is.
pub(super) enum Far {
    UnderWay,
    Done,
    Failed,
    /// A person had it ended: it is not tried again by itself.
    Ended,
    NotStarted,
    CannotTell(Why),
    /// A person wants another attempt.
    Again,
    /// A person wants its host left as it is.
    LeftOut,
}

/// Where people or guards want it to go.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Course {
    #[default]
    Forward,
    Back,
    /// It ends as it is.
    Abandoned,
}

/// The journal, read to its end.
#[derive(Default)]
pub(super) struct Story {
    acts: BTreeMap<ActKey, Far>,
    /// By a person or a guard.
    pub halted: Option<HaltedBy>,
    course: Course,
    is_watched: bool,
    /// Whether anything may have happened outside.
    has_begun: bool,
}

/// What a step, or a phase of it on a host, comes to by all of its attempts.
pub(super) enum StepIs {
    Done,
    ToDo(Act),
    /// To be done even where it is halted: it brings a host back into service.
    ToFinish(Act),
    LeftOut(ActKey),
    UnderWay(ActKey),
    Failed(ActKey),
    CannotTell(ActKey, Why),
}

pub fn next(plan: &Plan, journal: &[Entry]) -> Next {
    let story = Story::of(plan, journal);
    let under_way = story.under_way();
    match wanted(plan, &story) {
        // What runs on other hosts of the step goes on beside it.
        Next::Act(act) if under_way.is_empty() || act.on.is_some() => Next::Act(act),
        _ if !under_way.is_empty() => Next::Follow(under_way),
        other => other,
    }
}

/// Whether nothing more begins forward, whatever guards say: it is halted, goes back, or
/// ends as it is.
pub fn is_stopped(plan: &Plan, journal: &[Entry]) -> bool {
    let story = Story::of(plan, journal);
    story.halted.is_some() || story.goes_back(plan) || story.course == Course::Abandoned
}

/// Whether it is on its way back, or will be once what goes forward has come to its end.
pub fn goes_back(plan: &Plan, journal: &[Entry]) -> bool {
    Story::of(plan, journal).goes_back(plan)
}

/// Why nothing is waited for any more in that direction: somebody or a guard halted it, it
/// goes back, or it ends as it is.
pub(super) fn interrupted(plan: &Plan, journal: &[Entry], direction: Direction) -> Option<String> {
    let story = Story::of(plan, journal);
    if story.course == Course::Abandoned {
        return Some("the deploy ends as it is".to_owned());
    }
    if direction == Direction::Forward && story.goes_back(plan) {
        return Some("the deploy goes back".to_owned());
    }
    match story.halted? {
        HaltedBy::Person(by) => Some(format!("{by} halted it")),
        HaltedBy::Guard { said, .. } => Some(said),
        HaltedBy::Step(_) => None,
    }
}

/// What comes next where nothing is under way.
fn wanted(plan: &Plan, story: &Story) -> Next {
    if story.course == Course::Abandoned {
        return Next::Finish(if story.has_begun { End::Abandoned } else { End::Cancelled });
    }
    if !story.goes_back(plan) {
        match walk(plan, story, Direction::Forward) {
            Walk::Next(next) => return next,
            Walk::RollsBack => {}
        }
    }
    // What goes forward comes to its end first.
    let forward = story.under_way().into_iter().filter(|key| key.act().direction == Direction::Forward);
    let forward: Vec<ActKey> = forward.collect();
    if !forward.is_empty() {
        return Next::Follow(forward);
    }
    match walk(plan, story, Direction::Back) {
        Walk::Next(next) => next,
        // Its validation lets no step back say so.
        Walk::RollsBack => Next::Finish(End::Abandoned),
    }
}

enum Walk {
    Next(Next),
    RollsBack,
}

/// Through the steps of one direction to the first that is not over.
fn walk(plan: &Plan, story: &Story, direction: Direction) -> Walk {
    let end = match direction {
        Direction::Forward => End::Deployed,
        Direction::Back => End::RolledBack,
    };
    for (index, step) in plan.steps(direction).iter().enumerate() {
        if step.affinity == Some(Switch::Off) && two_versions_serve(plan, story, direction) {
            continue;
        }
        let act = match story.step(plan, direction, index, step) {
            StepIs::Done | StepIs::LeftOut(_) => continue,
            StepIs::UnderWay(key) => return Walk::Next(Next::Follow(vec![key])),
            StepIs::ToFinish(act) => return Walk::Next(Next::Act(act)),
            StepIs::CannotTell(key, why) => return Walk::Next(Next::Hold(Hold::CannotTell(key, why))),
            StepIs::Failed(key) => match step.on_failure {
                OnFailure::Continue => continue,
                OnFailure::RollBack if plan.goes_back_by_itself() && story.may_have_changed(plan) => {
                    return Walk::RollsBack;
                }
                OnFailure::RollBack | OnFailure::Halt => {
                    return Walk::Next(Next::Hold(Hold::Halted(HaltedBy::Step(key))));
                }
            },
            StepIs::ToDo(act) => act,
        };
        return Walk::Next(story.unless_halted(Next::Act(act)));
    }
    let is_to_be_watched = direction == Direction::Forward && plan.watched.is_some() && story.has_begun;
    if is_to_be_watched && !story.is_watched {
        return Walk::Next(story.unless_halted(Next::Watch));
    }
    Walk::Next(Next::Finish(end))
}

impl Story {
    pub(super) fn of(plan: &Plan, journal: &[Entry]) -> Self {
        let mut story = Self { has_begun: has_begun(plan, journal), ..Self::default() };
        for entry in journal {
            story.read(plan, entry);
        }
        story
    }

    fn unless_halted(&self, next: Next) -> Next {
        self.halted.clone().map_or(next, |by| Next::Hold(Hold::Halted(by)))
    }

    fn read(&mut self, plan: &Plan, entry: &Entry) {
        match entry {
            Entry::Intended { key } => {
                self.acts.insert(key.clone(), Far::UnderWay);
            }
            Entry::Settled { key, outcome } => {
                let far = match outcome {
                    Outcome::Done => Far::Done,
                    Outcome::Failed { failure: Failure::Ended { .. } } => Far::Ended,
                    Outcome::Failed { .. } => Far::Failed,
                    Outcome::NotStarted { .. } => Far::NotStarted,
                    Outcome::CannotTell { why } => Far::CannotTell(why.clone()),
                };
                self.acts.insert(key.clone(), far);
            }
            Entry::Decided { key, choice, .. } => match choice {
                Choice::RunAgain => {
                    self.acts.insert(key.clone(), Far::Again);
                }
                Choice::CountAsDone => {
                    self.acts.insert(key.clone(), Far::Done);
                }
                Choice::LeaveOut => {
                    self.acts.insert(key.clone(), Far::LeftOut);
                }
                Choice::Abandon => self.course = Course::Abandoned,
            },
            Entry::Asked { signal, by } => match signal {
                Signal::Halt => self.halted = Some(HaltedBy::Person(by.clone())),
                Signal::Resume => self.halted = None,
                // Nothing has begun from which there would be a way back.
                Signal::RollBack if !self.may_have_changed(plan) => self.course = Course::Abandoned,
                Signal::RollBack => (self.course, self.halted) = (self.course.max(Course::Back), None),
                Signal::Abandon => self.course = Course::Abandoned,
            },
            // What goes back already is not halted by what got worse before.
            Entry::Guarded { .. } if self.goes_back(plan) => {}
            Entry::Guarded { word: GuardWord::Worse, .. } if plan.goes_back_when_worse() => {
                (self.course, self.halted) = (self.course.max(Course::Back), None);
            }
            Entry::Guarded { guard, word, said } => {
                self.halted = Some(HaltedBy::Guard { guard: guard.clone(), word: *word, said: said.clone() });
            }
            // The act is settled by it.
            Entry::Replied { .. } => {}
            Entry::Watched => self.is_watched = true,
        }
    }

    fn under_way(&self) -> Vec<ActKey> {
        self.acts.iter().filter(|(_, far)| matches!(far, Far::UnderWay)).map(|(key, _)| key.clone()).collect()
    }

    /// Whether something forward may have happened in one of these steps, on that host.
    pub(super) fn has_touched(&self, places: &[(usize, usize)]) -> bool {
        self.acts.iter().any(|(key, far)| {
            let Act { direction, step, on, .. } = key.act();
            let place = on.map(|on| (step, on.host));
            direction == Direction::Forward
                && !matches!(far, Far::NotStarted)
                && place.is_some_and(|place| places.contains(&place))
        })
    }

    /// Once a step back has begun there is no way forward any more; where nothing has
    /// begun there is nothing to go back from.
    fn goes_back(&self, plan: &Plan) -> bool {
        !self.acts.is_empty() && !plan.back.is_empty() && (self.course == Course::Back || self.has_gone_back())
    }

    /// Whether there was an act by which something may be another outside.
    fn may_have_changed(&self, plan: &Plan) -> bool {
        self.acts.keys().any(|key| plan.changes_by(key))
    }

    fn has_gone_back(&self) -> bool {
        self.acts.keys().any(|key| key.act().direction == Direction::Back)
    }

    /// Whether there is such an act of that direction, by its step and how far it is.
    pub(super) fn has(&self, direction: Direction, such: impl Fn(usize, &Far) -> bool) -> bool {
        self.acts.iter().any(|(key, far)| key.act().direction == direction && such(key.act().step, far))
    }

    fn step(&self, plan: &Plan, direction: Direction, index: usize, step: &Step) -> StepIs {
        match &step.rollout {
            Some(rollout) => Turn { plan, story: self, direction, step: index, rollout }.is(step.on_failure),
            None => match self.attempts(direction, index, None, step.tries) {
                StepIs::CannotTell(key, _) if self.is_again(step, &key) => StepIs::ToDo(again(&key)),
                // What did not begin was interrupted, and the interruption is over.
                StepIs::Failed(key) if step.does.is_own() && matches!(self.acts.get(&key), Some(Far::NotStarted)) => {
                    StepIs::ToDo(again(&key))
                }
                is => is,
            },
        }
    }

    /// Whether what cannot be told of it is done again all the same: it reads first how things
    /// stand, or reads alone. Not for ever.
    fn is_again(&self, step: &Step, last: &ActKey) -> bool {
        let most = match (&step.does, step.affinity) {
            (Does::WaitForHttp { .. }, _) => LOOKS_AGAIN,
            (_, Some(_)) => step.tries,
            _ => return false,
        };
        let place = |attempt: u32| Act { attempt, ..last.act() };
        let attempts: Vec<&Far> = self.acts.range(place(0).key()..=last.clone()).map(|(_, far)| far).collect();
        let since = attempts.iter().rev().take_while(|far| !matches!(far, Far::Again)).count();
        since < most as usize
    }

    /// What all attempts of one step, or of one phase of it on one host, come to.
    pub(super) fn attempts(&self, direction: Direction, step: usize, on: Option<On>, tries: u32) -> StepIs {
        let nth = |attempt: u32| Act { direction, step, on, attempt };
        let attempts: Vec<(&ActKey, &Far)> = self.acts.range(nth(0).key()..=nth(u32::MAX).key()).collect();
        let again = || {
            let last = attempts.last().map_or(0, |(key, _)| key.act().attempt);
            StepIs::ToDo(nth(last + 1))
        };
        let Some((key, far)) = attempts.last().copied() else { return again() };
        // What was before a person's word does not count again.
        let since = attempts.iter().rev().take_while(|(_, far)| !matches!(far, Far::Again));
        let times = |is: fn(&Far) -> bool| since.clone().filter(|(_, far)| is(far)).count();
        match far {
            Far::Done => StepIs::Done,
            Far::LeftOut => StepIs::LeftOut(key.clone()),
            Far::UnderWay => StepIs::UnderWay(key.clone()),
            Far::CannotTell(why) => StepIs::CannotTell(key.clone(), why.clone()),
            Far::Again => again(),
            Far::NotStarted if times(|far| matches!(far, Far::NotStarted)) <= NOT_STARTED_TRIES => again(),
            Far::Failed if times(|far| matches!(far, Far::Failed)) < tries as usize => again(),
            Far::NotStarted | Far::Failed | Far::Ended => StepIs::Failed(key.clone()),
        }
    }
}

fn again(last: &ActKey) -> Act {
    Act { attempt: last.act().attempt + 1, ..last.act() }
}

#[cfg(test)]
mod tests;
