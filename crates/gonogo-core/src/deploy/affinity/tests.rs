use super::*;
use crate::deploy::{Act, Choice, End, Failure, HaltedBy, Hold, Next, On, Outcome, Phase, Signal, Variables, next};
use crate::fact::Why;
use crate::policy::{Policy, Source};

const TABLE: &str = "[deploy.affinity]\ndrain_seconds = 30\n[deploy.affinity.haproxy]\nsockets = ['/run/haproxy/admin.sock', '10.0.0.2:9999']\nmap = '/etc/haproxy/affinity.map'\nkey = 'web'\n";
const STEPS: &str = "[[deploy.hosts.web]]\nname = 'web-1'\n[[deploy.hosts.web]]\nname = 'web-2'\n\
     [[deploy.steps]]\nname = 'build'\nrun = ['make']\n[[deploy.steps]]\nname = 'ship'\non = 'web'\nrun = ['ship']\nmax_failed = 1\n";
const BACK: &str = "[[deploy.roll_back]]\nname = 'back'\nrun = ['back']\n";

fn plan(text: &str) -> Plan {
    let section = Policy::parse(Source::new("gonogo.toml", text)).unwrap().sections.deploy;
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

fn names(steps: &[Step]) -> Vec<&str> {
    steps.iter().map(|step| step.name.as_str()).collect()
}

fn act(key: &str, outcome: Outcome) -> [Entry; 2] {
    let key: crate::deploy::ActKey = key.parse().unwrap();
    [Entry::Intended { key: key.clone() }, Entry::Settled { key, outcome }]
}

fn done(keys: &[&str]) -> Vec<Entry> {
    keys.iter().flat_map(|key| act(key, Outcome::Done)).collect()
}

fn failed() -> Outcome {
    Outcome::Failed { failure: Failure::Exit { status: 1 } }
}

fn is_next(plan: &Plan, journal: &[Entry], key: &str) {
    let expected: crate::deploy::ActKey = key.parse().unwrap();
    assert_eq!(next(plan, journal), Next::Act(expected.act()));
}

#[test]
fn it_is_on_before_the_first_hosts_and_put_back_last() {
    let of = plan(&format!("{TABLE}{STEPS}{BACK}"));
    assert_eq!(names(&of.forward), ["build", "affinity-on", "ship", "affinity-off"]);
    assert_eq!(names(&of.back), ["affinity-on", "back", "affinity-off"]);
    let place = "--haproxy=/run/haproxy/admin.sock --haproxy=10.0.0.2:9999 --map=/etc/haproxy/affinity.map --key=web";
    assert_eq!(of.forward[1].argv.join(" "), format!("gonogo balancer affinity-on {place}"));
    assert_eq!(of.forward[3].argv.join(" "), format!("gonogo balancer affinity-off {place} --after-seconds=30"));
    assert_eq!((of.forward[3].env["GONOGO_DEPLOY"].as_str(), of.forward[3].limit_seconds), ("7", 150));
    assert_eq!((of.forward[1].on_failure, of.back[0].on_failure), (OnFailure::Halt, OnFailure::Continue));
    let url = TABLE.replace("drain_seconds", "url = 'https://a/'\ncookie = 'SRV'\ndrain_seconds");
    let on = plan(&format!("{url}{STEPS}")).forward[1].argv.join(" ");
    assert_eq!(on, format!("gonogo balancer affinity-on {place} --url=https://a/ --cookie=SRV"));
    let none = plan(&format!("{TABLE}{STEPS}"));
    assert_eq!(names(&none.back), [""; 0], "where there is no way back there is none of ours either");
}

#[test]
fn a_halt_keeps_it_and_an_end_puts_it_back_where_one_version_serves() {
    let plan = plan(&format!("{TABLE}{STEPS}{BACK}"));
    let mut journal = done(&["step-1-1"]);
    is_next(&plan, &journal, "step-2-1");
    assert_eq!(affinity_is(&plan, &journal), AffinityIs::Off);
    journal.push(Entry::Intended { key: "step-2-1".parse().unwrap() });
    assert_eq!(affinity_is(&plan, &journal), AffinityIs::Perhaps);
    journal = done(&["step-1-1", "step-2-1", "step-3-on-1-run-1"]);
    let mut halted = journal.clone();
    halted.push(Entry::Asked { signal: Signal::Halt, by: "ada".to_owned() });
    assert_eq!(next(&plan, &halted), Next::Hold(Hold::Halted(HaltedBy::Person("ada".to_owned()))));
    assert_eq!(affinity_is(&plan, &halted), AffinityIs::On);
    halted.push(Entry::Asked { signal: Signal::RollBack, by: "ada".to_owned() });
    is_next(&plan, &halted, "back-1-1");
    assert_eq!(affinity_is(&plan, &halted), AffinityIs::On, "until the way back is over");
    halted.extend(act("back-1-1", failed()).into_iter().chain(act("back-1-2", failed())));
    is_next(&plan, &halted, "back-2-1");
    halted.extend(done(&["back-2-1", "back-3-1"]));
    assert_eq!((next(&plan, &halted), affinity_is(&plan, &halted)), (Next::Finish(End::RolledBack), AffinityIs::Off));
    journal.extend(done(&["step-3-on-2-run-1"]));
    is_next(&plan, &journal, "step-4-1");
    journal.extend(done(&["step-4-1"]));
    assert_eq!((next(&plan, &journal), affinity_is(&plan, &journal)), (Next::Finish(End::Deployed), AffinityIs::Off));
}

#[test]
fn with_a_host_that_was_left_two_versions_may_serve_and_it_stays() {
    let plan = plan(&format!("{TABLE}{STEPS}"));
    let mut journal = done(&["step-1-1", "step-2-1", "step-3-on-1-run-1"]);
    journal.extend(act("step-3-on-2-run-1", failed()));
    assert_eq!((next(&plan, &journal), affinity_is(&plan, &journal)), (Next::Finish(End::Deployed), AffinityIs::On));
    let on = Some(On { host: 1, phase: Phase::Run });
    let key = Act { direction: Direction::Forward, step: 2, on, attempt: 1 }.key();
    journal.push(Entry::Decided { key, by: "ada".to_owned(), choice: Choice::CountAsDone });
    is_next(&plan, &journal, "step-4-1");
}

#[test]
fn what_cannot_be_told_of_it_is_done_again_since_it_reads_first() {
    let plan = plan(&format!("{TABLE}{STEPS}"));
    let cannot_tell = || Outcome::CannotTell { why: Why::new("its host was restarted", "see") };
    let mut journal = done(&["step-1-1"]);
    journal.extend(act("step-2-1", cannot_tell()));
    is_next(&plan, &journal, "step-2-2");
    journal.extend(act("step-2-2", cannot_tell()));
    assert!(matches!(next(&plan, &journal), Next::Hold(Hold::CannotTell(..))), "not for ever");
    let of_another: Vec<Entry> = act("step-1-1", cannot_tell()).into();
    assert!(matches!(next(&plan, &of_another), Next::Hold(Hold::CannotTell(..))));
}

#[test]
fn what_could_not_be_told_to_a_balancer_is_refused() {
    let refused = |text: &str| Policy::parse(Source::new("gonogo.toml", text)).unwrap_err().to_string();
    for (from, to, expected) in [
        (
            "sockets = ['/run/haproxy/admin.sock', '10.0.0.2:9999']",
            "sockets = []",
            "`affinity.haproxy.sockets` says where",
        ),
        ("10.0.0.2:9999", "10.0.0.2", "`affinity.haproxy.sockets` says where"),
        ("10.0.0.2:9999", "10.0.0.2:0", "`affinity.haproxy.sockets` says where"),
        ("/etc/haproxy/affinity.map", "a map", "`affinity.haproxy.map` is the map's file"),
        ("/etc/haproxy/affinity.map", "a;map", "`affinity.haproxy.map` is the map's file"),
        ("key = 'web'", "key = 'we b'", "`affinity.haproxy.key` is up to 100 letters"),
        ("drain_seconds = 30", "drain_seconds = 86401", "`affinity.drain_seconds` is 86400 at most"),
        ("drain_seconds = 30", "url = 'https://a/'", "`affinity.url` and `affinity.cookie` belong together"),
        ("drain_seconds = 30", "url = 'a'\ncookie = 'SRV'", "`affinity.url` begins with https://"),
        ("drain_seconds = 30", "url = 'http://a'\ncookie = 'S R'", "`affinity.cookie` is a cookie's name"),
    ] {
        let said = refused(&format!("{}{STEPS}", TABLE.replace(from, to)));
        assert!(said.contains(expected), "{to}: {said}");
    }
    let ours = refused(&format!("{TABLE}[[deploy.steps]]\nname = 'affinity-off'\nrun = ['a']\n"));
    assert!(ours.contains("the step `affinity-off`: with [deploy.affinity] there is one of that name"), "{ours}");
}
