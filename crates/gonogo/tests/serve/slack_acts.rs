//! What people do in Slack: they press buttons, fill the modal in.

use crate::api::Api;
use crate::support::{PASSWORD, World};
use gonogo_world::Slack;
use gonogo_world::slack::{Acted, PostedMessage};

const CHANNEL: &str = "#deploys";
pub(crate) const SIGNING: &str = "signing-secret";

/// A server that hears of what is pressed, and a branch that turned No-Go.
fn no_go(slack: &Slack) -> (World, String) {
    no_go_by(slack, "", &["tidy up"])
}

/// The same by this policy, for these commits.
fn no_go_by(slack: &Slack, policy: &str, commits: &[&str]) -> (World, String) {
    slack.channel(CHANNEL);
    let secrets = format!("old\n{SIGNING}");
    let mut world = World::stopped().tells(slack, CHANNEL).with_variable("GONOGO_SLACK_SIGNING_SECRET", &secrets);
    world.policy(policy);
    world.start();
    slack.is_heard_at(&format!("http://{}/hooks/slack", world.address()), SIGNING);
    for message in commits {
        world.repo.commit(message);
    }
    let sha = world.push("main");
    slack.channel(CHANNEL).said_once("web turned No-Go");
    (world, sha)
}

/// Who is signed in says that this account in Slack is theirs, by the link that it
/// is sent for pressing a button.
pub(crate) fn joins(world: &World, slack: &Slack, member: &str) {
    assert_eq!(slack.presses(member, CHANNEL, "Check again"), Acted::Taken);
    let path = link(&slack.whispers(member, "this Slack account is nobody's").text);
    let code = path.split("code=").nth(1).unwrap();
    let (status, page) = world.get(&path);
    assert!(status == 200 && page.contains(&format!("<b>{member}</b>")), "{page}");
    assert_eq!(world.submit(&path, "/account/slack/offer", &[("code", code)]).0, 303);
}

fn link(text: &str) -> String {
    let rest = text.split("<https://gonogo.example.com").nth(1).unwrap_or_else(|| panic!("no link in {text}"));
    rest.split('|').next().unwrap().to_owned()
}

/// Somebody with this role, who joined their account in Slack.
fn joined(world: &mut World, slack: &Slack, name: &str, role: &str) {
    world.adds(name, role);
    world.signs_in(name, PASSWORD);
    joins(world, slack, name);
    world.signs_in_again();
}

fn audit(world: &World, words: &str) -> usize {
    world.get("/audit.csv").1.matches(&format!("\"{words}\"")).count()
}

fn card(slack: &Slack) -> PostedMessage {
    slack.channel(CHANNEL).messages().last().unwrap().clone()
}

#[test]
fn a_waiver_from_the_modal_turns_the_candidate_go() {
    let slack = Slack::start();
    let (world, sha) = no_go(&slack);
    joins(&world, &slack, "ada");
    assert_eq!(slack.presses("ada", CHANNEL, "Waive"), Acted::Taken);
    let modal = slack.sees_modal("ada");
    let what = modal["blocks"][0]["text"]["text"].as_str().unwrap();
    assert_eq!(what, format!("*web*: {} \"tidy up\" names no story", &sha[..7]));
    let values = [("why", "agreed <with> @maria"), ("days", "3 days")];
    assert_eq!(slack.fills_in("ada", &values), Acted::Taken);
    assert!(!slack.has_modal("ada"), "it is closed");
    world.status_says(&sha, "success", "Go, 1 waived");
    // The card changes in place, and offers what there is to do still.
    let message = slack.channel(CHANNEL).shows("web turned Go, 1 waived");
    assert_eq!(slack.channel(CHANNEL).messages().len(), 1);
    assert!(message.seen().ends_with("Open\nCheck again"), "{}", message.seen());
    let (_, waivers) = world.get("/waivers");
    assert!(waivers.contains("agreed &lt;with&gt; @maria") && waivers.contains("ada"), "{waivers}");
    assert_eq!(audit(&world, "waived"), 1);
    let (_, deliveries) = world.get("/deliveries");
    for said in ["block_actions waive", "asks ada what to waive, and why", "view_submission", "ada waived "] {
        assert!(deliveries.contains(said), "{said}: {deliveries}");
    }
}

#[test]
fn of_several_findings_one_is_chosen() {
    let slack = Slack::start();
    let policy = "[waivers.checks.story-key]\ndays = 2\n";
    let (world, _) = no_go_by(&slack, policy, &["tidy up", "fixup! STORY-1 x"]);
    joins(&world, &slack, "ada");
    slack.presses("ada", CHANNEL, "Waive");
    let modal = slack.sees_modal("ada");
    let options = modal["blocks"][0]["element"]["options"].as_array().unwrap().clone();
    let label = |words: &str| {
        let found =
            options.iter().filter_map(|option| option["text"]["text"].as_str()).find(|text| text.contains(words));
        found.unwrap_or_else(|| panic!("{words} is not in {options:?}")).to_owned()
    };
    let key = label("\"tidy up\" names no story");
    // What the policy lets pass for two days is not let pass for longer.
    let wrong = slack.fills_in("ada", &[("finding", &key), ("why", "agreed"), ("days", "7 days")]);
    let Acted::Wrong(wrong) = wrong else { panic!("{wrong:?}") };
    assert_eq!(wrong["days"], "story-key-missing may be waived for 2 days at most");
    assert!(slack.has_modal("ada"), "it stays, to be mended");
    assert_eq!(slack.fills_in("ada", &[("finding", &key), ("why", "agreed"), ("days", "1 day")]), Acted::Taken);
    let (_, waivers) = world.get("/waivers");
    assert!(waivers.contains("tidy up"), "{waivers}");
}

#[test]
fn who_may_not_is_told_so_and_nothing_is_done() {
    let slack = Slack::start();
    let (mut world, sha) = no_go(&slack);
    joined(&mut world, &slack, "vera", "viewer");
    for (button, words) in [
        ("Waive", "to waive one has to be release-manager: ask an admin"),
        ("Check again", "to check again one has to be developer"),
    ] {
        assert_eq!(slack.presses("vera", CHANNEL, button), Acted::Taken);
        slack.whispers("vera", &format!("Not done: {words}"));
    }
    assert!(!slack.has_modal("vera"));
    // Who may no more when the modal is sent is told so in it.
    joined(&mut world, &slack, "rob", "release-manager");
    slack.presses("rob", CHANNEL, "Waive");
    slack.sees_modal("rob");
    let page = world.page_of_person("rob");
    assert_eq!(world.submit(&page, &format!("{page}/role"), &[("service", ""), ("role", "viewer")]).0, 303);
    let Acted::Wrong(wrong) = slack.fills_in("rob", &[("why", "agreed")]) else { panic!("it was taken") };
    assert_eq!(wrong["why"], "to waive one has to be release-manager: ask an admin");
    // Who was shut out is nobody.
    assert_eq!(world.submit(&page, &format!("{page}/deactivate"), &[]).0, 303);
    let Acted::Wrong(wrong) = slack.fills_in("rob", &[("why", "agreed")]) else { panic!("it was taken") };
    assert_eq!(wrong["why"], "join this Slack account to yours first, at https://gonogo.example.com/account");
    assert!(world.get("/waivers").1.contains("There is none"));
    assert_eq!(world.status_of(&sha).now().unwrap().state, "failure");
}

#[test]
fn a_second_person_is_wanted_where_the_policy_says_so() {
    let slack = Slack::start();
    let (world, sha) = no_go_by(&slack, "[waivers.checks.story-key]\nsecond = true\n", &["tidy up"]);
    joins(&world, &slack, "ada");
    slack.presses("ada", CHANNEL, "Waive");
    assert_eq!(slack.fills_in("ada", &[("why", "agreed")]), Acted::Taken);
    let modal = slack.sees_modal("ada");
    assert_eq!(modal["title"]["text"], "Proposed", "the modal says that it lets nothing pass yet");
    assert_eq!(world.status_of(&sha).now().unwrap().state, "failure");
    // What is proposed is not proposed again.
    slack.presses("ada", CHANNEL, "Waive");
    slack.whispers("ada", "nothing blocks it that could be waived");
}

#[test]
fn check_again_judges_again_as_who_pressed() {
    let slack = Slack::start();
    let (world, sha) = no_go(&slack);
    joins(&world, &slack, "ada");
    world.status_says(&sha, "failure", "No-Go");
    let judged = || world.get(&crate::support::path_of(&world.status_of(&sha).now().unwrap())).1;
    assert!(judged().contains("No-Go"));
    slack.presses("ada", CHANNEL, "Check again");
    slack.whispers("ada", "It is judged again");
    assert_eq!(audit(&world, "asked to check again"), 1);
    // A candidate that is over is not judged any more, and its card is there still.
    world.repo.git(&["commit", "--amend", "--allow-empty", "-m", "STORY-1 tidy up"]);
    let parcel = slack.press_parcel("ada", CHANNEL, "Check again");
    world.push("main");
    slack.channel(CHANNEL).shows("web turned Go");
    assert_eq!(parcel.send().0, 200);
    slack.whispers("ada", "Not done: this candidate is not open any more");
}

#[test]
fn what_comes_twice_is_done_once() {
    let slack = Slack::start();
    let (world, sha) = no_go(&slack);
    joins(&world, &slack, "ada");
    let press = slack.press_parcel("ada", CHANNEL, "Check again");
    assert_eq!([press.send().0, press.send().0], [200, 200]);
    slack.whispers("ada", "It is judged again");
    slack.presses("ada", CHANNEL, "Waive");
    let values = [("why", "agreed"), ("days", "1 day")];
    let filled = slack.filled_parcel("ada", &values);
    let (first, second) = (filled.clone(), filled.clone());
    let at_once = std::thread::scope(|scope| {
        let both = [scope.spawn(move || first.send()), scope.spawn(move || second.send())];
        both.map(|one| one.join().unwrap())
    });
    assert_eq!(at_once, [(200, String::new()), (200, String::new())]);
    world.status_says(&sha, "success", "Go, 1 waived");
    // Also after it was taken back: it is the same still.
    let (_, waivers) = world.get("/waivers");
    let back =
        waivers.split("action=\"").filter_map(|rest| rest.split('"').next()).find(|path| path.ends_with("/take-back"));
    assert_eq!(world.submit("/waivers", back.unwrap(), &[]).0, 303);
    assert_eq!(filled.send(), (200, String::new()));
    world.status_says(&sha, "failure", "No-Go");
    assert!(world.get("/waivers").1.contains("There is none"));
    assert_eq!((audit(&world, "asked to check again"), audit(&world, "waived")), (1, 1));
}

#[test]
fn what_slack_did_not_sign_is_not_taken() {
    let slack = Slack::start();
    let (world, _) = no_go(&slack);
    joins(&world, &slack, "ada");
    let press = slack.press_parcel("ada", CHANNEL, "Check again");
    let refused = [
        press.clone().signed_by("another"),
        press.clone().forged("ada", "eve"),
        press.clone().aged(301),
        press.clone().aged(-301),
    ];
    for parcel in &refused {
        assert_eq!(parcel.send().0, 401, "{parcel:?}");
    }
    // While it is changed for another, both secrets are good.
    assert_eq!(press.clone().signed_by("old").aged(200).send().0, 200);
    slack.whispers("ada", "It is judged again");
    assert_eq!(audit(&world, "asked to check again"), 1);
    for path in ["/hooks/slack/events", "/hooks/slack/interactions"] {
        let unsigned = world.send("POST", path, &[], "payload=%7B%7D");
        assert!(unsigned.0 == 401 && unsigned.1.ends_with("not signed: it is not Slack's\n"), "{}", unsigned.1);
    }
    let (_, metrics) = world.get("/deliveries");
    assert!(!metrics.contains("eve"));
}

#[test]
fn a_link_to_join_is_good_once_and_for_who_says_yes() {
    let slack = Slack::start();
    let (mut world, _) = no_go(&slack);
    slack.presses("vera", CHANNEL, "Waive");
    let path = link(&slack.whispers("vera", "this Slack account is nobody's").text);
    let code = path.split("code=").nth(1).unwrap().to_owned();
    // To look at it joins nobody, and without a form of ours nothing does.
    assert!(world.get(&path).1.contains("If somebody sent you this link, close the page"));
    assert_eq!(world.post("/account/slack/offer", &[("code", &code), ("form", "x")]).0, 403);
    slack.presses("vera", CHANNEL, "Waive");
    assert_eq!(slack.all_whispers().len(), 2, "she is nobody still");
    world.adds("vera", "release-manager");
    world.signs_in("vera", PASSWORD);
    assert_eq!(world.submit(&path, "/account/slack/offer", &[("code", &code)]).0, 303);
    slack.presses("vera", CHANNEL, "Waive");
    slack.sees_modal("vera");
    // It is used, and so is the other one.
    world.signs_in_again();
    for whisper in slack.all_whispers() {
        let (status, page) = world.get(&link(&whisper.text));
        assert!(status == 422 && page.contains("used already"), "{status} {page}");
    }
    // What a link is sent to is one account: whoever presses without end is not sent more.
    for _ in 0..6 {
        slack.presses("eve", CHANNEL, "Waive");
    }
    slack.whispers("eve", "press again in 15 minutes");
}

#[test]
fn slack_finds_out_that_the_address_is_ours() {
    let slack = Slack::start();
    let (world, _) = no_go(&slack);
    let _ = &world;
    assert_eq!(slack.verifies(), (200, "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P".to_owned()));
}

#[test]
fn without_a_secret_there_are_no_buttons_and_nothing_is_taken() {
    let slack = Slack::start();
    slack.channel(CHANNEL);
    let mut world = World::stopped().tells(&slack, CHANNEL);
    world.start();
    world.repo.commit("tidy up");
    world.push("main");
    slack.channel(CHANNEL).said_once("web turned No-Go");
    assert!(!card(&slack).seen().contains("Waive"));
    let (status, said) = world.send("POST", "/hooks/slack/events", &[], "{}");
    assert!(status == 503 && said.contains("GONOGO_SLACK_SIGNING_SECRET"), "{said}");
}

#[test]
fn what_slack_is_told_is_kept_without_its_secrets() {
    let slack = Slack::start();
    let (world, _) = no_go(&slack);
    joins(&world, &slack, "ada");
    slack.presses("ada", CHANNEL, "Waive");
    slack.fills_in("ada", &[("why", "agreed")]);
    let (_, deliveries) = world.get("/deliveries");
    // What a person did is not done again in their name.
    let is_act = |row: &&str| row.contains("block_actions") || row.contains("view_submission");
    assert!(deliveries.split("<tr").filter(is_act).all(|row| !row.contains("Run again")), "{deliveries}");
    let acts = Api::with(&world, &["read"]).get("/deliveries")["items"].clone();
    let act = acts.as_array().unwrap().iter().find(|one| one["source"] == "slack").unwrap();
    let again = world.submit("/deliveries", &format!("/deliveries/{}/runs", act["id"]), &[]);
    assert!(again.0 == 409 && again.1.contains("is not done again in their name"), "{again:?}");
    for secret in ["verification-token", "/actions/", SIGNING, "xoxb-world"] {
        assert_eq!(world.files_with(secret), [""; 0], "{secret}");
    }
}
