//! Steps on other hosts, over a real sshd each.

use crate::hosts::{Hosts, wait_for};
use crate::support::{World, order, shell};
use gonogo_api::runner::{CameTo, OnHost, Order, RunOf, SshTo, Stop};

/// The same on a host.
fn on(hosts: &Hosts, at: usize, mut order: Order) -> Order {
    let host = &hosts.hosts[at];
    let ssh = SshTo { address: "127.0.0.1".to_owned(), user: None, port: Some(host.port) };
    order.of.key = format!("step-1-on-{}-run-1", at + 1);
    order.on = Some(OnHost { name: host.name.clone(), ssh: Some(ssh), lost_after_seconds: 3 });
    order
}

fn folder(of: &RunOf) -> String {
    format!("d{}-{}", of.deploy, of.key)
}

const COUNTS: &str = "echo begun >>$HOME/begun; i=0; while [ $i -lt 60 ]; do echo line $i $DEPLOY_TOKEN; i=$((i+1)); sleep 0.05; done; exit 7";

fn counts(hosts: &Hosts, w: &World) -> RunOf {
    let mut order = on(hosts, 0, shell(1, COUNTS));
    order.secrets = vec!["DEPLOY_TOKEN".to_owned()];
    w.wants(order)
}

fn is_whole(hosts: &Hosts, w: &World, step: &RunOf) {
    assert_eq!(w.end_of(step), CameTo::Exit { status: 7 });
    let expected = (0..60).map(|line| format!("line {line} ***\n")).collect::<Vec<_>>().concat();
    assert_eq!(w.said(step), expected);
    assert_eq!(w.server.kept.lock().unwrap().odd_parts, 0);
    assert_eq!(std::fs::read_to_string(hosts.hosts[0].home().join("begun")).unwrap(), "begun\n", "begun once");
}

fn cannot_tell(came_to: CameTo) -> (String, String) {
    match came_to {
        CameTo::CannotTell { said, fix } => (said, fix),
        other => panic!("{other:?}"),
    }
}

fn broken(came_to: CameTo) -> String {
    match came_to {
        CameTo::Broken { said } => said,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_people_named_reaches_a_host_as_it_is_and_secrets_are_seen_by_nobody() {
    let hosts = Hosts::new(1);
    let w = World::reaching(&hosts);
    // Which no other test has in its words.
    std::fs::write(w.path("secrets"), "DEPLOY_TOKEN=seen-in-no-list-of-processes\n").unwrap();
    let odd = ["$(touch x)", "'; rm -rf /tmp/nothing; '", "a\nb", "back\\slash\\n", "", "*", "-e", "\u{1b}[31mü!"];
    let mut wanted = order(
        1,
        &[&["sh", "-c", "pwd; env; printf '<%s>' \"$@\"; cat /proc/[0-9]*/cmdline; exit 3", "x"], &odd[..]].concat(),
    );
    wanted.env.insert("TO".to_owned(), "it's $HOME\n`id`".to_owned());
    wanted.secrets = vec!["DEPLOY_TOKEN".to_owned()];
    let step = w.wants(on(&hosts, 0, wanted));
    assert_eq!(w.end_of(&step), CameTo::Exit { status: 3 });
    let said = w.said(&step);
    let words = format!("<{}>", odd.join("><"));
    assert!(said.contains(&words), "{said}");
    assert!(said.contains("TO=it's $HOME\n`id`\n") && said.contains("DEPLOY_TOKEN=***\n"), "{said}");
    assert_eq!(said.matches("***").count(), 1, "in no list of processes: {said}");
    let home = hosts.hosts[0].home();
    assert!(said.starts_with(&format!("{}/.gonogo-runner/runs/{}/work\n", home.display(), folder(&step))), "{said}");
    let run = hosts.hosts[0].run(&folder(&step));
    assert!(!run.join("env").exists() && !run.join("work/x").exists() && !home.join("x").exists());
}

#[test]
fn a_connection_that_breaks_in_mid_step_loses_no_line_and_nothing_begins_twice() {
    let hosts = Hosts::new(1);
    let w = World::reaching(&hosts);
    let step = counts(&hosts, &w);
    for line in [3, 15, 30] {
        w.hears(&step, &format!("line {line} "));
        hosts.hosts[0].breaks_connections();
    }
    is_whole(&hosts, &w, &step);
}

#[test]
fn what_is_on_its_way_to_a_host_when_all_is_stopped_does_not_begin() {
    let hosts = Hosts::new(1);
    let w = World::reaching(&hosts);
    hosts.hosts[0].keeps_silent();
    let step = w.wants(on(&hosts, 0, shell(1, "echo begun >>$HOME/begun")));
    w.wait_for("it is followed", |kept| kept.asked.last().filter(|(ask, _)| ask.follows.contains(&step)).map(drop));
    let said = "stopped by ada: the database is full".to_owned();
    w.server.kept.lock().unwrap().stop = Some(Stop { id: 7, said: said.clone() });
    w.wait_for("the stop is known", |kept| kept.asked.last().filter(|(ask, _)| ask.stop == Some(7)).map(drop));
    hosts.hosts[0].answers_again();
    assert_eq!(w.end_of(&step), CameTo::NotStarted { why: said });
    // What comes once it is lifted does.
    w.server.kept.lock().unwrap().stop = None;
    let step = w.wants(on(&hosts, 0, shell(2, "echo begun >>$HOME/begun")));
    assert_eq!(w.end_of(&step), CameTo::Exit { status: 0 });
    assert_eq!(std::fs::read_to_string(hosts.hosts[0].home().join("begun")).unwrap(), "begun\n");
}

#[test]
fn a_runner_that_is_killed_in_mid_step_attaches_again() {
    let hosts = Hosts::new(1);
    let mut w = World::reaching(&hosts);
    let step = counts(&hosts, &w);
    for line in [1, 9, 20] {
        w.hears(&step, &format!("line {line} "));
        w.runner_is_killed();
        w.runner_starts();
    }
    is_whole(&hosts, &w, &step);
}

#[test]
fn a_runner_that_is_killed_while_it_begins_a_step_begins_it_once() {
    let hosts = Hosts::new(1);
    let mut w = World::reaching(&hosts);
    // Each as soon as there is this: on the runner, then on the host.
    let there = hosts.hosts[0].home().join(".gonogo-runner/runs");
    for (deploy, come) in (1..).zip(["kept", "sent", "folder", "start", "out", "exit"]) {
        let step = w.wants(on(&hosts, 0, shell(deploy, "echo begun >>$HOME/begun; echo said")));
        let run = there.join(folder(&step));
        let path = match come {
            "kept" => w.path("runner/kept").join(folder(&step)),
            "sent" => w.path("runner/hosts").join(folder(&step)).join("sent"),
            "folder" => run,
            file => run.join(file),
        };
        wait_for(|| path.exists().then_some(()), || format!("{come} of {step:?}"));
        w.runner_is_killed();
        w.runner_starts();
        let came_to = w.end_of(&step);
        let begun = std::fs::read_to_string(hosts.hosts[0].home().join("begun")).unwrap_or_default();
        std::fs::remove_file(hosts.hosts[0].home().join("begun")).ok();
        match came_to {
            CameTo::Exit { status: 0 } => assert_eq!((begun.as_str(), w.said(&step).as_str()), ("begun\n", "said\n")),
            CameTo::NotStarted { why } => assert_eq!(begun, "", "{why}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_host_that_nobody_reaches_has_begun_nothing() {
    let mut hosts = Hosts::new(3);
    hosts.hosts[0].goes_away();
    hosts.hosts[1].has_another_key();
    let w = World::reaching(&hosts);
    let said = broken(w.end_of(&w.wants(on(&hosts, 0, order(1, &["true"])))));
    assert!(said.starts_with("web-1 (127.0.0.1 port") && said.contains("Connection refused"), "{said}");
    assert!(said.contains("see that the host is up"), "{said}");
    let said = broken(w.end_of(&w.wants(on(&hosts, 1, order(2, &["true"])))));
    assert!(said.contains("the host key of web-2 (127.0.0.1 port") && said.contains("is not the one"), "{said}");
    assert!(said.contains("ssh-keygen -R"), "{said}");
    // A place that is no folder to write in.
    std::fs::write(hosts.hosts[2].home().join(".gonogo-runner"), "").unwrap();
    let said = broken(w.end_of(&w.wants(on(&hosts, 2, order(3, &["true"])))));
    assert!(said.contains("can run nothing") && said.contains("may write into their home"), "{said}");
}

#[test]
fn a_host_whose_key_is_not_known_is_not_trusted() {
    let hosts = Hosts::new(1);
    let w = World::reaching(&hosts);
    std::fs::write(hosts.config().with_file_name("known_hosts"), "").unwrap();
    let said = broken(w.end_of(&w.wants(on(&hosts, 0, order(1, &["true"])))));
    assert!(said.contains("the runner does not know the host key of web-1"), "{said}");
}

#[test]
fn a_host_that_goes_away_in_mid_step_comes_back_or_is_put_before_a_person() {
    let mut hosts = Hosts::new(2);
    let w = World::reaching(&hosts);
    let back = w.wants(on(&hosts, 0, shell(1, "echo begun; sleep 3; echo last")));
    let gone = w.wants(on(&hosts, 1, shell(2, "echo begun; sleep 3; echo last")));
    for step in [&back, &gone] {
        w.hears(step, "begun");
    }
    hosts.hosts[0].goes_away();
    hosts.hosts[1].goes_away();
    hosts.hosts[0].comes_up();
    assert_eq!(w.end_of(&back), CameTo::Exit { status: 0 });
    assert_eq!(w.said(&back), "begun\nlast\n");
    let (said, fix) = cannot_tell(w.end_of(&gone));
    assert!(
        said.contains("web-2") && said.contains("Connection refused") && said.contains("it may run there"),
        "{said}"
    );
    assert!(fix.contains("say whether it is to be run again"), "{fix}");
}

#[test]
fn a_host_that_was_restarted_in_the_middle_is_put_before_a_person() {
    let mut hosts = Hosts::new(1);
    let w = World::reaching(&hosts);
    let step = w.wants(on(&hosts, 0, shell(1, "echo begun; sleep 100")));
    w.hears(&step, "begun");
    hosts.hosts[0].is_rebooted(&folder(&step));
    let (said, fix) = cannot_tell(w.end_of(&step));
    assert_eq!(said, "the host was restarted while it ran");
    assert!(fix.contains(&format!("web-1:~/.gonogo-runner/runs/{}/out", folder(&step))), "{fix}");
}

#[test]
fn a_host_whose_key_changes_in_the_middle_is_put_before_a_person_at_once() {
    let mut hosts = Hosts::new(1);
    let w = World::reaching(&hosts);
    let step = w.wants(on(&hosts, 0, shell(1, "echo begun; sleep 2")));
    w.hears(&step, "begun");
    hosts.hosts[0].has_another_key();
    let (said, fix) = cannot_tell(w.end_of(&step));
    assert!(said.starts_with("the host key of web-1") && said.ends_with("it may run there"), "{said}");
    assert!(fix.contains("ssh-keygen -R"), "{fix}");
}

#[test]
fn what_hangs_and_ignores_term_is_killed_with_all_its_session() {
    let hosts = Hosts::new(2);
    let w = World::reaching(&hosts);
    let hangs = "trap '' TERM; sleep 600 & echo child $!; sleep 600";
    let mut limited = shell(1, hangs);
    limited.limit_seconds = 1;
    let (limited, ended) = (w.wants(on(&hosts, 0, limited)), w.wants(on(&hosts, 1, shell(2, hangs))));
    w.hears(&ended, "child");
    w.wants_ended(&ended, "ada");
    assert_eq!(w.end_of(&limited), CameTo::TimedOut);
    assert_eq!(w.end_of(&ended), CameTo::Ended { by: "ada".to_owned() });
    for step in [limited, ended] {
        let child = w.said(&step).trim().rsplit(' ').next().unwrap().to_owned();
        let stat = || std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        wait_for(|| (stat().is_empty() || stat().contains(") Z ")).then_some(()), stat);
    }
}

#[test]
fn a_host_begins_nothing_beside_what_still_runs_there() {
    let hosts = Hosts::new(1);
    let w = World::reaching(&hosts);
    let first = w.wants(on(&hosts, 0, shell(1, "echo begun; sleep 100")));
    w.hears(&first, "begun");
    let mut second = on(&hosts, 0, shell(1, "echo begun"));
    second.of.key = "step-1-on-1-run-2".to_owned();
    let second = w.wants(second);
    match w.end_of(&second) {
        CameTo::NotStarted { why } => assert!(why.contains(&folder(&first)) && why.contains("still runs"), "{why}"),
        other => panic!("{other:?}"),
    }
    w.wants_ended(&first, "ada");
    assert_eq!(w.end_of(&first), CameTo::Ended { by: "ada".to_owned() });
    let mut old = on(&hosts, 0, shell(1, "true"));
    old.fence = 0;
    old.of.key = "step-1-on-1-run-3".to_owned();
    match w.end_of(&w.wants(old)) {
        CameTo::NotStarted { why } => assert!(why.contains("newer deploy"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_done_for_hosts_on_the_runner_is_done_side_by_side() {
    let hosts = Hosts::new(2);
    let w = World::reaching(&hosts);
    let meet = |at: usize, own: &str, other: &str| {
        let script = format!("touch ../../{own}; until [ -e ../../{other} ]; do sleep 0.05; done");
        let mut order = on(&hosts, at, shell(1, &script));
        // Whoever sees to the deploy was another one in between.
        order.fence = 1 + i64::try_from(at).unwrap();
        order.on.as_mut().unwrap().ssh = None;
        order
    };
    let (one, other) = (w.wants(meet(0, "a", "b")), w.wants(meet(1, "b", "a")));
    assert_eq!((w.end_of(&one), w.end_of(&other)), (CameTo::Exit { status: 0 }, CameTo::Exit { status: 0 }));
}

#[test]
fn much_output_of_a_host_arrives_whole() {
    let hosts = Hosts::new(1);
    let w = World::reaching(&hosts);
    let step = w.wants(on(&hosts, 0, shell(1, "yes 'a line of output' | head -n 1000000; echo last")));
    w.hears(&step, "a line");
    hosts.hosts[0].breaks_connections();
    assert_eq!(w.end_of(&step), CameTo::Exit { status: 0 });
    let said = w.said(&step);
    assert_eq!((said.lines().count(), said.ends_with("\nlast\n")), (1_000_001, true));
}
