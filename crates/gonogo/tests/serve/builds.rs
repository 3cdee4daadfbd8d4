//! Builds that have to pass on exactly the commit that would ship.

use crate::api::Api;
use crate::support::World;
use serde_json::Value;

/// The commits of these tests are of years ago.
const POLICY: &str = "[checks.builds]\nrequired = ['suite', 'scan / *']\nbegins_within_minutes = 10_000_000\n\
     [checks.builds.apps]\nsuite = 'ci'\n";

fn world() -> World {
    let mut world = World::stopped().with_classic_token();
    world.policy(POLICY);
    world.start();
    world
}

#[test]
fn a_push_waits_for_its_builds_and_turns_with_them() {
    let world = world();
    let app = world.github.app("ci");
    app.installed_on("acme");
    let sha = world.repo.commit("STORY-1 x");
    world.push("main");
    let waits = format!("Waiting: scan / * has not begun on {} (+1)", &sha[..7]);
    world.status_of(&sha).is_pending(&waits);

    world.web().posts_status(&sha, "scan / ruby", "success", "");
    let suite = world.web().starts_check_run(app, &sha, "suite");
    world.status_says(&sha, "pending", "Waiting: suite is running since");
    world.web().ends_check_run(suite, "failure");
    world.status_of(&sha).is_failure("No-Go: suite ended in failure");
    // A rerun that passes is a pass; a second scan has to pass as well.
    world.web().posts_status(&sha, "scan / javascript", "error", "it broke down");
    world.web().posts_check_run(app, &sha, "suite", "success");
    world.status_of(&sha).is_failure("No-Go: scan / javascript ended in error: it broke down");
    world.web().posts_status(&sha, "scan / javascript", "success", "");
    world.status_of(&sha).is_success("Go");
    world.github.check_requests();
}

#[test]
fn a_head_that_is_judged_no_more_does_not_say_that_it_waits() {
    let world = world();
    let old = world.repo.commit("STORY-1 x");
    world.push("main");
    world.status_says(&old, "pending", "Waiting");
    let new = world.repo.commit("STORY-2 y");
    world.push("main");
    world.status_says(&old, "error", &format!("not judged any more: main is at {} now", &new[..7]));

    // Of two branches with one head the other one waits still.
    world.repo.branch("hotfix/1");
    world.push("hotfix/1");
    world.status_says(&new, "pending", "main, of the same head: Waiting");
    world.web().deletes_branch("hotfix/1");
    world.was_told();
    world.status_says(&new, "pending", "Waiting");

    world.repo.checkout("production").branch("hotfix/2").checkout("hotfix/2");
    let gone = world.repo.commit("STORY-3 z");
    world.push("hotfix/2");
    world.status_says(&gone, "pending", "Waiting");
    world.web().deletes_branch("hotfix/2");
    world.status_says(&gone, "error", "not judged any more: hotfix/2 is no candidate now");
}

#[test]
fn a_green_status_by_somebody_else_is_no_build() {
    let world = world();
    let sha = world.repo.commit("STORY-1 x");
    world.push("main");
    world.web().posts_status(&sha, "scan / ruby", "success", "");
    world.web().by("mallory").posts_status(&sha, "suite", "success", "trust me");
    world.status_of(&sha).is_failure("No-Go: suite was posted by mallory, and counts by ci alone");
}

#[test]
fn a_build_of_another_commit_does_not_count() {
    let world = world();
    let first = world.repo.commit("STORY-1 x");
    world.push("main");
    world.status_says(&first, "pending", "Waiting");
    let app = world.github.app("ci");
    app.installed_on("acme");
    let second = world.repo.commit("STORY-1 y");
    world.push("main");
    world.web().posts_status(&first, "scan / ruby", "success", "").posts_check_run(app, &first, "suite", "success");
    let waits = format!("Waiting: scan / * has not begun on {} (+1)", &second[..7]);
    world.status_of(&second).is_pending(&waits);
}

#[test]
fn a_token_that_may_not_read_builds_is_no_pass() {
    let mut world = World::stopped();
    world.policy(POLICY);
    world.start();
    let sha = world.repo.commit("STORY-1 x");
    world.push("main");
    world.status_says(&sha, "error", "Could not find out: ");
}

#[test]
fn a_build_that_does_not_begin_blocks_in_the_end() {
    let mut world = World::stopped().with_classic_token();
    world.policy("[checks.builds]\nrequired = ['suite']\nbegins_within_minutes = 0");
    world.start();
    let sha = world.repo.commit("STORY-1 x");
    world.push("main");
    world.status_of(&sha).is_failure(&format!("No-Go: suite has not begun on {}", &sha[..7]));
}

#[test]
fn what_was_committed_long_ago_and_is_pushed_now_waits_for_its_builds() {
    let mut world = World::stopped().with_classic_token();
    world.policy("[checks.builds]\nrequired = ['suite']");
    world.start();
    let sha = world.repo.commit("STORY-1 x");
    world.push("main");
    world.status_of(&sha).is_pending(&format!("Waiting: suite has not begun on {}", &sha[..7]));
}

#[test]
fn no_build_is_asked_of_what_runs_already() {
    let mut world = World::stopped().with_classic_token();
    world.policy("[checks.builds]\nrequired = ['suite']\nbegins_within_minutes = 0");
    world.start();
    world.status_of(&world.repo.rev("main")).is_success("Go");
}

#[test]
fn what_the_branchs_rules_require_has_to_pass_by_the_app_that_they_name() {
    let mut world = World::stopped().with_classic_token();
    // Named by the policy as well, it is bound by the rules all the same.
    world.policy("[checks.builds]\nrequired = ['suite']\nby_branch_rules = true\nbegins_within_minutes = 10_000_000\n");
    world.start();
    let (ci, other) = (world.github.app("ci"), world.github.app("other"));
    ci.installed_on("acme");
    other.installed_on("acme");
    world.web().requires("suite", Some(ci)).requires("gonogo/deploy (web)", None).rules_require("scan", None);
    let sha = world.repo.commit("STORY-1 x");
    world.push("main");
    world.status_says(&sha, "pending", "Waiting: ");
    world.web().posts_status(&sha, "scan", "success", "");
    world.web().posts_check_run(other, &sha, "suite", "success");
    world.status_says(&sha, "failure", "No-Go: suite was posted by other, and the branch's rules count it by the app");
    world.web().posts_check_run(ci, &sha, "suite", "success");
    world.status_of(&sha).is_success("Go");
    world.github.check_requests();
}

#[test]
fn builds_that_were_always_there_are_offered_and_not_enforced() {
    let world = deploys_with_lint("");
    let api = Api::of(&world);
    let found = lint_of(&world, |lint| lint["on"] == 6);
    assert_eq!((&found["required"], &found["offered"]), (&false.into(), &true.into()), "{}", api.get("/services/web"));
    assert!(world.get("/services/web").1.contains("1 build was on nearly all commits that were deployed"));
    let page = world.get("/services/web/policy").1;
    assert!(page.contains("[checks.builds] required = [&quot;lint&quot;]") && !page.contains("gonogo/other"), "{page}");
}

#[test]
fn builds_that_the_branchs_rules_require_are_not_offered() {
    let world = deploys_with_lint("by_branch_rules = true\n");
    world.repo.commit("STORY-9 next");
    world.push("main");
    lint_of(&world, |lint| lint["required"] == true && lint["offered"] == false);
    assert!(!world.get("/services/web").1.contains("could be"));
}

/// What is told of the build lint comes to fit.
#[track_caller]
fn lint_of(world: &World, fits: impl Fn(&Value) -> bool) -> Value {
    let api = Api::of(world);
    let lint = || {
        let builds = api.get("/services/web/policy")["builds"].as_array().cloned().unwrap_or_default();
        builds.into_iter().find(|one| one["name"] == "lint" && fits(one))
    };
    world.wait(lint, || api.get("/services/web/policy").to_string())
}

/// All that was deployed had lint, which the policy does not require; the branch's
/// rules do.
fn deploys_with_lint(more: &str) -> World {
    let mut world = World::stopped().with_classic_token();
    world.policy(&format!("[checks.builds]\nrequired = ['suite']\n{more}"));
    world.web().requires("lint", None);
    world.web().posts_status(&world.repo.rev("production"), "lint", "success", "");
    world.start();
    let ci = world.github.app("ci");
    ci.installed_on("acme");
    for n in 1..=5 {
        let sha = world.repo.commit(&format!("STORY-{n} x"));
        world.push("main");
        world.web().posts_status(&sha, "gonogo/other", "success", "").posts_status(&sha, "lint", "success", "");
        world.web().posts_check_run(ci, &sha, "suite", "success");
        world.status_of(&sha).is_success("Go");
        world.repo.git(&["branch", "-f", "production", "main"]);
        world.push("production");
        let runs = || Api::of(&world).get("/services/web")["running"][0] == sha.as_str();
        world.wait(|| runs().then_some(()), || "production has not moved".to_owned());
    }
    world
}
