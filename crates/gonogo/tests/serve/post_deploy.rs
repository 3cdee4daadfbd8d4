//! What stories ask to be looked at after a deploy, and what people answer.

use crate::api::Api;
use crate::support::{PASSWORD, World, path_of};
use gonogo_world::jira::Category;
use gonogo_world::{Jira, Slack};
use serde_json::{Value, json};

const FIELD: &str = "Post-deploy checks";

/// The checks of the last deploys are asked for, at a level; `more` stands in the
/// check's table.
fn policy(jira: &Jira, level: &str, more: &str) -> String {
    format!(
        "tracker.kind = 'jira-cloud'\ntracker.url = '{}'\n\
         [checks.story-fields]\nlevel = 'warn'\nrequired = ['{FIELD}']\n\
         [checks.post-deploy]\nlevel = '{level}'\n{more}\n",
        jira.url()
    )
}

/// Three stories, of which one asks for nothing and one has nothing to look at.
fn asking(jira: &Jira) {
    jira.may_write().status("Released", Category::Done);
    jira.story("STORY-9").titled("Charge in <euros>").assigned_to("maria").with_field(FIELD, "Maria: an order shows €");
    jira.story("STORY-10").titled("Tidy up").assigned_to("tom").with_field(FIELD, "None: nothing reads it");
    jira.story("STORY-11").titled("More").assigned_to("tom");
}

fn watched(jira: &Jira, level: &str) -> World {
    let world = World::stopped().trusts(&jira.url()).says_of_stories("jira_comment = true").polling();
    world.policy(&policy(jira, level, ""));
    world
}

impl World {
    /// What the API tells of web's checks comes to fit.
    #[track_caller]
    pub(crate) fn checks_of(&self, query: &str, fits: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let api = Api::with(self, &["read"]);
        let all = || {
            api.get(&format!("/services/web/post-deploy-checks{query}"))["items"]
                .as_array()
                .cloned()
                .unwrap_or_default()
        };
        self.wait(|| Some(all()).filter(|all| fits(all)), || format!("{:#?}", all()))
    }

    /// The three stories ship together, and are read.
    #[track_caller]
    fn ships_three(&self) -> Vec<Value> {
        let sha = self.commits_well("STORY-9 euros\n\nStory: STORY-10\nStory: STORY-11");
        self.ships("production", &sha);
        self.checks_of("", |all| all.len() == 2 && all.iter().all(|one| one["state"] != "unread"))
    }

    pub(crate) fn answers(&self, line: &Value, seen: &str, note: &str) -> (u16, String) {
        let page = format!("/services/web/deploys/{}", line["deploy"]);
        self.submit(&page, &format!("/post-deploy/{}/answers", line["id"]), &[("seen", seen), ("note", note)])
    }
}

/// A deploy after which STORY-9 wants a look, and the line of it.
pub(crate) fn answer_is_due(jira: &Jira) -> (World, Value) {
    asking(jira);
    let mut world = watched(jira, "block");
    world.start();
    let all = world.ships_three();
    let line = of_story(&all, "STORY-9").clone();
    (world, line)
}

fn of_story<'v>(all: &'v [Value], story: &str) -> &'v Value {
    all.iter().find(|one| one["story"] == story).unwrap_or_else(|| panic!("{story} is not in {all:#?}"))
}

/// Our comment comes to begin so and end so, and there is one.
#[track_caller]
fn comment_says(world: &World, jira: &Jira, parts: &[&str]) {
    let comments = || jira.story("STORY-9").comments();
    let fits = |all: &[String]| matches!(all, [one] if parts.iter().all(|part| one.contains(part)));
    world.wait(|| fits(&comments()).then_some(()), || format!("{:#?}", comments()));
}

#[test]
fn what_a_deploy_asks_for_is_ticked_or_failed_and_the_next_verdict_rests_on_it() {
    let jira = Jira::cloud();
    asking(&jira);
    let mut world = watched(&jira, "block");
    world.start();
    let all = world.ships_three();
    let (euros, tidy) = (of_story(&all, "STORY-9"), of_story(&all, "STORY-10"));
    assert_eq!(
        (&euros["state"], &euros["owner"], &euros["checks"]),
        (&json!("open"), &json!("Maria"), &json!("Maria: an order shows €"))
    );
    assert_eq!((&tidy["state"], &tidy["checks"]), (&json!("not-needed"), &json!("None: nothing reads it")));

    // Nobody has looked: what comes next may not ship.
    world.repo.commit("STORY-12 next");
    jira.story("STORY-12").titled("Next").with_field(FIELD, "look");
    let next = world.push("main");
    world.status_says(&next, "failure", "No-Go: STORY-9 has post-deploy checks that nobody answered: Maria, by ");
    let deploy = format!("/services/web/deploys/{}", euros["deploy"]);
    let page = world.get(&deploy).1;
    for words in ["Maria: an order shows €", "Charge in &lt;euros&gt;", "not answered yet", "nothing to look at"] {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    assert_eq!(world.get("/services/web/deploys/last").1.matches("an order shows").count(), 1);
    assert!(world.get("/services/web/post-deploy").1.contains("an order shows"));
    assert!(world.get("/services/web").1.contains("Post-deploy checks (1)"));
    assert!(world.get("/stories/STORY-9").1.contains("an order shows"));

    // A viewer may not, and who says that it failed says what they saw.
    world.adds("vera", "viewer");
    world.adds("dev", "developer");
    world.signs_in("vera", PASSWORD);
    assert_eq!(world.answers(euros, "passed", "").0, 403);
    world.signs_in("dev", PASSWORD);
    assert_eq!(world.answers(euros, "failed", " ").0, 422);
    assert_eq!(world.answers(euros, "failed", "it shows $ <still>").0, 303);
    world.status_says(&next, "failure", "No-Go: STORY-9 failed its post-deploy checks after the deploy of ");
    comment_says(&world, &jira, &["Deployed: in production of web", "of web FAILED, says dev, ", "it shows $ <still>"]);
    assert!(world.get("/stories/STORY-9").1.contains("it shows $ &lt;still&gt;"));

    // Corrected, with the history.
    assert_eq!(world.answers(euros, "passed", "").0, 422, "a correction says why");
    assert_eq!(world.answers(euros, "passed", "after a reload it does").0, 303);
    assert_eq!(world.answers(euros, "passed", "after a reload it does").0, 303, "the form came twice");
    world.status_of(&next).is_success("Go");
    comment_says(&world, &jira, &["Deployed: ", "of web passed, says dev, ", "after a reload it does"]);
    let answered = world.checks_of("", |all| of_story(all, "STORY-9")["state"] == "passed");
    let answers = of_story(&answered, "STORY-9")["answers"].as_array().unwrap().clone();
    let told: Vec<_> = answers.iter().map(|one| (&one["seen"], &one["by"])).collect();
    assert_eq!(told, [(&json!("failed"), &json!("dev")), (&json!("passed"), &json!("dev"))]);
    assert_eq!(world.checks_of("?unsettled=true", |_| true), Vec::<Value>::new());
    world.signs_in_again();
    let audit = world.get("/audit").1;
    assert!(audit.contains("answered post-deploy checks") && audit.contains("corrected post-deploy checks"), "{audit}");
}

#[test]
fn the_plan_of_what_was_deployed_is_its_checklist() {
    let jira = Jira::cloud();
    asking(&jira);
    let mut world = watched(&jira, "warn");
    world.start();
    world.repo.commit("STORY-9 euros\n\nStory: STORY-10");
    let sha = world.push("main");
    world.status_of(&sha).is_success("Go");
    let plan = path_of(&world.status_of(&sha).now().unwrap()) + "/plan";
    assert!(!world.get(&plan).1.contains("This was deployed"));
    world.ships("production", &sha);
    let all = world.checks_of("", |all| all.len() == 2 && all.iter().all(|one| one["state"] != "unread"));
    let page = world.get(&plan).1;
    assert!(page.contains("This was deployed") && page.contains("an order shows"), "{page}");
    let deploy = world.get(&format!("/services/web/deploys/{}", all[0]["deploy"])).1;
    assert!(deploy.contains(&format!("href=\"{plan}\"")), "{deploy}");

    // Somebody looks in the owner's place.
    let line = of_story(&all, "STORY-9");
    let page = format!("/services/web/deploys/{}", line["deploy"]);
    assert_eq!(world.submit(&page, &format!("/post-deploy/{}/owner", line["id"]), &[]).0, 303);
    assert!(world.get(&page).1.contains("ada, by 20"));

    // A program may answer too: once under its key.
    let api = Api::with(&world, &["read", "waive"]);
    let path = format!("/post-deploy-checks/{}/answers", line["id"]);
    for _ in 0..2 {
        assert_eq!(api.post_once("k", &path, &json!({ "seen": "passed", "note": "by a probe" })).status, 204);
    }
    assert_eq!(api.get(&format!("/post-deploy-checks/{}", line["id"]))["answers"].as_array().unwrap().len(), 1);
    assert_eq!(api.post("/post-deploy-checks/999/answers", &json!({ "seen": "passed" })).status, 404);
    let own = format!("/post-deploy-checks/{}/owner", line["id"]);
    assert_eq!(api.post(&own, &Value::Null).status, 409, "it is answered");
    assert_eq!(Api::with(&world, &["read"]).post(&path, &json!({ "seen": "passed" })).status, 403);
    let written = world.get(&format!("{plan}.md")).1;
    assert!(written.contains("## Post-deploy checks") && written.contains("by a probe"), "{written}");
}

#[test]
fn at_warn_what_nobody_answered_is_said_and_a_rollback_settles_it() {
    let jira = Jira::cloud();
    asking(&jira);
    let mut world = watched(&jira, "warn");
    world.start();
    let old = world.repo.rev("production");
    world.ships_three();
    world.repo.commit("STORY-10 next");
    let next = world.push("main");
    world.status_of(&next).is_success("Go");
    let findings = path_of(&world.status_of(&next).now().unwrap()) + "/findings";
    let page = || world.get(&findings).1;
    world.wait(|| page().contains("that nobody answered").then_some(()), page);
    world.ships("production", &old);
    let gone = |all: &[Value]| of_story(all, "STORY-9")["state"] == "gone";
    let all = world.checks_of("", gone);
    assert_eq!(world.answers(of_story(&all, "STORY-9"), "passed", "x").0, 409);
    world.ships("production", &next);
    world
        .checks_of("", |all| all.iter().filter(|one| one["story"] == "STORY-9" && one["state"] == "open").count() == 1);
}

#[test]
fn a_tracker_that_is_away_or_lacks_the_field_leaves_nothing_unasked() {
    let jira = Jira::cloud();
    asking(&jira);
    let mut world = World::stopped().trusts(&jira.url()).polling();
    world.policy(&policy(&jira, "block", "field = 'Smoke test'"));
    world.start();
    let sha = world.commits_well("STORY-9 euros");
    world.ships("production", &sha);
    let unreadable = |all: &[Value]| all.len() == 1 && all[0]["state"] == "unreadable";
    let all = world.checks_of("", unreadable);
    assert_eq!(
        all[0]["trouble"],
        "the tracker has no field \"Smoke test\": mend its name in [checks.post-deploy], or write its id (customfield_NNNNN)"
    );
    world.repo.commit("STORY-10 next");
    let next = world.push("main");
    world.status_says(&next, "error", "Could not find out: STORY-9 could not be checked by post-deploy: ");
    // Somebody has looked all the same.
    assert_eq!(world.answers(&all[0], "passed", "it is fine").0, 303);
    world.status_of(&next).is_success("Go");
}

#[test]
fn what_a_tracker_that_is_away_does_not_say_is_asked_for_again() {
    let jira = Jira::cloud();
    asking(&jira);
    let mut world = watched(&jira, "warn");
    world.start();
    let sha = world.commits_well("STORY-9 euros");
    jira.faults().status(503);
    world.ships("production", &sha);
    let all = world.checks_of("", |all| all.len() == 1 && all[0]["trouble"].is_string());
    assert_eq!(all[0]["state"], "unread");
    jira.heals();
    world.checks_of("", |all| all[0]["state"] == "open" && all[0]["trouble"].is_null());
}

#[test]
fn while_a_move_is_not_read_no_page_says_that_there_is_nothing_to_look_at() {
    let jira = Jira::cloud();
    asking(&jira);
    let mut world = World::stopped().trusts(&jira.url()).polling();
    world.policy(&format!("stories.partial.label = 'flagged'\n{}", policy(&jira, "block", "")));
    world.start();
    let sha = world.commits_well("STORY-9 euros");
    let plan = format!("{}/plan", path_of(&world.status_of(&sha).now().unwrap()));
    jira.faults().status(503);
    world.ships("production", &sha);
    let last = || world.get("/services/web/deploys/last").1;
    world.wait(|| last().contains("is being read").then_some(()), last);
    for page in ["/services/web", "/services/web/post-deploy", &plan] {
        let page = world.get(page).1;
        assert!(page.contains("is being read") && !page.contains("Nothing "), "{page}");
    }
    assert!(world.get(&format!("{plan}.md")).1.contains("is being read"));
    jira.heals();
    world.checks_of("", |all| all.len() == 1 && all[0]["state"] == "open");
    assert!(!last().contains("is being read"), "{}", last());
}

#[test]
fn an_owner_is_reminded_once_of_what_is_late_also_over_a_kill() {
    let (jira, slack) = (Jira::cloud(), Slack::start());
    asking(&jira);
    let deploys = slack.channel("#deploys");
    let mut world = World::stopped().trusts(&jira.url()).tells(&slack, "#deploys").polling();
    world.policy(&policy(&jira, "warn", "within_hours = 0"));
    world.start();
    let sha = world.commits_well("STORY-9 euros\n\nStory: STORY-10");
    // Slack takes it, and its answer never comes.
    slack.faults().on("chat.postMessage").hang();
    world.ships("production", &sha);
    let said = "web: 1 story waits for a look at production";
    deploys.said_once(said);
    slack.heals();
    world.kill();
    world.start();
    let page = || world.get("/stories/STORY-9").1;
    let told = "waits for a look at production, and is late";
    world.wait(|| page().split(told).nth(1).filter(|rest| rest.contains("said <time")).map(drop), page);
    let message = deploys.said_once(said);
    assert!(message.seen().contains("Charge in <euros> · Maria, by "), "{}", message.seen());
    assert!(!message.seen().contains("STORY-10"), "there is nothing to look at: {}", message.seen());
}
