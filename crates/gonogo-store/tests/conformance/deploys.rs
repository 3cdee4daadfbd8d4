use crate::{at, conformance, sha};
use gonogo_core::case::Stage;
use gonogo_core::deploy::{
    Act, ActKey, Direction, Does, Entry, Failure, GuardWord, OnFailure, Outcome, Plan, Reply, Signal, Step,
};
use gonogo_core::guard::{Judgement, Reading, Sample, Series};
use gonogo_core::person::{Person, Role};
use gonogo_store::{
    AuditAsked, Candidate, Deed, DeployId, DeployState, DeploysWanted, GuardBefore, GuardSeen, Held, NewDeploy,
    ProductionSeen, Requested, RunKey, Runs, Sighted, StepOrder, Store, StoreError, Waits,
};

pub(crate) fn deed(action: &'static str, second: i64) -> Deed {
    let (actor, subject, detail) = ("ada".to_owned(), "web".to_owned(), String::new());
    Deed { at: at(second), actor, action, subject, detail, once: None }
}

pub(crate) async fn ada(store: &Store) -> Person {
    let deed = deed("added a person", 0);
    store.add_person("ada".to_owned(), "x".to_owned(), Role::Admin, false, deed).await.unwrap().unwrap()
}

/// A branch of a service has this head over `a`.
pub(crate) async fn candidate(store: &Store, service: &str, head: char) -> Candidate {
    let running = Some(sha('a').into());
    let seen = ProductionSeen {
        service: service.to_owned(),
        running: running.clone(),
        name: "production".to_owned(),
        why: "so".to_owned(),
        trouble: None,
        astray: None,
    };
    let (service, branch) = (service.to_owned(), format!("of-{head}"));
    let one = Sighted { service, branch, head: sha(head), production: running, stage: Stage::Deploy };
    store.looked(seen, vec![one], at(1), at(1)).await.unwrap().candidates.remove(0).0
}

pub(crate) fn step(name: &str) -> Step {
    Step {
        name: name.to_owned(),
        does: Does::Run,
        argv: vec!["true".to_owned()],
        env: [("A".to_owned(), "b".to_owned())].into(),
        secrets: Vec::new(),
        dir: None,
        limit_seconds: 60,
        tries: 1,
        on_failure: OnFailure::Halt,
        rollout: None,
        on: None,
        affinity: None,
    }
}

pub(crate) fn wanted(who: &Person, of: &Candidate) -> NewDeploy {
    NewDeploy {
        service: of.service.clone(),
        branch: of.branch.clone(),
        head: of.head,
        production: of.production.clone().unwrap(),
        candidate: of.id,
        requested_by: who.id,
        channel: None,
        waits: Waits::default(),
        is_to_be_approved: false,
    }
}

async fn request(store: &Store, who: &Person, of: &Candidate, second: i64) -> Requested {
    let plan = |id: DeployId| Plan {
        approval: None,
        zone: "UTC".to_owned(),
        follow: None,
        runner: "local".to_owned(),
        forward: vec![step(&format!("ship-{}", id.0))],
        back: Vec::new(),
        watched: None,
        only_by_hand: None,
    };
    store.request_deploy(wanted(who, of), plan, deed("asked for a deploy", second)).await.unwrap()
}

pub(crate) async fn requested(store: &Store, who: &Person, of: &Candidate, second: i64) -> DeployId {
    match request(store, who, of, second).await {
        Requested::New(id) => id,
        Requested::Underway(id) => panic!("{id:?} is under way"),
    }
}

fn reading(level: f64) -> Reading {
    Reading {
        guard: "errors".to_owned(),
        at: at(5),
        judgement: Judgement::Fine,
        evidence: 0.25,
        needed: 100.0,
        observed: Some(level),
        expected: None,
        since: None,
        no_data_since: None,
        versus: Vec::new(),
        remarks: Vec::new(),
    }
}

fn series(level: f64) -> Series {
    let sample = |second, value| Sample { at: at(second), value };
    Series { samples: vec![sample(0, Some(level)), sample(10, None)], trials: vec![sample(0, Some(0.1))] }
}

pub(crate) fn first() -> ActKey {
    Act { direction: Direction::Forward, step: 0, on: None, attempt: 1 }.key()
}

pub(crate) fn order() -> StepOrder {
    StepOrder { runner: "local".to_owned(), step: step("ship") }
}

pub(crate) async fn take(store: &Store, id: DeployId, second: i64) -> Option<Held> {
    store.take_deploy(id, at(second), at(second + 10)).await.unwrap()
}

async fn finish(store: &Store, held: &Held, second: i64) {
    let ended = deed("ended a deploy", second);
    let seen = store.deploy_journal(held.deploy()).await.unwrap().len();
    store.finish_deploy(held, (DeployState::Deployed, String::new()), None, seen, ended).await.unwrap();
}

conformance! {
    async fn a_head_is_deployed_once_and_a_service_one_at_a_time(store: Store) {
        let who = ada(&store).await;
        let (web, next, api) = (
            candidate(&store, "web", 'b').await,
            candidate(&store, "web", 'c').await,
            candidate(&store, "api", 'b').await,
        );
        let one = requested(&store, &who, &web, 2).await;
        assert_eq!(request(&store, &who, &web, 3).await, Requested::Underway(one), "two press at once");
        let two = requested(&store, &who, &next, 4).await;
        let other = requested(&store, &who, &api, 5).await;
        let row = store.deploy(one).await.unwrap().unwrap();
        assert_eq!((row.state, row.head, row.requested_by.as_str()), (DeployState::Queued, sha('b'), "ada"));
        assert_eq!(row.plan.forward[0].name, format!("ship-{}", one.0), "its plan knows its number");
        assert_eq!(store.deploys_unseen(at(6)).await.unwrap(), [one, other], "the second one of web waits");

        let held = take(&store, one, 6).await.unwrap();
        assert!(take(&store, one, 7).await.is_none() && take(&store, two, 7).await.is_none());
        assert_eq!(store.deploys_unseen(at(7)).await.unwrap(), [other]);
        finish(&store, &held, 8).await;
        assert_eq!(store.deploys_unseen(at(9)).await.unwrap(), [two, other]);
        assert!(take(&store, one, 9).await.is_none(), "it is over");
        assert!(take(&store, two, 9).await.is_some());
        let open = DeploysWanted { only_open: true, ..DeploysWanted::default() };
        assert_eq!(store.deploys(open, 9).await.unwrap().len(), 2);
        let again = requested(&store, &who, &web, 10).await;
        assert!(again > other, "over, it may be asked for anew");
    }

    async fn who_lost_the_lock_writes_nothing_any_more(store: Store) {
        let who = ada(&store).await;
        let id = requested(&store, &who, &candidate(&store, "web", 'b').await, 2).await;
        let old = take(&store, id, 3).await.unwrap();
        store.hold_deploy(&old, at(8), at(18)).await.unwrap();
        assert!(take(&store, id, 17).await.is_none(), "a heartbeat keeps it");
        assert_eq!(store.deploys_unseen(at(19)).await.unwrap(), [id]);
        let new = take(&store, id, 19).await.unwrap();
        let fenced = |ended: Result<(), StoreError>| assert!(matches!(ended, Err(StoreError::Fenced)), "{ended:?}");
        fenced(store.hold_deploy(&old, at(20), at(30)).await);
        fenced(store.intend(&old, first(), order(), 0, at(20), at(30)).await.map(drop));
        fenced(store.deploy_stands(&old, DeployState::Halted, String::new(), None, at(20), at(30)).await.map(drop));
        let ended = deed("ended a deploy", 20);
        fenced(store.finish_deploy(&old, (DeployState::Deployed, String::new()), None, 0, ended).await);
        assert_eq!(store.deploy_journal(id).await.unwrap(), []);

        let intent = store.intend(&new, first(), order(), 0, at(21), at(31)).await.unwrap();
        fenced(store.settle(&old, store.unsettled(&new, &first()).await.unwrap().unwrap(), Outcome::Done, at(22), at(32)).await);
        store.settle(&new, intent, Outcome::Done, at(22), at(32)).await.unwrap();
        assert!(store.unsettled(&new, &first()).await.unwrap().is_none());
        finish(&store, &new, 23).await;
        fenced(store.hold_deploy(&new, at(24), at(34)).await);
    }

    async fn an_act_is_begun_once_and_the_journal_keeps_its_order(store: Store) {
        let who = ada(&store).await;
        let id = requested(&store, &who, &candidate(&store, "web", 'b').await, 2).await;
        let held = take(&store, id, 3).await.unwrap();
        let intent = store.intend(&held, first(), order(), 0, at(4), at(14)).await.unwrap();
        assert!(store.intend(&held, first(), order(), 1, at(5), at(15)).await.is_err(), "never twice");
        let halt = Entry::Asked { signal: Signal::Halt, by: "ada".to_owned() };
        assert!(store.say_of_deploy(id, halt.clone(), 1, deed("halted a deploy", 6)).await.unwrap());
        assert!(!store.say_of_deploy(id, halt.clone(), 1, deed("halted a deploy", 6)).await.unwrap(), "it moved on");
        let next = Act { direction: Direction::Forward, step: 0, on: None, attempt: 2 }.key();
        let late = store.intend(&held, next, order(), 1, at(6), at(16)).await;
        assert!(matches!(late, Err(StoreError::Done)), "a halt that was written is seen first");
        let failed = Outcome::Failed { failure: Failure::Exit { status: 3 } };
        store.settle(&held, intent, failed.clone(), at(7), at(17)).await.unwrap();
        let journal = store.deploy_journal(id).await.unwrap();
        let expected = [
            (Entry::Intended { key: first() }, at(4)),
            (halt.clone(), at(6)),
            (Entry::Settled { key: first(), outcome: failed }, at(7)),
        ];
        assert_eq!(journal, expected);
        let row = store.deploy(id).await.unwrap().unwrap();
        assert_eq!((row.state, row.began_at), (DeployState::Running, Some(at(4))));
        finish(&store, &held, 8).await;
        assert!(!store.say_of_deploy(id, halt, 3, deed("halted a deploy", 9)).await.unwrap(), "it is over");
        assert_eq!(store.deploy(id).await.unwrap().unwrap().ended_at, Some(at(8)));
    }

    async fn a_runner_finds_what_is_its_own_until_that_is_over(store: Store) {
        let who = ada(&store).await;
        let id = requested(&store, &who, &candidate(&store, "web", 'b').await, 2).await;
        let held = take(&store, id, 3).await.unwrap();
        let _intent = store.intend(&held, first(), order(), 0, at(4), at(14)).await.unwrap();
        let of = RunKey { deploy: id, key: first() };
        assert_eq!(store.runs_for("other", "i", Vec::new(), at(5)).await.unwrap().new, []);
        let mut new = store.runs_for("local", "i", Vec::new(), at(5)).await.unwrap().new;
        let run = new.remove(0);
        assert_eq!((run.of.clone(), run.step.name.as_str(), run.said_bytes), (of.clone(), "ship", 0));
        assert!(new.is_empty() && run.fence > 0);
        let quiet = store.runs_for("local", "i", vec![of.clone()], at(6)).await.unwrap();
        assert!(quiet.new.is_empty() && quiet.to_end.is_empty() && quiet.gone.is_empty());
        assert_eq!(store.deploy_runs(id).await.unwrap()[0].heard_at, Some(at(6)));
        assert_eq!(store.runs_for("local", "i", Vec::new(), at(7)).await.unwrap().new.len(), 1, "it began anew");
        assert_eq!(store.runs_for("local", "j", Vec::new(), at(7)).await.unwrap().new, [], "another folder");
        let given_up = || deed("gave a step's runner up", 7);
        assert!(!store.give_up_run(of.clone(), "ada", at(6), given_up()).await.unwrap(), "it was heard of");

        assert!(store.end_run(of.clone(), "ada", deed("had a step ended", 8)).await.unwrap());
        let told = store.runs_for("local", "i", vec![of.clone()], at(8)).await.unwrap();
        assert_eq!(told.to_end, [(of.clone(), "ada".to_owned())]);
        let ended = Outcome::Failed { failure: Failure::Ended { by: "ada".to_owned() } };
        assert!(!store.run_ended(of.clone(), "other", ended.clone(), at(9)).await.unwrap(), "not theirs");
        assert!(store.run_ended(of.clone(), "local", ended.clone(), at(9)).await.unwrap());
        assert!(store.run_ended(of.clone(), "local", Outcome::Done, at(10)).await.unwrap(), "told again");
        assert_eq!(store.deploy_runs(id).await.unwrap()[0].outcome, Some(ended), "the first word counts");
        assert_eq!(store.runs_for("local", "i", vec![of.clone()], at(11)).await.unwrap().gone, std::slice::from_ref(&of));
        assert!(!store.end_run(of, "ada", deed("had a step ended", 12)).await.unwrap());
    }

    async fn what_no_runner_asked_for_begins_no_more_once_somebody_says_so(store: Store) {
        let who = ada(&store).await;
        let id = requested(&store, &who, &candidate(&store, "web", 'b').await, 2).await;
        let held = take(&store, id, 3).await.unwrap();
        let act = |step| Act { direction: Direction::Forward, step, on: None, attempt: 1 }.key();
        let of = |step| RunKey { deploy: id, key: act(step) };
        let runs = async |instance, second| store.runs_for("local", instance, Vec::new(), at(second)).await.unwrap().new;
        let outcome = async |step: usize| store.deploy_runs(id).await.unwrap()[step].outcome.clone();

        let _held = store.intend(&held, act(0), order(), 0, at(4), at(14)).await.unwrap();
        assert_eq!(runs("i", 5).await.len(), 1);
        let _waits = store.intend(&held, act(1), order(), 1, at(6), at(16)).await.unwrap();
        assert_eq!(runs("j", 7).await, [], "the folder that has the first step has the next");
        let halt = Entry::Asked { signal: Signal::Halt, by: "ada".to_owned() };
        assert!(store.say_of_deploy(id, halt, 2, deed("halted a deploy", 8)).await.unwrap());
        assert!(matches!(outcome(1).await, Some(Outcome::NotStarted { .. })), "{:?}", outcome(1).await);
        assert_eq!(outcome(0).await, None, "what runs goes on");
        assert_eq!(runs("i", 9).await.len(), 1, "and is all that it is told of");

        let _waits = store.intend(&held, act(2), order(), 3, at(10), at(20)).await.unwrap();
        assert!(store.end_run(of(2), "ada", deed("had a step ended", 11)).await.unwrap());
        let ended = Outcome::Failed { failure: Failure::Ended { by: "ada".to_owned() } };
        assert_eq!(outcome(2).await, Some(ended));

        let _waits = store.intend(&held, act(3), order(), 4, at(12), at(22)).await.unwrap();
        store.take_back_runs(id, "nobody asked", at(13)).await.unwrap();
        assert_eq!(outcome(3).await, Some(Outcome::NotStarted { why: "nobody asked".to_owned() }));

        // Its host is gone: another one may go on.
        let gives_up = || deed("gave a step's runner up", 60);
        assert!(store.give_up_run(of(0), "ada", at(15), gives_up()).await.unwrap());
        assert!(matches!(outcome(0).await, Some(Outcome::CannotTell { .. })));
        let _waits = store.intend(&held, act(4), order(), 5, at(61), at(71)).await.unwrap();
        assert_eq!(runs("j", 62).await.len(), 1);
    }

    async fn what_changes_is_told_until_it_was(store: Store) {
        let who = ada(&store).await;
        let id = requested(&store, &who, &candidate(&store, "web", 'b').await, 2).await;
        let untold = store.deploys_untold().await.unwrap().remove(0);
        assert_eq!((untold.id, untold.channel), (id, None));
        let first = untold.changed;
        let wanted = || {
            let target = "slack-message deploy 1".to_owned();
            gonogo_store::Wanted { target, kind: "slack-message", wanted: "x".to_owned(), wanted_at: at(3), awaits: None }
        };
        store.tell_deploy(id, first, vec![wanted()]).await.unwrap();
        assert_eq!(store.lease_mirror("slack-message", at(3), at(30)).await.unwrap().unwrap().wanted, "x");
        assert_eq!(store.deploys_untold().await.unwrap(), []);
        let held = take(&store, id, 4).await.unwrap();
        finish(&store, &held, 5).await;
        store.tell_deploy(id, first, vec![wanted()]).await.unwrap();
        assert_eq!(store.deploys_untold().await.unwrap().len(), 1, "an older word is none of the newer");
    }

    async fn what_waits_for_an_approval_outlives_its_candidate_and_lapses_once(store: Store) {
        let who = ada(&store).await;
        let of = candidate(&store, "web", 'b').await;
        let id = requested(&store, &who, &of, 2).await;
        let approval = gonogo_core::deploy::Approval {
            role: Role::Developer,
            people: None,
            by_another: true,
            not_by_author: true,
            mails: std::collections::BTreeMap::new(),
            hours: 8,
            rules: Vec::new(),
        };
        // As if it were asked for under such a policy.
        let held = take(&store, id, 3).await.unwrap();
        finish(&store, &held, 4).await;
        let plan = move |_| Plan {
            approval: Some(approval), zone: "UTC".to_owned(),
        follow: None,
            runner: "local".to_owned(),
            forward: vec![step("ship")],
            back: Vec::new(),
            watched: None,
            only_by_hand: None,
        };
        let new = NewDeploy { is_to_be_approved: true, ..wanted(&who, &of) };
        let Requested::New(waits) = store.request_deploy(new, plan, deed("asked for a deploy", 5)).await.unwrap() else {
            panic!("the first one is over")
        };
        let state_of = async |id| store.deploy(id).await.unwrap().unwrap().state;
        store.close_candidate(of.id, at(7)).await.unwrap();
        assert_eq!(state_of(waits).await, DeployState::Requested, "its head stays");
        assert!(store.is_to_be_deployed(of.id).await.unwrap());
        assert!(!store.lapse_deploy(id, "late".to_owned(), at(8)).await.unwrap(), "it is over");
        assert!(store.lapse_deploy(waits, "late".to_owned(), at(8)).await.unwrap());
        assert_eq!((state_of(waits).await, state_of(id).await), (DeployState::Refused, DeployState::Deployed));
        assert!(!store.is_to_be_deployed(of.id).await.unwrap());
    }

    async fn a_deploy_moves_along_with_what_runs_and_knows_where_it_was(store: Store) {
        let who = ada(&store).await;
        let of = candidate(&store, "web", 'c').await;
        let id = requested(&store, &who, &of, 2).await;
        let held = take(&store, id, 3).await.unwrap();
        let row = store.deploy(id).await.unwrap().unwrap();
        let over = |other: char| gonogo_core::running::Running::from(sha(other));
        let moves = async |other, seen| {
            let deed = deed("moved a deploy along", 4);
            store.move_deploy(&held, over(other), row.plan.clone(), seen, at(14), deed).await
        };
        assert!(matches!(moves('b', 1).await, Err(StoreError::Done)), "not once it has begun");
        moves('b', 0).await.unwrap();
        let moved = store.deploy(id).await.unwrap().unwrap();
        assert_eq!(moved.production, over('b'));
        let now = store.candidate(moved.candidate).await.unwrap().unwrap();
        assert_eq!((now.head, now.production, now.is_open), (sha('c'), Some(over('b')), false));
        assert_eq!(store.open_candidates("web").await.unwrap().len(), 1, "nobody else sees it");
        moves('d', 0).await.unwrap();
        assert_eq!(store.deploy_moved_from(id).await.unwrap(), Some(of.id), "where people saw it");
    }

    async fn what_guards_saw_is_kept_for_the_deploys_after(store: Store) {
        let who = ada(&store).await;
        let saw = |reads: &str, level: f64| GuardSeen {
            guard: "errors".to_owned(),
            reads: reads.to_owned(),
            reading: reading(level),
            trouble: None,
            start: at(11),
            series: Some(series(level)),
        };
        let mut ids = Vec::new();
        for (head, reads, second) in [('b', "q", 10), ('c', "another", 20), ('d', "q", 30), ('e', "q", 40)] {
            let id = requested(&store, &who, &candidate(&store, "web", head).await, second).await;
            let held = take(&store, id, second).await.unwrap();
            let _intent = store.intend(&held, first(), order(), 0, at(second + 1), at(second + 11)).await.unwrap();
            let level = f64::from(u32::try_from(second).unwrap());
            store.guards_saw(&held, vec![saw(reads, level)], at(second + 2), at(second + 12)).await.unwrap();
            let newer = GuardSeen { trouble: Some("away".to_owned()), series: None, ..saw(reads, level) };
            store.guards_saw(&held, vec![newer], at(second + 2), at(second + 12)).await.unwrap();
            if head == 'd' {
                // One that is rolled back is nothing to compare with.
                let ended = (DeployState::RolledBack, String::new());
                store.finish_deploy(&held, ended, None, 1, deed("ended a deploy", second + 3)).await.unwrap();
            } else if head != 'e' {
                finish(&store, &held, second + 3).await;
            }
            ids.push(id);
        }
        let before = store.guard_before(ids[3], "errors".to_owned(), "q".to_owned(), 10).await.unwrap();
        let expected = GuardBefore { deploy: ids[0], start: at(11), series: series(10.0) };
        assert_eq!(before, [expected], "not what read something else, nor what was rolled back");
        let seen = store.guards_of(ids[3]).await.unwrap().remove(0);
        assert_eq!((seen.reading, seen.trouble.as_deref()), (reading(40.0), Some("away")));
        assert_eq!(store.guard_series(ids[3], "errors".to_owned()).await.unwrap(), Some(series(40.0)));
        assert_eq!(store.guard_series(ids[3], "p95".to_owned()).await.unwrap(), None);
    }

    async fn a_guard_s_word_takes_back_what_has_not_begun(store: Store) {
        let who = ada(&store).await;
        let id = requested(&store, &who, &candidate(&store, "web", 'b').await, 2).await;
        let held = take(&store, id, 3).await.unwrap();
        let _intent = store.intend(&held, first(), order(), 0, at(4), at(14)).await.unwrap();
        let word = || Entry::Guarded { guard: "errors".to_owned(), word: GuardWord::Worse, said: "worse".to_owned() };
        let deed = || Some(deed("halted a deploy", 5));
        let late = store.guard_says(&held, word(), 0, at(15), deed(), at(5)).await;
        assert!(matches!(late, Err(StoreError::Done)), "the journal has more by now");
        store.guard_says(&held, word(), 1, at(15), deed(), at(5)).await.unwrap();
        let outcome = store.deploy_runs(id).await.unwrap().remove(0).outcome;
        assert!(matches!(outcome, Some(Outcome::NotStarted { why }) if why.contains("the guard errors")));
        assert_eq!(store.deploy_journal(id).await.unwrap()[1].0, word());
        assert_eq!(store.audit(&AuditAsked::default(), None, 1).await.unwrap()[0].action, "halted a deploy");
    }

    async fn what_is_waited_with_is_no_runner_s_and_a_word_on_it_is_kept(store: Store) {
        let who = ada(&store).await;
        let id = requested(&store, &who, &candidate(&store, "web", 'b').await, 2).await;
        let held = take(&store, id, 3).await.unwrap();
        let intent = store.intend(&held, first(), None::<StepOrder>, 0, at(4), at(14)).await.unwrap();
        assert!(store.deploy_runs(id).await.unwrap().is_empty());
        assert_eq!(store.runs_for("local", "one", Vec::new(), at(5)).await.unwrap(), Runs::default());
        store.deploy_stands(&held, DeployState::Asking, "well?".to_owned(), None, at(5), at(15)).await.unwrap();
        assert_eq!(store.deploy(id).await.unwrap().unwrap().state, DeployState::Asking);
        let no = Entry::Replied { key: first(), by: "ada".to_owned(), reply: Reply::No { why: "so".to_owned() } };
        assert!(store.say_of_deploy(id, no.clone(), 1, deed("said no in a deploy", 6)).await.unwrap());
        assert!(!store.say_of_deploy(id, no.clone(), 1, deed("said no in a deploy", 7)).await.unwrap(), "two at once");
        store.settle(&held, intent, Outcome::Done, at(8), at(18)).await.unwrap();
        let journal = store.deploy_journal(id).await.unwrap();
        assert_eq!((journal.len(), &journal[1]), (3, &(no, at(6))));
    }

    async fn what_an_act_says_is_kept_once_and_without_a_gap(store: Store) {
        let who = ada(&store).await;
        let id = requested(&store, &who, &candidate(&store, "web", 'b').await, 2).await;
        let held = take(&store, id, 3).await.unwrap();
        let _intent = store.intend(&held, first(), order(), 0, at(4), at(14)).await.unwrap();
        let of = RunKey { deploy: id, key: first() };
        let say = async |at_byte, text: &str, who: &str| {
            store.run_said(of.clone(), who, at_byte, text.as_bytes().to_vec(), at(5)).await.unwrap()
        };
        assert_eq!(say(0, "one ", "local").await, Some(4));
        assert_eq!(say(0, "one ", "local").await, Some(4), "sent again");
        assert_eq!(say(2, "e two ", "local").await, Some(8), "a part of it is there");
        assert_eq!(say(20, "lost", "local").await, Some(8), "what is between is missing");
        assert_eq!(say(8, "", "local").await, Some(8));
        assert_eq!(say(8, "x", "other").await, None);
        let all = store.said_of_run(&of, 0, 9).await.unwrap();
        assert_eq!(all.iter().flat_map(|part| part.bytes.clone()).collect::<Vec<_>>(), b"one two ");
        let rest = store.said_of_run(&of, 6, 9).await.unwrap();
        assert_eq!((rest[0].at_byte, rest[0].bytes.as_slice()), (6, b"o ".as_slice()));
        assert_eq!(store.said_of_run(&of, 8, 9).await.unwrap(), []);
    }

    async fn what_a_deploy_brought_is_told_with_its_end(store: Store) {
        let who = ada(&store).await;
        let id = requested(&store, &who, &candidate(&store, "web", 'b').await, 2).await;
        let held = take(&store, id, 3).await.unwrap();
        let both = gonogo_core::running::Running::of([sha('a'), sha('b')]);
        assert!(store.deploy_stands(&held, DeployState::Halted, "ada halted it".to_owned(), both, at(4), at(14)).await.unwrap());
        let told = store.production_told("web").await.unwrap().unwrap();
        assert_eq!((told.running.len(), told.by), (2, format!("deploy {}", id.0)));
        let row = store.deploy(id).await.unwrap().unwrap();
        assert_eq!((row.state, row.said.as_str()), (DeployState::Halted, "ada halted it"));
        let ended = deed("ended a deploy", 5);
        let runs = Some(sha('b').into());
        store.finish_deploy(&held, (DeployState::Deployed, String::new()), runs, 0, ended).await.unwrap();
        assert_eq!(store.production_told("web").await.unwrap().unwrap().running, [sha('b').to_string()]);
    }
}
