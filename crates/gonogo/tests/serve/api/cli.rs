use super::client::token;
use crate::away::judged_in;
use crate::people::blocked;
use crate::support::World;
use std::time::{Duration, Instant};

#[test]
fn the_command_line_asks_a_server_and_ends_as_check_does() {
    let world = World::new();
    let (sha, _, fingerprint) = blocked(&world);
    let token = token(&world, &["read", "waive"]);
    let asks = |words: &[&str]| world.asks(&token, words);
    let (said, code) = asks(&["candidate", "web", "main"]);
    assert_eq!(code, Some(1), "{said}");
    for words in [
        "No-Go: 1 thing blocks",
        "tidy up",
        "names no story",
        "story-key-missing",
        "https://gonogo.example.com/candidates/",
    ] {
        assert!(said.contains(words), "{words} is not in {said}");
    }
    let (said, code) = asks(&["candidate", "web", &sha[..8], "--format", "json"]);
    let check: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &check["schema"], &check["verdict"]), (Some(1), &"gonogo.check/1".into(), &"no-go".into()));
    let (said, code) = asks(&["status", "web"]);
    let line = format!("✗ main @ {} over", &sha[..7]);
    assert!(code == Some(1) && said.starts_with("web  acme/web\n") && said.contains(&line), "{said}");

    let (said, code) = asks(&["waive", "web", "main", &fingerprint[..6], "--why", "agreed", "--wait"]);
    assert!(code == Some(0) && said.contains("waiver 1: ") && said.contains("Go, 1 waived"), "{code:?} {said}");
    assert_eq!(asks(&["status", "web"]).1, Some(0));
    let (said, code) = asks(&["waive", "web", "main", &fingerprint, "--why", "again"]);
    assert!(code == Some(2) && said.contains("→ read it anew"), "{code:?} {said}");
    assert!(said.contains("it is waived already, by "), "{said}");
}

#[test]
fn a_waiver_that_is_only_proposed_is_said_to_be_and_is_not_waited_for() {
    let world = starting_with("[waivers.checks.story-key]\nsecond = true\n");
    let (_, _, fingerprint) = blocked(&world);
    let token = token(&world, &["read", "waive"]);
    let waives = |why: &str| world.asks(&token, &["waive", "web", "main", &fingerprint, "--why", why, "--wait=60"]);
    let begun = Instant::now();
    let (said, code) = waives("agreed");
    let proposed = "waiver 1 is proposed; a second person has to confirm it: ";
    assert!(code == Some(4) && said.contains(proposed), "{code:?} {said}");
    assert!(begun.elapsed() < Duration::from_secs(30), "it was waited for");
    let (said, code) = waives("for another reason");
    assert!(code == Some(2) && said.contains("a waiver of it is proposed already, by "), "{code:?} {said}");
}

#[test]
fn after_a_waiver_it_waits_for_a_new_judgement_alone() {
    let world = starting_with("[checks.builds]\nrequired = ['suite']\nbegins_within_minutes = 10_000_000\n");
    let (_, _, fingerprint) = blocked(&world);
    let token = token(&world, &["read", "waive"]);
    let begun = Instant::now();
    let (said, code) = world.asks(&token, &["waive", "web", "main", &fingerprint, "--why", "agreed", "--wait=60"]);
    assert!(code == Some(4) && said.contains("… Waiting: for 1 answer, 1 waived"), "{code:?} {said}");
    assert!(begun.elapsed() < Duration::from_secs(30), "the build was waited for");
}

/// A server whose service has this policy.
fn starting_with(policy: &str) -> World {
    let mut world = World::stopped().with_classic_token();
    world.policy(policy);
    world.start();
    world
}

#[test]
fn what_a_system_that_is_away_leaves_unchecked_may_pass_and_blocks_again() {
    let (world, jira, sha) = judged_in(World::stopped(), "tracker.max_age_minutes = 0");
    let token = token(&world, &["read", "waive"]);
    let waives = |time: &str| {
        world.asks(&token, &["waive", "web", "--system", "tracker", "--for", time, "--reason", "a fix must go out"])
    };
    let (said, code) = waives("3s");
    assert!(code == Some(2) && said.contains("Jira leaves nothing of web unchecked now"), "{code:?} {said}");
    jira.faults().status(503);
    world.status_says(&sha, "error", "Could not find out: ");
    let (said, code) = world.asks(&token, &["candidate", "web", "main", "--quiet"]);
    assert_eq!((said.as_str(), code), ("✗ Could not find out: 2 things could not be checked\n", Some(3)));
    let (said, code) = waives("5h");
    assert!(code == Some(2) && said.contains("4 hours at most"), "{code:?} {said}");
    let (said, code) = waives("3s");
    assert!(code == Some(0) && said.contains("all that is left unchecked in web"), "{code:?} {said}");
    world.status_says(&sha, "success", "Go, waived: Jira away until ");
    world.status_says(&sha, "error", "Could not find out: ");
}

#[test]
fn who_waits_is_told_as_soon_as_it_is_judged() {
    let world = World::new();
    let token = token(&world, &["read"]);
    let next = world.repo.commit("STORY-1 x");
    let (said, code) = world.asks(&token, &["candidate", "web", &next]);
    assert!(code == Some(2) && said.contains("→ `gonogo status web` lists what is open"), "{said}");
    let (said, code) = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| world.asks(&token, &["candidate", "web", &next, "--wait=40", "--quiet"]));
        world.push("main");
        waiting.join().unwrap()
    });
    assert_eq!((said.as_str(), code), ("✓ Go\n", Some(0)));
}

#[test]
fn what_cannot_be_asked_is_not_known() {
    let mut world = World::new();
    let token = token(&world, &["read"]);
    let (said, code) = world.asks("gonogo_none", &["status", "web"]);
    assert!(code == Some(2) && said.contains("→ make a token under /tokens"), "{said}");
    let (said, code) = world.asks(" ", &["status", "web"]);
    assert!(code == Some(2) && said.contains("no GONOGO_TOKEN"), "{said}");
    let (said, code) = world.asks(&token, &["candidate", "none", "main", "--wait"]);
    assert!(code == Some(2) && said.contains("there is no such service"), "{said}");
    let address = format!("http://{}", world.address());
    world.kill();
    let (said, code) = world.asks_at(&address, &token, &["status", "web"]);
    assert!(code == Some(3) && said.contains("cannot be asked"), "{code:?} {said}");
}
