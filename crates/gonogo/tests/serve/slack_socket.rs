//! What comes from Slack over connections that the server opens.

use crate::slack_acts::joins;
use crate::support::World;
use gonogo_world::slack::Acted;
use gonogo_world::{Passed, Proxy, Slack};

const CHANNEL: &str = "#deploys";
const APP_TOKEN: &str = "xapp-world";

/// A server that nobody outside reaches, with a line to Slack, and a branch that
/// turned No-Go.
fn no_go(slack: &Slack) -> (World, String) {
    slack.channel(CHANNEL);
    slack.speaks_socket_mode(APP_TOKEN);
    let mut world = World::stopped().tells(slack, CHANNEL).with_variable("GONOGO_SLACK_APP_TOKEN", APP_TOKEN);
    world.start();
    slack.has_lines(1, 1);
    world.repo.commit("tidy up");
    let sha = world.push("main");
    slack.channel(CHANNEL).said_once("web turned No-Go");
    (world, sha)
}

fn asked_to_check(world: &World) -> usize {
    world.get("/audit.csv").1.matches("\"asked to check again\"").count()
}

#[test]
fn a_waiver_from_the_modal_turns_the_candidate_go() {
    let slack = Slack::start();
    let (world, sha) = no_go(&slack);
    joins(&world, &slack, "ada");
    assert_eq!(slack.presses("ada", CHANNEL, "Waive"), Acted::Taken);
    // What is wrong with it is told in the answer to its envelope.
    let Acted::Wrong(wrong) = slack.fills_in("ada", &[("why", "  ")]) else { panic!("it was taken") };
    assert_eq!(wrong["why"], "say why, in up to 2000 characters");
    assert_eq!(slack.fills_in("ada", &[("why", "agreed")]), Acted::Taken);
    world.status_says(&sha, "success", "Go, 1 waived");
    slack.channel(CHANNEL).shows("web turned Go, 1 waived");
    let (_, deliveries) = world.get("/deliveries");
    for said in ["not done: say why", "ada waived "] {
        assert!(deliveries.contains(said), "{said}: {deliveries}");
    }
    // Nothing is taken from who reaches it over HTTP.
    assert_eq!(world.send("POST", "/hooks/slack/interactions", &[], "payload=%7B%7D").0, 503);
    assert!(slack.requests().iter().all(|request| !request.leaks(APP_TOKEN)));
    assert_eq!(world.files_with(APP_TOKEN), [""; 0]);
}

#[test]
fn lines_that_break_off_lose_nothing_and_double_nothing() {
    let slack = Slack::start();
    let (world, _) = no_go(&slack);
    joins(&world, &slack, "ada");
    // Each time it is waited a little longer before another is opened.
    for round in 1..=4 {
        slack.has_lines(1, round);
        let pressed = std::thread::scope(|scope| {
            let pressed = scope.spawn(|| slack.presses("ada", CHANNEL, "Check again"));
            slack.breaks_lines();
            pressed.join().unwrap()
        });
        assert_eq!(pressed, Acted::Taken);
    }
    world.wait(|| (asked_to_check(&world) >= 4).then_some(()), || format!("{} were asked", asked_to_check(&world)));
    slack.has_lines(1, 5);
    assert_eq!(asked_to_check(&world), 4);
}

#[test]
fn a_line_that_will_be_closed_is_replaced_before_that() {
    let slack = Slack::start();
    let (world, _) = no_go(&slack);
    joins(&world, &slack, "ada");
    slack.refreshes_lines();
    slack.has_lines(2, 2);
    // Over whichever of them it is told.
    for asked in 1..=3 {
        assert_eq!(slack.presses("ada", CHANNEL, "Check again"), Acted::Taken);
        world.wait(
            || (asked_to_check(&world) == asked).then_some(()),
            || format!("{} were asked", asked_to_check(&world)),
        );
    }
}

#[test]
fn who_is_not_let_in_says_so_and_comes_back() {
    let slack = Slack::start();
    slack.channel(CHANNEL);
    slack.speaks_socket_mode(APP_TOKEN);
    let mut world = World::stopped().tells(&slack, CHANNEL);
    let file = world.place("app-token");
    std::fs::write(&file, "xapp-another").unwrap();
    world = world.with_variable("GONOGO_SLACK_APP_TOKEN_FILE", &file);
    world.start();
    world.logs(&["no connection to Slack", "it does not take the app's token (invalid_auth)"]);
    let (said, code) = world.runs(&["doctor", "--server"]);
    assert!(said.contains("buttons: Slack: it does not take the app's token (invalid_auth)"), "{said}");
    assert_eq!(code, Some(1), "{said}");
    // No restart is wanted once it is mended.
    std::fs::write(&file, APP_TOKEN).unwrap();
    slack.has_lines(1, 1);
    let (said, _) = world.runs(&["doctor", "--server"]);
    assert!(said.contains("buttons: Socket Mode lets us in"), "{said}");
    slack.goes_down().breaks_lines();
    world.logs(&["no connection to Slack", "503"]);
    slack.comes_back();
    slack.has_lines(1, 2);
    world.terminate();
    slack.has_lines(0, 2);
}

#[test]
fn the_line_goes_through_the_proxy_and_is_believed_by_our_own_authority() {
    let (slack, proxy) = (Slack::start().tls(), Proxy::start());
    slack.channel(CHANNEL);
    slack.speaks_socket_mode(APP_TOKEN);
    let ca_file = slack.ca_file().display().to_string();
    let mut world = World::stopped().tells(&slack, CHANNEL).with_variable("GONOGO_SLACK_APP_TOKEN", APP_TOKEN);
    for name in ["HTTPS_PROXY", "https_proxy"] {
        world = world.with_variable(name, &proxy.url());
    }
    for name in ["NO_PROXY", "no_proxy"] {
        world = world.with_variable(name, "");
    }
    world = world.with_variable("GONOGO_CA_FILE", &ca_file);
    world.start();
    slack.has_lines(1, 1);
    let line = slack.url().replace("https://", "");
    let is_to_it = |passed: &Passed| passed.method == "CONNECT" && passed.host == line;
    assert!(proxy.passed().iter().any(is_to_it), "{:?}", proxy.passed());
    world.repo.commit("tidy up");
    world.push("main");
    slack.channel(CHANNEL).said_once("web turned No-Go");
    joins(&world, &slack, "ada");
    assert_eq!(slack.presses("ada", CHANNEL, "Check again"), Acted::Taken);
    slack.whispers("ada", "It is judged again");
}
