//! Jira Cloud, asked by a plain client.

use crate::client::{bulk_fetch, get, get_json, keys, post, post_json};
use gonogo_world::Jira;
use gonogo_world::jira::{Category, FieldKind};
use jiff::Timestamp;
use serde_json::{Value, json};

#[test]
fn fields_are_listed_with_their_schemas() {
    let jira = Jira::cloud();
    assert_eq!(jira.custom_field("Risk", FieldKind::RichText), "customfield_10041");
    assert_eq!(jira.two_fields_named("Plan"), ("customfield_10042".to_owned(), "customfield_10043".to_owned()));

    let fields = get_json(&jira, "/rest/api/3/field");
    let named = |name: &str| -> Vec<&Value> {
        let fields = fields.as_array().unwrap().iter();
        fields.filter(|field| field["name"] == name).collect()
    };
    assert_eq!(named("Summary")[0]["custom"], false);
    assert_eq!(named("Story Points")[0]["schema"]["type"], "number");
    assert_eq!(named("Story point estimate").len(), 1);
    assert_eq!(named("Plan").len(), 2);
    assert_eq!(
        named("Risk")[0]["schema"],
        json!({
            "type": "string",
            "custom": "com.atlassian.jira.plugin.system.customfieldtypes:textarea",
            "customId": 10041,
        })
    );
}

#[test]
fn an_issue_looks_as_in_jira() {
    let jira = Jira::cloud();
    jira.user("maria").called("Maria Lopez");
    jira.custom_field("Risk", FieldKind::RichText);
    jira.custom_field("Kind", FieldKind::Select);
    jira.story("STORY-12")
        .titled("Charge in euros")
        .in_state("In Review")
        .assigned_to("maria")
        .labelled("flagged")
        .with_points(5)
        .with_field("Risk", "low:\nnothing\n\nmore")
        .with_field("Kind", "Feature");
    jira.subtask("STORY-15").of("STORY-12").in_state("Done");

    let answer = bulk_fetch(&jira, &json!({"issueIdsOrKeys": ["STORY-12", "STORY-15"]}));
    let fields = &answer["issues"][0]["fields"];
    assert_eq!(fields["summary"], "Charge in euros");
    assert_eq!(fields["status"]["name"], "In Review");
    assert_eq!(fields["status"]["statusCategory"]["key"], "indeterminate");
    assert_eq!(fields["assignee"]["displayName"], "Maria Lopez");
    assert_eq!(fields["assignee"]["accountId"], "712020:maria");
    assert_eq!(fields["labels"], json!(["flagged"]));
    assert_eq!(fields["project"]["key"], "STORY");
    assert_eq!(fields["issuetype"]["subtask"], false);
    assert_eq!(fields["customfield_10026"], json!(5.0));
    assert_eq!(fields["customfield_10042"]["value"], "Feature");
    assert_eq!(fields["customfield_10041"]["type"], "doc");
    assert_eq!(
        fields["customfield_10041"]["content"][0]["content"],
        json!([
            {"type": "text", "text": "low:"},
            {"type": "hardBreak"},
            {"type": "text", "text": "nothing"},
        ])
    );
    assert_eq!(fields["subtasks"][0]["key"], "STORY-15");
    assert!(fields.get("parent").is_none());

    let subtask = &answer["issues"][1]["fields"];
    assert_eq!(subtask["issuetype"]["subtask"], true);
    assert_eq!(subtask["parent"]["key"], "STORY-12");
    assert_eq!(subtask["parent"]["fields"]["status"]["name"], "In Review");
    assert_eq!(subtask["assignee"], Value::Null);
    assert_eq!(subtask["resolution"]["name"], "Done");
}

#[test]
fn a_bulk_fetch_returns_what_there_is_once_each() {
    let jira = Jira::cloud();
    jira.story("STORY-1");
    jira.bug("STORY-2").moved_to("WEB-7");
    assert_eq!(jira.existing("STORY-2").key(), "WEB-7");
    jira.story("STORY-3").deleted();
    jira.story("STORY-4").hidden();

    let wanted = ["STORY-1", "story-1", "STORY-2", "WEB-7", "STORY-3", "STORY-4", "STORY-5"];
    let body = json!({"issueIdsOrKeys": wanted, "fields": ["status"]});
    let answer = bulk_fetch(&jira, &body);
    assert_eq!(keys(&answer), ["STORY-1", "WEB-7"]);
    assert_eq!(answer["issueErrors"], json!([]));
    let fields = answer["issues"][0]["fields"].as_object().unwrap();
    assert_eq!(fields.keys().collect::<Vec<_>>(), ["status"]);

    jira.story("STORY-4").shown();
    assert_eq!(keys(&bulk_fetch(&jira, &body)).len(), 3);
}

#[test]
fn more_than_100_keys_are_too_many() {
    let jira = Jira::cloud();
    jira.expects_trouble();
    let wanted: Vec<String> = (1..=101).map(|number| format!("STORY-{number}")).collect();
    let response = post(&jira, "/rest/api/3/issue/bulkfetch", &json!({"issueIdsOrKeys": wanted}));
    assert_eq!(response.status(), 400);
    let answer: Value = response.json().unwrap();
    assert!(answer["errorMessages"][0].as_str().unwrap().contains("100"));
    assert_eq!(answer["errors"], json!({}));
    assert_eq!(jira.unexpected().len(), 1);
}

#[test]
fn history_is_newest_first_and_cut_at_the_limit() {
    let jira = Jira::cloud();
    let story = jira.story("STORY-1").in_state("In Progress");
    story
        .at("2025-05-01T10:00:00Z")
        .moves_to_by("In Review", "tom")
        .sets_field_by("Risk", "low", "maria")
        .moves_to("Ready to Deploy");

    let body = json!({"issueIdsOrKeys": ["STORY-1"], "fields": ["status"], "expand": ["changelog"]});
    let changelog = bulk_fetch(&jira, &body)["issues"][0]["changelog"].take();
    assert_eq!(changelog["total"], 3);
    let histories = changelog["histories"].as_array().unwrap();
    assert_eq!(histories[0]["items"][0]["toString"], "Ready to Deploy");
    assert_eq!(histories[1]["author"]["displayName"], "Maria");
    assert_eq!(histories[1]["items"][0]["fieldId"], "customfield_10041");
    assert_eq!(histories[1]["items"][0]["fieldtype"], "custom");
    assert_eq!(histories[2]["author"]["accountId"], "712020:tom");
    assert_eq!(histories[2]["created"], "2025-05-01T10:00:00.000+0000");
    assert_eq!(
        histories[2]["items"][0],
        json!({
            "field": "status", "fieldId": "status", "fieldtype": "jira",
            "from": "3", "fromString": "In Progress", "to": "10002", "toString": "In Review",
        })
    );

    jira.changelog_limit(2);
    let changelog = bulk_fetch(&jira, &body)["issues"][0]["changelog"].take();
    assert_eq!(changelog["total"], 3);
    assert_eq!(changelog["histories"].as_array().unwrap().len(), 2);

    let page = get_json(&jira, "/rest/api/3/issue/STORY-1/changelog?startAt=2");
    assert_eq!(page["isLast"], true);
    assert_eq!(page["values"][0]["items"][0]["toString"], "Ready to Deploy");
}

#[test]
fn searches_go_page_by_page_with_a_token() {
    let jira = Jira::cloud();
    for number in 1..=5 {
        jira.story(&format!("STORY-{number}"));
    }
    jira.page_limit(2);
    let mut body = json!({"jql": "project = STORY ORDER BY key", "fields": ["summary"], "maxResults": 100});
    let mut seen = Vec::new();
    loop {
        let page = post_json(&jira, "/rest/api/3/search/jql", &body);
        seen.extend(keys(&page).into_iter().map(str::to_owned));
        assert_eq!(page["isLast"], page.get("nextPageToken").is_none());
        if page["isLast"] == true {
            break;
        }
        body["nextPageToken"] = page["nextPageToken"].clone();
    }
    assert_eq!(seen, ["STORY-1", "STORY-2", "STORY-3", "STORY-4", "STORY-5"]);
    assert_eq!(jira.requests().len(), 3);

    let bare = get_json(&jira, "/rest/api/3/search/jql?jql=key%20%3D%20STORY-1");
    assert_eq!(bare["issues"], json!([{"id": "10001"}]));
}

#[test]
fn the_old_search_is_gone_and_unbounded_queries_are_refused() {
    let jira = Jira::cloud();
    jira.expects_trouble();
    let gone = post(&jira, "/rest/api/3/search", &json!({"jql": "project = STORY"}));
    assert_eq!(gone.status(), 410);
    let unbounded = json!({"jql": "ORDER BY key"});
    let unbounded = post(&jira, "/rest/api/3/search/jql", &unbounded);
    assert_eq!(unbounded.status(), 400);
    assert!(unbounded.text().unwrap().contains("Unbounded JQL queries are not allowed here."));
    assert_eq!(jira.unexpected().len(), 2);
}

#[test]
fn a_page_token_serves_its_own_query_alone() {
    let jira = Jira::cloud();
    jira.expects_trouble().page_limit(1);
    jira.story("STORY-1");
    jira.story("STORY-2");
    let path = "/rest/api/3/search/jql";
    let token = post_json(&jira, path, &json!({"jql": "project = STORY"}))["nextPageToken"].take();
    for (jql, token, status) in [
        ("project = STORY", token.clone(), 200),
        ("status = Done", token, 400),
        ("project = STORY", json!("made up"), 400),
    ] {
        let body = json!({"jql": jql, "nextPageToken": token});
        assert_eq!(post(&jira, path, &body).status(), status);
    }
}

#[test]
fn a_single_issue_can_be_had_or_is_absent() {
    let jira = Jira::cloud();
    jira.story("STORY-1").hidden();
    jira.story("STORY-2").moved_to("WEB-1");
    let response = get(&jira, "/rest/api/3/issue/STORY-1");
    assert_eq!(response.status(), 404);
    assert_eq!(
        response.json::<Value>().unwrap()["errorMessages"][0],
        "Issue does not exist or you do not have permission to see it."
    );
    assert_eq!(get_json(&jira, "/rest/api/3/issue/STORY-2?fields=status")["key"], "WEB-1");
}

#[test]
fn jira_speaks_of_itself_and_of_the_caller() {
    let jira = Jira::cloud();
    let info = get_json(&jira, "/rest/api/3/serverInfo");
    assert_eq!(info["deploymentType"], "Cloud");
    jira.clock_ahead_by(-3600);
    let behind = get_json(&jira, "/rest/api/3/serverInfo");
    let difference = time(&info).duration_since(time(&behind)).as_secs();
    assert!((3500..=3600).contains(&difference), "{difference}");
    assert_eq!(get_json(&jira, "/rest/api/3/myself")["emailAddress"], "bot@example.com");

    let path = "/rest/api/3/mypermissions?permissions=BROWSE_PROJECTS";
    let may = |jira: &Jira| get_json(jira, path)["permissions"]["BROWSE_PROJECTS"]["havePermission"].clone();
    assert_eq!(may(&jira), true);
    jira.without_browse_permission();
    assert_eq!(may(&jira), false);
}

fn time(info: &Value) -> Timestamp {
    let text = info["serverTime"].as_str().unwrap();
    Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text).unwrap()
}

#[test]
fn wrong_credentials_are_refused_and_right_ones_may_not_be_enough() {
    let jira = Jira::cloud();
    jira.credentials("someone@example.com", "other");
    let response = get(&jira, "/rest/api/3/field");
    assert_eq!(response.status(), 401);
    assert_eq!(response.headers()["x-seraph-loginreason"], "AUTHENTICATED_FAILED");

    jira.lets_strangers_in();
    jira.story("STORY-1");
    let body = json!({"issueIdsOrKeys": ["STORY-1"]});
    assert!(keys(&bulk_fetch(&jira, &body)).is_empty());
    assert_eq!(get(&jira, "/rest/api/3/myself").status(), 401);

    jira.credentials("bot@example.com", "jira-token");
    assert_eq!(keys(&bulk_fetch(&jira, &body)), ["STORY-1"]);
    jira.forbid();
    assert_eq!(get(&jira, "/rest/api/3/field").status(), 403);
}

#[test]
fn statuses_keep_their_ids_and_take_a_category() {
    let jira = Jira::cloud();
    jira.status("Verified", Category::Done);
    jira.story("STORY-1").in_state("Verified");
    jira.story("STORY-2").in_state("Parked");
    let status = |key: &str| {
        let body = json!({"issueIdsOrKeys": [key], "fields": ["status"]});
        bulk_fetch(&jira, &body)["issues"][0]["fields"]["status"].take()
    };
    assert_eq!(status("STORY-1")["id"], "10005");
    assert_eq!(status("STORY-1")["statusCategory"]["key"], "done");
    assert_eq!(status("STORY-2")["statusCategory"]["key"], "indeterminate");
}
