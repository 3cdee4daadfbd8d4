use crate::api::Api;
use crate::support::{SECRET, World, path_of};
use gonogo_world::Jira;

fn policy(jira: &Jira) -> String {
    format!(
        "tracker.kind = 'jira-cloud'\ntracker.url = '{}'\nchecks.story-state.states = ['Ready to Deploy']\n",
        jira.url()
    )
}

#[test]
fn a_story_in_review_blocks_until_it_is_moved() {
    let jira = Jira::cloud();
    jira.story("STORY-12").titled("Charge in euros").in_state("In Review");
    let mut world = World::stopped().polling().trusts(&jira.url());
    world.policy(&policy(&jira));
    world.start();
    world.repo.commit("STORY-12 charge in euros");
    let sha = world.push("main");
    let status = world.status_of(&sha).is_failure("No-Go: STORY-12 is In Review, may ship from Ready to Deploy");
    let page = world.page_of(&status);
    for words in ["In Review", "story-wrong-state", &format!("href=\"{}/browse/STORY-12\"", jira.url())] {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    let (_, stories) = world.get(&format!("{}/stories", path_of(&status)));
    assert!(stories.contains("Charge in euros"), "{stories}");
    jira.story("STORY-12").in_state("Ready to Deploy");
    world.status_of(&sha).is_success("Go");
}

#[test]
fn a_policy_cannot_send_the_servers_credentials_elsewhere() {
    let (jira, other) = (Jira::cloud(), Jira::cloud());
    let mut world = World::stopped().trusts(&jira.url());
    world.policy(&policy(&other));
    world.start();
    world.repo.commit("STORY-12 x");
    let sha = world.push("main");
    let status = world.wait(
        || world.status_of(&sha).now().filter(|status| status.state == "error"),
        || format!("{:?}", world.status_of(&sha).now()),
    );
    assert!(status.description.as_deref().unwrap().starts_with("Could not find out: "), "{status:?}");
    let page = world.page_of(&status);
    assert!(page.contains("which is not the server&#39;s") || page.contains("which is not the server's"), "{page}");
    assert_eq!(other.requests().len(), 0);
}

#[test]
fn a_story_that_moves_has_its_candidates_judged() {
    let jira = Jira::cloud();
    jira.story("STORY-12").in_state("In Review");
    jira.story("STORY-13").in_state("In Review");
    let mut world = World::stopped().trusts(&jira.url());
    world.policy(&policy(&jira));
    world.start();
    jira.hooked_to(&world.jira_hook_url(), SECRET);
    world.repo.commit("STORY-12 charge in euros");
    let sha = world.push("main");
    world.status_of(&sha).is_failure("No-Go: STORY-12 is In Review, may ship from Ready to Deploy");

    jira.story("STORY-12").moves_to("Ready to Deploy");
    world.status_of(&sha).is_success("Go");
    // Another story is no candidate's; one that is moved to another project is.
    jira.story("STORY-13").moves_to("Ready to Deploy");
    jira.story("STORY-12").moved_to("PAY-1");
    let page = world.wait(
        || Some(world.get("/deliveries").1).filter(|page| page.contains("PAY-1, STORY-12: judges main of web")),
        || world.get("/deliveries").1,
    );
    assert!(page.contains("STORY-13: no open candidate has it"), "{page}");
}

/// A server that looks each second, of a policy with two branches; judged are
/// STORY-12, which is in review, on main, and STORY-13 on release/1.
fn with_two_branches(jira: &Jira, projects: &str) -> (World, String) {
    jira.story("STORY-12").in_state("In Review");
    jira.story("STORY-13").in_state("Ready to Deploy");
    let mut world = World::stopped().polling().trusts(&jira.url()).with_variable("GONOGO_JIRA_TOKEN", "jira-token");
    let kind = if jira.url().ends_with("/dc") { "jira-data-center" } else { "jira-cloud" };
    let policy = policy(jira).replace("jira-cloud", kind);
    let policy = format!("{policy}candidates.branches = ['main', 'release/*']\n");
    world.policy_for(projects, &policy);
    world.start();
    world.repo.branch("release/1");
    world.repo.commit("STORY-12 charge in euros");
    let sha = world.push("main");
    world.status_of(&sha).is_failure("No-Go: STORY-12 is In Review, may ship from Ready to Deploy");
    world.repo.git(&["checkout", "--quiet", "release/1"]);
    world.repo.commit("STORY-13 faster");
    let release = world.push("release/1");
    world.status_of(&release).is_success("Go");
    (world, sha)
}

/// How often it was asked since what changed.
pub(crate) fn polls(jira: &Jira) -> usize {
    jira.requests_to("/search").iter().filter(|ask| ask.body.to_string().contains("updated >=")).count()
}

#[test]
fn a_change_that_no_hook_tells_is_found_by_one_request_a_round() {
    let jira = Jira::cloud();
    let (world, sha) = with_two_branches(&jira, "'STORY'");
    // What was judged is not asked for again, as long as nothing changes.
    let quiet = || {
        jira.forget_requests();
        world.wait(|| (polls(&jira) >= 4).then_some(()), || format!("{:?}", jira.requests()));
        jira.requests().len() == polls(&jira)
    };
    world.wait(|| quiet().then_some(()), || format!("{:?}", jira.requests()));
    jira.story("STORY-12").in_state("Ready to Deploy");
    world.status_of(&sha).is_success("Go");
    let asked = jira.requests_to("/bulkfetch");
    assert!(
        asked.iter().all(|ask| ask.body.to_string().contains("STORY-12")),
        "the other branch was judged: {asked:?}"
    );
}

#[test]
fn changes_are_found_page_by_page_on_data_center() {
    let jira = Jira::data_center().at("/dc");
    jira.credentials("", "jira-token").page_limit(1);
    let (world, sha) = with_two_branches(&jira, "'STORY'");
    jira.story("STORY-12").in_state("Ready to Deploy");
    jira.story("STORY-14").in_state("Ready to Deploy");
    world.status_of(&sha).is_success("Go");
}

#[test]
fn changes_are_found_by_get_where_nobody_may_search_by_post() {
    let jira = Jira::data_center().at("/dc");
    jira.credentials("", "jira-token").faults().on("/search").by("POST").status(405);
    let (world, sha) = with_two_branches(&jira, "'STORY'");
    jira.story("STORY-12").in_state("Ready to Deploy");
    world.status_of(&sha).is_success("Go");
    let asked = jira.requests_to("/search");
    assert!(
        asked.iter().any(|ask| ask.method == "GET" && ask.query.iter().any(|(_, words)| words.contains("updated"))),
        "{asked:?}"
    );
}

#[test]
fn of_more_changes_than_are_read_none_is_lost() {
    let jira = Jira::cloud();
    jira.page_limit(1);
    let (world, sha) = with_two_branches(&jira, "'STORY'");
    jira.story("STORY-12").in_state("Ready to Deploy");
    for number in 20..50 {
        jira.story(&format!("STORY-{number}")).in_state("Done");
    }
    world.status_of(&sha).is_success("Go");
    world.logs(&["more stories changed than are read at once"]);
}

#[test]
fn a_project_that_nobody_sees_hides_no_change_of_another() {
    let jira = Jira::cloud();
    let (world, sha) = with_two_branches(&jira, "'STORY', 'GONE'");
    jira.story("STORY-12").in_state("Ready to Deploy");
    world.status_of(&sha).is_success("Go");
    world.logs(&["does not tell what changes in a project", "GONE"]);
}

#[test]
fn a_tracker_that_does_not_tell_what_changed_is_asked_as_ever() {
    let jira = Jira::cloud();
    jira.faults().on("/search").status(403);
    let (world, sha) = with_two_branches(&jira, "'STORY'");
    world.logs(&["the tracker does not tell which stories changed", "403"]);
    jira.story("STORY-12").in_state("Ready to Deploy");
    world.status_of(&sha).is_success("Go");
}

#[test]
fn a_story_that_no_deploy_was_seen_to_bring_is_found_in_git() {
    let mut world = World::stopped();
    world.repo.commit("STORY-4 the till");
    world.policy("");
    world.start();
    world.status_of(&world.repo.rev("main")).is_success("Go");
    world.repo.git(&["checkout", "-b", "next"]);
    let sha = world.repo.commit("STORY-12 a sign");
    world.push("next");
    let runs = world.story_says("STORY-4", &["In git", "in production since before gonogo first looked"]);
    assert!(!runs.contains("it appears here once a commit names it"), "{runs}");
    let on_next = format!("<code>{}</code> names it, on <code>next</code>", &sha[..7]);
    world.story_says("STORY-12", &["No open candidate", &on_next]);
    let api = Api::of(&world);
    let named = |key: &str| api.get(&format!("/stories/{key}"))["named"][0].clone();
    assert_eq!(named("STORY-4")["runs"], true);
    assert_eq!((&named("STORY-12")["runs"], &named("STORY-12")["commit"]), (&false.into(), &sha.into()));
    assert_eq!(world.get("/stories/STORY-99").0, 404);
}
