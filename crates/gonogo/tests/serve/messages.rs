//! Messages that could not be said: who sees them, and what a person does.

use crate::api::Api;
use crate::support::{PASSWORD, World};
use gonogo_world::jira::Category;
use gonogo_world::{Jira, Slack};
use serde_json::Value;

impl World {
    /// The page of messages comes to have these words.
    #[track_caller]
    pub(crate) fn messages_say(&self, query: &str, words: &[&str]) -> String {
        let page = || self.get(&format!("/messages{query}")).1;
        self.wait(|| Some(page()).filter(|page| words.iter().all(|words| page.contains(words))), page)
    }
}

/// The first message that fits, as programs read it.
pub(crate) fn first(api: &Api, query: &str) -> Value {
    api.get(&format!("/messages?{query}"))["items"][0].clone()
}

#[test]
fn what_failed_is_seen_mended_and_said_again() {
    let jira = Jira::cloud();
    jira.may_write();
    jira.story("STORY-9").in_state("Ready to Deploy");
    let mut world = World::stopped().trusts(&jira.url()).says_of_stories("jira_transition = 'Shipped'").polling();
    world.policy(&format!("tracker.kind = 'jira-cloud'\ntracker.url = '{}'\n", jira.url()));
    world.start();
    let sha = world.commits_well("STORY-9 x");
    world.ships("production", &sha);
    let no_way = "no transition leads STORY-9 from Ready to Deploy to Shipped";
    world.messages_say("?state=failed", &[no_way, "moves to Shipped", "/stories/STORY-9", "Say again"]);
    assert!(world.get("/").1.contains("1 message</a> could not be said"), "{}", world.get("/").1);
    let (checked, code) = world.checks_store();
    assert!(code == Some(1) && checked.contains("✗ messages: 1 failed: no transition leads STORY-9"), "{checked}");
    let api = Api::with(&world, &["read", "messages"]);
    let failed = first(&api, "state=failed&kind=jira-transition&story=story-9");
    assert_eq!((&failed["target"], &failed["about"][0]["subject"]), (&"STORY-9".into(), &"STORY-9".into()));
    let again = format!("/messages/{}/tries", failed["id"]);
    assert_eq!(Api::with(&world, &["read", "admin"]).post(&again, &Value::Null).status, 403, "by its own scope");

    jira.status("Shipped", Category::Done);
    assert_eq!(api.post_once("mended", &again, &Value::Null).status, 202);
    world.wait(|| (jira.story("STORY-9").status() == "Shipped").then_some(()), || jira.story("STORY-9").status());
    world.messages_say("?state=said", &["STORY-9", "tried 1 time"]);
    assert_eq!(api.post_once("mended", &again, &Value::Null).status, 202, "once");
    assert_eq!(api.post(&again, &Value::Null).status, 404, "it was said");
    assert_eq!(api.deeds().iter().filter(|did| *did == "had a message said again").count(), 1);
    assert!(!world.get("/").1.contains("could not be said"));
    let (checked, code) = world.checks_store();
    assert!(code == Some(0) && checked.contains("✓ messages"), "{checked}");
}

#[test]
fn what_waits_in_vain_is_dropped_by_who_may() {
    let slack = Slack::start();
    let mut world = World::stopped()
        .tells(&slack, "#deploys")
        .says_of_stories("slack_channel = '#nowhere'")
        .with_variable("GONOGO_METRICS_TOKEN", "watch-word")
        .polling();
    slack.channel("#deploys");
    world.start();
    let sha = world.commits_well("STORY-9 x");
    world.ships("production", &sha);
    world.messages_say("?state=waits&kind=slack", &["#nowhere", "was deployed", "again in", "Drop"]);
    let metrics = world.ask_with("GET", "/metrics", &[("Authorization", "Bearer watch-word")], "").1;
    assert!(metrics.contains("gonogo_outbox_messages{kind=\"slack\",state=\"waiting\"} 1"), "{metrics}");
    let api = Api::with(&world, &["read", "messages"]);
    let id = first(&api, "state=waits")["id"].clone();
    let fields = [("name", "dan"), ("password", PASSWORD), ("role", "developer")];
    assert_eq!(world.submit("/people", "/people", &fields).0, 303);
    let drop = format!("/messages/{id}/drop");
    world.signs_in("dan", PASSWORD);
    assert!(!world.get("/messages").1.contains("Drop"));
    assert_eq!(world.submit("/messages", &drop, &[]).0, 403);
    world.signs_in_again();
    // Not while it is being said, which it is now and then.
    world.wait(|| (world.submit("/messages", &drop, &[]).0 == 303).then_some(()), || world.get("/messages").1);
    world.messages_say("?state=dropped", &["#nowhere"]);
    let told = world.get("/stories/STORY-9").1;
    assert!(told.contains("never: dropped by a person"), "{told}");
    let api = Api::with(&world, &["read", "messages"]);
    assert_eq!(api.send("DELETE", &format!("/messages/{id}"), &[], "").status, 404);
    let audit = api.get("/audit").to_string();
    assert!(audit.contains("dropped a message") && audit.contains("slack to #nowhere"), "{audit}");
}
