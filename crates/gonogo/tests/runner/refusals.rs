//! Whom a runner works for, and where it does not.

use crate::support::World;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::{Duration, Instant};

#[test]
fn a_token_that_the_server_does_not_know_ends_it() {
    let w = World::without_runner();
    std::fs::write(w.path("token"), "another\n").unwrap();
    let said = w.runner_fails(&mut w.command());
    let expected = format!("http://127.0.0.1:{} does not know this runner", w.server.port);
    assert!(said.contains(&expected) && said.contains("has the token that the server gave to web-1"), "{said}");
    assert!(!said.contains("another"), "{said}");
}

#[test]
fn two_runners_have_no_folder_together() {
    let mut w = World::without_runner();
    w.runner_starts();
    w.wait_for("it asks for work", |kept| (!kept.asked.is_empty()).then_some(()));
    let said = w.runner_fails(&mut w.command());
    assert!(said.contains("another runner works in") && said.contains("end it first"), "{said}");
    // Who is started beside a server waits for the one before it.
    let mut next = w.command().arg("--with-parent").stdin(Stdio::piped()).spawn().unwrap();
    let asked = w.server.kept.lock().unwrap().asked.len();
    w.runner_is_killed();
    w.wait_for("the next one asks", |kept| (kept.asked.len() > asked).then_some(()));
    // And it ends with its parent.
    let begun = Instant::now();
    drop(next.stdin.take());
    assert!(next.wait().unwrap().success());
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[test]
fn what_is_wrong_in_its_files_is_said_before_anything_else() {
    let w = World::without_runner();
    std::fs::write(w.path("secrets"), "hunter2\n").unwrap();
    let said = w.runner_fails(&mut w.command());
    assert!(said.contains("secrets:1: no NAME=value") && !said.contains("hunter2"), "{said}");
    std::fs::remove_file(w.path("token")).unwrap();
    let said = w.runner_fails(&mut w.command());
    assert!(said.contains("token could not be read"), "{said}");
}

#[test]
fn a_server_that_is_away_is_waited_for_with_one_line() {
    let mut w = World::without_runner();
    w.server.goes_away();
    let mut runner = w.command().stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(runner.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("the server gives no answer") {
        assert_ne!(stderr.read_line(&mut said).unwrap(), 0, "{said}");
    }
    w.server.kept.lock().unwrap().refuses = 3;
    w.server.comes_back();
    w.wait_for("it asks for work", |kept| (!kept.asked.is_empty()).then_some(()));
    runner.kill().unwrap();
    stderr.read_to_string(&mut said).unwrap();
    runner.wait().unwrap();
    assert_eq!(said.matches("the server gives no answer").count(), 1, "{said}");
}
