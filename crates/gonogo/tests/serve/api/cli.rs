use super::client::token;
use crate::away::judged_in;
use crate::people::blocked;
use crate::support::World;

#[test]
fn the_command_line_asks_a_server_and_ends_as_check_does() {
    let world = World::new();
    let (sha, _, fingerprint) = blocked(&world);
    let token = token(&world, &["read", "waive"]);
    let asks = |words: &[&str]| world.asks(&token, words);
    let (said, code) = asks(&["candidate", "web", "main"]);
    assert_eq!(code, Some(1), "{said}");
    for words in ["No-Go: 1 block", "tidy up", "names no story", "story-key-missing"] {
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
