use crate::support::{TOKEN, World};

#[test]
fn a_private_repository_is_fetched_with_the_token_alone() {
    let world = World::new();
    let sha = world.repo.commit("STORY-1 x");
    world.push("main");
    world.status_of(&sha).is_success("Go");
    let fetches = world.github.requests_to("/acme/web.git/");
    assert!(!fetches.is_empty());
    for fetch in &fetches {
        assert_eq!(fetch.status, Some(200), "{} {}", fetch.method, fetch.path);
    }
    assert!(world.github.requests().iter().all(|request| !request.leaks(TOKEN)));
    assert_eq!(world.files_with(TOKEN), [""; 0]);
    world.github.check_requests();
}

#[test]
fn a_service_may_be_fetched_from_elsewhere() {
    let world = World::stopped();
    let elsewhere = world.repo.url();
    let mut world = world.fetching_from(&elsewhere);
    world.start();
    let sha = world.repo.commit("STORY-1 x");
    world.push("main");
    world.status_of(&sha).is_success("Go");
    assert!(world.github.requests_to("/acme/web.git/").is_empty());
}
