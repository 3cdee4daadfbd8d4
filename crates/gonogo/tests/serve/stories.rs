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
