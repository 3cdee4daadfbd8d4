//! Earlier than the gate: owners of stories are told what their gates would find.

use crate::api::Api;
use crate::support::{SECRET, World};
use gonogo_world::jira::{Category, FieldKind};
use gonogo_world::{Jira, Slack};

/// A policy that wants stories of up to 8 points, and their risk.
fn policy_of(jira: &Jira) -> String {
    let kind = if jira.url().ends_with("/dc") { "jira-data-center" } else { "jira-cloud" };
    format!(
        "tracker.kind = '{kind}'\ntracker.url = '{}'\nchecks.story-size.max_points = 8\n\
         checks.story-fields.required = ['Risk']\nchecks.story-state.states = ['Ready to Deploy']\n",
        jira.url()
    )
}

fn prepared(jira: &Jira) {
    jira.may_write().status("Done", Category::Done).custom_field("Risk", FieldKind::Text);
    jira.story("STORY-9").titled("Charge in euros").assigned_to("maria").in_state("To Do");
}

/// Owners are told with these keys; a hook tells of each change.
fn hooked(jira: &Jira, world: World) -> World {
    let mut world = world.trusts(&jira.url());
    world.policy(&policy_of(jira));
    world.start();
    jira.hooked_to(&world.jira_hook_url(), SECRET);
    world
}

impl World {
    /// Of what we say on an issue there is this one comment.
    #[track_caller]
    fn owner_reads(&self, jira: &Jira, story: &str, words: &[&str]) {
        let comments = || jira.story(story).comments();
        let fits = |all: &Vec<String>| all.len() == 1 && words.iter().all(|words| all[0].contains(words));
        self.wait(|| fits(&comments()).then_some(()), || format!("{words:?} is not in {:?}", comments()));
    }
}

#[test]
fn an_owner_is_told_what_the_gate_would_find_and_that_it_is_mended() {
    let jira = Jira::cloud();
    prepared(&jira);
    let world = hooked(&jira, World::stopped().tells_owners_early(""));
    jira.story("STORY-9").sets_field("Story Points", 13);
    world.owner_reads(&jira, "STORY-9", &["Before this can ship with web:", "has 13 points, over 8: split"]);
    world.story_says("STORY-9", &["Before its gate", "has 13 points, over 8", ">web</a>"]);
    world.story_says(
        "STORY-9",
        &["Who was told", "an early comment in Jira", "told early: has 13 points", "said <time"],
    );
    let mention = jira.requests_to("/issue/STORY-9/comment").into_iter().find(|ask| ask.method == "POST").unwrap();
    assert!(mention.body.to_string().contains("\"id\":\"712020:maria\""), "{}", mention.body);

    jira.story("STORY-9").moves_to("In Review");
    world.owner_reads(&jira, "STORY-9", &["has 13 points", "\"Risk\" is empty: fill it in"]);
    let lacks = Api::of(&world).get("/stories/STORY-9")["lacks"].clone();
    assert_eq!(lacks.as_array().unwrap().len(), 2, "{lacks}");
    jira.story("STORY-9").sets_field("Risk", "Low: one page").sets_field("Story Points", 5);
    world.owner_reads(&jira, "STORY-9", &["Mended: nothing is missing any more. It had been: "]);
    world.story_says("STORY-9", &["Mended before its gate", "has 13 points, over 8", "yes"]);
    // It comes back, and is told again.
    jira.story("STORY-9").sets_field("Story Points", 13);
    world.owner_reads(&jira, "STORY-9", &["Before this can ship", "has 13 points, over 8"]);
}

#[test]
fn without_hooks_it_is_told_once_however_it_is_killed() {
    let jira = Jira::data_center().at("/dc");
    prepared(&jira);
    jira.credentials("", "jira-token");
    let world = World::stopped().trusts(&jira.url()).tells_owners_early("").polling();
    let mut world = world.with_variable("GONOGO_JIRA_TOKEN", "jira-token");
    world.policy(&policy_of(&jira));
    world.start();
    // Jira takes it, and its answer never comes.
    jira.faults().on("/comment").by("POST").times(1).hang();
    jira.story("STORY-9").with_points(13);
    world.owner_reads(&jira, "STORY-9", &["[~maria]", "has 13 points, over 8"]);
    world.kill();
    world.start();
    world.story_says("STORY-9", &["told early: has 13 points", "said <time"]);
    world.owner_reads(&jira, "STORY-9", &["has 13 points, over 8"]);
    let posted = jira.requests_to("/comment").iter().filter(|ask| ask.method == "POST").count();
    assert_eq!(posted, 1);
}

#[test]
fn what_changed_while_jira_or_the_server_was_away_is_told_after_that() {
    let jira = Jira::cloud();
    prepared(&jira);
    let mut world = World::stopped().trusts(&jira.url()).tells_owners_early("").polling();
    world.policy(&policy_of(&jira));
    world.start();
    world.wait(|| (!jira.requests_to("/search").is_empty()).then_some(()), || "nothing is polled".to_owned());
    world.kill();
    jira.story("STORY-9").with_points(13);
    jira.faults().on("/bulkfetch").status(503);
    world.start();
    world.logs(&["job", "early", "503"]);
    jira.heals();
    world.owner_reads(&jira, "STORY-9", &["has 13 points, over 8"]);
}

#[test]
fn nobody_is_told_of_what_is_done_or_of_an_observed_service() {
    let jira = Jira::cloud();
    prepared(&jira);
    let world = hooked(&jira, World::stopped().tells_owners_early("").with_service("observe = true\n"));
    jira.story("STORY-9").sets_field("Story Points", 13);
    world.story_says("STORY-9", &["Before its gate", "has 13 points", "no: only observed"]);
    assert!(jira.story("STORY-9").comments().is_empty());
    drop(world);

    let world = hooked(&jira, World::stopped().tells_owners_early(""));
    jira.story("STORY-8").in_state("Done").sets_field("Story Points", 21);
    jira.story("STORY-7").assigned_to("lee").sets_field("Story Points", 13);
    world.owner_reads(&jira, "STORY-7", &["has 13 points"]);
    assert!(jira.story("STORY-8").comments().is_empty());
    assert_eq!(world.get("/stories/STORY-8").0, 404);
}

#[test]
fn a_story_that_went_to_another_project_is_asked_for_nothing() {
    let jira = Jira::cloud();
    prepared(&jira);
    let world = hooked(&jira, World::stopped().tells_owners_early(""));
    jira.story("STORY-9").sets_field("Story Points", 13);
    world.owner_reads(&jira, "STORY-9", &["has 13 points"]);
    jira.story("STORY-9").moved_to("PAY-1");
    world.owner_reads(&jira, "PAY-1", &["In this project nothing is asked of it here any more."]);
    // A project that is asked for the same tells nothing twice.
    jira.story("PAY-1").moved_to("STORY-30");
    world.owner_reads(&jira, "STORY-30", &["has 13 points, over 8"]);
}

#[test]
fn a_burst_is_one_message_in_the_channel_that_hears_of_it() {
    let (jira, slack) = (Jira::cloud(), Slack::start());
    prepared(&jira);
    let planning = slack.channel("#planning");
    slack.channel("#deploys");
    let keys = "jira_comment = false\nslack_channel = '#planning'\ndigest_over = 2";
    let world = hooked(&jira, World::stopped().tells(&slack, "#deploys").tells_owners_early(keys));
    jira.story("STORY-9").sets_field("Story Points", 13);
    planning.said_once("⚑ STORY-9 Charge in euros would be held up");
    for number in 20..=24 {
        jira.story(&format!("STORY-{number}")).sets_field("Story Points", 21);
    }
    let message = planning.said_once("⚑ 5 stories would be held up");
    assert!(message.seen().contains("STORY-22 has 21 points, over 8"), "{}", message.seen());
    planning.has(2, 0);
    world.story_says("STORY-22", &["#planning", "told early: has 21 points"]);
    assert!(jira.story("STORY-9").comments().is_empty());
}
