//! The pages of the stand-ins, read and used as a browser would.

use gonogo_world::{GitHub, Jira, Repo, Slack};
use serde_json::json;

use crate::client::client;
use crate::slack::client::call;

const HOSTILE: &str = "<script>alert(1)</script> \"onload=\" <!channel>";

fn page(url: &str) -> String {
    let answer = client().get(url).header("Accept", "text/html").send().unwrap();
    assert_eq!(answer.status(), 200, "{url}");
    answer.text().unwrap()
}

/// The status of what a form comes to.
fn send(url: &str, form: &[(&str, &str)]) -> u16 {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    client().post(url).body(body).send().unwrap().status().as_u16()
}

#[track_caller]
fn is_harmless(page: &str) {
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !page.contains("<script>alert"), "{page}");
}

#[test]
fn what_people_wrote_is_shown_and_never_run() {
    let (jira, slack, github, repo) = (Jira::cloud(), Slack::start(), GitHub::start(), Repo::new());
    jira.story("STORY-1").titled(HOSTILE).with_field("Risk", HOSTILE);
    is_harmless(&page(&format!("{}/", jira.url())));
    is_harmless(&page(&format!("{}/browse/STORY-1", jira.url())));
    let blocks = json!([{"type": "section", "text": {"type": "mrkdwn", "text": HOSTILE}}]);
    let id = slack.channel("#deploys").id();
    assert_eq!(
        call(&slack, "chat.postMessage", &json!({"channel": id, "text": HOSTILE, "blocks": blocks}))["ok"],
        true
    );
    let channel = page(&format!("{}/archives/{id}", slack.url()));
    assert!(!channel.contains("<script>alert") && channel.contains("alert(1)"), "{channel}");
    repo.commit(HOSTILE);
    github.repository("acme/web").made_from(&repo).posts_status(&repo.head(), "ci", "success", HOSTILE);
    is_harmless(&page(&format!("{}/acme/web", github.url())));
}

#[test]
fn a_story_is_moved_and_filled_in_by_hand() {
    let jira = Jira::cloud();
    jira.story("STORY-1").in_state("In Review").with_field("Risk", "none");
    let at = format!("{}/browse/STORY-1", jira.url());
    assert_eq!(send(&format!("{at}/status"), &[("status", "Done")]), 303);
    assert_eq!(jira.story("STORY-1").status(), "Done");
    // A status that there is not is no move.
    assert_eq!(send(&format!("{at}/status"), &[("status", "Nowhere")]), 303);
    assert_eq!(jira.story("STORY-1").status(), "Done");
    assert_eq!(send(&format!("{at}/fields"), &[("customfield_10041", "high: all of it")]), 303);
    assert_eq!(jira.story("STORY-1").field("Risk"), "high: all of it");
    assert_eq!(client().get(format!("{}/browse/STORY-9", jira.url())).send().unwrap().status(), 404);
}

#[test]
fn a_commit_and_a_merge_by_hand_are_pushes() {
    let (github, repo) = (GitHub::start(), Repo::new());
    let first = repo.commit("first");
    repo.branch("production").branch("other");
    let web = github.repository("acme/web").made_from(&repo);
    let at = format!("{}/acme/web", github.url());
    assert_eq!(send(&format!("{at}/commits"), &[("branch", "main"), ("message", "STORY-1 x")]), 303);
    assert_ne!(web.branch("main"), Some(first));
    assert_eq!(send(&format!("{at}/merges"), &[("base", "production"), ("head", "main")]), 303);
    assert_eq!(web.branch("production"), web.branch("main"), "it only goes forward");
    assert_eq!(send(&format!("{at}/merges"), &[("base", "production"), ("head", "main")]), 422, "nothing is left");
    // Two branches that went apart.
    assert_eq!(send(&format!("{at}/commits"), &[("branch", "other"), ("message", "STORY-2 y")]), 303);
    assert_eq!(send(&format!("{at}/merges"), &[("base", "main"), ("head", "other")]), 303);
    let (main, other) = (web.branch("main").unwrap(), web.branch("other").unwrap());
    assert!(main != other && web.has_commit("main", &other));
    assert_eq!(send(&format!("{at}/commits"), &[("branch", "nowhere"), ("message", "x")]), 422);
}
