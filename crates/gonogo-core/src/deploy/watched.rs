//! What guards have to know of a deploy: when it began, when something may have changed
//! in production, and where it pauses so that they can tell.

use super::hosts::Phase;
use super::journal::{Act, ActKey, Choice, Direction, Entry, Signal, came_to_nothing};
use super::plan::Plan;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// A step or a batch of hosts that began, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub at: Timestamp,
    /// Such as `ship 2/3`, or `ship` where it does not run on hosts in batches.
    pub label: String,
    /// Hosts of the batch; empty where it is none.
    pub hosts: Vec<String>,
}

/// When something may have changed in production: as acts of the way forward began, and
/// as they ended or a person had done them. The first is when the deploy began.
pub fn moments(plan: &Plan, journal: &[(Entry, Timestamp)]) -> Vec<Timestamp> {
    let nothing = came_to_nothing(journal.iter().map(|(entry, _)| entry));
    let changes = |key: &ActKey| {
        let Act { direction, on, .. } = key.act();
        direction == Direction::Forward && on.is_none_or(|on| on.phase != Phase::Health) && plan.changes_by(key)
    };
    let began = |key: &ActKey| changes(key) && !nothing.contains(key);
    let of = |(entry, at): &(Entry, Timestamp)| match entry {
        Entry::Intended { key } | Entry::Settled { key, .. } if began(key) => Some(*at),
        // Also of what gonogo never began.
        Entry::Decided { key, choice: Choice::CountAsDone, .. } if changes(key) => Some(*at),
        _ => None,
    };
    journal.iter().filter_map(of).collect()
}

/// Each step that changes something, or batch of hosts, in the order in which they began.
pub fn marks(plan: &Plan, journal: &[(Entry, Timestamp)]) -> Vec<Mark> {
    let mut seen = BTreeSet::new();
    let mut marks = Vec::new();
    for (entry, at) in journal {
        let Entry::Intended { key } = entry else { continue };
        let Act { direction, step, .. } = key.act();
        let batch = batch_of(plan, key);
        let Some(one) = plan.step_of(key).filter(|one| one.does.changes()) else { continue };
        if !seen.insert((direction, step, batch)) {
            continue;
        }
        let back = if direction == Direction::Back { "back: " } else { "" };
        let (of, hosts) = match (batch, &one.rollout) {
            (Some(batch), Some(rollout)) => {
                let hosts = rollout.batches[batch].iter().map(|host| rollout.hosts[*host].name.clone());
                (format!(" {}/{}", batch + 1, rollout.batches.len()), hosts.collect())
            }
            _ => (String::new(), Vec::new()),
        };
        marks.push(Mark { at: *at, label: format!("{back}{}{of}", one.name), hosts });
    }
    marks
}

/// Guards whose word a person did not follow: the deploy was let go on.
pub fn overruled(journal: &[(Entry, Timestamp)]) -> BTreeSet<&str> {
    let resumed = journal.iter().rposition(|(entry, _)| matches!(entry, Entry::Asked { signal: Signal::Resume, .. }));
    let mut guards = BTreeSet::new();
    for (entry, _) in &journal[..resumed.unwrap_or(0)] {
        if let Entry::Guarded { guard, .. } = entry {
            guards.insert(guard.as_str());
        }
    }
    guards
}

/// Until when guards watch the batch before, where an act is the first one of a batch of
/// hosts: settled for `settle`, and then as long as the policy says.
pub fn pauses_until(plan: &Plan, journal: &[(Entry, Timestamp)], act: Act) -> Option<Timestamp> {
    let watched = plan.watched.as_ref().filter(|_| act.direction == Direction::Forward)?;
    let batch = batch_of(plan, &act.key()).filter(|batch| *batch > 0)?;
    let is_of_it = |key: &ActKey| {
        let of = key.act();
        (of.direction, of.step) == (act.direction, act.step) && batch_of(plan, key) == Some(batch)
    };
    if journal.iter().any(|(entry, _)| matches!(entry, Entry::Intended { key } if is_of_it(key))) {
        return None;
    }
    let settle = watched.guards.iter().map(|guard| guard.settle_seconds).max().unwrap_or_default();
    let pause = SignedDuration::from_secs(i64::from(settle) + i64::from(watched.watch.batch_seconds));
    moments(plan, journal).last().map(|last| *last + pause)
}

/// Among the batches of its step, from 0.
fn batch_of(plan: &Plan, key: &ActKey) -> Option<usize> {
    let host = key.act().on?.host;
    let rollout = plan.step_of(key)?.rollout.as_ref()?;
    rollout.batches.iter().position(|batch| batch.contains(&host))
}

#[cfg(test)]
mod tests {
    use super::super::plan::Variables;
    use super::super::{End, GuardWord, HaltedBy, Hold, Next, On, Outcome, has_begun, next};
    use super::*;
    use crate::policy::{Policy, Source};

    fn plan(watch: &str, only_by_hand: Option<&str>) -> Plan {
        let text = format!(
            "[deploy.metrics]\ngraphite = 'https://g.example.com'\n[deploy.watch]\nbatch_seconds = 20\n{watch}\n\
             [[deploy.guards]]\nname = 'errors'\nfrom = 'graphite'\nmeasures = 'count'\nquery = 'q'\nsettle_seconds = 10\n\
             [[deploy.hosts.web]]\nname = 'web-1'\n[[deploy.hosts.web]]\nname = 'web-2'\n\
             [[deploy.steps]]\nname = 'ship'\non = 'web'\nrun = ['ship']\n\
             [[deploy.roll_back]]\nname = 'back'\nrun = ['back']"
        );
        let section = Policy::parse(Source::new("gonogo.toml", text)).unwrap().sections.deploy;
        let variables = Variables {
            service: "web".to_owned(),
            branch: "main".to_owned(),
            deploy: 1,
            head: "b".repeat(40).parse().unwrap(),
            production: "a".repeat(40).parse().unwrap(),
            only_by_hand: only_by_hand.map(str::to_owned),
        };
        Plan::of(&section, &variables)
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn ship(host: usize) -> Act {
        Act { direction: Direction::Forward, step: 0, on: Some(On { host, phase: Phase::Run }), attempt: 1 }
    }

    fn done(act: Act, from: i64) -> [(Entry, Timestamp); 2] {
        [
            (Entry::Intended { key: act.key() }, at(from)),
            (Entry::Settled { key: act.key(), outcome: Outcome::Done }, at(from + 5)),
        ]
    }

    fn next_of(plan: &Plan, journal: &[(Entry, Timestamp)]) -> Next {
        let entries: Vec<Entry> = journal.iter().map(|(entry, _)| entry.clone()).collect();
        next(plan, &entries)
    }

    fn worse() -> Entry {
        Entry::Guarded { guard: "errors".to_owned(), word: GuardWord::Worse, said: "errors: worse".to_owned() }
    }

    #[test]
    fn the_next_batch_waits_for_guards_and_only_its_first_act_does() {
        let plan = plan("", None);
        let mut journal = done(ship(0), 100).to_vec();
        assert_eq!(next_of(&plan, &journal), Next::Act(ship(1)));
        assert_eq!(pauses_until(&plan, &journal, ship(1)), Some(at(135)), "ten to settle, twenty to watch");
        assert_eq!(pauses_until(&plan, &[], ship(0)), None, "there is nothing to watch before the first");
        let again = Act { attempt: 2, ..ship(1) };
        journal.extend(done(ship(1), 140));
        assert_eq!(pauses_until(&plan, &journal, again), None);
        let labels: Vec<String> = marks(&plan, &journal).into_iter().map(|mark| mark.label).collect();
        assert_eq!(labels, ["ship 1/2", "ship 2/2"]);
        assert_eq!(moments(&plan, &journal), [100, 105, 140, 145].map(at));
    }

    #[test]
    fn a_deploy_begins_with_what_began_and_is_watched_since_a_person_did_the_last_step() {
        let plan = plan("", None);
        let taken_back = Outcome::NotStarted { why: "nobody asked for it".to_owned() };
        let mut journal = vec![
            (Entry::Intended { key: ship(0).key() }, at(10)),
            (Entry::Settled { key: ship(0).key(), outcome: taken_back }, at(20)),
        ];
        assert!(
            moments(&plan, &journal).is_empty() && !has_begun(&plan, &[journal[0].0.clone(), journal[1].0.clone()])
        );
        let by_hand = Entry::Decided { key: ship(0).key(), by: "ada".to_owned(), choice: Choice::CountAsDone };
        let done_by_hand = [journal.clone(), vec![(by_hand, at(4000))]].concat();
        assert_eq!(moments(&plan, &done_by_hand), [at(4000)]);
        let again = Act { attempt: 2, ..ship(0) };
        journal.extend(done(again, 5000));
        assert_eq!(moments(&plan, &journal), [5000, 5005].map(at));
        let by_hand = Entry::Decided { key: ship(1).key(), by: "ada".to_owned(), choice: Choice::CountAsDone };
        journal.push((by_hand, at(9000)));
        assert_eq!(moments(&plan, &journal).last(), Some(&at(9000)));
    }

    #[test]
    fn who_goes_on_without_a_host_that_nothing_was_begun_on_waits_for_no_guard() {
        let plan = plan("", None);
        let mut journal = Vec::new();
        for host in 0..2 {
            let outcome = Outcome::NotStarted { why: "busy".to_owned() };
            journal.push((Entry::Intended { key: ship(host).key() }, at(10)));
            journal.push((Entry::Settled { key: ship(host).key(), outcome }, at(20)));
            let without = Entry::Decided { key: ship(host).key(), by: "ada".to_owned(), choice: Choice::LeaveOut };
            journal.push((without, at(30)));
        }
        assert_eq!(next_of(&plan, &journal), Next::Finish(End::Deployed));
    }

    #[test]
    fn what_came_of_the_last_step_is_watched_before_it_counts_as_deployed() {
        let plan = plan("", None);
        let mut journal = [done(ship(0), 100), done(ship(1), 140)].concat();
        assert_eq!(next_of(&plan, &journal), Next::Watch);
        let mut fine = journal.clone();
        fine.push((Entry::Watched, at(800)));
        assert_eq!(next_of(&plan, &fine), Next::Finish(End::Deployed));
        journal.push((worse(), at(200)));
        let Next::Hold(Hold::Halted(HaltedBy::Guard { said, .. })) = next_of(&plan, &journal) else {
            panic!("{:?}", next_of(&plan, &journal))
        };
        assert_eq!(said, "errors: worse");
        assert!(overruled(&journal).is_empty());
        journal.push((Entry::Asked { signal: Signal::Resume, by: "ada".to_owned() }, at(210)));
        assert_eq!(next_of(&plan, &journal), Next::Watch, "others go on");
        assert_eq!(overruled(&journal).into_iter().collect::<Vec<_>>(), ["errors"]);
    }

    #[test]
    fn it_goes_back_by_itself_only_where_the_policy_says_so_and_nothing_forbids_it() {
        let journal = [done(ship(0), 100).to_vec(), vec![(worse(), at(110))]].concat();
        let back = Act { direction: Direction::Back, step: 0, on: None, attempt: 1 };
        assert_eq!(next_of(&plan("on_worse = 'roll-back'", None), &journal), Next::Act(back));
        for halts in [plan("", None), plan("on_worse = 'roll-back'", Some("it brings a migration"))] {
            assert!(matches!(next_of(&halts, &journal), Next::Hold(Hold::Halted(HaltedBy::Guard { .. }))));
        }
    }
}
