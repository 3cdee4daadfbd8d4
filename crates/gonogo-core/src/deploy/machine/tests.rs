//! What comes next, in every order of things.

mod hosts;

use super::*;
use crate::deploy::{Failure, Own, Watched, has_begun, own};
use crate::guard::{OnWorse, Watch};
use proptest::prelude::*;

fn step(name: &str, tries: u32, on_failure: OnFailure) -> Step {
    let (argv, env) = (vec!["true".to_owned()], BTreeMap::new());
    Step {
        name: name.to_owned(),
        does: Does::Run,
        argv,
        env,
        secrets: Vec::new(),
        dir: None,
        limit_seconds: 60,
        tries,
        on_failure,
        rollout: None,
        on: None,
        affinity: None,
    }
}

fn plan(forward: &[(u32, OnFailure)], back: usize) -> Plan {
    let forward = forward.iter().map(|(tries, on_failure)| step("a", *tries, *on_failure)).collect();
    Plan {
        approval: None,
        zone: "UTC".to_owned(),
        follow: None,
        runner: "local".to_owned(),
        forward,
        back: (0..back).map(|_| step("b", 1, OnFailure::Halt)).collect(),
        watched: None,
        only_by_hand: None,
    }
}

fn forward(step: usize, attempt: u32) -> Act {
    Act { direction: Direction::Forward, step, on: None, attempt }
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
    assert_eq!(next(&plan, &journal), Next::Follow(vec![forward(0, 1).key()]), "never begun twice");
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
fn what_a_person_ended_is_not_tried_again_by_itself() {
    let plan = plan(&[(3, OnFailure::Halt)], 0);
    let ended = Outcome::Failed { failure: Failure::Ended { by: "ada".to_owned() } };
    let mut journal = settled(forward(0, 1), ended).to_vec();
    assert_eq!(next(&plan, &journal), Next::Hold(Hold::Halted(HaltedBy::Step(forward(0, 1).key()))));
    journal.push(decided(forward(0, 1), Choice::RunAgain));
    assert_eq!(next(&plan, &journal), Next::Act(forward(0, 2)));
}

#[test]
fn a_person_halts_resumes_and_rolls_back() {
    let plan = plan(&[(1, OnFailure::Halt), (1, OnFailure::Halt)], 1);
    let mut journal = vec![intended(forward(0, 1)), asked(Signal::Halt)];
    assert_eq!(next(&plan, &journal), Next::Follow(vec![forward(0, 1).key()]), "it goes on to its end");
    journal.extend(settled(forward(0, 1), Outcome::Done));
    assert_eq!(next(&plan, &journal), Next::Hold(Hold::Halted(HaltedBy::Person("ada".to_owned()))));
    let mut resumed = journal.clone();
    resumed.push(asked(Signal::Resume));
    assert_eq!(next(&plan, &resumed), Next::Act(forward(1, 1)));
    journal.push(asked(Signal::RollBack));
    let back = Act { direction: Direction::Back, step: 0, on: None, attempt: 1 };
    assert_eq!(next(&plan, &journal), Next::Act(back));
    journal.extend(settled(back, Outcome::Done));
    assert_eq!(next(&plan, &journal), Next::Finish(End::RolledBack));
}

#[test]
fn a_step_may_roll_back_by_itself_and_there_is_no_way_forward_then() {
    let plan = plan(&[(1, OnFailure::RollBack)], 2);
    let mut journal: Vec<Entry> = settled(forward(0, 1), failed()).into();
    let back = Act { direction: Direction::Back, step: 0, on: None, attempt: 1 };
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
    let choice = prop_oneof![4 => Just(Choice::RunAgain), 4 => Just(Choice::CountAsDone), 1 => Just(Choice::Abandon)];
    (signal, choice)
}

fn guard_word() -> impl Strategy<Value = Option<GuardWord>> {
    prop_oneof![
        8 => Just(None),
        1 => Just(Some(GuardWord::Worse)),
        1 => Just(Some(GuardWord::CannotTell)),
    ]
}

/// How it stands in the middle of its time, where it is one that gonogo waits with itself.
fn waits(plan: &Plan, journal: &[Entry], key: &ActKey) -> Option<Own> {
    let at = |second| jiff::Timestamp::from_second(second).unwrap();
    let journal: Vec<(Entry, jiff::Timestamp)> = journal.iter().map(|entry| (entry.clone(), at(0))).collect();
    own(plan, &journal, key, None, at(30))
}

proptest! {
    /// Whatever happens, and wherever it is read anew: no act is begun twice or
    /// beside another one, none follows a failure that halts, and it ends.
    #[test]
    fn every_deploy_ends_and_begins_nothing_twice(
        steps in prop::collection::vec((1..3_u32, on_failure()), 1..4),
        pauses in prop::collection::vec(any::<bool>(), 4),
        back in 0..3_usize,
        is_watched in any::<bool>(),
        goes_back in any::<bool>(),
        events in prop::collection::vec((outcome(), word(), guard_word()), 60),
    ) {
        let on_worse = if goes_back { OnWorse::RollBack } else { OnWorse::Halt };
        let watched = is_watched.then(|| Watched { guards: Vec::new(), watch: Watch { on_worse, ..Watch::default() } });
        let mut plan = Plan { watched, ..plan(&steps, back) };
        let all = plan.forward.iter_mut().zip(&pauses).chain(plan.back.iter_mut().zip(pauses.iter().skip(1)));
        for (step, _) in all.filter(|(_, pauses)| **pauses) {
            (step.does, step.tries) = (Does::Pause { seconds: 60 }, 1);
        }
        let plan = plan;
        let mut journal: Vec<Entry> = Vec::new();
        let mut begun = std::collections::BTreeSet::new();
        let mut ended = None;
        for (outcome, (signal, choice), guard) in events {
            match next(&plan, &journal) {
                Next::Act(act) => {
                    prop_assert!(begun.insert(act.key()), "{} was begun twice", act.key());
                    journal.push(intended(act));
                    prop_assert_eq!(next(&plan, &journal), Next::Follow(vec![act.key()]));
                }
                Next::Follow(mut keys) => {
                    let key = keys.remove(0);
                    let outcome = match (waits(&plan, &journal, &key), outcome) {
                        // Of what only waits it can always be told.
                        (Some(Own::Open { .. }), Outcome::CannotTell { .. }) => Outcome::Done,
                        (Some(Own::Over(outcome)), _) | (_, outcome) => outcome,
                    };
                    journal.push(Entry::Settled { key, outcome });
                }
                Next::Hold(Hold::Halted(HaltedBy::Person(_) | HaltedBy::Guard { .. })) => journal.push(asked(Signal::Resume)),
                Next::Watch => journal.push(Entry::Watched),
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
            if let (Some(Signal::Halt | Signal::RollBack), Next::Follow(keys)) = (signal, next(&plan, &journal)) {
                let goes_on = |key: &ActKey| matches!(waits(&plan, &journal, key), Some(Own::Open { .. }));
                let is_forward = |key: &ActKey| key.act().direction == Direction::Forward;
                let way_back = signal == Some(Signal::RollBack) && !super::goes_back(&plan, &journal);
                prop_assert!(way_back || !keys.iter().any(|key| goes_on(key) && is_forward(key)), "it waits on");
            }
            if let Some(word) = guard.filter(|_| is_watched && !journal.is_empty()) {
                journal.push(Entry::Guarded { guard: "errors".to_owned(), word, said: String::new() });
                let begins = matches!(next(&plan, &journal), Next::Act(Act { direction: Direction::Forward, .. }));
                prop_assert!(!begins, "nothing begins after a guard's word");
            }
        }
        while ended.is_none() {
            match next(&plan, &journal) {
                Next::Act(act) => journal.push(intended(act)),
                Next::Follow(mut keys) => journal.push(Entry::Settled { key: keys.remove(0), outcome: Outcome::Done }),
                Next::Hold(_) => journal.push(asked(Signal::Abandon)),
                Next::Watch => journal.push(Entry::Watched),
                Next::Finish(end) => ended = Some(end),
            }
        }
        if ended == Some(End::Deployed) {
            prop_assert!(!is_watched || !has_begun(&plan, &journal) || journal.contains(&Entry::Watched));
            let was_begun = |step: usize| journal.iter().any(|entry| {
                let Entry::Intended { key } = entry else { return false };
                (key.act().direction, key.act().step) == (Direction::Forward, step)
            });
            prop_assert!((0..plan.forward.len()).all(was_begun), "a step was left out");
        }
    }
}
