//! The server, the runner and who watches over a step go away in the middle of it.

use crate::support::{World, shell, signal};
use gonogo_api::runner::{CameTo, RunOf};

/// Says lines, each with a secret, for some seconds.
const COUNTS: &str = "i=0; while [ $i -lt 60 ]; do echo line $i $DEPLOY_TOKEN; i=$((i+1)); sleep 0.05; done; exit 7";

fn counts(w: &World) -> RunOf {
    let mut order = shell(1, COUNTS);
    order.secrets = vec!["DEPLOY_TOKEN".to_owned()];
    w.wants(order)
}

/// Until this is in a file of the step's folder on its host, whoever follows it.
fn goes_on_to(w: &World, file: &str, what: &str) {
    let path = w.path("runner/runs/d1-step-1-1").join(file);
    w.wait_for(&format!("{what} in {file}"), |_| {
        std::fs::read_to_string(&path).is_ok_and(|text| text.contains(what)).then_some(())
    });
}

fn is_whole(w: &World, step: &RunOf) {
    assert_eq!(w.end_of(step), CameTo::Exit { status: 7 });
    let expected = (0..60).map(|line| format!("line {line} ***\n")).collect::<Vec<_>>().concat();
    assert_eq!(w.said(step), expected);
    assert_eq!(w.server.kept.lock().unwrap().odd_parts, 0);
}

#[test]
fn a_server_that_is_upgraded_in_mid_step_misses_no_byte() {
    let mut w = World::new();
    let step = counts(&w);
    w.hears(&step, "line 5 ");
    w.server.goes_away();
    goes_on_to(&w, "out", "line 15 ");
    w.server.comes_back();
    w.hears(&step, "line 30 ");
    w.server.goes_away();
    // The step ends meanwhile.
    goes_on_to(&w, "exit", "7");
    w.server.comes_back();
    is_whole(&w, &step);
}

#[test]
fn a_runner_that_is_killed_in_mid_step_is_followed_by_the_next() {
    let mut w = World::new();
    let step = counts(&w);
    for line in [3, 9, 20] {
        w.hears(&step, &format!("line {line} "));
        w.runner_is_killed();
        w.runner_starts();
    }
    is_whole(&w, &step);
}

#[test]
fn a_runner_that_is_told_to_stop_leaves_its_steps() {
    let mut w = World::new();
    let step = counts(&w);
    w.hears(&step, "line 3 ");
    w.runner_is_told_to_stop();
    // It ends while nobody follows it.
    goes_on_to(&w, "exit", "7");
    w.runner_starts();
    is_whole(&w, &step);
}

#[test]
fn a_server_that_lost_bytes_is_sent_them_again() {
    let w = World::new();
    let step = counts(&w);
    w.hears(&step, "line 10 ");
    w.server.kept.lock().unwrap().said.get_mut(&step).unwrap().truncate(25);
    assert_eq!(w.end_of(&step), CameTo::Exit { status: 7 });
    let expected = (0..60).map(|line| format!("line {line} ***\n")).collect::<Vec<_>>().concat();
    assert_eq!(w.said(&step), expected);
}

#[test]
fn secrets_that_change_in_mid_step_are_not_said() {
    let mut w = World::new();
    let step = counts(&w);
    w.hears(&step, "line 3 ");
    w.runner_is_killed();
    std::fs::write(w.path("secrets"), "DEPLOY_TOKEN=another-one\n").unwrap();
    w.runner_starts();
    assert_eq!(w.end_of(&step), CameTo::Exit { status: 7 });
    let said = w.said(&step);
    assert!(!said.contains("s3cr3t"), "{said}");
    assert!(said.contains("gonogo: its secrets were changed since it began"), "{said}");
}

#[test]
fn when_nobody_saw_the_end_a_person_is_asked() {
    let w = World::new();
    let step = w.wants(shell(1, "echo begun; sleep 1"));
    w.hears(&step, "begun");
    let start = std::fs::read_to_string(w.path("runner/runs/d1-step-1-1/start")).unwrap();
    signal("KILL", start.split(' ').nth(1).unwrap());
    match w.end_of(&step) {
        CameTo::CannotTell { said, fix } => {
            assert_eq!(said, "what watched over it on the host was killed, and nobody knows how it ended");
            assert!(fix.contains("runs/d1-step-1-1/out"), "{fix}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_key_that_was_begun_is_never_begun_again() {
    let mut w = World::new();
    let step = w.wants(shell(1, "echo begun >>../../../begun"));
    w.end_of(&step);
    w.runner_is_killed();
    // A server from a backup knows nothing of it.
    *w.server.kept.lock().unwrap() = crate::server::Kept::default();
    let step = w.wants(shell(1, "echo begun >>../../../begun"));
    w.runner_starts();
    assert_eq!(w.end_of(&step), CameTo::Exit { status: 0 });
    assert_eq!(std::fs::read_to_string(w.path("runner/begun")).unwrap(), "begun\n");
}
