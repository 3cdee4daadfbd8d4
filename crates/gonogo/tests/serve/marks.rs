//! What a deploy leaves on a story's issue beside words: a fix version, a field, a
//! state; and that what is done late is as the story stands by then.

use crate::api::Api;
use crate::messages::first;
use crate::support::World;
use gonogo_world::Jira;
use gonogo_world::jira::{Category, FieldKind};
use serde_json::Value;

fn tracked_by(jira: &Jira) -> String {
    let kind = if jira.url().ends_with("/dc") { "jira-data-center" } else { "jira-cloud" };
    format!("tracker.kind = '{kind}'\ntracker.url = '{}'\n", jira.url())
}

/// Polls, and marks the issues of this Jira so.
fn marking(jira: &Jira, keys: &str) -> World {
    let world = World::stopped().trusts(&jira.url()).says_of_stories(keys).polling();
    world.policy(&tracked_by(jira));
    world
}

impl World {
    /// An issue comes to be so.
    #[track_caller]
    fn comes_to<T: PartialEq + std::fmt::Debug>(&self, now: impl Fn() -> T, wanted: &T) {
        self.wait(|| (now() == *wanted).then_some(()), || format!("{:?} is not {wanted:?}", now()));
    }

    /// Somebody has a message said again that failed.
    #[track_caller]
    fn says_again(&self, query: &str) {
        let api = Api::with(self, &["read", "messages"]);
        let again = format!("/messages/{}/tries", first(&api, query)["id"]);
        assert_eq!(api.post(&again, &Value::Null).status, 202);
    }
}

#[test]
fn a_deploy_leaves_a_version_and_a_field_and_a_rollback_takes_them_back() {
    let jira = Jira::cloud();
    jira.may_write().may_administer().version("STORY", "planned").options(
        "Environment",
        FieldKind::Select,
        &["Staging", "Production"],
    );
    jira.story("STORY-9").in_state("Ready to Deploy").fixed_in("planned").with_field("Environment", "Staging");
    let mut world = marking(
        &jira,
        "jira_fix_version = '{service} {version}'\n\
         jira_field = { name = 'environment', value = 'production', rolled_back = 'Staging' }",
    );
    let old = world.repo.rev("main");
    world.start();
    let sha = world.commits_well("STORY-9 x");
    let version = format!("web {}", &sha[..7]);
    let story = || jira.story("STORY-9");
    world.ships("production", &sha);
    world.comes_to(|| story().fix_versions(), &vec!["planned".to_owned(), version.clone()]);
    world.comes_to(|| story().field("Environment"), &"Production".to_owned());
    let released = jira.versions("STORY").into_iter().find(|(name, _)| *name == version).unwrap();
    assert!(released.1.is_some_and(|day| day.starts_with("20")), "what runs is released");
    world.story_says("STORY-9", &["becomes production", "said <time", &format!("gets the fix version {version}")]);

    world.ships("production", &old);
    world.comes_to(|| story().fix_versions(), &vec!["planned".to_owned()]);
    world.comes_to(|| story().field("Environment"), &"Staging".to_owned());
    world.story_says("STORY-9", &["becomes Staging, it was rolled back", &format!("loses the fix version {version}")]);
    // Each was written once, and the version is there still for who looks for it.
    assert_eq!(jira.requests_to("/issue/STORY-9").iter().filter(|ask| ask.method == "PUT").count(), 4);
    assert_eq!(jira.versions("STORY").len(), 2);
    world.ships("production", &sha);
    world.comes_to(|| story().fix_versions().len(), &2);
}

#[test]
fn data_center_gets_the_day_and_a_version_that_is_there() {
    let jira = Jira::data_center().at("/dc");
    jira.may_write().custom_field("Deployed on", FieldKind::Date);
    jira.custom_field("Deployed at", FieldKind::DateTime);
    jira.version("STORY", "Live").story("STORY-9").in_state("Ready to Deploy");
    let keys = "jira_fix_version = 'live'\njira_field = { name = 'Deployed at' }";
    let mut world = marking(&jira, keys).with_variable("GONOGO_JIRA_TOKEN", "jira-pat");
    let old = world.repo.rev("main");
    world.start();
    let sha = world.commits_well("STORY-9 x");
    world.ships("production", &sha);
    let story = || jira.story("STORY-9");
    world.comes_to(|| story().fix_versions(), &vec!["Live".to_owned()]);
    world.comes_to(|| story().field("Deployed at").ends_with("+0000"), &true);
    assert_eq!(jira.versions("STORY"), [("Live".to_owned(), None)], "it was there, and stays as it was");
    world.ships("production", &old);
    world.comes_to(|| (story().fix_versions(), story().field("Deployed at")), &(Vec::new(), String::new()));
}

#[test]
fn what_people_put_into_labels_or_a_multi_select_stays() {
    let jira = Jira::data_center().at("/dc");
    jira.may_write().options("Where", FieldKind::MultiSelect, &["Pilot", "Production"]);
    jira.story("STORY-9").in_state("Ready to Deploy").labelled("urgent").with_field("Where", vec!["Pilot"]);
    let story = || (jira.story("STORY-9").labels().join(" "), jira.story("STORY-9").field("Where"));
    let so = |labels: &str, place: &str| (labels.to_owned(), place.to_owned());
    let marks = [
        ("{ name = 'labels', value = 'live' }", so("urgent live", "Pilot")),
        ("{ name = 'Where', value = 'production' }", so("urgent", "Pilot Production")),
    ];
    for (field, live) in marks {
        let keys = format!("jira_field = {field}");
        let mut world = marking(&jira, &keys).with_variable("GONOGO_JIRA_TOKEN", "jira-pat");
        let old = world.repo.rev("main");
        world.start();
        let sha = world.commits_well("STORY-9 x");
        world.ships("production", &sha);
        world.comes_to(story, &live);
        world.ships("production", &old);
        world.comes_to(story, &so("urgent", "Pilot"));
    }
}

#[test]
fn what_jira_does_not_take_is_told_with_what_mends_it() {
    let jira = Jira::cloud();
    jira.may_write().archived_version("STORY", "old").options("Environment", FieldKind::Select, &["Staging"]);
    jira.custom_field("Hidden", FieldKind::Text);
    jira.off_the_edit_screen("Hidden");
    jira.story("STORY-9").in_state("Ready to Deploy");
    let keys = "jira_fix_version = 'new'\njira_field = { name = 'Environment', value = 'Production' }";
    let mut world = marking(&jira, keys);
    world.start();
    let sha = world.commits_well("STORY-9 x");
    world.ships("production", &sha);
    let no_option = "the field &quot;Environment&quot; has no option &quot;Production&quot;: write one of its own";
    world.messages_say("?state=failed&kind=jira-field", &[no_option]);
    let no_right = "the version &quot;new&quot; could not be made in STORY";
    world.messages_say("?kind=jira-fix-version", &[no_right, "give the token's account Administer Projects"]);
    jira.may_administer();
    world.comes_to(|| jira.story("STORY-9").fix_versions(), &vec!["new".to_owned()]);

    let keys = "jira_fix_version = 'old'\njira_field = { name = 'Hidden', value = 'x' }";
    jira.story("STORY-10").in_state("Ready to Deploy");
    let mut world = marking(&jira, keys);
    world.start();
    let sha = world.commits_well("STORY-10 x");
    world.ships("production", &sha);
    world.messages_say("?state=failed&kind=jira-field", &["cannot be edited on STORY-10", "on the edit screen"]);
    world.messages_say("?state=failed&kind=jira-fix-version", &["is archived", "unarchive it"]);
    assert!(jira.story("STORY-10").fix_versions().is_empty());
}

#[test]
fn a_move_that_was_made_is_found_out_after_a_rollback() {
    let jira = Jira::cloud();
    jira.may_write().status("Released", Category::Done).story("STORY-9").in_state("Ready to Deploy");
    let mut world = marking(&jira, "jira_transition = 'Released'");
    let old = world.repo.rev("main");
    world.start();
    let sha = world.commits_well("STORY-9 x");
    // Jira does it, and its answer never comes.
    jira.faults().on("/transitions").by("POST").times(1).hang();
    world.ships("production", &sha);
    world.comes_to(|| jira.story("STORY-9").status(), &"Released".to_owned());
    world.ships("production", &old);
    world.story_says("STORY-9", &["moves to Released", "said <time"]);
    assert_eq!(jira.requests_to("/transitions").iter().filter(|ask| ask.method == "POST").count(), 1);
}

#[test]
fn what_is_said_again_says_and_does_what_is_so_by_then() {
    let jira = Jira::cloud();
    jira.may_write().status("Released", Category::Done).story("STORY-9").in_state("Ready to Deploy");
    let mut world = marking(&jira, "jira_comment = true\njira_transition = 'Released'");
    world.policy(&format!("{}checks.story-exists = 'off'\n", tracked_by(&jira)));
    let old = world.repo.rev("main");
    world.start();
    let sha = world.commits_well("STORY-9 x");
    jira.story("STORY-9").hidden();
    world.ships("production", &sha);
    world.messages_say("?state=failed&kind=jira-transition", &["look whether the tracker has this issue"]);
    world.messages_say("?state=failed&kind=jira-comment", &["look whether the tracker has this issue"]);
    world.ships("production", &old);
    world.story_says("STORY-9", &["was rolled back", "never"]);
    jira.story("STORY-9").shown();
    world.says_again("state=failed&kind=jira-transition");
    world.messages_say("?state=failed&kind=jira-transition", &["there is nothing to do any more"]);
    assert_eq!(jira.story("STORY-9").status(), "Ready to Deploy");
    // The older of the two comments.
    let api = Api::with(&world, &["read", "messages"]);
    let comments = api.get("/messages?state=failed&kind=jira-comment")["items"].clone();
    let oldest = comments.as_array().unwrap().last().unwrap();
    assert_eq!(oldest["about"][0]["said"], "was deployed");
    assert_eq!(api.post(&format!("/messages/{}/tries", oldest["id"]), &Value::Null).status, 202);
    world.comes_to(|| jira.story("STORY-9").comments().len(), &1);
    let said = jira.story("STORY-9").comments().remove(0);
    assert!(said.starts_with("Rolled back: not in production of web any more since "), "{said}");
}
