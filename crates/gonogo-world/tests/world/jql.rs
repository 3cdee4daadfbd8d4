//! JQL, through the search of Data Center.

use crate::client::{get_json, keys, post, post_json};
use gonogo_world::Jira;
use gonogo_world::jira::FieldKind;
use serde_json::{Value, json};

const SEARCH: &str = "/rest/api/2/search";

fn board() -> Jira {
    let jira = Jira::data_center();
    jira.custom_field("Risk", FieldKind::Text);
    jira.custom_field("Deploy Kind", FieldKind::Select);
    jira.clock("2024-03-01T00:00:00Z");
    jira.story("A-1").titled("Charge in euros").in_state("In Review").labelled("flagged").with_points(3);
    jira.bug("A-2").in_state("Ready to Deploy").assigned_to("maria").with_field("Risk", "low risk, really");
    jira.clock("2024-03-05T00:00:00Z");
    jira.subtask("A-10").of("A-1").in_state("Done").with_field("Deploy Kind", "Normal");
    jira.story("B-1").in_state("Done").labelled("other").with_points(8);
    jira
}

fn found(jira: &Jira, jql: &str) -> String {
    let body = json!({"jql": format!("{jql} ORDER BY key"), "fields": ["summary"]});
    keys(&post_json(jira, SEARCH, &body)).join(" ")
}

#[test]
fn it_finds_what_it_should() {
    let jira = board();
    for (jql, expected) in [
        ("key in (A-1, \"A-2\")", "A-1 A-2"),
        ("issuekey = a-1", "A-1"),
        ("project = A", "A-1 A-2 A-10"),
        ("project in (A, B) AND status = Done", "A-10 B-1"),
        ("status = \"Ready to Deploy\"", "A-2"),
        ("status not in ('Ready to Deploy', Done)", "A-1"),
        ("status != done", "A-1 A-2"),
        ("statusCategory = Done", "A-10 B-1"),
        ("issuetype = Bug OR type = Sub-task", "A-2 A-10"),
        ("labels = flagged", "A-1"),
        ("labels != flagged", "B-1"),
        ("labels is EMPTY", "A-2 A-10"),
        ("assignee is EMPTY", "A-1 A-10 B-1"),
        ("assignee = maria", "A-2"),
        ("assignee != EMPTY", "A-2"),
        ("cf[10041] ~ low", "A-2"),
        ("\"Risk\" ~ \"real*\"", "A-2"),
        ("Risk is not empty", "A-2"),
        ("\"Deploy Kind\" = normal", "A-10"),
        ("\"Story Points\" >= 5", "B-1"),
        ("\"Story Points\" = 3", "A-1"),
        ("summary ~ euros", "A-1"),
        ("parent = A-1", "A-10"),
        ("NOT (project = A OR status = \"In Review\")", "B-1"),
        ("project = A AND NOT status = Done && issuetype != Bug", "A-1"),
        ("created < '2024-03-04'", "A-1 A-2"),
        ("updated >= -1d", "A-10 B-1"),
    ] {
        assert_eq!(found(&jira, jql), expected, "{jql}");
    }
}

#[test]
fn without_an_order_the_newest_comes_first() {
    let jira = board();
    let page = get_json(&jira, "/rest/api/2/search?fields=status");
    assert_eq!(keys(&page), ["B-1", "A-10", "A-2", "A-1"]);
    let page = post_json(&jira, SEARCH, &json!({"jql": "project = A ORDER BY created ASC, key DESC"}));
    assert_eq!(keys(&page), ["A-1", "A-2", "A-10"]);
}

#[test]
fn what_is_wrong_is_refused_in_jiras_words() {
    let jira = board();
    jira.expects_trouble();
    for (jql, expected) in [
        (
            "project = IN",
            "Expecting either a value, list or function but got 'IN'. You must surround 'IN' in quotation marks",
        ),
        ("project = AS", "'AS' is a reserved JQL word."),
        ("key = A-1 bogus", "Expecting either 'OR' or 'AND' but got 'bogus'. (line 1, character 11)"),
        ("key === A-1", "Expecting either a value, list or function but got '='."),
        ("key in (A-1", "Expecting ')' before the end of the query."),
        ("\"open", "The quoted string 'open' has not been completed."),
        ("summary ~ a@b", "The character '@' is a reserved JQL character."),
        ("summary ~ \"\\d\"", "'\\d' is an illegal JQL escape sequence."),
        ("nothing = 1", "Field 'nothing' does not exist or you do not have permission to view it."),
        ("status = Nowhere", "The value 'Nowhere' does not exist for the field 'status'."),
        ("project = NONE", "The value 'NONE' does not exist for the field 'project'."),
        ("key = 'A 1'", "The issue key 'A 1' for field 'key' is invalid."),
        ("Risk = low", "The operator '=' is not supported by the 'Risk' field."),
        ("assignee = currentUser()", "Unable to find JQL function 'currentUser()'."),
        ("updated > soon", "Date value 'soon' for field 'updated' is invalid."),
        ("project = A ORDER BY votes", "Not able to sort using field 'votes'."),
    ] {
        let response = post(&jira, SEARCH, &json!({"jql": jql}));
        assert_eq!(response.status(), 400, "{jql}");
        let answer: Value = response.json().unwrap();
        let message = answer["errorMessages"][0].as_str().unwrap();
        assert!(message.contains(expected), "{jql}: {message}");
    }
}

#[test]
fn two_fields_of_one_name_are_asked_together() {
    let jira = Jira::data_center();
    let (first, second) = jira.two_fields_named("Risk");
    jira.story("A-1").with_field(&first, "low");
    jira.story("A-2").with_field(&second, "low");
    assert_eq!(found(&jira, "Risk ~ low"), "A-1 A-2");
}
