//! Links to pages that people share in Slack.

use crate::slack_acts::SIGNING;
use crate::support::World;
use gonogo_world::{Jira, Slack};

const CHANNEL: &str = "#deploys";
const PAGES: &str = "https://gonogo.example.com";

/// A server that hears of links; its branch is No-Go for a story in review.
fn no_go(jira: &Jira, slack: &Slack, service: &str) -> (World, String) {
    jira.story("STORY-12").titled("Charge in <euros>").in_state("In Review");
    slack.channel(CHANNEL);
    let world = World::stopped().trusts(&jira.url()).tells(slack, CHANNEL).with_service(service);
    let mut world = world.with_variable("GONOGO_SLACK_SIGNING_SECRET", SIGNING);
    let url = jira.url();
    world.policy(&format!(
        "tracker.kind = 'jira-cloud'\ntracker.url = '{url}'\nchecks.story-state.states = ['Ready to Deploy']\n"
    ));
    world.start();
    slack.is_heard_at(&format!("http://{}/hooks/slack", world.address()), SIGNING);
    world.repo.commit("STORY-12 charge in euros");
    let sha = world.push("main");
    world.status_says(&sha, "failure", "No-Go");
    (world, sha)
}

fn page(world: &World, sha: &str) -> String {
    world.status_of(sha).now().unwrap().target_url.unwrap()
}

#[test]
fn a_link_to_a_candidate_shows_its_verdict_and_its_reasons() {
    let (jira, slack) = (Jira::cloud(), Slack::start());
    let (world, sha) = no_go(&jira, &slack, "");
    let link = format!("{}/findings?x=1", page(&world, &sha));
    slack.writes("maria", "#random", &format!("why that? {link}"));
    let production = &world.repo.rev("production")[..7];
    let shown = slack.unfurls("#random", &link, "No-Go");
    let head = &sha[..7];
    assert_eq!(
        shown,
        format!(
            "*web* main → {head}   ✗ *No-Go*\n1 commit · 1 story · 1 person · over {production}\n\
             ✗ STORY-12 is In Review, may ship from Ready to Deploy"
        )
    );
    let story = format!("{PAGES}/stories/story-12");
    slack.writes("maria", "#random", &story);
    let shown = slack.unfurls("#random", &story, "STORY-12");
    assert_eq!(
        shown,
        "*STORY-12* Charge in <euros>\nnot in production of web\n\
         ✗ *web* main: No-Go: STORY-12 is In Review, may ship from Ready to Deploy"
    );
    let (_, deliveries) = world.get("/deliveries");
    assert!(deliveries.contains("link_shared") && deliveries.contains("shows what it leads to"), "{deliveries}");
}

#[test]
fn nothing_is_shown_that_slack_is_not_told_of() {
    let (jira, slack) = (Jira::cloud(), Slack::start());
    let (world, sha) = no_go(&jira, &slack, "");
    let (_, proposed) = world.proposes("more", "STORY-12 more", "STORY-12 more");
    let of_pull = world.merge_status_of(&proposed).appears().target_url.unwrap();
    let candidate = page(&world, &sha);
    let other = candidate.replace(PAGES, "https://gonogo.example.com.evil.example");
    let unknown = [
        of_pull,
        other,
        format!("{PAGES}/candidates/999"),
        format!("{PAGES}/stories/STORY-99"),
        format!("{PAGES}/audit"),
        PAGES.to_owned(),
    ];
    for link in unknown {
        let before = world.get("/deliveries").1.matches("leads to nothing that Slack is told of").count();
        slack.writes("maria", CHANNEL, &format!("look: {link}"));
        let told = || world.get("/deliveries").1.matches("leads to nothing that Slack is told of").count();
        world.wait(|| (told() > before).then_some(()), || format!("{link}: {}", world.get("/deliveries").1));
    }
    // Where people of another company read it too.
    slack.channel("#partners").shared_with_others();
    slack.writes("maria", "#partners", &candidate);
    let said = "people of another company read it too";
    world.wait(|| world.get("/deliveries").1.contains(said).then_some(()), || world.get("/deliveries").1);
    assert!(slack.requests_to("chat.unfurl").is_empty());
}

#[test]
fn a_bot_that_may_not_show_links_says_so() {
    let (jira, slack) = (Jira::cloud(), Slack::start());
    let (world, sha) = no_go(&jira, &slack, "");
    slack.without_scope("links:write");
    slack.writes("maria", CHANNEL, &page(&world, &sha));
    let said = "not shown: Slack: our token lacks the scope links:write for chat.unfurl";
    world.wait(|| world.get("/deliveries").1.contains(said).then_some(()), || world.get("/deliveries").1);
    let (said, _) = world.runs(&["doctor", "--server"]);
    assert!(said.contains("links to pages are not shown by what they lead to: the bot lacks links:write"), "{said}");
    assert!(said.contains(&format!("buttons: taken at {PAGES}/hooks/slack, by the signing secret")), "{said}");
}

#[test]
fn a_channel_of_which_slack_does_not_say_who_is_in_it_is_asked_for() {
    let (jira, slack) = (Jira::cloud(), Slack::start());
    let (world, sha) = no_go(&jira, &slack, "");
    let candidate = page(&world, &sha);
    slack.leaves_out_who_is_in_a_channel();
    let deliveries = |said: &str| {
        world.wait(|| world.get("/deliveries").1.contains(said).then_some(()), || world.get("/deliveries").1);
    };
    slack.channel("#partners").shared_with_others();
    slack.writes("maria", "#partners", &candidate);
    deliveries("people of another company read it too");
    slack.channel("#closed").private().without_the_bot();
    slack.writes("maria", "#closed", &candidate);
    deliveries("Slack does not say whether people of another company read it too: Slack");
    assert!(slack.requests_to("chat.unfurl").is_empty());
    slack.writes("maria", CHANNEL, &candidate);
    slack.unfurls(CHANNEL, &candidate, "No-Go");
}

#[test]
fn of_a_story_what_is_not_known_is_said_to_be_so() {
    let (jira, slack) = (Jira::cloud(), Slack::start());
    slack.channel(CHANNEL);
    let world = World::stopped().trusts(&jira.url()).tells(&slack, CHANNEL).polling();
    let mut world = world.with_variable("GONOGO_SLACK_SIGNING_SECRET", SIGNING);
    world.policy(&format!("tracker.kind = 'jira-cloud'\ntracker.url = '{}'\n", jira.url()));
    jira.faults().status(503);
    world.start();
    slack.is_heard_at(&format!("http://{}/hooks/slack", world.address()), SIGNING);
    world.repo.commit("STORY-12 charge in euros");
    let sha = world.push("main");
    world.status_says(&sha, "error", "Could not find out");
    let story = format!("{PAGES}/stories/story-12");
    let shown_in = |channel: &str| {
        slack.writes("maria", channel, &story);
        slack.unfurls(channel, &story, "STORY-12")
    };
    let shown = shown_in("#random");
    assert!(shown.contains("\nnot in production of web\n? *web* main: Could not find out: "), "{shown}");
    world.web().deletes_branch("production");
    let service = || world.get("/services/web").1;
    world.wait(|| service().contains("It was known last").then_some(()), service);
    let shown = shown_in("#other");
    assert!(shown.contains("\nnot known of web"), "{shown}");
}
