//! How much the server asks of GitHub: what has not changed costs nothing, and
//! polling stays within its share.

use crate::support::{SECRET, World};

/// A server that looks each second, and a push that waits for its build.
fn waiting(prepare: impl FnOnce(&World)) -> (World, String) {
    let mut world = World::stopped().with_classic_token().polling();
    world.policy("[checks.builds]\nrequired = ['suite']\nbegins_within_minutes = 10_000_000\n");
    prepare(&world);
    world.start();
    let sha = world.repo.commit("STORY-1 x");
    world.push("main");
    world.status_of(&sha).is_pending(&format!("Waiting: suite has not begun on {}", &sha[..7]));
    (world, sha)
}

/// What was asked of the API, and answered, since it was forgotten last.
fn asked(world: &World) -> Vec<(String, Option<u16>)> {
    let all = world.github.requests().into_iter();
    let of_api = all.filter(|one| one.method == "GET" && one.path.starts_with("/repos/"));
    of_api.map(|one| (one.path, one.status)).collect()
}

#[test]
fn what_has_not_changed_costs_nothing() {
    let (world, sha) = waiting(|_| ());
    // Each address was asked for once more since the last change.
    let rounds = |number: usize| {
        world.github.forget_requests();
        let builds = || asked(&world).iter().filter(|(path, _)| path.contains("/check-runs")).count();
        world.wait(|| (builds() >= number).then_some(()), || format!("{:?}", asked(&world)));
        asked(&world)
    };
    rounds(2);
    let is_costly = |(_, status): &(String, Option<u16>)| status.is_some_and(|status| status != 304);
    let costly: Vec<_> = rounds(3).into_iter().filter(is_costly).collect();
    assert_eq!(costly, []);
    world.web().posts_status(&sha, "suite", "success", "");
    world.status_of(&sha).is_success("Go");
}

#[test]
fn polling_takes_a_fifth_of_the_limit_at_most_and_says_so() {
    let (world, sha) = waiting(|world| _ = world.github.tags_nothing().rate_limit(100, 3_600));
    let page = || world.get("/services/web").1;
    let says = |page: &String| {
        page.contains("would take over a fifth of what GitHub lets us ask") && page.contains(" minutes, and when")
    };
    world.wait(|| Some(page()).filter(says), page);
    // The push was told by a hook, and is not polling's.
    let number = asked(&world).len();
    assert!(number <= 20 + 4, "{number}: {:?}", asked(&world));
    world.web().posts_status(&sha, "suite", "success", "");
    world.status_of(&sha).is_success("Go");
}

#[test]
fn a_renamed_repository_is_served_on_and_its_new_name_is_said() {
    let (mut world, sha) = waiting(|_| ());
    world.renames("acme/site");
    world.web().posts_status(&sha, "suite", "success", "");
    world.status_of(&sha).is_success("Go");
    let page = || world.get("/services/web").1;
    world.wait(|| Some(page()).filter(|page| page.contains("GitHub calls it <b>acme/site</b> now")), page);
}

#[test]
fn a_hook_of_the_app_that_was_lost_is_delivered_again() {
    let mut world = World::stopped().being_an_app().polling();
    world.start();
    world.status_of(&world.repo.rev("main")).is_success("Go");
    world.web().unhooked();
    world.github.app("gonogo").hooked_to(&world.hook_url(), SECRET);
    // One that GitHub has no more holds up no other.
    world.repo.commit("STORY-1 x");
    world.push_silently("main");
    let gone = world.github.hooks().of("push").deliveries().pop().unwrap();
    world.github.faults().on(&format!("/{}/attempts", gone.id)).status(422);
    world.repo.commit("STORY-1 y");
    let sha = world.push_silently("main");
    let lost = world.github.hooks().of("push").deliveries().pop().unwrap();
    assert_ne!(lost.status, Some(202));
    let again = || world.github.hooks().of("push").deliveries().into_iter().find(|one| one.is_redelivery);
    let came = world.wait(|| again().filter(|one| one.status.is_some()), || format!("{lost:?}"));
    assert_eq!((came.guid, came.status), (lost.guid, Some(202)));
    world.status_of(&sha).is_success("Go");
    // Once is enough.
    world.github.forget_requests();
    let looks = || world.github.requests_to("/app/hook/deliveries").len();
    world.wait(|| (looks() >= 2).then_some(()), || "GitHub is not asked".to_owned());
    assert!(world.github.requests_to("/attempts").is_empty());
}
