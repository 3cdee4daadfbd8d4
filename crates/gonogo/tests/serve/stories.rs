use crate::support::World;
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
    let status = world.shows(&sha, "failure", "No-Go: STORY-12 is In Review, may ship from Ready to Deploy");
    let (_, page) = world.get(status.target_url.strip_prefix("https://gonogo.example.com").unwrap());
    for words in
        ["Charge in euros", "In Review", "story-wrong-state", &format!("href=\"{}/browse/STORY-12\"", jira.url())]
    {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    jira.story("STORY-12").in_state("Ready to Deploy");
    world.shows(&sha, "success", "Go");
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
        || world.github.status_of("acme/web", &sha).filter(|s| s.state == "error"),
        || format!("{:?}", world.github.status_of("acme/web", &sha)),
    );
    assert!(status.description.starts_with("Could not find out: "), "{status:?}");
    let (_, page) = world.get(status.target_url.strip_prefix("https://gonogo.example.com").unwrap());
    assert!(page.contains("which is not the server&#39;s") || page.contains("which is not the server's"), "{page}");
    assert_eq!(other.requests().len(), 0);
}
