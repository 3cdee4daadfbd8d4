//! Jira Data Center, asked by a plain client.

use crate::client::{get, get_json, keys, post, post_json};
use gonogo_world::Jira;
use gonogo_world::jira::FieldKind;
use serde_json::{Value, json};

const SEARCH: &str = "/rest/api/2/search";

#[test]
fn it_may_live_below_a_path() {
    let jira = Jira::data_center().at("/jira");
    assert!(jira.url().ends_with("/jira"));
    jira.story("STORY-1").assigned_to("maria");
    let answer = post_json(&jira, SEARCH, &json!({"jql": "key = STORY-1"}));
    let assignee = &answer["issues"][0]["fields"]["assignee"];
    assert_eq!(assignee["name"], "maria");
    assert!(assignee.get("accountId").is_none());
    assert_eq!(jira.requests()[0].path, "/jira/rest/api/2/search");
}

#[test]
fn searches_go_page_by_page_with_offsets() {
    let jira = Jira::data_center();
    for number in 1..=5 {
        jira.story(&format!("STORY-{number}"));
    }
    jira.page_limit(2);
    let body =
        json!({"jql": "project = STORY ORDER BY key DESC", "startAt": 2, "maxResults": 1000, "fields": ["summary"]});
    let page = post_json(&jira, SEARCH, &body);
    assert_eq!(keys(&page), ["STORY-3", "STORY-2"]);
    assert_eq!((&page["startAt"], &page["maxResults"], &page["total"]), (&json!(2), &json!(2), &json!(5)));

    let page = get_json(&jira, "/rest/api/2/search?jql=project+%3D+STORY&maxResults=1&fields=summary,status");
    assert_eq!(page["issues"][0]["fields"].as_object().unwrap().len(), 2);
}

#[test]
fn an_unknown_key_fails_the_query_unless_told_not_to_check() {
    let jira = Jira::data_center();
    jira.story("STORY-1");
    jira.story("STORY-2").moved_to("WEB-7");
    jira.story("STORY-3").hidden();
    let mut body = json!({"jql": "key in (STORY-1, STORY-2, STORY-3, X-1)", "validateQuery": false});
    let page = post_json(&jira, SEARCH, &body);
    assert_eq!(keys(&page), ["WEB-7", "STORY-1"]);
    assert_eq!(page["warningMessages"].as_array().unwrap().len(), 2);

    jira.expects_trouble();
    body["validateQuery"] = json!(true);
    let response = post(&jira, SEARCH, &body);
    assert_eq!(response.status(), 400);
    assert_eq!(
        response.json::<Value>().unwrap(),
        json!({
            "errorMessages": [
                "An issue with key 'STORY-3' does not exist for field 'key'.",
                "An issue with key 'X-1' does not exist for field 'key'.",
            ],
            "errors": {},
        })
    );
}

#[test]
fn rich_text_is_wiki_text_and_history_comes_whole_and_oldest_first() {
    let jira = Jira::data_center();
    jira.custom_field("Risk", FieldKind::RichText);
    let story = jira.story("STORY-1").with_field("Risk", "*low*");
    jira.changelog_limit(1);
    jira.as_user("tom");
    story.moves_to("In Review").moves_to("Done");

    let body = json!({"jql": "key = STORY-1", "expand": ["changelog"]});
    let issue = post_json(&jira, SEARCH, &body)["issues"][0].take();
    assert_eq!(issue["fields"]["customfield_10041"], "*low*");
    let histories = issue["changelog"]["histories"].as_array().unwrap();
    assert_eq!(histories.len(), 2);
    assert_eq!(histories[0]["author"]["name"], "tom");
    assert_eq!(histories[0]["items"][0]["toString"], "In Review");
}

#[test]
fn an_epic_is_no_parent_here() {
    let jira = Jira::data_center();
    jira.issue("STORY-1", "Epic");
    jira.story("STORY-2").of("STORY-1");
    jira.subtask("STORY-3").of("STORY-2");
    let fields = |key: &str| get_json(&jira, &format!("/rest/api/2/issue/{key}"))["fields"].take();
    assert!(fields("STORY-2").get("parent").is_none());
    assert_eq!(fields("STORY-3")["parent"]["key"], "STORY-2");
}

#[test]
fn the_rest_answers_too() {
    let jira = Jira::data_center();
    assert!(get_json(&jira, "/rest/api/2/field").as_array().unwrap().len() > 10);
    assert_eq!(get_json(&jira, "/rest/api/2/myself")["name"], "bot");
    assert_eq!(get_json(&jira, "/rest/api/2/serverInfo")["deploymentType"], "Server");
    let permissions = get_json(&jira, "/rest/api/2/mypermissions");
    assert_eq!(permissions["permissions"]["EDIT_ISSUES"]["havePermission"], false);

    jira.credentials("ignored", "another-pat");
    let response = get(&jira, "/rest/api/2/field");
    assert_eq!(response.status(), 401);
    assert_eq!(response.json::<Value>().unwrap()["status-code"], 401);
}

#[test]
fn a_get_that_is_too_long_is_refused() {
    let jira = Jira::data_center();
    jira.expects_trouble();
    let path = format!("{SEARCH}?jql=key+in+({})", "STORY-1,".repeat(1100));
    assert_eq!(get(&jira, &path).status(), 400);
}
