use crate::support::World;
use gonogo_world::{Jira, Slack};
use std::time::Duration;

/// A server that tells `#deploys`, and has looked at all there was.
fn told_in(slack: &Slack) -> World {
    slack.channel("#deploys");
    let mut world = World::stopped().tells(slack, "#deploys");
    world.start();
    world.status_of(&world.repo.rev("main")).is_success("Go");
    world
}

/// Stories that are ready may ship, and no others; what was so before is not known.
fn only_ready(jira: &Jira) -> String {
    let url = jira.url();
    format!(
        "tracker.kind = 'jira-cloud'\ntracker.url = '{url}'\ntracker.max_age_minutes = 0\n\
         checks.story-state.states = ['Ready to Deploy']\n"
    )
}

/// A push that blocks, and the beginning of what is said of it.
fn pushes_badly(world: &World) -> (String, String) {
    world.repo.commit("tidy up");
    let sha = world.push("main");
    let said = format!("web turned No-Go: {} \"tidy up\" names no story", &sha[..7]);
    (sha, said)
}

/// The blocking commit is mended, and pushed.
fn mends(world: &World) -> String {
    world.repo.git(&["commit", "--amend", "--allow-empty", "-m", "STORY-1 tidy up"]);
    world.push("main")
}

#[test]
fn a_candidate_that_turns_no_go_and_then_go_is_one_message() {
    let (jira, slack) = (Jira::cloud(), Slack::start());
    jira.story("STORY-12").titled("Charge in euros").in_state("In Review");
    let deploys = slack.channel("#deploys");
    let mut world = World::stopped().polling().trusts(&jira.url()).tells(&slack, "#deploys");
    world.policy(&only_ready(&jira));
    world.start();
    world.repo.commit("STORY-12 charge in euros");
    let sha = world.push("main");
    let production = &world.repo.rev("production")[..7];
    let message = deploys.shows("web turned No-Go: STORY-12 is In Review, may ship from Ready to Deploy");
    let head = &sha[..7];
    assert_eq!(
        message.seen(),
        format!(
            "*web* main → {head}   ✗ *No-Go*\n1 commit · 1 story · 1 person · over {production}\n\
             ✗ STORY-12 is In Review, may ship from Ready to Deploy\nOpen"
        )
    );
    jira.story("STORY-12").in_state("Ready to Deploy");
    deploys.said_once("web turned Go");
    let message = deploys.said_once("✗ *No-Go*");
    assert!(message.seen().contains("✓ *Go*"), "{}", message.seen());
    deploys.has(1, 1);
    let status = world.status_of(&sha).is_success("Go");
    let page = status.target_url.unwrap();
    assert!(
        message.blocks.iter().any(|block| block.to_string().contains(&format!("<{page}|Open>"))),
        "it leads to the page"
    );
}

#[test]
fn a_tracker_that_is_away_is_no_turn() {
    let (jira, slack) = (Jira::cloud(), Slack::start());
    jira.story("STORY-12").in_state("Ready to Deploy");
    let deploys = slack.channel("#deploys");
    let mut world = World::stopped().polling().trusts(&jira.url()).tells(&slack, "#deploys");
    world.policy(&only_ready(&jira));
    world.start();
    world.repo.commit("STORY-12 charge in euros");
    let sha = world.push("main");
    world.status_of(&sha).is_success("Go");
    let becomes = |state: &str| {
        let is_so = || world.status_of(&sha).now().filter(|status| status.state == state);
        world.wait(is_so, || format!("{:?}", world.status_of(&sha).now()));
    };
    jira.faults().status(503);
    becomes("error");
    jira.heals();
    becomes("success");
    deploys.has(0, 0);
    // What was said says how it is now, in its place.
    jira.story("STORY-12").in_state("In Review");
    deploys.shows("web turned No-Go: STORY-12 is In Review");
    jira.faults().status(503);
    deploys.shows("? web: Could not find out: ");
    jira.heals();
    deploys.shows("web turned No-Go: STORY-12 is In Review");
    assert_eq!(deploys.messages().len(), 1);
}

#[test]
fn a_push_that_changes_nothing_says_nothing() {
    let slack = Slack::start();
    let world = told_in(&slack);
    let deploys = slack.channel("#deploys");
    let good = world.repo.commit("STORY-1 x");
    world.push("main");
    world.status_of(&good).is_success("Go");
    deploys.has(0, 0);
    let (_, said) = pushes_badly(&world);
    deploys.said_once(&said);
    let still = world.repo.commit("STORY-2 y");
    world.push("main");
    world.wait(
        || world.status_of(&still).now().filter(|status| status.state == "failure"),
        || format!("{:?}", world.status_of(&still).now()),
    );
    // What stands there is said of the head that there is now.
    deploys.shows(&format!("main → {}", &still[..7]));
    assert_eq!(deploys.messages().len(), 1);
    // A turn of another head is another message, which comes after all before it.
    world.repo.git(&["reset", "--hard", &good]);
    world.push("main");
    deploys.shows("web turned Go");
    deploys.has(2, 1);
}

#[test]
fn what_was_to_be_said_while_slack_was_down_is_said_when_it_is_back() {
    let slack = Slack::start();
    let world = told_in(&slack);
    slack.goes_down();
    let (_, said) = pushes_badly(&world);
    let refused = || slack.requests_to("chat.postMessage").iter().filter(|post| post.status == Some(503)).count();
    world.wait(|| (refused() >= 1).then_some(()), || format!("Slack refused {} posts", refused()));
    slack.comes_back();
    slack.channel("#deploys").said_once(&said);
    slack.channel("#deploys").has(1, 0);
}

#[test]
fn a_kill_between_post_and_record_leaves_one_message() {
    let slack = Slack::start();
    let mut world = told_in(&slack);
    let deploys = slack.channel("#deploys").chatters(3);
    // Slack takes it, and its answer never comes.
    slack.faults().on("chat.postMessage").hang();
    let (sha, said) = pushes_badly(&world);
    deploys.said_once(&said);
    world.kill();
    slack.heals();
    deploys.chatters(250);
    world.start();
    let found = || slack.requests_to("chat.update").len();
    world.wait(|| (found() >= 1).then_some(()), || "the message was not found".to_owned());
    world.status_of(&sha).appears();
    mends(&world);
    deploys.said_once("web turned Go");
    deploys.said_once(&said);
    assert_eq!(slack.requests_to("chat.postMessage").len(), 2, "one for each turn");
}

#[test]
fn however_often_it_is_killed_each_turn_is_said_once() {
    let slack = Slack::start();
    let mut world = told_in(&slack);
    let deploys = slack.channel("#deploys");
    for round in 1..=6 {
        let head = if round % 2 == 1 { pushes_badly(&world).0 } else { mends(&world) };
        // Each time a little later: before the verdict, at it, or after it was told.
        std::thread::sleep(Duration::from_millis(60 * round));
        world.kill();
        world.start();
        deploys.said_once(&format!("→ {}", &head[..7]));
    }
    assert_eq!(deploys.messages().len(), 6);
}

#[test]
fn another_replica_finds_what_the_first_had_posted() {
    let slack = Slack::start();
    let deploys = slack.channel("#deploys");
    let mut world = World::stopped().on_postgres("slack").tells(&slack, "#deploys");
    world.start();
    world.status_of(&world.repo.rev("main")).is_success("Go");
    slack.faults().on("chat.postMessage").hang();
    let (_, said) = pushes_badly(&world);
    deploys.said_once(&said);
    world.is_replaced();
    let found = || slack.requests_to("chat.update").len();
    world.wait(|| (found() >= 1).then_some(()), || "the message was not found".to_owned());
    deploys.said_once(&said);
    assert_eq!(slack.requests_to("chat.postMessage").len(), 1);
}

#[test]
fn an_answer_that_is_lost_leads_to_no_second_message() {
    let slack = Slack::start();
    let world = told_in(&slack);
    let deploys = slack.channel("#deploys");
    slack.faults().on("chat.postMessage").truncate();
    let (_, said) = pushes_badly(&world);
    let looked = || slack.requests_to("conversations.history").len();
    world.wait(|| (looked() >= 1).then_some(()), || "nobody looked for the message".to_owned());
    let changed = || slack.requests_to("chat.update").len();
    world.wait(|| (changed() >= 1).then_some(()), || "the message was not found".to_owned());
    deploys.said_once(&said);
    assert_eq!(slack.requests_to("chat.postMessage").len(), 1);
}

#[test]
fn a_post_that_never_arrived_is_made_up_for() {
    let slack = Slack::start();
    let world = told_in(&slack);
    slack.faults().on("chat.postMessage").reset().times(1);
    let (_, said) = pushes_badly(&world);
    slack.channel("#deploys").said_once(&said);
    slack.channel("#deploys").has(1, 0);
    assert_eq!(slack.requests_to("conversations.history").len(), 1, "it was looked for before it was said again");
}

#[test]
fn services_that_turn_at_once_are_all_told_of() {
    let slack = Slack::start();
    slack.one_message_a_second();
    let deploys = slack.channel("#deploys");
    let more = ["api", "jobs"].map(|name| format!("[[service]]\nname = '{name}'\nrepository = 'acme/web'\n"));
    let mut world = World::stopped().tells(&slack, "#deploys").with_service(&more.concat());
    world.start();
    pushes_badly(&world);
    for service in ["web", "api", "jobs"] {
        deploys.said_once(&format!("{service} turned No-Go"));
    }
    deploys.has(3, 0);
}

#[test]
fn the_limit_of_a_channel_is_waited_for() {
    let slack = Slack::start();
    let world = told_in(&slack);
    let deploys = slack.channel("#deploys");
    slack.faults().on("chat.postMessage").status(429).retry_after(2).times(1);
    let (_, said) = pushes_badly(&world);
    deploys.said_once(&said);
    let posts = slack.requests_to("chat.postMessage");
    let pause = posts[1].started - posts[0].started;
    assert!(pause >= Duration::from_millis(1_500), "it asked again after {pause:?}");
    assert!(slack.requests_to("conversations.history").is_empty(), "what was refused is not looked for");
}

#[test]
fn whatever_comes_instead_of_an_answer_there_is_one_message_in_the_end() {
    let slack = Slack::start();
    let world = told_in(&slack);
    let deploys = slack.channel("#deploys");
    slack.faults().on("chat.postMessage").garbage().times(1);
    slack.faults().on("conversations.history").wrong_json().times(1);
    slack.faults().on("conversations.list").redirect_to_login().times(1);
    let (_, said) = pushes_badly(&world);
    deploys.said_once(&said);
    deploys.has(1, 0);
}

#[test]
fn what_people_wrote_calls_nobody() {
    let (jira, slack) = (Jira::cloud(), Slack::start());
    jira.story("STORY-12").titled("<!channel> @here").in_state("<!here> & <https://evil.example|Ready>");
    let deploys = slack.channel("#deploys");
    let mut world = World::stopped().trusts(&jira.url()).tells(&slack, "#deploys");
    world.policy(&only_ready(&jira));
    world.start();
    world.repo.commit("STORY-12 <!channel> @channel <@U00000001>");
    world.repo.commit("<!everyone> @everyone");
    world.push("main");
    let message = deploys.shows("web turned No-Go");
    assert_eq!(message.mentions, [""; 0]);
    for words in ["<!here> & <https://evil.example|Ready>", "<!everyone> ＠everyone"] {
        assert!(message.seen().contains(words), "{words} is not in {}", message.seen());
    }
}

#[test]
fn what_is_only_observed_is_said_to_be_what_it_would_be() {
    let slack = Slack::start();
    let deploys = slack.channel("#deploys");
    let mut world = World::stopped().tells(&slack, "#deploys").with_service("observe = true\n");
    world.start();
    world.repo.commit("tidy up");
    let sha = world.push("main");
    let message = deploys.said_once(&format!("web would be No-Go: {} \"tidy up\" names no story", &sha[..7]));
    assert!(message.seen().contains("✗ *would be No-Go*"), "{}", message.seen());
    mends(&world);
    deploys.said_once("web turned Go");
}

#[test]
fn each_service_is_told_of_where_it_says() {
    let slack = Slack::start();
    let (deploys, ours) = (slack.channel("#deploys"), slack.channel("#team-web").private());
    let more = "slack_channel = '#team-web'\n[[service]]\nname = 'api'\nrepository = 'acme/web'\n";
    let mut world = World::stopped().tells(&slack, "#deploys").with_service(more);
    world.start();
    world.repo.commit("tidy up");
    world.push("main");
    ours.said_once("web turned No-Go");
    deploys.said_once("api turned No-Go");
    ours.has(1, 0);
    deploys.has(1, 0);
}

#[test]
fn without_slack_nobody_is_told() {
    let slack = Slack::start();
    let mut world = told_in(&slack);
    world.kill();
    world.tells_nobody();
    world.start();
    let (sha, _) = pushes_badly(&world);
    world.status_of(&sha).is_failure(&format!("No-Go: {} \"tidy up\" names no story", &sha[..7]));
    assert_eq!(slack.requests().len(), 0);
}

#[test]
fn a_bot_that_was_not_invited_says_it_when_it_is() {
    let slack = Slack::start();
    let world = told_in(&slack);
    let deploys = slack.channel("#deploys").without_the_bot();
    let (_, said) = pushes_badly(&world);
    let tried = || slack.requests_to("chat.postMessage").len();
    world.wait(|| (tried() >= 1).then_some(()), || "nobody tried to post".to_owned());
    let why = "✗ outside: 1 not shown yet: Slack: we are not in the channel #deploys (not_in_channel): \
               invite the bot to the channel, or name another where it stands: in gonogo-server.toml, or in [[awareness]]\n";
    world.wait(|| world.checks_store().0.contains(why).then_some(()), || world.checks_store().0);
    deploys.invites_the_bot();
    deploys.said_once(&said);
}

#[test]
fn what_is_not_decided_is_not_said_first() {
    let (jira, slack) = (Jira::cloud(), Slack::start());
    jira.story("STORY-12").in_state("In Review");
    let deploys = slack.channel("#deploys").without_the_bot();
    let mut world = World::stopped().polling().trusts(&jira.url()).tells(&slack, "#deploys");
    world.policy(&only_ready(&jira));
    world.start();
    world.repo.commit("STORY-12 charge in euros");
    let sha = world.push("main");
    let tried = || slack.requests_to("chat.postMessage").len();
    world.wait(|| (tried() >= 1).then_some(()), || "nobody tried to post".to_owned());
    jira.faults().status(503);
    let status = || world.status_of(&sha).now();
    world.wait(|| status().filter(|status| status.state == "error"), || format!("{:?}", status()));
    deploys.invites_the_bot();
    // Time to say it, if it were said.
    let asked = jira.requests().len();
    world.wait(|| (jira.requests().len() >= asked + 9).then_some(()), || format!("{:?}", jira.requests().len()));
    deploys.has(0, 0);
    jira.heals();
    deploys.said_once("web turned No-Go: STORY-12 is In Review");
}

#[test]
fn a_message_that_somebody_deleted_stays_deleted() {
    let slack = Slack::start();
    let world = told_in(&slack);
    let deploys = slack.channel("#deploys");
    let (_, said) = pushes_badly(&world);
    deploys.said_once(&said);
    deploys.emptied();
    let page = crate::support::path_of(&world.status_of(&world.repo.rev("main")).appears());
    let (_, text) = world.get(&page);
    let fingerprint = text.split("name=\"fingerprint\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let fields = [("fingerprint", fingerprint), ("why", "agreed"), ("days", "1")];
    assert_eq!(world.submit(&page, &format!("{page}/waivers"), &fields).0, 303);
    let changed = || slack.requests_to("chat.update").len();
    world.wait(|| (changed() >= 1).then_some(()), || "nobody changed the message".to_owned());
    world.status_of(&world.repo.rev("main")).is_success("Go, 1 waived");
    deploys.has(0, 0);
}

#[test]
fn the_token_is_in_no_file_and_in_no_other_place_of_a_request() {
    let slack = Slack::start();
    let world = told_in(&slack);
    let (_, said) = pushes_badly(&world);
    slack.channel("#deploys").said_once(&said);
    assert!(slack.requests().iter().all(|request| !request.leaks("xoxb-world")));
    assert_eq!(world.files_with("xoxb-world"), [""; 0]);
}
