//! Steps on hosts, in batches.

use super::*;
use crate::deploy::{HostStands, Phase, Variables, hosts_of};
use crate::policy::{Policy, Source};

/// A plan by a policy: `hosts` of one group, and what else the step says of them.
fn on_hosts(hosts: usize, more: &str, back: &str) -> Plan {
    let host = |at: usize| format!("[[deploy.hosts.web]]\nname = 'web-{at}'\n");
    let hosts = (1..=hosts).map(host).collect::<Vec<_>>().concat();
    let text = format!(
        "{hosts}[[deploy.steps]]\nname = 'ship'\non = 'web'\nrun = ['ship']\n{more}\n[[deploy.steps]]\nname = 'tell'\nrun = ['tell']\n{back}"
    );
    let section = Policy::parse(Source::new("gonogo.toml", &text)).unwrap().sections.deploy;
    let variables = Variables {
        service: "web".to_owned(),
        branch: "main".to_owned(),
        deploy: 7,
        head: "b".repeat(40).parse().unwrap(),
        production: "a".repeat(40).parse().unwrap(),
        only_by_hand: None,
    };
    Plan::of(&section, &variables)
}

const AROUND: &str = "drain = { run = ['drain'], at = 'runner' }\nhealth.run = ['probe']\nundrain = { run = ['undrain'], at = 'runner' }\n";
const BACK: &str = "[[deploy.roll_back]]\nname = 'back'\non = 'web'\nrun = ['ship']\nbatches = ['100%']\n";

fn key(text: &str) -> ActKey {
    text.parse().unwrap()
}

/// A deploy that is played: what begins is written down, and what ends.
struct Play {
    plan: Plan,
    journal: Vec<Entry>,
}

impl Play {
    fn of(plan: Plan) -> Self {
        Self { plan, journal: Vec::new() }
    }

    fn next(&self) -> Next {
        next(&self.plan, &self.journal)
    }

    /// Begins all that may begin: their keys.
    fn begins(&mut self) -> Vec<String> {
        let mut begun = Vec::new();
        while let Next::Act(act) = self.next() {
            self.journal.push(intended(act));
            begun.push(act.key().to_string());
        }
        begun
    }

    fn ends(&mut self, text: &str, outcome: Outcome) {
        self.journal.push(Entry::Settled { key: key(text), outcome });
    }

    fn done(&mut self, texts: &[&str]) {
        for text in texts {
            self.ends(text, Outcome::Done);
        }
    }

    fn says(&mut self, text: &str, choice: Choice) {
        self.journal.push(Entry::Decided { key: key(text), by: "ada".to_owned(), choice });
    }

    fn stands(&self) -> Vec<HostStands> {
        hosts_of(&self.plan, &self.journal, Direction::Forward, 0)
    }
}

fn halted_by(text: &str) -> Next {
    Next::Hold(Hold::Halted(HaltedBy::Step(key(text))))
}

#[test]
fn a_batch_begins_together_and_the_next_one_when_it_is_over() {
    let mut play = Play::of(on_hosts(3, "batches = ['1', '100%']", ""));
    assert_eq!(play.begins(), ["step-1-on-1-run-1"]);
    assert_eq!(play.next(), Next::Follow(vec![key("step-1-on-1-run-1")]));
    play.done(&["step-1-on-1-run-1"]);
    assert_eq!(play.begins(), ["step-1-on-2-run-1", "step-1-on-3-run-1"]);
    play.done(&["step-1-on-3-run-1"]);
    assert_eq!(play.begins(), [""; 0]);
    assert_eq!(play.stands()[2], HostStands::Done);
    play.done(&["step-1-on-2-run-1"]);
    assert_eq!(play.begins(), ["step-2-1"]);
}

#[test]
fn each_host_goes_through_its_phases_by_itself() {
    let mut play = Play::of(on_hosts(2, &format!("batches = ['2']\n{AROUND}"), ""));
    assert_eq!(play.begins(), ["step-1-on-1-drain-1", "step-1-on-2-drain-1"]);
    play.done(&["step-1-on-1-drain-1"]);
    assert_eq!(play.begins(), ["step-1-on-1-run-1"]);
    play.done(&["step-1-on-1-run-1"]);
    assert_eq!(play.begins(), ["step-1-on-1-health-1"]);
    play.done(&["step-1-on-1-health-1"]);
    assert_eq!(play.begins(), ["step-1-on-1-undrain-1"]);
    assert_eq!(
        play.stands(),
        [HostStands::Runs(key("step-1-on-1-undrain-1")), HostStands::Runs(key("step-1-on-2-drain-1"))]
    );
}

#[test]
fn with_more_failed_hosts_than_it_may_nothing_more_begins_and_what_has_the_new_one_is_let_back() {
    let mut play = Play::of(on_hosts(4, &format!("batches = ['3', '1']\nmax_failed = 1\n{AROUND}"), ""));
    play.begins();
    play.done(&["step-1-on-1-drain-1", "step-1-on-2-drain-1"]);
    assert_eq!(play.begins(), ["step-1-on-1-run-1", "step-1-on-2-run-1"]);
    play.ends("step-1-on-1-run-1", failed());
    play.done(&["step-1-on-2-run-1"]);
    assert_eq!(play.begins(), ["step-1-on-2-health-1"], "one may fail");
    play.ends("step-1-on-3-drain-1", failed());
    assert_eq!(play.begins(), [""; 0], "what runs comes to its end first");
    play.done(&["step-1-on-2-health-1"]);
    assert_eq!(play.begins(), ["step-1-on-2-undrain-1"]);
    play.done(&["step-1-on-2-undrain-1"]);
    assert_eq!(play.next(), halted_by("step-1-on-1-run-1"));
    assert_eq!(play.stands()[3], HostStands::Waits);

    play.says("step-1-on-1-run-1", Choice::LeaveOut);
    assert_eq!(play.begins(), ["step-1-on-4-drain-1"], "one failed host is left, and one may fail");
    for phase in ["drain", "run", "health", "undrain"] {
        play.done(&[&format!("step-1-on-4-{phase}-1")]);
        play.begins();
    }
    assert_eq!(play.stands()[0], HostStands::LeftOut(key("step-1-on-1-run-1")));
    play.done(&["step-2-1"]);
    assert_eq!(play.next(), Next::Finish(End::Deployed));
}

#[test]
fn a_halt_stops_before_the_next_batch() {
    let mut play = Play::of(on_hosts(2, AROUND, ""));
    play.begins();
    play.done(&["step-1-on-1-drain-1"]);
    play.begins();
    play.journal.push(asked(Signal::Halt));
    play.done(&["step-1-on-1-run-1"]);
    assert_eq!(play.begins(), ["step-1-on-1-health-1"]);
    play.done(&["step-1-on-1-health-1"]);
    assert_eq!(play.begins(), ["step-1-on-1-undrain-1"]);
    play.done(&["step-1-on-1-undrain-1"]);
    assert_eq!(play.next(), Next::Hold(Hold::Halted(HaltedBy::Person("ada".to_owned()))));
    play.journal.push(asked(Signal::Resume));
    assert_eq!(play.begins(), ["step-1-on-2-drain-1"]);
    play.journal.push(asked(Signal::Halt));
    play.done(&["step-1-on-2-drain-1"]);
    assert_eq!(play.begins(), [""; 0], "no command begins any more");
}

#[test]
fn a_host_that_cannot_be_told_is_put_before_a_person_and_never_run_again_by_itself() {
    let mut play = Play::of(on_hosts(3, "batches = ['1', '2']\nrepeatable = true\ntries = 3\nmax_failed = 2", ""));
    play.begins();
    let why = Why::new("web-1 was restarted", "look");
    play.ends("step-1-on-1-run-1", Outcome::CannotTell { why: why.clone() });
    assert_eq!(play.next(), Next::Hold(Hold::CannotTell(key("step-1-on-1-run-1"), why)));
    play.says("step-1-on-1-run-1", Choice::RunAgain);
    assert_eq!(play.begins(), ["step-1-on-1-run-2"]);
    play.ends("step-1-on-1-run-2", failed());
    assert_eq!(play.begins(), ["step-1-on-1-run-3"], "its tries begin anew");
}

#[test]
fn the_way_back_is_of_the_hosts_that_were_touched() {
    let mut play = Play::of(on_hosts(4, "batches = ['2']\non_failure = 'roll-back'", BACK));
    play.begins();
    play.ends("step-1-on-1-run-1", failed());
    assert_eq!(play.begins(), [""; 0]);
    // One host has failed: no command begins by itself any more.
    play.ends("step-1-on-2-run-1", Outcome::NotStarted { why: "no way there".to_owned() });
    assert_eq!(play.begins(), ["back-1-on-1-run-1"], "on the second one nothing had begun");
    play.done(&["back-1-on-1-run-1"]);
    let back = hosts_of(&play.plan, &play.journal, Direction::Back, 0);
    assert_eq!(back, [HostStands::Done, HostStands::Untouched, HostStands::Untouched, HostStands::Untouched]);
    assert_eq!(play.next(), Next::Finish(End::RolledBack));
}

#[test]
fn where_no_step_forward_runs_on_hosts_the_way_back_is_of_all() {
    let text = "[[deploy.hosts.web]]\nname = 'web-1'\n[[deploy.steps]]\nname = 'ship'\nrun = ['ship']\n";
    let plan = on_hosts(1, "", BACK);
    let alone = Policy::parse(Source::new("gonogo.toml", format!("{text}{BACK}"))).unwrap().sections.deploy;
    assert_eq!(alone.steps.len(), 1);
    let mut play = Play::of(Plan { forward: vec![super::step("ship", 1, OnFailure::RollBack)], ..plan });
    play.begins();
    play.ends("step-1-1", failed());
    assert_eq!(play.begins(), ["back-1-on-1-run-1"]);
}

#[test]
fn what_goes_back_waits_for_what_still_goes_forward() {
    let mut play = Play::of(on_hosts(2, "batches = ['2']", BACK));
    play.begins();
    play.done(&["step-1-on-1-run-1"]);
    play.journal.push(asked(Signal::RollBack));
    assert_eq!(play.next(), Next::Follow(vec![key("step-1-on-2-run-1")]));
    play.done(&["step-1-on-2-run-1"]);
    assert_eq!(play.begins(), ["back-1-on-1-run-1", "back-1-on-2-run-1"]);
}

/// In which batch of the first step a host is.
/// Nothing brings a broken host back into service.
#[test]
fn a_host_that_failed_gets_no_later_step() {
    let later = "batches = ['100%']\nmax_failed = 1\n[[deploy.steps]]\nname = 'restart'\non = 'web'\nrun = ['restart']\nbatches = ['100%']\n";
    let mut play = Play::of(on_hosts(2, later, ""));
    assert_eq!(play.begins(), ["step-1-on-1-run-1", "step-1-on-2-run-1"]);
    play.ends("step-1-on-1-run-1", failed());
    play.done(&["step-1-on-2-run-1"]);
    assert_eq!(play.begins(), ["step-2-on-2-run-1"]);
    play.done(&["step-2-on-2-run-1"]);
    assert_eq!(play.begins(), ["step-3-1"]);
    play.done(&["step-3-1"]);
    assert_eq!(play.next(), Next::Finish(End::Deployed));
}

fn batch_of(plan: &Plan, host: usize) -> usize {
    let batches = &plan.forward[0].rollout.as_ref().unwrap().batches;
    batches.iter().position(|batch| batch.contains(&host)).unwrap()
}

proptest! {
    /// Whatever happens on hosts, in any order, and whatever people say: nothing is begun
    /// twice, each host does one thing at a time, no batch begins before the one before
    /// it is over, no command begins where too many have failed, and it ends.
    #[test]
    fn every_deploy_on_hosts_ends_and_keeps_its_limits(
        hosts in 1..7_usize,
        sizes in prop::collection::vec(1..4_usize, 1..3),
        max_failed in 0..3_usize,
        around in any::<bool>(),
        tries in 1..3_u32,
        on_failure in prop_oneof![Just("halt"), Just("continue"), Just("roll-back")],
        events in prop::collection::vec((outcome(), word(), any::<prop::sample::Index>(), any::<bool>(), any::<bool>()), 120),
    ) {
        let max_failed = if on_failure == "continue" { 0 } else { max_failed.min(hosts - 1) };
        let sizes: Vec<String> = sizes.iter().map(|size| format!("'{size}'")).collect();
        let more = format!(
            "batches = [{}]\nmax_failed = {max_failed}\nrepeatable = true\ntries = {tries}\non_failure = '{on_failure}'\n{}",
            sizes.join(", "), if around { AROUND } else { "" }
        );
        let mut play = Play::of(on_hosts(hosts, &more, BACK));
        let mut begun = std::collections::BTreeSet::new();
        let mut ended = None;
        for (outcome, (signal, choice), which, leaves_out, settles_first) in events {
            match play.next() {
                Next::Act(act) => {
                    prop_assert!(begun.insert(act.key()), "{} was begun twice", act.key());
                    let open = Story::of(&play.plan, &play.journal).under_way();
                    let same = |key: &&ActKey| key.act().on.map(|on| on.host) == act.on.map(|on| on.host);
                    prop_assert_eq!(open.iter().find(same), None, "one thing at a time on a host");
                    prop_assert!(open.iter().all(|key| (key.act().direction, key.act().step) == (act.direction, act.step)));
                    if let (Direction::Forward, Some(on)) = (act.direction, act.on) {
                        let stands = play.stands();
                        for (host, stands) in stands.iter().enumerate() {
                            let is_over = matches!(stands, HostStands::Done | HostStands::Failed(_) | HostStands::LeftOut(_));
                            prop_assert!(batch_of(&play.plan, host) >= batch_of(&play.plan, on.host) || is_over);
                        }
                        let failed = stands.iter().filter(|stands| matches!(stands, HostStands::Failed(_))).count();
                        let is_stopped = failed > max_failed && on_failure != "continue";
                        prop_assert!(!is_stopped || on.phase > Phase::Run, "{failed} hosts have failed");
                    }
                    play.journal.push(intended(act));
                    prop_assert!(next(&play.plan, &play.journal) != Next::Act(act));
                    // Either all of a batch runs at once, or one after the other.
                    if settles_first {
                        play.journal.push(Entry::Settled { key: act.key(), outcome });
                    }
                }
                Next::Follow(keys) => {
                    let key = which.get(&keys).clone();
                    play.journal.push(Entry::Settled { key, outcome });
                }
                Next::Hold(Hold::Halted(HaltedBy::Person(_) | HaltedBy::Guard { .. })) => play.journal.push(asked(Signal::Resume)),
                Next::Hold(Hold::Halted(HaltedBy::Step(key)) | Hold::CannotTell(key, _)) => {
                    prop_assert!(begun.contains(&key));
                    let choice = if leaves_out && key.act().on.is_some() { Choice::LeaveOut } else { choice };
                    play.journal.push(Entry::Decided { key, by: "ada".to_owned(), choice });
                }
                Next::Watch => play.journal.push(Entry::Watched),
                Next::Finish(end) => {
                    ended = Some(end);
                    break;
                }
            }
            play.journal.extend(signal.map(asked));
        }
        let mut turns = 0;
        while ended.is_none() {
            turns += 1;
            prop_assert!(turns < 1000, "it does not end");
            match play.next() {
                Next::Act(act) => play.journal.push(intended(act)),
                Next::Follow(keys) => play.journal.push(Entry::Settled { key: keys[0].clone(), outcome: Outcome::Done }),
                Next::Hold(_) => play.journal.push(asked(Signal::Abandon)),
                Next::Watch => play.journal.push(Entry::Watched),
                Next::Finish(end) => ended = Some(end),
            }
        }
        prop_assert_eq!(Story::of(&play.plan, &play.journal).under_way(), [], "nothing is left running");
        if ended == Some(End::Deployed) {
            let over = |stands: &HostStands| {
                matches!(stands, HostStands::Done | HostStands::Failed(_) | HostStands::LeftOut(_))
            };
            prop_assert!(play.stands().iter().all(over), "{:?}", play.stands());
        }
    }
}
