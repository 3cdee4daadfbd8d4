//! What is to be done next of a deploy. Total and pure: an act that was intended and
//! not settled is probed, and never derived again.

use super::journal::{Act, ActKey, Choice, Direction, Entry, Outcome, Signal};
use super::plan::{Plan, Step};
use super::section::OnFailure;
use crate::fact::Why;
use std::collections::BTreeMap;

/// An act that did not begin is begun again so often without being asked.
const NOT_STARTED_TRIES: usize = 2;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    Act(Act),
    /// It is under way, or was when somebody crashed: its end is to be found.
    Follow(ActKey),
    /// A person says how it goes on.
    Hold(Hold),
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
enum Far {
    UnderWay,
    Done,
    Failed,
    NotStarted,
    CannotTell(Why),
    /// A person wants another attempt.
    Again,
}

/// The journal, read to its end.
#[derive(Default)]
struct Story {
    acts: BTreeMap<ActKey, Far>,
    halted: Option<String>,
    is_back: bool,
    is_abandoned: bool,
}

/// What a step comes to by all of its attempts.
enum StepIs {
    Done,
    ToDo(Act),
    UnderWay(ActKey),
    Failed(ActKey),
    CannotTell(ActKey, Why),
}

pub fn next(plan: &Plan, journal: &[Entry]) -> Next {
    let story = Story::of(journal);
    if let Some(key) = story.under_way() {
        return Next::Follow(key);
    }
    if story.is_abandoned {
        return Next::Finish(if story.has_begun() { End::Abandoned } else { End::Cancelled });
    }
    if !story.goes_back(plan) {
        match walk(plan, &story, Direction::Forward) {
            Walk::Next(next) => return next,
            Walk::RollsBack => {}
        }
    }
    match walk(plan, &story, Direction::Back) {
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
    let (steps, end) = match direction {
        Direction::Forward => (&plan.forward, End::Deployed),
        Direction::Back => (&plan.back, End::RolledBack),
    };
    for (index, step) in steps.iter().enumerate() {
        let act = match story.step(direction, index, step) {
            StepIs::Done => continue,
            StepIs::UnderWay(key) => return Walk::Next(Next::Follow(key)),
            StepIs::CannotTell(key, why) => return Walk::Next(Next::Hold(Hold::CannotTell(key, why))),
            StepIs::Failed(key) => match step.on_failure {
                OnFailure::Continue => continue,
                OnFailure::RollBack if !plan.back.is_empty() => return Walk::RollsBack,
                OnFailure::RollBack | OnFailure::Halt => {
                    return Walk::Next(Next::Hold(Hold::Halted(HaltedBy::Step(key))));
                }
            },
            StepIs::ToDo(act) => act,
        };
        return Walk::Next(match &story.halted {
            Some(by) => Next::Hold(Hold::Halted(HaltedBy::Person(by.clone()))),
            None => Next::Act(act),
        });
    }
    Walk::Next(Next::Finish(end))
}

impl Story {
    fn of(journal: &[Entry]) -> Self {
        let mut story = Self::default();
        for entry in journal {
            story.read(entry);
        }
        story
    }

    fn read(&mut self, entry: &Entry) {
        match entry {
            Entry::Intended { key } => {
                self.acts.insert(key.clone(), Far::UnderWay);
            }
            Entry::Settled { key, outcome } => {
                let far = match outcome {
                    Outcome::Done => Far::Done,
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
                Choice::Abandon => self.is_abandoned = true,
            },
            Entry::Asked { signal, by } => match signal {
                Signal::Halt => self.halted = Some(by.clone()),
                Signal::Resume => self.halted = None,
                // Nothing has begun from which there would be a way back.
                Signal::RollBack if self.acts.is_empty() => self.is_abandoned = true,
                Signal::RollBack => (self.is_back, self.halted) = (true, None),
                Signal::Abandon => self.is_abandoned = true,
            },
        }
    }

    fn under_way(&self) -> Option<ActKey> {
        self.acts.iter().find(|(_, far)| matches!(far, Far::UnderWay)).map(|(key, _)| key.clone())
    }

    /// Once a step back has begun there is no way forward any more; where nothing has
    /// begun there is nothing to go back from.
    fn goes_back(&self, plan: &Plan) -> bool {
        !self.acts.is_empty() && !plan.back.is_empty() && (self.is_back || self.has_gone_back())
    }

    fn has_gone_back(&self) -> bool {
        self.acts.keys().any(|key| key.act().direction == Direction::Back)
    }

    /// Whether anything may have happened outside.
    fn has_begun(&self) -> bool {
        self.acts.values().any(|far| !matches!(far, Far::NotStarted))
    }

    fn step(&self, direction: Direction, index: usize, step: &Step) -> StepIs {
        let attempts: Vec<(&ActKey, &Far)> =
            self.acts.iter().filter(|(key, _)| (key.act().direction, key.act().step) == (direction, index)).collect();
        let again = || {
            let last = attempts.last().map_or(0, |(key, _)| key.act().attempt);
            StepIs::ToDo(Act { direction, step: index, attempt: last + 1 })
        };
        let Some((key, far)) = attempts.last().copied() else { return again() };
        // What was before a person's word does not count again.
        let since = attempts.iter().rev().take_while(|(_, far)| !matches!(far, Far::Again));
        let times = |is: fn(&Far) -> bool| since.clone().filter(|(_, far)| is(far)).count();
        match far {
            Far::Done => StepIs::Done,
            Far::UnderWay => StepIs::UnderWay(key.clone()),
            Far::CannotTell(why) => StepIs::CannotTell(key.clone(), why.clone()),
            Far::Again => again(),
            Far::NotStarted if times(|far| matches!(far, Far::NotStarted)) <= NOT_STARTED_TRIES => again(),
            Far::Failed if times(|far| matches!(far, Far::Failed)) < step.tries as usize => again(),
            Far::NotStarted | Far::Failed => StepIs::Failed(key.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::Failure;
    use proptest::prelude::*;

    fn step(name: &str, tries: u32, on_failure: OnFailure) -> Step {
        let (argv, env) = (vec!["true".to_owned()], BTreeMap::new());
        Step { name: name.to_owned(), argv, env, secrets: Vec::new(), dir: None, limit_seconds: 60, tries, on_failure }
    }

    fn plan(forward: &[(u32, OnFailure)], back: usize) -> Plan {
        let forward = forward.iter().map(|(tries, on_failure)| step("a", *tries, *on_failure)).collect();
        Plan {
            approval: None,
            runner: "local".to_owned(),
            forward,
            back: (0..back).map(|_| step("b", 1, OnFailure::Halt)).collect(),
        }
    }

    fn forward(step: usize, attempt: u32) -> Act {
        Act { direction: Direction::Forward, step, attempt }
    }

    fn intended(act: Act) -> Entry {
        Entry::Intended { key: act.key() }
    }

    fn settled(act: Act, outcome: Outcome) -> [Entry; 2] {
        [intended(act), Entry::Settled { key: act.key(), outcome }]
    }

    fn failed() -> Outcome {
        Outcome::Failed { failure: Failure::Exit { status: 1 } }
    }

    fn asked(signal: Signal) -> Entry {
        Entry::Asked { signal, by: "ada".to_owned() }
    }

    fn decided(act: Act, choice: Choice) -> Entry {
        Entry::Decided { key: act.key(), by: "ada".to_owned(), choice }
    }

    #[test]
    fn steps_follow_each_other_and_the_last_one_ends_it() {
        let plan = plan(&[(1, OnFailure::Halt), (1, OnFailure::Halt)], 0);
        let mut journal = Vec::new();
        assert_eq!(next(&plan, &journal), Next::Act(forward(0, 1)));
        journal.push(intended(forward(0, 1)));
        assert_eq!(next(&plan, &journal), Next::Follow(forward(0, 1).key()), "never begun twice");
        journal.extend(settled(forward(0, 1), Outcome::Done));
        assert_eq!(next(&plan, &journal), Next::Act(forward(1, 1)));
        journal.extend(settled(forward(1, 1), Outcome::Done));
        assert_eq!(next(&plan, &journal), Next::Finish(End::Deployed));
    }

    #[test]
    fn a_failed_step_is_tried_as_often_as_it_says_and_then_as_often_as_a_person_says() {
        let plan = plan(&[(2, OnFailure::Halt), (1, OnFailure::Halt)], 0);
        let mut journal: Vec<Entry> = settled(forward(0, 1), failed()).into();
        assert_eq!(next(&plan, &journal), Next::Act(forward(0, 2)));
        journal.extend(settled(forward(0, 2), failed()));
        let halted = Next::Hold(Hold::Halted(HaltedBy::Step(forward(0, 2).key())));
        assert_eq!(next(&plan, &journal), halted);
        journal.push(asked(Signal::Resume));
        assert_eq!(next(&plan, &journal), halted, "how it goes on is not said");
        journal.push(decided(forward(0, 2), Choice::RunAgain));
        assert_eq!(next(&plan, &journal), Next::Act(forward(0, 3)));
        journal.extend(settled(forward(0, 3), failed()));
        assert_eq!(next(&plan, &journal), Next::Act(forward(0, 4)), "its tries begin anew");
        journal.extend(settled(forward(0, 4), failed()));
        journal.push(decided(forward(0, 4), Choice::CountAsDone));
        assert_eq!(next(&plan, &journal), Next::Act(forward(1, 1)));
    }

    #[test]
    fn a_person_halts_resumes_and_rolls_back() {
        let plan = plan(&[(1, OnFailure::Halt), (1, OnFailure::Halt)], 1);
        let mut journal = vec![intended(forward(0, 1)), asked(Signal::Halt)];
        assert_eq!(next(&plan, &journal), Next::Follow(forward(0, 1).key()), "it goes on to its end");
        journal.extend(settled(forward(0, 1), Outcome::Done));
        assert_eq!(next(&plan, &journal), Next::Hold(Hold::Halted(HaltedBy::Person("ada".to_owned()))));
        let mut resumed = journal.clone();
        resumed.push(asked(Signal::Resume));
        assert_eq!(next(&plan, &resumed), Next::Act(forward(1, 1)));
        journal.push(asked(Signal::RollBack));
        let back = Act { direction: Direction::Back, step: 0, attempt: 1 };
        assert_eq!(next(&plan, &journal), Next::Act(back));
        journal.extend(settled(back, Outcome::Done));
        assert_eq!(next(&plan, &journal), Next::Finish(End::RolledBack));
    }

    #[test]
    fn a_step_may_roll_back_by_itself_and_there_is_no_way_forward_then() {
        let plan = plan(&[(1, OnFailure::RollBack)], 2);
        let mut journal: Vec<Entry> = settled(forward(0, 1), failed()).into();
        let back = Act { direction: Direction::Back, step: 0, attempt: 1 };
        assert_eq!(next(&plan, &journal), Next::Act(back));
        journal.extend(settled(back, Outcome::Done));
        journal.push(decided(forward(0, 1), Choice::RunAgain));
        assert_eq!(next(&plan, &journal), Next::Act(Act { step: 1, ..back }));
    }

    #[test]
    fn what_cannot_be_told_is_put_before_a_person() {
        let plan = plan(&[(3, OnFailure::Continue)], 0);
        let why = Why::new("the host rebooted", "look whether it was done");
        let mut journal: Vec<Entry> = settled(forward(0, 1), Outcome::CannotTell { why: why.clone() }).into();
        assert_eq!(next(&plan, &journal), Next::Hold(Hold::CannotTell(forward(0, 1).key(), why)));
        let mut done = journal.clone();
        done.push(decided(forward(0, 1), Choice::CountAsDone));
        assert_eq!(next(&plan, &done), Next::Finish(End::Deployed));
        journal.push(decided(forward(0, 1), Choice::Abandon));
        assert_eq!(next(&plan, &journal), Next::Finish(End::Abandoned));
        assert_eq!(next(&plan, &[asked(Signal::Abandon)]), Next::Finish(End::Cancelled), "nothing had begun");
    }

    #[test]
    fn where_there_is_no_way_back_nothing_is_rolled_back_by_a_word() {
        let plan = plan(&[(1, OnFailure::Halt)], 0);
        let mut journal: Vec<Entry> = settled(forward(0, 1), failed()).into();
        journal.push(asked(Signal::RollBack));
        assert_eq!(next(&plan, &journal), Next::Hold(Hold::Halted(HaltedBy::Step(forward(0, 1).key()))));
        assert_eq!(next(&plan, &[asked(Signal::RollBack)]), Next::Finish(End::Cancelled), "nothing had begun");
    }

    fn outcome() -> impl Strategy<Value = Outcome> {
        prop_oneof![
            4 => Just(Outcome::Done),
            2 => Just(failed()),
            1 => Just(Outcome::NotStarted { why: "the runner is older".to_owned() }),
            1 => Just(Outcome::CannotTell { why: Why::new("the host is gone", "look") }),
        ]
    }

    fn on_failure() -> impl Strategy<Value = OnFailure> {
        prop_oneof![Just(OnFailure::Halt), Just(OnFailure::Continue), Just(OnFailure::RollBack)]
    }

    fn word() -> impl Strategy<Value = (Option<Signal>, Choice)> {
        let signal = prop_oneof![
            6 => Just(None),
            1 => Just(Some(Signal::Halt)),
            1 => Just(Some(Signal::Resume)),
            1 => Just(Some(Signal::RollBack)),
        ];
        let choice =
            prop_oneof![4 => Just(Choice::RunAgain), 4 => Just(Choice::CountAsDone), 1 => Just(Choice::Abandon)];
        (signal, choice)
    }

    proptest! {
        /// Whatever happens, and wherever it is read anew: no act is begun twice or
        /// beside another one, none follows a failure that halts, and it ends.
        #[test]
        fn every_deploy_ends_and_begins_nothing_twice(
            steps in prop::collection::vec((1..3_u32, on_failure()), 1..4),
            back in 0..3_usize,
            events in prop::collection::vec((outcome(), word()), 60),
        ) {
            let plan = plan(&steps, back);
            let mut journal: Vec<Entry> = Vec::new();
            let mut begun = std::collections::BTreeSet::new();
            let mut ended = None;
            for (outcome, (signal, choice)) in events {
                match next(&plan, &journal) {
                    Next::Act(act) => {
                        prop_assert!(begun.insert(act.key()), "{} was begun twice", act.key());
                        journal.push(intended(act));
                        prop_assert_eq!(next(&plan, &journal), Next::Follow(act.key()));
                    }
                    Next::Follow(key) => journal.push(Entry::Settled { key, outcome }),
                    Next::Hold(Hold::Halted(HaltedBy::Person(_))) => journal.push(asked(Signal::Resume)),
                    Next::Hold(Hold::Halted(HaltedBy::Step(key)) | Hold::CannotTell(key, _)) => {
                        prop_assert!(begun.contains(&key));
                        journal.push(Entry::Decided { key, by: "ada".to_owned(), choice });
                    }
                    Next::Finish(end) => {
                        ended = Some(end);
                        break;
                    }
                }
                journal.extend(signal.map(asked));
            }
            while ended.is_none() {
                match next(&plan, &journal) {
                    Next::Act(act) => journal.push(intended(act)),
                    Next::Follow(key) => journal.push(Entry::Settled { key, outcome: Outcome::Done }),
                    Next::Hold(_) => journal.push(asked(Signal::Abandon)),
                    Next::Finish(end) => ended = Some(end),
                }
            }
            if ended == Some(End::Deployed) {
                let was_begun = |step: usize| journal.iter().any(|entry| {
                    let Entry::Intended { key } = entry else { return false };
                    (key.act().direction, key.act().step) == (Direction::Forward, step)
                });
                prop_assert!((0..plan.forward.len()).all(was_begun), "a step was left out");
            }
        }
    }
}
