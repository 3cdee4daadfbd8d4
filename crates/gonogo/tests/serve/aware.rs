//! Teams that have to know of a story before it ships.

use crate::api::Api;
use crate::messages::first;
use crate::oidc::WAYS;
use crate::support::{PASSWORD, World};
use gonogo_world::{Jira, Mail, Oidc, Slack};
use serde_json::json;

/// Support wants to know of what customers see, and of high risks, `lead` working
/// hours before; it works around the clock.
fn policy(jira: &Jira, lead: u32) -> String {
    format!(
        "tracker.kind = 'jira-cloud'\ntracker.url = '{}'\nstories.partial.label = 'flagged'\n\
         [[awareness]]\nteam = 'support'\nchannel = '#support'\nlead_hours = {lead}\nfrom = 0\nto = 24\n\
         days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']\n\
         labels = ['customer-visible']\npeople = ['vera']\nfields = [{{ field = 'Risk', says = ['high'] }}]\n",
        jira.url()
    )
}

fn aware(jira: &Jira, slack: &Slack, lead: u32) -> World {
    slack.channel("#deploys");
    slack.channel("#support");
    let mut world = World::stopped().trusts(&jira.url()).tells(slack, "#deploys").polling();
    world.policy(&policy(jira, lead));
    world.start();
    world
}

impl World {
    /// A commit on main: its SHA.
    fn commits(&self, message: &str) -> String {
        self.repo.commit(message);
        self.push("main")
    }

    #[track_caller]
    fn story_has(&self, words: &str) {
        let page = || self.get("/stories/STORY-9").1;
        self.wait(|| page().contains(words).then_some(()), page);
    }
}

#[test]
fn a_team_is_told_in_time_and_once_it_ships() {
    let (jira, slack) = (Jira::cloud(), Slack::start());
    jira.story("STORY-9").titled("Charge in euros").labelled("customer-visible").with_field("Risk", "high: invoices");
    jira.story("STORY-10").titled("Tidy up").with_field("Risk", "low");
    let world = aware(&jira, &slack, 8);
    let support = slack.channel("#support");
    let sha = world.commits("STORY-9 charge in euros\n\nStory: STORY-10");
    let message = support.said_once("STORY-9 Charge in euros is about to ship");
    for words in ["web · on main · in production from ", "*Risk* high: invoices", "say that support knows"] {
        assert!(message.seen().contains(words), "{words} is not in {}", message.seen());
    }
    world.status_says(&sha, "pending", "Waiting: STORY-9 may ship from ");
    world.story_has("is about to ship, to support");

    // Who is of no team, and no release manager, may not say that it knows.
    world.adds("mallory", "developer");
    world.adds("vera", "viewer");
    let mut world = world;
    let sends = |world: &World, team: &str| {
        world.submit("/stories/STORY-9", "/stories/STORY-9/acknowledged", &[("team", team)])
    };
    assert_eq!(sends(&world, "sales").0, 409);
    world.signs_in("mallory", PASSWORD);
    assert!(!world.get("/stories/STORY-9").1.contains("support knows"));
    world.signs_in("vera", PASSWORD);
    assert_eq!(sends(&world, "support").0, 303);
    world.status_of(&sha).is_success("Go");
    world.story_has("says vera, ");
    assert_eq!(sends(&world, "support").0, 409);
    world.signs_in_again();
    assert!(world.get("/audit").1.contains("support knows of it"));

    world.repo.git(&["branch", "-f", "production", &sha]);
    world.push("production");
    support.said_once("✓ STORY-9 Charge in euros was deployed");
    support.has(2, 0);
    slack.channel("#deploys").has(0, 0);
}

#[test]
fn programs_say_that_a_team_knows_and_who_took_a_name_of_it_does_not() {
    let (jira, slack, oidc) = (Jira::cloud(), Slack::start(), Oidc::start());
    jira.story("STORY-9").titled("x").labelled("customer-visible").with_field("Risk", "low");
    slack.channel("#deploys");
    slack.channel("#support");
    let world = World::stopped().trusts(&jira.url()).tells(&slack, "#deploys").polling();
    let mut world = world.signing_in_with_oidc(&oidc, WAYS);
    world.policy(&policy(&jira, 8));
    world.start();
    let sha = world.commits("STORY-9 x");
    world.status_says(&sha, "pending", "Waiting: STORY-9 may ship from ");
    let admin = world.cookies();
    // The provider lets people choose what they are called.
    oidc.person("vera").in_group("staff");
    assert_eq!(world.signs_in_with(&oidc, "vera").0, 303);
    assert!(!world.get("/stories/STORY-9").1.contains("support knows"));
    let knows = [("team", "support")];
    assert_eq!(world.submit("/account", "/stories/STORY-9/acknowledged", &knows).0, 403);
    world.has_cookies(&admin);
    let story = Api::of(&world).get("/stories/STORY-9");
    assert_eq!(story["waits"][0]["ships"], true, "{story}");
    let team = &story["teams"][0];
    assert!(team["team"] == "support" && team["acknowledged_by"].is_null(), "{story}");
    let says = |scopes: &[&str], team: &str| {
        Api::with(&world, scopes).post("/stories/story-9/acknowledgements", &json!({"team": team})).status
    };
    assert_eq!([says(&["read"], "support"), says(&["waive"], "sales"), says(&["waive"], "support")], [403, 409, 204]);
    world.status_of(&sha).is_success("Go");
    let story = Api::of(&world).get("/stories/STORY-9");
    assert_eq!(story["teams"][0]["acknowledged_by"], "ada", "{story}");
}

#[test]
fn a_team_that_cannot_be_told_blocks_until_it_was() {
    let (jira, slack) = (Jira::cloud(), Slack::start());
    jira.story("STORY-9").titled("x").labelled("customer-visible").labelled("flagged").with_field("Risk", "low");
    let world = aware(&jira, &slack, 0);
    let support = slack.channel("#support").without_the_bot();
    let sha = world.commits("STORY-9 x");
    world.status_says(&sha, "failure", "No-Go: STORY-9 is not known to support yet");
    world.story_has("we are not in the channel #support");
    support.invites_the_bot();
    world.status_of(&sha).is_success("Go");
    support.said_once("STORY-9 x is about to ship, off for customers");
    world.repo.git(&["branch", "-f", "production", &sha]);
    world.push("production");
    let message = support.said_once("✓ STORY-9 x was deployed, off for customers");
    assert!(message.seen().contains("behind flagged"), "{}", message.seen());
}

#[test]
fn a_team_is_told_in_the_channel_of_each_services_policy() {
    let (jira, slack) = (Jira::cloud(), Slack::start());
    jira.story("STORY-9").titled("x").labelled("customer-visible").with_field("Risk", "low");
    let sandbox = slack.channel("#sandbox");
    slack.channel("#deploys");
    let support = slack.channel("#support").without_the_bot();
    let api = "[[service]]\nname = 'api'\nrepository = 'acme/web'\nproduction = { ref = 'api-production' }\n";
    let mut world = World::stopped().trusts(&jira.url()).tells(&slack, "#deploys").with_service(api).polling();
    world.policy(&policy(&jira, 0).replace("#support", "#sandbox"));
    world.repo.branch("api-production");
    world.policy(&policy(&jira, 0));
    world.start();
    let sha = world.commits("STORY-9 x");
    sandbox.said_once("STORY-9 x is about to ship");
    world.web().status_of(&sha, "gonogo/deploy (api)").is_success("Go");
    world.status_says(&sha, "failure", "No-Go: STORY-9 is not known to support yet");
    support.invites_the_bot();
    world.status_of(&sha).is_success("Go");
    support.said_once("STORY-9 x is about to ship");
    sandbox.has(1, 0);
}

#[test]
fn a_team_that_could_not_be_told_is_told_once_it_can_be() {
    let (jira, slack) = (Jira::cloud(), Slack::start());
    jira.story("STORY-9").titled("x").labelled("customer-visible").with_field("Risk", "low");
    slack.channel("#deploys");
    let support = slack.channel("#support");
    let mut world = World::stopped().trusts(&jira.url()).polling();
    world.policy(&policy(&jira, 0));
    world.start();
    let sha = world.commits("STORY-9 x");
    world.status_says(&sha, "failure", "No-Go: STORY-9 is not known to support yet");
    world.kill();
    world = world.tells(&slack, "#deploys");
    world.start();
    world.status_of(&sha).is_success("Go");
    support.said_once("STORY-9 x is about to ship");
}

#[test]
fn who_speaks_for_one_service_opens_no_other_that_gets_the_story_later() {
    let (jira, slack) = (Jira::cloud(), Slack::start());
    jira.story("STORY-9").titled("x").labelled("customer-visible").with_field("Risk", "low");
    slack.channel("#deploys");
    let support = slack.channel("#support");
    let mut world = World::stopped().trusts(&jira.url()).tells(&slack, "#deploys").polling();
    world.policy(&policy(&jira, 8).replace("'vera'", "'eve'"));
    world.repo.branch("api-production");
    world.policy(&policy(&jira, 8));
    world.start();
    world.adds("vera", "viewer");
    world.adds("eve", "viewer");
    let sha = world.commits("STORY-9 x");
    world.status_says(&sha, "pending", "Waiting: STORY-9 may ship from ");
    world.signs_in("vera", PASSWORD);
    let knows = [("team", "support")];
    let says = |world: &World| world.submit("/stories/STORY-9", "/stories/STORY-9/acknowledged", &knows).0;
    assert_eq!(says(&world), 303);
    world.status_of(&sha).is_success("Go");
    world.kill();
    let api = "[[service]]\nname = 'api'\nrepository = 'acme/web'\nproduction = { ref = 'api-production' }\n";
    world = world.with_service(api);
    world.start();
    let of_api = || world.web().status_of(&sha, "gonogo/deploy (api)").now().and_then(|status| status.description);
    let waits = |said: Option<String>| said.filter(|said| said.starts_with("Waiting: STORY-9 may ship from "));
    world.wait(|| waits(of_api()), || format!("{:?}", of_api()));
    assert_eq!(says(&world), 403, "vera may not for api");
    world.signs_in("eve", PASSWORD);
    assert_eq!(says(&world), 303);
    world.web().status_of(&sha, "gonogo/deploy (api)").is_success("Go");
    world.signs_in_again();
    let teams = Api::of(&world).get("/stories/STORY-9")["teams"].clone();
    assert_eq!((&teams[0]["service"], &teams[0]["acknowledged_by"]), (&json!("api"), &json!("eve")), "{teams}");
    assert_eq!((&teams[1]["service"], &teams[1]["acknowledged_by"]), (&json!("web"), &json!("vera")), "{teams}");
    support.said_once("STORY-9 x is about to ship");
}

#[test]
fn a_team_that_could_not_be_mailed_is_mailed_once_it_can_be() {
    let (jira, mail) = (Jira::cloud(), Mail::start());
    jira.story("STORY-9").titled("x").labelled("customer-visible").with_field("Risk", "low");
    let mut world = World::stopped().trusts(&jira.url()).polling();
    world.policy(&policy(&jira, 0).replace("channel = '#support'", "email = ['support@example.com']"));
    world.start();
    let sha = world.commits("STORY-9 x");
    world.status_says(&sha, "failure", "No-Go: STORY-9 is not known to support yet");
    world.story_has("not yet: the server's configuration has no [mail]: an admin writes one");
    world.kill();
    world = world.mails(&mail, "tls = 'starttls'");
    world.start();
    assert_eq!(mail.has(1)[0].to, ["support@example.com"]);
    world.status_of(&sha).is_success("Go");
}

#[test]
fn who_can_never_be_told_is_not_waited_for_in_silence() {
    let (jira, slack) = (Jira::cloud(), Slack::start());
    jira.story("STORY-9").titled("x").labelled("customer-visible").with_field("Risk", "low");
    let mut world = World::stopped().trusts(&jira.url()).tells(&slack, "#deploys").polling();
    slack.channel("#deploys");
    let support = slack.channel("#support").without_the_bot();
    world = world.with_service("awareness = { slack = false }\n");
    world.policy(&policy(&jira, 0));
    world.start();
    let sha = world.commits("STORY-9 x");
    world.status_says(&sha, "failure", "No-Go: STORY-9 is not known to support yet");
    world.story_has("not yet: the server's configuration switches it off: an admin takes");
    world.kill();
    world = world.with_service("");
    world.start();
    world.story_has("we are not in the channel #support");
    let api = Api::with(&world, &["read", "messages"]);
    let id = first(&api, "state=waits&story=STORY-9")["id"].clone();
    let dropped = || world.submit("/messages", &format!("/messages/{id}/drop"), &[]).0 == 303;
    world.wait(|| dropped().then_some(()), || world.get("/messages").1);
    support.invites_the_bot();
    world.story_has("a person dropped the message to #support");
    world.status_says(&sha, "failure", "No-Go: STORY-9 is not known to support yet");
    assert_eq!(world.submit("/stories/STORY-9", "/stories/STORY-9/acknowledged", &[("team", "support")]).0, 303);
    world.status_of(&sha).is_success("Go");
    support.has(0, 0);
}

#[test]
fn each_policy_in_force_has_its_teams_told() {
    let (jira, slack) = (Jira::cloud(), Slack::start());
    jira.story("STORY-9").titled("x").labelled("customer-visible").with_field("Risk", "low");
    slack.channel("#deploys");
    let (support, operations) = (slack.channel("#support"), slack.channel("#operations"));
    let world = World::stopped().trusts(&jira.url()).tells(&slack, "#deploys").polling();
    world.policy(&policy(&jira, 0).replace("support", "operations"));
    let first = world.repo.rev("main");
    world.policy(&policy(&jira, 0));
    let both = format!("{first} {}", world.repo.rev("main"));
    let mut world = world.with_service("production = { told = true }\n");
    world.start();
    let page = || world.get("/services/web").1;
    world.wait(|| page().contains("nobody has told yet what runs").then_some(()), page);
    let told = world.submit("/services/web", "/services/web/production", &[("running", &both)]);
    assert_eq!(told.0, 303, "{}", told.1);
    let sha = world.commits("STORY-9 x");
    support.said_once("STORY-9 x is about to ship");
    operations.said_once("STORY-9 x is about to ship");
    world.status_of(&sha).is_success("Go");
}

#[test]
fn that_a_story_is_off_is_not_forgotten_while_jira_is_away() {
    let (jira, slack) = (Jira::cloud(), Slack::start());
    jira.story("STORY-9").titled("x").labelled("customer-visible").labelled("flagged").with_field("Risk", "low");
    let world = aware(&jira, &slack, 0);
    let support = slack.channel("#support");
    let sha = world.commits("STORY-9 x");
    support.said_once("STORY-9 x is about to ship, off for customers");
    world.status_of(&sha).is_success("Go");
    jira.faults().status(503);
    world.repo.git(&["branch", "-f", "production", &sha]);
    world.push("production");
    world.logs(&["what hides stories from customers could not be read", "503"]);
    support.has(1, 0);
    jira.heals();
    support.said_once("✓ STORY-9 x was deployed, off for customers");
}

#[test]
fn a_pull_request_tells_a_team_early_and_a_crash_tells_nobody_twice() {
    let (jira, slack) = (Jira::cloud(), Slack::start());
    jira.story("STORY-9").titled("x").with_field("Risk", "is High");
    let mut world = aware(&jira, &slack, 0);
    let support = slack.channel("#support");
    slack.faults().on("chat.postMessage").hang();
    world.proposes("topic", "STORY-9 x", "STORY-9 x");
    support.said_once("STORY-9 x is about to ship");
    world.kill();
    slack.heals();
    world.start();
    let merged = world.web().pull_request(1).merges();
    world.status_of(&merged).is_success("Go");
    let message = support.said_once("STORY-9 x is about to ship");
    assert!(message.seen().contains("in a pull request of "), "{}", message.seen());
    support.has(1, 0);
}
