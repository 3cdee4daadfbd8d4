//! `gonogo balancer` at a real HAProxy: what it is told, what it says, and what is left.

#![allow(clippy::unwrap_used, reason = "these are tests")]
#![allow(clippy::disallowed_methods, reason = "tests start the program")]

#[path = "../shared/haproxy.rs"]
mod haproxy;
mod servers;

use haproxy::Haproxy;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// What it is asked on behalf of a deploy of `web`.
fn command(haproxy: &Haproxy, verb: &str, deploy: i64) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gonogo"));
    command.args(["balancer", verb, "--haproxy", &haproxy.socket()]);
    command.env("GONOGO_SERVICE", "web").env("GONOGO_DEPLOY", deploy.to_string()).stdin(Stdio::null());
    command
}

fn of_map(haproxy: &Haproxy, verb: &str, deploy: i64) -> Command {
    let mut command = command(haproxy, verb, deploy);
    command.args(["--map", &haproxy.map(), "--key", "web"]);
    command
}

#[track_caller]
fn says(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

#[track_caller]
fn fails(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert_eq!(status.code(), Some(2), "{}", String::from_utf8_lossy(&stdout));
    String::from_utf8(stderr).unwrap()
}

#[test]
fn what_stood_there_before_is_put_back_to_the_letter() {
    for before in ["web off", "web", "web maybe  so;\\ 'x' \"y\"", "web a<<", "other off", "web on"] {
        let text = format!("# a comment\nfirst x\n{before}\nlast y\n");
        let haproxy = Haproxy::before(&[], &text);
        let found = haproxy.entries();
        let said = says(&mut of_map(&haproxy, "affinity-on", 7));
        assert!(said.contains("read back: `on` (kept: service=web deploy=7"), "{said}");
        assert!(haproxy.entries().contains(&"web on".to_owned()), "{before}: {:?}", haproxy.entries());
        let again = says(&mut of_map(&haproxy, "affinity-on", 7));
        assert_eq!(again.contains("left on by an earlier"), before != "web on", "{again}");
        let stands = says(&mut of_map(&haproxy, "affinity", 7));
        assert!(stands.contains("deploy 7 of web has it on"), "{stands}");
        says(&mut of_map(&haproxy, "affinity-off", 7));
        let is = |of: &Haproxy| {
            let mut entries = of.entries();
            entries.sort();
            entries
        };
        let mut found = found;
        found.sort();
        assert_eq!(is(&haproxy), found, "{before}");
        let nothing = says(&mut of_map(&haproxy, "affinity-off", 7));
        assert!(nothing.contains("no deploy has it on"), "{nothing}");
        assert_eq!(is(&haproxy), found, "{before}");
    }
}

#[test]
fn a_crash_between_reading_and_writing_loses_nothing() {
    let haproxy = Haproxy::before(&[], "web maybe\n");
    let kept = |text: &str| format!("gonogo.before.web {text}");
    let set = |key: &str, value: &str| {
        let verb =
            if haproxy.entries().iter().any(|entry| entry.starts_with(&format!("{key} "))) { "set" } else { "add" };
        let said = haproxy.asked(&format!("{verb} map {} {key} {}", haproxy.map(), value.replace(' ', "\\ ")));
        assert_eq!(said.trim(), "");
    };
    // It was kept, and not yet turned on.
    set("gonogo.before.web", "service=web deploy=7 was=maybe");
    says(&mut of_map(&haproxy, "affinity-on", 7));
    assert_eq!(haproxy.entries(), ["web on".to_owned(), kept("service=web deploy=7 was=maybe")]);
    // It was put back, and what was kept is there yet.
    set("web", "maybe");
    let said = says(&mut of_map(&haproxy, "affinity-off", 7));
    assert!(said.contains("it is put back already: `maybe`"), "{said}");
    assert_eq!(haproxy.entries(), ["web maybe"]);
    // An earlier deploy has ended with two versions, and a later one goes well.
    says(&mut of_map(&haproxy, "affinity-on", 7));
    says(&mut of_map(&haproxy, "affinity-on", 8));
    assert_eq!(haproxy.entries(), ["web on".to_owned(), kept("service=web deploy=8 was=maybe")]);
    let late = says(&mut of_map(&haproxy, "affinity-off", 7));
    assert!(late.contains("deploy 8 of web has it on: it stays"), "{late}");
    let late = fails(&mut of_map(&haproxy, "affinity-on", 7));
    assert!(late.contains("is held by deploy 8 of web: a newer one"), "{late}");
    says(&mut of_map(&haproxy, "affinity-off", 8));
    assert_eq!(haproxy.entries(), ["web maybe"]);
    // A person changes it in the middle: that is theirs.
    says(&mut of_map(&haproxy, "affinity-on", 9));
    set("web", "never");
    let said = says(&mut of_map(&haproxy, "affinity-off", 9));
    assert!(
        said.contains("somebody has made it `never` since, and so it stays; before this deploy it was `maybe`"),
        "{said}"
    );
    assert_eq!(haproxy.entries(), ["web never"]);
}

#[test]
fn who_waited_while_it_was_turned_on_anew_leaves_it_on() {
    let haproxy = Haproxy::before(&[], "web maybe\n");
    says(&mut of_map(&haproxy, "affinity-on", 7));
    let mut off = of_map(&haproxy, "affinity-off", 7);
    off.args(["--after-seconds", "3"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let waiting = off.spawn().unwrap();
    let begun = Instant::now();
    while !haproxy.entries().iter().any(|entry| entry.contains("until=")) {
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", haproxy.entries());
        std::thread::sleep(Duration::from_millis(20));
    }
    // The deploy goes back, and nobody heard of the one that waits any more.
    says(&mut of_map(&haproxy, "affinity-on", 7));
    let Output { status, stderr, .. } = waiting.wait_with_output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert!(status.code() == Some(2) && said.contains("was turned on anew meanwhile"), "{said}");
    assert!(haproxy.entries().contains(&"web on".to_owned()), "{:?}", haproxy.entries());
    says(&mut of_map(&haproxy, "affinity-off", 7));
    assert_eq!(haproxy.entries(), ["web maybe"]);
}

/// Each of them is killed a little later than the one before, from its first moment on until
/// it has ended by itself.
#[test]
fn whoever_is_killed_at_any_moment_loses_nothing() {
    let haproxy = Haproxy::before(&[], "web maybe\n");
    for (verb, first) in [("affinity-on", false), ("affinity-off", true)] {
        let (mut deploy, mut later, mut has_ended, mut was_changed) = (10, Duration::ZERO, 0, 0);
        while has_ended < 3 {
            deploy += 1;
            if first {
                says(&mut of_map(&haproxy, "affinity-on", deploy));
            }
            let before = haproxy.entries();
            let mut killed = of_map(&haproxy, verb, deploy).stdout(Stdio::null()).spawn().unwrap();
            std::thread::sleep(later);
            has_ended += usize::from(killed.try_wait().unwrap().is_some());
            killed.kill().ok();
            killed.wait().unwrap();
            was_changed += usize::from(haproxy.entries() != before);
            later += Duration::from_micros(300);
            says(&mut of_map(&haproxy, "affinity-on", deploy));
            let kept = format!("gonogo.before.web service=web deploy={deploy} was=maybe");
            assert_eq!(haproxy.entries(), ["web on".to_owned(), kept], "{verb} killed after {later:?}");
            says(&mut of_map(&haproxy, "affinity-off", deploy));
            assert_eq!(haproxy.entries(), ["web maybe"], "{verb} killed after {later:?}");
        }
        assert!(was_changed > 0, "{verb} was killed too early each time");
    }
}

#[test]
fn a_restart_of_haproxy_loses_what_was_changed_and_what_was_kept_together() {
    let mut haproxy = Haproxy::before(&[], "web off\n");
    says(&mut of_map(&haproxy, "affinity-on", 7));
    haproxy.is_restarted();
    let said = says(&mut of_map(&haproxy, "affinity-off", 7));
    assert!(said.contains("no deploy has it on, or HAProxy was restarted since: it stays as it is, `off`"), "{said}");
    assert_eq!(haproxy.entries(), ["web off"]);
}

#[test]
fn what_it_cannot_do_it_says_and_how_to_mend_it() {
    let mut haproxy = Haproxy::before(&[], "web off\ntwice a\ntwice b\n");
    let of_key = |haproxy: &Haproxy, map: &str, key: &str, service: &str| {
        let mut command = command(haproxy, "affinity-on", 7);
        command.args(["--map", map, "--key", key, "--service", service]);
        command
    };
    let unknown = fails(&mut of_key(&haproxy, "/nowhere.map", "web", "web"));
    assert!(unknown.contains("does not know the map /nowhere.map: Unknown map identifier"), "{unknown}");
    let twice = fails(&mut of_key(&haproxy, &haproxy.map(), "twice", "web"));
    assert!(twice.contains("has `twice` 2 times\n  → leave one of them"), "{twice}");
    says(&mut of_map(&haproxy, "affinity-on", 7));
    let of_another = fails(&mut of_key(&haproxy, &haproxy.map(), "web", "billing"));
    assert!(of_another.contains("held by deploy 7 of web: one entry cannot be of two services"), "{of_another}");
    assert_eq!(haproxy.entries()[0], "web on");
    let mut nowhere = Command::new(env!("CARGO_BIN_EXE_gonogo"));
    let odd = fails(nowhere.args(["balancer", "affinity", "--haproxy", "10.0.0.1", "--map", "/m", "--key", "web"]));
    assert!(odd.contains("`10.0.0.1` is no place of a HAProxy\n  → write the path"), "{odd}");
    haproxy.falls_silent();
    let begun = Instant::now();
    let silent = fails(&mut of_map(&haproxy, "affinity", 7));
    assert!(silent.contains("gave no answer within 5 s\n  → see that it runs"), "{silent}");
    assert!(begun.elapsed() < Duration::from_secs(15));
    haproxy.speaks_again();
    haproxy.goes_away();
    let away = fails(&mut of_map(&haproxy, "affinity", 7));
    assert!(away.contains("No such file") && away.contains("  → see that HAProxy runs"), "{away}");
}

#[test]
fn who_is_restarted_in_that_moment_is_waited_for() {
    let mut haproxy = Haproxy::before(&[], "web off\n");
    haproxy.goes_away();
    let mut on = of_map(&haproxy, "affinity-on", 7).stdout(Stdio::null()).spawn().unwrap();
    haproxy.comes_back();
    assert!(on.wait().unwrap().success());
    assert_eq!(haproxy.entries()[0], "web on");
}

#[test]
fn the_time_until_it_is_put_back_is_not_begun_anew() {
    let haproxy = Haproxy::before(&[], "web off\n");
    says(&mut of_map(&haproxy, "affinity-on", 7));
    let begun = Instant::now();
    let off =
        || of_map(&haproxy, "affinity-off", 7).args(["--after-seconds", "4"]).stdout(Stdio::null()).spawn().unwrap();
    let mut first: Child = off();
    let is_kept = || haproxy.entries().iter().any(|entry| entry.contains(" until="));
    while !is_kept() {
        assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", haproxy.entries());
    }
    first.kill().unwrap();
    first.wait().unwrap();
    let until = haproxy.entries();
    while begun.elapsed() < Duration::from_secs(2) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut second = off();
    assert_eq!(haproxy.entries(), until, "as it was said first");
    assert!(second.wait().unwrap().success());
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(3_900) && took < Duration::from_millis(5_500), "{took:?}");
    assert_eq!(haproxy.entries(), ["web off"]);
}
