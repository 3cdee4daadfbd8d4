//! How acts are ended, and what is known when nobody saw the end.

use super::*;

fn cannot_tell(over: Over) -> String {
    match over {
        Over::CannotTell { said, fix } => {
            assert!(fix.contains("run again or counts as done"), "{fix}");
            said
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_over_its_limit_is_ended_with_all_of_its_session() {
    let host = Host::new();
    // A child, a grandchild in a process group of its own, all deaf to TERM; and a
    // daemon in a session of its own, which holds the output open.
    let script = "trap '' TERM; setsid sh -c 'echo daemon $$; exec sleep 60' &
        sh -c 'echo child $$; sleep 60; sleep 60' &
        python3 -c 'import os, time; os.setpgid(0, 0); print(\"group\", os.getpid(), flush=True); time.sleep(60)' &
        while :; do sleep 1; done";
    let mut start = shell("d1-step-1-1", 1, script);
    start.limit = Duration::from_secs(2);
    host.local.start(&start).unwrap();
    for name in ["daemon", "child", "group"] {
        host.hears(&start, name);
    }
    assert_eq!(host.end_of(&start), Over::TimedOut);
    let said = host.said(&start);
    let pid = |name: &str| said.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
    assert!(!is_alive(&pid("child")) && !is_alive(&pid("group")), "{said}");
    assert!(is_alive(&pid("daemon")), "it is not ours any more");
    signal("KILL", &pid("daemon"));
}

#[test]
fn who_has_it_ended_is_known_and_term_comes_first() {
    let host = Host::new();
    let start = shell("d1-step-1-1", 1, "trap 'echo bye; exit 0' TERM; echo begun; while :; do sleep 0.1; done");
    host.local.start(&start).unwrap();
    host.hears(&start, "begun");
    host.local.end(&start.key, "ada\n").unwrap();
    host.local.end(&start.key, "bob").unwrap();
    assert_eq!(host.end_of(&start), Over::Ended { by: "ada".to_owned() });
    assert!(host.said(&start).contains("bye"));
}

#[test]
fn what_is_stopped_is_ended_too() {
    let host = Host::new();
    let mut start = shell("d1-step-1-1", 1, "kill -STOP $$");
    start.limit = Duration::from_secs(1);
    assert_eq!(host.runs(&start), Over::TimedOut);
}

#[test]
fn a_daemon_that_keeps_the_output_open_does_not_hold_up_the_end() {
    let host = Host::new();
    let start = shell("d1-step-1-1", 1, "setsid sleep 61 & sleep 62 & echo $!; echo done");
    assert_eq!(host.runs(&start), Over::Exit { status: 0 });
    let said = host.said(&start);
    assert!(is_alive(said.lines().next().unwrap()), "what a command leaves when it ends well stays");
    signal("KILL", said.lines().next().unwrap());
}

#[test]
fn signals_to_its_own_group_do_not_reach_who_watches() {
    let host = Host::new();
    let start = shell("d1-step-1-1", 1, "echo begun; kill -KILL 0");
    assert_eq!(host.runs(&start), Over::Exit { status: 137 });
}

#[test]
fn who_watches_is_deaf_to_what_ends_a_service() {
    let host = Host::new();
    let start = shell("d1-step-1-1", 1, "echo begun; sleep 1; exit 5");
    host.local.start(&start).unwrap();
    host.hears(&start, "begun");
    let came = host.file(&start, "start");
    for name in ["TERM", "INT", "HUP"] {
        signal(name, came.split(' ').nth(1).unwrap());
    }
    assert_eq!(host.end_of(&start), Over::Exit { status: 5 });
}

#[test]
fn when_who_watches_is_killed_nobody_can_tell_how_it_ended() {
    let host = Host::new();
    let mut start = shell("d1-step-1-1", 1, "echo $$; sleep 60");
    start.limit = Duration::from_secs(3);
    host.local.start(&start).unwrap();
    let pid = host.hears(&start, "\n");
    signal("KILL", host.file(&start, "start").split(' ').nth(1).unwrap());
    // It does run: a newer one may not begin, and its limit holds all the same.
    assert_eq!(host.stands(&start), Standing::Running);
    let newer = host.runs(&shell("d2-step-1-1", 2, "true"));
    assert!(matches!(newer, Over::NotStarted { .. }), "{newer:?}");
    let said = cannot_tell(host.end_of(&start));
    assert_eq!(said, "what watched over it on the host was killed, and nobody knows how it ended");
    assert!(!is_alive(&pid));
    assert_eq!(host.runs(&shell("d2-step-2-1", 2, "true")), Over::Exit { status: 0 });
}

#[test]
fn after_a_restart_of_the_host_nobody_can_tell() {
    let host = Host::new();
    let start = shell("d1-step-1-1", 1, "sleep 60");
    host.local.start(&start).unwrap();
    let path = host.local.run(&start.key).join("start");
    let came = host.file(&start, "start");
    let (rest, _) = came.trim_end().rsplit_once(' ').unwrap();
    // A process with that pid and that start may well be there again.
    fs::write(&path, format!("{rest} 00000000-0000-0000-0000-000000000000\n")).unwrap();
    assert_eq!(cannot_tell(host.end_of(&start)), "the host was restarted while it ran");
    fs::write(&path, &came).unwrap();
    assert_eq!(host.stands(&start), Standing::Running);
    // Another process has the pid.
    let words: Vec<&str> = came.split(' ').collect();
    fs::write(&path, format!("ran 1 {} {}", words[2], words[3])).unwrap();
    assert_eq!(host.stands(&start), Standing::Running, "its session is there");
    fs::write(&path, &came).unwrap();
    host.local.end(&start.key, "ada").unwrap();
    assert_eq!(host.end_of(&start), Over::Ended { by: "ada".to_owned() });
}

#[test]
fn what_cannot_be_read_cannot_be_told() {
    let host = Host::new();
    let start = shell("d1-step-1-1", 1, "true");
    host.runs(&start);
    fs::write(host.local.run(&start.key).join("exit"), "").unwrap();
    assert!(cannot_tell(host.end_of(&start)).contains("nothing that can be understood"));
}
