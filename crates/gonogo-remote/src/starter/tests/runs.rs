//! What a command gets, and what comes of it.

use super::*;
use crate::starter::{Lack, Started, StarterError};
use secrecy::ExposeSecret as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

#[test]
fn a_command_runs_and_what_it_said_and_came_to_is_known() {
    let host = Host::new();
    let start = shell("d1-step-1-1", 1, "echo out; echo err >&2; exit 3");
    assert_eq!(host.runs(&start), Over::Exit { status: 3 });
    assert_eq!(host.said(&start), "out\nerr\n");
    assert_eq!(host.runs(&shell("d1-step-2-1", 1, "kill -9 $$")), Over::Exit { status: 137 });
}

#[test]
fn what_is_started_twenty_times_at_once_begins_once() {
    let host = Host::new();
    let start = shell("d1-step-1-1", 1, "echo begun; sleep 0.2");
    let answers: Vec<Started> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..20).map(|_| scope.spawn(|| host.local.start(&start).unwrap())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|answer| **answer == Started::Now).count(), 1);
    assert_eq!(host.end_of(&start), Over::Exit { status: 0 });
    assert_eq!(host.local.start(&start), Ok(Started::Before), "nor later");
    assert_eq!(host.said(&start), "begun\n");
}

#[test]
fn arguments_and_variables_reach_the_program_unchanged() {
    let host = Host::new();
    let odd = [
        "$(touch x) `touch y` ; rm -rf $HOME",
        "it's \"quoted\" \\ \\n \\c %s %b",
        "two\nlines\n\n",
        "grüße 🚀 \u{202e}",
        "",
        "-n",
        "*",
        "\t tab ",
    ];
    let arguments = act("d1-step-1-1", 1, &[&["printf", "%s\\0"][..], &odd[..]].concat());
    assert_eq!(host.runs(&arguments), Over::Exit { status: 0 });
    assert_eq!(host.said(&arguments).split_terminator('\0').collect::<Vec<_>>(), odd);
    let mut start = act("d1-step-2-1", 1, &["env", "-0"]);
    for (at, value) in odd.iter().enumerate() {
        start = start.with(&format!("V{at}"), value);
    }
    // Names that mean something to a shell.
    for name in ["IFS", "line", "stat", "id", "run", "dir", "umask_before", "PS4", "ENV", "CDPATH"] {
        start = start.with(name, "a b/");
    }
    assert_eq!(host.runs(&start), Over::Exit { status: 0 }, "{}", host.said(&start));
    let said = host.said(&start);
    let variables: BTreeMap<&str, &str> = said.split_terminator('\0').map(|one| one.split_once('=').unwrap()).collect();
    for (name, value) in &start.env {
        assert_eq!(variables.get(name.as_str()), Some(&value.expose_secret()), "{name}");
    }
    // The test runner's own variables, such as CARGO, are not among them.
    let known = ["PATH", "HOME", "LANG", "USER", "PWD"];
    let leaked: Vec<_> =
        variables.keys().filter(|name| !known.contains(name) && !start.env.contains_key(**name)).collect();
    assert!(leaked.is_empty(), "{leaked:?}");
    let empty = act("d1-step-3-1", 1, &["ls", "-A"]);
    host.runs(&empty);
    assert_eq!(host.said(&empty), "");
}

#[test]
fn secrets_are_on_no_command_line_and_in_no_file_while_it_runs() {
    let host = Host::new();
    let start = shell("d1-step-1-1", 1, "echo begun; sleep 60").with("TOKEN", "s3cr3t-value-of-it");
    host.local.start(&start).unwrap();
    host.hears(&start, "begun");
    let run = host.local.run(&start.key);
    assert!(!run.join("env").exists());
    assert_eq!(fs::metadata(&run).unwrap().permissions().mode() & 0o777, 0o700);
    for file in fs::read_dir(&run).unwrap().flatten().filter(|file| file.path().is_file()) {
        assert!(!String::from_utf8_lossy(&fs::read(file.path()).unwrap()).contains("s3cr3t"), "{file:?}");
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{file:?}");
    }
    for place in fs::read_dir("/proc").unwrap().flatten() {
        let line = fs::read(place.path().join("cmdline")).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&line).contains("s3cr3t-value-of-it"), "{place:?}");
    }
    host.local.end(&start.key, "ada").unwrap();
    host.end_of(&start);
}

#[test]
fn files_that_it_makes_are_as_they_would_be_elsewhere() {
    let host = Host::new();
    let start = shell("d1-step-1-1", 1, "umask");
    host.runs(&start);
    let here = std::process::Command::new("sh").args(["-c", "umask"]).output().unwrap();
    assert_eq!(host.said(&start).into_bytes(), here.stdout);
}

#[test]
fn what_cannot_run_is_broken_and_nothing_happened() {
    let host = Host::new();
    assert_eq!(host.runs(&act("d1-step-1-1", 1, &["no-such-program"])), Over::Broken(Lack::Program));
    assert_eq!(host.runs(&act("d1-step-2-1", 1, &["/etc/passwd"])), Over::Broken(Lack::Program));
    let mut start = act("d1-step-3-1", 1, &["true"]);
    start.dir = Some("/no/such/folder".to_owned());
    assert_eq!(host.runs(&start), Over::Broken(Lack::Dir));
    // Its own PATH counts.
    let elsewhere = act("d1-step-4-1", 1, &["true"]).with("PATH", "/no/such");
    assert_eq!(host.runs(&elsewhere), Over::Broken(Lack::Program));
    assert!(!host.local.run("d1-step-4-1").join("env").exists());
    let whole = act("d1-step-5-1", 1, &["/bin/echo", "x"]).with("PATH", "/no/such");
    assert_eq!(host.runs(&whole), Over::Exit { status: 0 });
    let mut here = act("d1-step-6-1", 1, &["pwd"]);
    here.dir = Some(host.folder.path().display().to_string());
    assert_eq!(host.runs(&here), Over::Exit { status: 0 });
    assert_eq!(host.said(&here).trim(), host.folder.path().display().to_string());
    // What is no name of a variable begins nothing either.
    let odd = act("d1-step-7-1", 1, &["true"]).with("A-B", "x");
    assert_eq!(host.local.start(&odd), Err(StarterError::Variable("A-B".to_owned())));
    assert!(!host.local.run("d1-step-7-1").exists());
}

#[test]
fn fifty_megabytes_arrive_whole() {
    let host = Host::new();
    let start = shell("d1-step-1-1", 1, "head -c 50000000 /dev/zero; echo end >&2");
    assert_eq!(host.runs(&start), Over::Exit { status: 0 });
    assert_eq!(fs::metadata(host.local.output(&start.key)).unwrap().len(), 50_000_004);
}

#[test]
fn a_host_with_busybox_alone_runs_it_too() {
    let busybox = Path::new("/bin/busybox");
    if !busybox.exists() {
        return; // `./test` installs it
    }
    let mut host = Host::new();
    let bin = host.folder.path().join("bin");
    fs::create_dir(&bin).unwrap();
    let made = std::process::Command::new(busybox).args(["--install", "-s"]).arg(&bin).status().unwrap();
    assert!(made.success());
    host.local = host.local.clone().with(&bin.join("sh"), bin.display().to_string());
    let start = shell("d1-step-1-1", 1, "echo \"$A\"; exit 4").with("A", "a'b\nc");
    assert_eq!(host.runs(&start), Over::Exit { status: 4 }, "{}", host.file(&start, "log"));
    assert_eq!(host.said(&start), "a'b\nc\n");
    let mut long = shell("d1-step-2-1", 1, "trap '' TERM; sleep 60 & wait; sleep 60");
    long.limit = Duration::from_secs(1);
    assert_eq!(host.runs(&long), Over::TimedOut);
    assert_eq!(host.runs(&shell("d0-step-1-1", 0, "true")), refused_for_newer(1));
}

pub(super) fn refused_for_newer(fence: i64) -> Over {
    Over::NotStarted { why: format!("the host has seen a newer deploy of this service (fence {fence})") }
}
