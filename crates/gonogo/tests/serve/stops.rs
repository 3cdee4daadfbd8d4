use crate::support::World;
use std::time::Duration;

#[test]
fn a_status_that_github_could_not_take_is_posted_when_it_is_back() {
    let world = World::new();
    world.github.faults().on("/statuses/").status(502);
    let sha = world.repo.commit("STORY-1 x");
    world.push("main");
    let refused = || world.github.requests_to("/statuses/").iter().filter(|post| post.status == Some(502)).count();
    world.wait(|| (refused() >= 2).then_some(()), || format!("GitHub refused {} statuses", refused()));
    world.github.heals();
    world.status_of(&sha).is_success("Go");
}

#[test]
fn a_limit_is_waited_for() {
    let world = World::new();
    world.status_of(&world.repo.rev("main")).is_success("Go");
    world.github.forget_requests().faults().on("/statuses/").status(403).retry_after(2).times(1);
    let sha = world.repo.commit("STORY-1 x");
    world.push("main");
    world.status_of(&sha).is_success("Go");
    let requests = world.github.requests_to("/statuses/");
    let pause = requests[1].started - requests[0].started;
    assert!(pause >= Duration::from_millis(1_500), "it asked again after {pause:?}");
}

#[test]
fn a_renamed_repository_is_followed() {
    let mut world = World::new();
    world.renames("acme/site");
    let sha = world.repo.commit("STORY-1 x");
    world.push("main");
    world.status_of(&sha).is_success("Go");
}

#[test]
fn what_was_acknowledged_is_done_after_a_kill() {
    let mut world = World::new();
    for round in 1..=5 {
        let sha = world.repo.commit(&format!("STORY-{round} x"));
        world.push("main");
        world.kill();
        world.start();
        world.status_of(&sha).is_success("Go");
    }
}

#[test]
fn servers_on_one_postgres_share_the_work() {
    let mut world = World::stopped().on_postgres("serve");
    world.start();
    world.repo.commit("tidy up");
    let sha = world.push("main");
    // What the first had begun is the other's as soon as its lease has run out.
    world.is_replaced();
    world.status_of(&sha).is_failure(&format!("No-Go: {} \"tidy up\" names no story", &sha[..7]));
    let next = world.repo.commit("STORY-1 x");
    world.push("main");
    world.status_of(&next).is_failure(&format!("No-Go: {} \"tidy up\" names no story", &sha[..7]));
    assert_eq!(world.get("/people").0, 200, "the session is everywhere");
    assert_eq!(world.checks_store().1, Some(0));
}

#[test]
fn one_database_has_one_server() {
    let world = World::new();
    let said = world.starts_in_vain();
    assert!(said.contains("another gonogo serves") && said.contains("→ stop it first"), "{said}");
}

#[test]
fn the_store_is_looked_after_while_it_is_served() {
    let world = World::new();
    assert_eq!(world.checks_store(), ("✓ database\n✓ audit\n✓ work\n✓ outside\n✓ messages\n".to_owned(), Some(0)));
}

#[test]
fn it_ends_in_time_when_it_is_told_to() {
    let mut world = World::new();
    world.repo.commit("STORY-1 x");
    world.push("main");
    let (took, code) = world.terminate();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(10), "it took {took:?}");
}
