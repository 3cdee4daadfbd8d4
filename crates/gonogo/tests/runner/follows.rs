//! Work comes, its output goes, and what it came to.

use crate::support::{World, order, shell};
use gonogo_api::runner::CameTo;

#[test]
fn a_step_is_run_and_all_that_it_says_arrives_before_its_end() {
    let w = World::new();
    let mut wanted = shell(1, "echo to $TO; echo err >&2; env; exit 3");
    wanted.env.insert("TO".to_owned(), "it's $HOME".to_owned());
    wanted.secrets = vec!["DEPLOY_TOKEN".to_owned(), "ASKED_FOR".to_owned()];
    let step = w.wants(wanted);
    assert_eq!(w.end_of(&step), CameTo::Exit { status: 3 });
    let said = w.said(&step);
    assert!(said.starts_with("to it's $HOME\nerr\n"), "{said}");
    assert!(said.contains("DEPLOY_TOKEN=***\n") && said.contains("ASKED_FOR=***\n"), "{said}");
    assert!(!said.contains("LEAKED") && !said.contains("CARGO"), "{said}");
    let asked = w.server.kept.lock().unwrap().asked[0].clone();
    assert_eq!((asked.0.wait_seconds, asked.1.as_str()), (20, "web-1"));
}

#[test]
fn two_services_run_side_by_side() {
    let w = World::new();
    let mut one = shell(1, "until [ -e /tmp/gonogo-runner-$KEY ]; do sleep 0.05; done; rm /tmp/gonogo-runner-$KEY");
    let mut other = shell(2, "touch /tmp/gonogo-runner-$KEY");
    for order in [&mut one, &mut other] {
        order.env.insert("KEY".to_owned(), format!("{}", std::process::id()));
    }
    other.service = "api".to_owned();
    let (one, other) = (w.wants(one), w.wants(other));
    assert_eq!((w.end_of(&other), w.end_of(&one)), (CameTo::Exit { status: 0 }, CameTo::Exit { status: 0 }));
}

#[test]
fn what_somebody_wants_ended_is_ended() {
    let w = World::new();
    let step = w.wants(shell(1, "echo begun; sleep 100"));
    w.hears(&step, "begun");
    w.wants_ended(&step, "ada");
    assert_eq!(w.end_of(&step), CameTo::Ended { by: "ada".to_owned() });
}

#[test]
fn much_output_arrives_whole_in_parts_and_in_bounded_memory() {
    let w = World::new();
    let mut wanted = shell(1, "yes 'a line of output with s3cr3t-value in it' | head -n 400000; echo last");
    wanted.secrets = vec!["DEPLOY_TOKEN".to_owned()];
    let step = w.wants(wanted);
    assert_eq!(w.end_of(&step), CameTo::Exit { status: 0 });
    let said = w.said(&step);
    assert_eq!(said.lines().filter(|line| *line == "a line of output with *** in it").count(), 400_000);
    assert!(said.ends_with("\nlast\n"));
    let kept = w.server.kept.lock().unwrap();
    assert!(kept.largest_part <= 256 << 10 && kept.odd_parts == 0, "{} {}", kept.largest_part, kept.odd_parts);
}

#[test]
fn what_cannot_run_is_told_and_why() {
    let w = World::new();
    let broken = |w: &World, order| match w.end_of(&w.wants(order)) {
        CameTo::Broken { said } => said,
        other => panic!("{other:?}"),
    };
    assert_eq!(broken(&w, order(1, &["no-such"])), "there is no program `no-such` on the runner's host");
    let mut nowhere = order(2, &["true"]);
    nowhere.dir = Some("/no/such".to_owned());
    assert_eq!(broken(&w, nowhere), "there is no folder /no/such on the runner's host");
    let mut unknown = order(3, &["true"]);
    unknown.secrets = vec!["NO_SUCH".to_owned()];
    assert!(broken(&w, unknown).starts_with("the runner has no secret `NO_SUCH`"));
    let mut short = order(4, &["true"]);
    short.secrets = vec!["PIN".to_owned()];
    assert!(broken(&w, short).starts_with("the secret PIN has less than 4 characters"));
    let mut ours = order(5, &["true"]);
    ours.secrets = vec!["GONOGO_RUNNER_TOKEN_FILE".to_owned()];
    assert!(broken(&w, ours).contains("no secret that a step may have"));
    // An older deploy after them all is refused.
    let step = w.wants(order(10, &["true"]));
    assert_eq!(w.end_of(&step), CameTo::Exit { status: 0 });
    let old = w.wants(order(9, &["true"]));
    assert!(matches!(w.end_of(&old), CameTo::NotStarted { why } if why.contains("a newer deploy of this service")));
    let mut elsewhere = order(11, &["touch", "x"]);
    elsewhere.of.key = "../../x".to_owned();
    let elsewhere = w.wants(elsewhere);
    assert!(matches!(w.end_of(&elsewhere), CameTo::NotStarted { .. }));
}
