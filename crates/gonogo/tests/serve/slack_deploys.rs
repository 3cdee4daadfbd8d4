//! Deploys from Slack: asked for in words, told in one message, steered by its buttons.

use crate::deploys::Deploying;
use crate::slack_acts::SIGNING;
use crate::support::{PASSWORD, World};
use gonogo_world::Slack;
use gonogo_world::slack::Acted;

pub(crate) const CHANNEL: &str = "#deploys";
const APP_TOKEN: &str = "xapp-world";
const SHIPS: (&str, &str) = ("ship", "echo x >> $M/begun; until test -e $M/go; do sleep 0.05; done");

/// A service whose deploys are asked for in this Slack, over HTTP.
pub(crate) fn deploying(slack: &Slack, steps: &[(&str, &str)], more: &str) -> Deploying {
    slack.channel(CHANNEL);
    let world = World::stopped().tells(slack, CHANNEL).with_variable("GONOGO_SLACK_SIGNING_SECRET", SIGNING);
    let on = Deploying::of(world, steps, more);
    hears(&on, slack);
    on
}

fn hears(on: &Deploying, slack: &Slack) {
    slack.is_heard_at(&format!("http://{}/hooks/slack", on.world.address()), SIGNING);
}

/// What somebody reads who sends that command.
#[track_caller]
pub(crate) fn answer(slack: &Slack, member: &str, text: &str) -> String {
    let before = slack.all_whispers().len();
    assert_eq!(slack.commands(member, CHANNEL, "/deploy", text), Acted::Taken);
    let whisper = slack.all_whispers().remove(before);
    assert_eq!(whisper.member, member);
    whisper.text
}

/// Who is signed in joins their account by the link that the command brings.
pub(crate) fn joins(on: &Deploying, slack: &Slack, member: &str) {
    let said = answer(slack, member, "web");
    let rest = said.split("<https://gonogo.example.com").nth(1).unwrap_or_else(|| panic!("no link in {said}"));
    let path = rest.split('|').next().unwrap();
    let code = path.split("code=").nth(1).unwrap();
    assert_eq!(on.world.submit(path, "/account/slack/offer", &[("code", code)]).0, 303);
}

#[test]
fn a_deploy_is_asked_for_by_a_command_and_its_message_shows_how_it_goes() {
    let slack = Slack::start();
    let on = deploying(&slack, &[SHIPS], "");
    let (sha, _) = on.is_go_with("STORY-1 pay <fast>");
    joins(&on, &slack, "ada");
    let said = answer(&slack, "ada", "web");
    let asked = format!("Asked for: <https://gonogo.example.com/deploys/1|deploy 1> of web main at {}.", &sha[..7]);
    assert_eq!(said, asked);
    on.wait_for_mark("begun");
    let channel = slack.channel(CHANNEL);
    let seen = channel.shows("deploy 1 of main").seen().to_owned();
    for words in ["asked for by ada", "Go", "1 commit · 1 story · 1 person", "Open"] {
        assert!(seen.contains(words), "{words}: {seen}");
    }
    channel.shows("running");
    assert!(answer(&slack, "ada", "web").contains("is under way already"));
    assert_eq!(slack.presses("ada", CHANNEL, "Halt"), Acted::Taken);
    on.lets("go");
    channel.shows("deployed");
    let all = channel.messages();
    assert_eq!(all.len(), 1, "{all:?}");
    let seen = all[0].seen();
    assert!(seen.contains("Deployed") && !seen.contains("Halt"), "{seen}");
    assert_eq!(on.read("begun").unwrap(), "x\n");
    let deliveries = on.world.get("/deliveries").1;
    assert!(deliveries.contains("command /deploy") && deliveries.contains("ada asked for deploy 1"), "{deliveries}");
}

#[test]
fn it_is_halted_and_goes_on_by_the_buttons_of_its_message() {
    let slack = Slack::start();
    let on = deploying(&slack, &[SHIPS, ("check", "echo x >> $M/checked")], "");
    on.is_go_with("STORY-1 x");
    joins(&on, &slack, "ada");
    answer(&slack, "ada", "deploy web main");
    on.wait_for_mark("begun");
    slack.channel(CHANNEL).shows("running");
    assert_eq!(slack.presses("ada", CHANNEL, "Halt"), Acted::Taken);
    on.lets("go");
    slack.channel(CHANNEL).shows("halted: ada halted it");
    assert_eq!(on.read("checked"), None);
    assert_eq!(slack.presses("ada", CHANNEL, "Go on"), Acted::Taken);
    slack.channel(CHANNEL).shows("deployed");
    assert_eq!(on.read("checked").unwrap(), "x\n");
}

#[test]
fn another_person_approves_it_and_whoever_may_not_is_told_so() {
    let slack = Slack::start();
    let mut on =
        deploying(&slack, &[("ship", "echo x >> $M/shipped")], "[deploy.approval]\nrole = 'release-manager'\n");
    on.is_go_with("STORY-1 x");
    joins(&on, &slack, "ada");
    for (name, role) in [("rita", "release-manager"), ("dan", "developer")] {
        on.world.adds(name, role);
        on.world.signs_in(name, PASSWORD);
        joins(&on, &slack, name);
        on.world.signs_in_again();
    }
    answer(&slack, "ada", "web");
    slack.channel(CHANNEL).shows("waits for approval");
    assert_eq!(slack.presses("ada", CHANNEL, "Approve"), Acted::Taken);
    slack.whispers("ada", "nobody approves alone what they asked for");
    assert_eq!(slack.presses("dan", CHANNEL, "Approve"), Acted::Taken);
    slack.whispers("dan", "Not done");
    assert_eq!(on.read("shipped"), None);
    assert_eq!(slack.presses("rita", CHANNEL, "Approve"), Acted::Taken);
    let seen = slack.channel(CHANNEL).shows("deployed").seen().to_owned();
    assert!(seen.contains("approved by rita"), "{seen}");
}

#[test]
fn what_cannot_be_deployed_is_answered_with_the_reason() {
    let slack = Slack::start();
    let mut on = deploying(&slack, &[("ship", "echo x >> $M/shipped")], "");
    on.is_go_with("STORY-1 x");
    let who = answer(&slack, "eve", "web");
    assert!(who.contains("this Slack account is nobody's at gonogo yet"), "{who}");
    joins(&on, &slack, "ada");
    on.world.adds("vera", "viewer");
    on.world.signs_in("vera", PASSWORD);
    joins(&on, &slack, "vera");
    on.world.signs_in_again();
    for (member, text, words) in [
        ("ada", "", "Say `/deploy SERVICE`"),
        ("ada", "shop", "there is no service `shop` here. Say"),
        ("ada", "web main now", "neither newest-go nor a commit"),
        ("ada", "web main 9f2c1ab now", "one branch, commit or pull request"),
        ("ada", "web main 9f2c1ab", "main brings no commit 9f2c1ab"),
        ("ada", "web no&such", "no&amp;such is no branch of web that may be deployed now"),
        ("ada", "web #7", "no open pull request #7 of web is known here"),
        ("vera", "web", "Not done: web main at"),
    ] {
        let said = answer(&slack, member, text);
        assert!(said.contains(words), "{member} {text}: {said}");
    }
    on.world.repo.commit("tidy up");
    let sha = on.world.push("main");
    on.world.status_says(&sha, "failure", "No-Go");
    let said = answer(&slack, "ada", &format!("web {}", &sha[..9]));
    assert!(said.contains("its verdict is no-go") && said.contains("/candidates/"), "{said}");
    assert_eq!(on.read("shipped"), None);
}

#[test]
fn whoever_names_the_app_in_a_message_is_heard_too() {
    let slack = Slack::start();
    let on = deploying(&slack, &[("ship", "echo x >> $M/shipped")], "");
    on.is_go_with("STORY-1 x");
    joins(&on, &slack, "ada");
    assert_eq!(slack.calls("ada", CHANNEL, "hello"), Acted::Taken);
    slack.whispers("ada", "Say `/deploy SERVICE`");
    assert_eq!(slack.calls("ada", CHANNEL, "deploy web"), Acted::Taken);
    slack.whispers("ada", "Asked for:");
    slack.channel(CHANNEL).shows("deployed");
    assert_eq!(on.read("shipped").unwrap(), "x\n");
}

#[test]
fn over_socket_mode_and_a_crash_there_is_one_message() {
    let slack = Slack::start();
    slack.channel(CHANNEL);
    slack.speaks_socket_mode(APP_TOKEN);
    let world = World::stopped().tells(&slack, CHANNEL).with_variable("GONOGO_SLACK_APP_TOKEN", APP_TOKEN);
    let mut on = Deploying::of(world, &[SHIPS], "");
    slack.has_lines(1, 1);
    on.is_go_with("STORY-1 x");
    joins(&on, &slack, "ada");
    slack.faults().on("chat.postMessage").hang();
    assert!(answer(&slack, "ada", "web").contains("Asked for:"));
    on.wait_for_mark("begun");
    on.world.kill();
    slack.heals();
    on.lets("go");
    on.world.start();
    slack.channel(CHANNEL).shows("deployed");
    assert_eq!(slack.channel(CHANNEL).messages().len(), 1);
    assert_eq!(on.read("begun").unwrap(), "x\n");
}
