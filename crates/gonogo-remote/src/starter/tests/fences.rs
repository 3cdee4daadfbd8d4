//! Never two acts of one service with different fences at once.

use super::runs::refused_for_newer;
use super::*;
use std::process::{Command, Stdio};

fn why(over: Over) -> String {
    match over {
        Over::NotStarted { why } => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_older_fence_is_refused_once_a_newer_one_was_seen() {
    let host = Host::new();
    assert_eq!(host.runs(&shell("d2-step-1-1", 9, "true")), Over::Exit { status: 0 });
    assert_eq!(host.runs(&shell("d1-step-2-1", 8, "echo begun")), refused_for_newer(9));
    assert!(!host.local.run("d1-step-2-1").join("env").exists());
    // Numbers, not words; and each service has its own.
    assert_eq!(host.runs(&shell("d3-step-1-1", 10, "true")), Over::Exit { status: 0 });
    let mut other = shell("d1-step-3-1", 8, "true");
    other.service = "api".to_owned();
    assert_eq!(host.runs(&other), Over::Exit { status: 0 });
}

#[test]
fn a_newer_one_does_not_begin_beside_what_runs() {
    let host = Host::new();
    let old = shell("d1-step-1-1", 1, "echo begun; sleep 60");
    host.local.start(&old).unwrap();
    host.hears(&old, "begun");
    let said = why(host.runs(&shell("d2-step-1-1", 2, "true")));
    assert_eq!(said, "d1-step-1-1 of an earlier start still runs on the host");
    host.local.end(&old.key, "ada").unwrap();
    assert_eq!(host.end_of(&old), Over::Ended { by: "ada".to_owned() });
    assert_eq!(host.runs(&shell("d2-step-2-1", 2, "true")), Over::Exit { status: 0 });
    assert_eq!(host.runs(&shell("d1-step-2-1", 1, "true")), refused_for_newer(2));
}

#[test]
fn a_newer_one_calls_off_a_start_that_stopped_half_way() {
    let host = Host::new();
    let old = shell("d1-step-1-1", 1, "echo begun");
    let run = host.local.run(&old.key);
    fs::create_dir_all(&run).unwrap();
    fs::write(run.join("env"), "A=secret\n.\n").unwrap();
    fs::create_dir_all(host.folder.path().join("runner/fences/web/1").join(&old.key)).unwrap();
    assert_eq!(host.stands(&old), Standing::Starting);
    assert_eq!(host.runs(&shell("d2-step-1-1", 2, "true")), Over::Exit { status: 0 });
    let expected = "its start did not come to an end before d2-step-1-1 of a newer deploy came";
    assert_eq!(why(host.end_of(&old)), expected);
    assert!(!run.join("env").exists());
}

/// The watcher of an act, as the start would begin it: from here on it goes by itself.
fn watcher(host: &Host, start: &Start) -> String {
    let bin = host.folder.path().join("runner/bin");
    let script = fs::read_dir(bin).unwrap().flatten().next().unwrap().path();
    let mut command = Command::new("sh");
    command.arg(script).args(["watcher", "0022", "start"]).arg(host.folder.path().join("runner"));
    command.args(["web", &start.fence.to_string(), &start.key, "60", "1", ""]).args(&start.argv);
    let output = command.stdin(Stdio::null()).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_start_that_wakes_after_it_was_called_off_does_not_begin() {
    let host = Host::new();
    let old = shell("d1-step-1-1", 1, "echo begun");
    let run = host.local.run(&old.key);
    fs::create_dir_all(&run).unwrap();
    fs::write(run.join("env"), ".\n").unwrap();
    host.local.call_off(&old.key).unwrap();
    assert_eq!(watcher(&host, &old), "void runner\n");
    assert_eq!(host.said(&old), "");
    assert_eq!(why(host.end_of(&old)), "its start did not come to an end, and was called off");
    // What was never there does not begin later; what has begun is not called off.
    let never = shell("d1-step-2-1", 1, "echo begun");
    host.local.call_off(&never.key).unwrap();
    host.runs(&never);
    assert_eq!(host.said(&never), "");
    let runs = shell("d1-step-3-1", 1, "sleep 0.3");
    host.local.start(&runs).unwrap();
    host.local.call_off(&runs.key).unwrap();
    assert_eq!(host.end_of(&runs), Over::Exit { status: 0 });
}

#[test]
fn a_start_that_wakes_after_a_newer_one_came_is_refused() {
    let host = Host::new();
    let old = shell("d1-step-1-1", 1, "echo begun");
    fs::create_dir_all(host.local.run(&old.key)).unwrap();
    fs::write(host.local.run(&old.key).join("env"), ".\n").unwrap();
    // It has not even written down its fence.
    assert_eq!(host.runs(&shell("d2-step-1-1", 2, "true")), Over::Exit { status: 0 });
    assert_eq!(watcher(&host, &old), "refused newer 2\n");
    assert_eq!(host.said(&old), "");
}

#[test]
fn older_and_newer_that_come_at_once_never_run_side_by_side() {
    let host = Host::new();
    let alone = host.path("alone");
    let beside = host.path("beside");
    let script = format!("mkdir '{alone}' || echo $$ >>'{beside}'; sleep 0.1; rmdir '{alone}'");
    let mut ran = 0;
    for round in 0..15 {
        let acts: Vec<Start> =
            (0..4).map(|at| shell(&format!("d{round}-step-{at}-1"), round * 4 + [2, 0, 3, 1][at], &script)).collect();
        std::thread::scope(|scope| {
            for act in &acts {
                scope.spawn(|| host.local.start(act).unwrap());
            }
        });
        let ends: Vec<Over> = acts.iter().map(|act| host.end_of(act)).collect();
        ran += ends.iter().filter(|end| **end == Over::Exit { status: 0 }).count();
        assert!(fs::read(&beside).is_err(), "{ends:?}");
    }
    assert!(ran >= 5, "{ran} ran at all");
}

#[test]
fn a_folder_that_is_removed_does_not_let_an_act_begin_again() {
    let host = Host::new();
    let start = shell("d1-step-1-1", 1, "echo begun");
    host.runs(&start);
    host.local.told(&start.key);
    let told = fs::metadata(host.local.run(&start.key).join("told")).unwrap().modified().unwrap();
    assert_eq!(host.local.tidy(told), 0);
    assert_eq!(host.local.tidy(told + Duration::from_secs(1)), 1);
    assert!(!host.local.run(&start.key).exists());
    assert_eq!(why(host.runs(&start)), "it was begun on the host before, and its folder is gone");
}
