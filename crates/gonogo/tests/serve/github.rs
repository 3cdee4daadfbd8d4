use crate::support::{TOKEN, World};
use gonogo_world::{Faults, GitHub};

/// A server that has looked at all there was before the story begins.
fn looked() -> World {
    let world = World::new();
    world.status_of(&world.repo.rev("main")).is_success("Go");
    world
}

#[test]
fn a_private_repository_is_fetched_with_the_token_alone() {
    let world = World::new();
    let sha = world.repo.commit("STORY-1 x");
    world.push("main");
    world.status_of(&sha).is_success("Go");
    let fetches = world.github.requests_to("/acme/web.git/");
    assert!(!fetches.is_empty());
    for fetch in &fetches {
        // One may be under way.
        assert!(matches!(fetch.status, None | Some(200)), "{} {} {:?}", fetch.method, fetch.path, fetch.status);
    }
    assert!(world.github.requests().iter().all(|request| !request.leaks(TOKEN)));
    assert_eq!(world.files_with(TOKEN), [""; 0]);
    world.github.check_requests();
}

#[test]
fn an_app_posts_fetches_and_renews_its_token() {
    let mut world = World::stopped().being_an_app();
    world.start();
    let sha = world.repo.commit("STORY-1 x");
    world.push("main");
    let status = world.status_of(&sha).is_success("Go");
    assert_eq!(status.creator, "gonogo[bot]");
    let tokens = || world.github.requests_to("/access_tokens").len();
    assert_eq!(tokens(), 1, "one token serves an hour");
    world.github.check_requests();
    assert_eq!(world.files_with("ghs_"), [""; 0]);

    // The App is taken off and installed anew: what it had is worth nothing.
    world.github.app("gonogo").uninstalled_from("acme");
    world.github.app("gonogo").installed_on("acme");
    let sha = world.repo.commit("STORY-2 y");
    world.push("main");
    world.status_of(&sha).is_success("Go");
    assert_eq!(tokens(), 2);
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

#[test]
fn an_enterprise_server_is_served_alike() {
    let mut world = World::stopped_on(GitHub::enterprise());
    world.start();
    let sha = world.repo.commit("STORY-1 x");
    world.push("main");
    world.status_of(&sha).is_success("Go");
    assert!(!world.github.requests_to("/api/v3/repos/acme/web/statuses/").is_empty());
    world.github.check_requests();
}

#[test]
fn what_was_pushed_while_github_was_down_is_found() {
    let mut world = World::stopped().polling();
    world.start();
    world.github.forget_requests().goes_down();
    let sha = world.repo.commit("STORY-1 x");
    world.web().pushes("main", &world.repo);
    let fetches = || world.github.requests_to("/acme/web.git/");
    world.wait(|| fetches().iter().any(|fetch| fetch.status == Some(503)).then_some(()), || format!("{:?}", fetches()));
    let first_page = || world.get("/").1;
    let says = |page: &String| page.contains("could not be looked at") && page.contains("503");
    world.wait(|| Some(first_page()).filter(says), first_page);
    world.github.comes_back();
    world.status_of(&sha).is_success("Go");
    assert!(!first_page().contains("could not be looked at"));
}

#[test]
fn a_lost_hook_may_be_redelivered() {
    let world = looked();
    world.repo.commit("STORY-1 x");
    let sha = world.push_silently("main");
    let lost = world.github.hooks().of("push").deliveries()[0].id;
    world.github.hooks().redeliver(lost);
    world.was_told();
    world.status_of(&sha).is_success("Go");
}

#[test]
fn hooks_in_another_order_lead_to_the_newest_head() {
    let world = looked();
    world.github.hooks().hold();
    let old = world.repo.commit("tidy up");
    world.web().pushes("main", &world.repo);
    world.repo.git(&["commit", "--amend", "--allow-empty", "-m", "STORY-1 tidy up"]);
    let new = world.web().pushes("main", &world.repo);
    world.github.hooks().release_in_reverse();
    world.was_told();
    world.status_of(&new).is_success("Go");
    assert!(world.status_of(&old).now().is_none(), "nobody was to look at it");
    assert!(world.get("/").1.contains(&new[..7]));
}

#[test]
fn whatever_comes_instead_of_an_answer_the_status_is_posted_in_the_end() {
    let rude: [(&str, fn(Faults<'_>)); 5] = [
        ("a login page", |posts| _ = posts.garbage()),
        ("the way to one", |posts| _ = posts.redirect_to_login()),
        ("JSON of a proxy", |posts| _ = posts.wrong_json()),
        ("half an answer", |posts| _ = posts.truncate()),
        ("a reset", |posts| _ = posts.reset()),
    ];
    // Where there is a page to sign in beside the API.
    let mut world = World::stopped_on(GitHub::enterprise());
    world.start();
    world.status_of(&world.repo.rev("main")).is_success("Go");
    for (name, rude) in rude {
        println!("instead of an answer comes {name}");
        // To the verdict as well, where pending came before it.
        rude(world.github.faults().on("/statuses/").times(2));
        let sha = world.repo.commit("STORY-1 x");
        world.push("main");
        world.status_of(&sha).is_success("Go");
        world.github.heals();
    }
}
