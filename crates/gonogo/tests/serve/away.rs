//! Systems that do not answer: what they said before counts for a while, and
//! is said to be of before.

use crate::second::action;
use crate::stories::polls;
use crate::support::{PASSWORD, SECRET, World, path_of};
use gonogo_world::{Jira, Slack};

/// A server that has judged a story which may ship.
fn judged(keys: &str) -> (World, Jira, String) {
    judged_in(World::stopped(), keys)
}

pub(crate) fn judged_in(world: World, keys: &str) -> (World, Jira, String) {
    let jira = Jira::cloud();
    jira.story("STORY-12").titled("Charge in euros").in_state("Ready to Deploy");
    let mut world = world.polling().trusts(&jira.url());
    let url = jira.url();
    world.policy(&format!(
        "tracker.kind = 'jira-cloud'\ntracker.url = '{url}'\n{keys}\n\
         checks.story-state.states = ['Ready to Deploy']\n"
    ));
    world.start();
    jira.hooked_to(&world.jira_hook_url(), SECRET);
    world.repo.commit("STORY-12 charge in euros");
    let sha = world.push("main");
    world.status_of(&sha).is_success("Go");
    (world, jira, sha)
}

#[test]
fn what_jira_said_last_counts_while_it_is_away_and_is_shown_as_old() {
    let (world, jira, _) = judged("");
    // The first round finds that the story is new, and has it asked for again.
    let is_quiet = || {
        jira.forget_requests();
        world.wait(|| (polls(&jira) >= 2).then_some(()), || format!("{:?}", jira.requests()));
        (jira.requests().len() == polls(&jira)).then_some(())
    };
    world.wait(is_quiet, || format!("{:?}", jira.requests()));
    jira.faults().status(503);
    world.repo.commit("STORY-12 charge in pounds too");
    let sha = world.push("main");
    world.status_says(&sha, "success", "Go, stories as of 20");
    let status = world.status_of(&sha).now().unwrap();
    let page = world.page_of(&status);
    for words in ["Jira does not answer: stories are shown as they were", "tracker-away", "503"] {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    let (_, stories) = world.get(&format!("{}/stories", path_of(&status)));
    assert!(stories.contains("Ready to Deploy") && stories.contains(" as of "), "{stories}");
    let (_, text) = world.get(&format!("{}/copy.txt", path_of(&status)));
    assert!(text.contains("stories are as of 20"), "{text}");

    jira.heals();
    world.status_of(&sha).is_success("Go");
}

#[test]
fn a_story_that_jira_told_to_have_changed_is_not_taken_as_it_was() {
    let (world, jira, sha) = judged("");
    jira.faults().status(503);
    jira.story("STORY-12").moves_to("In Review");
    world.status_says(&sha, "error", "Could not find out: STORY-12 could not be checked");
    jira.heals();
    world.status_says(&sha, "failure", "No-Go: STORY-12 is In Review");
}

#[test]
fn a_policy_may_want_no_answers_of_before() {
    let (world, jira, sha) = judged("tracker.max_age_minutes = 0");
    jira.faults().status(503);
    world.status_says(&sha, "error", "Could not find out: STORY-12 could not be checked");
    // What surely blocks is said before what could not be checked.
    world.repo.commit("tidy up");
    let next = world.push("main");
    world.status_says(&next, "failure", &format!("No-Go: {} \"tidy up\" names no story (+2)", &next[..7]));
    jira.heals();
    world.status_of(&next).is_failure(&format!("No-Go: {} \"tidy up\" names no story", &next[..7]));
}

#[test]
fn what_becomes_of_a_waiver_for_two_is_told_where_it_was_proposed() {
    let slack = Slack::start();
    let deploys = slack.channel("#deploys");
    let keys = "tracker.max_age_minutes = 0\nwaivers.checks.story-state.second = true";
    let (mut world, jira, sha) = judged_in(World::stopped().tells(&slack, "#deploys"), keys);
    world.adds("rita", "release-manager");
    jira.faults().status(503);
    world.status_says(&sha, "error", "Could not find out: STORY-12 could not be checked");
    let page = path_of(&world.status_of(&sha).now().unwrap());
    let id = page.rsplit('/').next().unwrap();
    let fields = [("system", "tracker"), ("why", "a fix"), ("hours", "2"), ("candidate", id)];
    assert_eq!(world.submit(&page, "/services/web/waivers", &fields).0, 303);
    deploys.shows("ada proposes to let pass until ");
    world.signs_in("rita", PASSWORD);
    let list = "/waivers";
    let to = |act: &str| action(&world, list, act).unwrap();
    assert_eq!(world.submit(list, &to("/confirm"), &[]).0, 303);
    deploys.shows("all that Jira leaves unchecked, confirmed by rita: a fix");
    world.status_says(&sha, "success", "Go, waived: Jira away until ");
    assert_eq!(world.submit(list, &to("/take-back"), &[]).0, 303);
    deploys.shows("rita took back what ada let pass until ");
    deploys.has(1, 2);
}

#[test]
fn what_jira_leaves_unchecked_is_let_pass_loudly_and_nothing_else_is() {
    let slack = Slack::start();
    let deploys = slack.channel("#deploys");
    let (world, jira, sha) = judged_in(World::stopped().tells(&slack, "#deploys"), "tracker.max_age_minutes = 0");
    jira.faults().status(503);
    world.status_says(&sha, "error", "Could not find out: STORY-12 could not be checked");
    let page = path_of(&world.status_of(&sha).now().unwrap());
    let id = page.rsplit('/').next().unwrap().to_owned();
    assert!(world.get(&page).1.contains("Waive all that Jira leaves unchecked"));
    let waives = |why: &str, hours: &str| {
        let fields = [("system", "tracker"), ("why", why), ("hours", hours), ("candidate", &id)];
        world.submit(&page, "/services/web/waivers", &fields)
    };
    let (status, said) = waives("a fix must go out", "5");
    assert!(status == 422 && said.contains("for 4 hours at most"), "{status} {said}");
    assert_eq!(waives("a fix must go out", "2").0, 303);
    world.status_says(&sha, "success", "Go, waived: Jira away until ");
    assert_eq!(waives("a fix must go out", "2").0, 303, "the same form twice");
    let (status, said) = waives("a fix must go out", "4");
    assert!(status == 409 && said.contains("it is waived already, by ada until 20"), "{status} {said}");
    let (status, said) = waives("longer", "4");
    assert!(status == 409 && said.contains("it is waived already, by ada until 20"), "{status} {said}");
    for banner in [&page, "/services/web"] {
        let text = world.get(banner).1;
        assert!(text.contains("<b>all that Jira leaves unchecked</b> is let pass: a fix must go out (ada)"), "{text}");
    }
    deploys.said_once("all that Jira leaves unchecked: a fix must go out");
    let audit = world.get("/audit").1;
    assert!(audit.contains("waived a system") && audit.contains("all that Jira leaves unchecked"), "{audit}");
    // Of whatever head.
    world.repo.commit("STORY-12 charge in pounds too");
    let next = world.push("main");
    world.status_says(&next, "success", "Go, waived: Jira away until ");

    jira.heals();
    world.status_of(&next).is_success("Go");
    jira.story("STORY-12").moves_to("In Review");
    world.status_says(&next, "failure", "No-Go: STORY-12 is In Review");
}

#[test]
fn who_lets_a_system_pass_meets_the_strictest_rule_of_all_checks() {
    // Nothing of that check is left unchecked now, and something of it may come to be.
    let (world, jira, sha) = judged(
        "tracker.max_age_minutes = 0\nchecks.story-size.level = 'block'\nwaivers.checks.story-size.second = true",
    );
    jira.faults().status(503);
    world.status_says(&sha, "error", "Could not find out: STORY-12 could not be checked");
    let page = path_of(&world.status_of(&sha).now().unwrap());
    let id = page.rsplit('/').next().unwrap().to_owned();
    let fields = [("system", "tracker"), ("why", "a fix must go out"), ("hours", "2"), ("candidate", &id)];
    assert_eq!(world.submit(&page, "/services/web/waivers", &fields).0, 303);
    let shown = world.get(&page).1;
    assert!(shown.contains("would pass, once a second person confirms it"), "{shown}");
}
