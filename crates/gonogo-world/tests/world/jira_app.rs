//! An app that people let act in their name in Jira: consent, codes, tokens, and
//! what is written with them.

use gonogo_world::Jira;
use gonogo_world::jira::FieldKind;
use reqwest::blocking::Response;
use serde_json::{Value, json};

use crate::client::client;

const BACK: &str = "http://127.0.0.1:9/back";
const STATE: &str = "0123456789abcdef0123456789abcdef";

fn at(url: &str) -> Response {
    client().get(url).send().unwrap()
}

/// The code that the browser is sent back with, once the person has said yes.
fn code(authorize: &str) -> String {
    let asked = at(authorize);
    assert_eq!(asked.status(), 200);
    assert!(asked.text().unwrap().contains("value=\"accept\""));
    let back = at(&format!("{authorize}&decision=accept"));
    assert_eq!(back.status(), 302);
    let location = back.headers()["location"].to_str().unwrap().to_owned();
    let rest = location.strip_prefix(&format!("{BACK}?code=")).unwrap();
    rest.strip_suffix(&format!("&state={STATE}")).unwrap().to_owned()
}

fn cloud() -> (Jira, String, impl Fn(&Value) -> (u16, Value)) {
    let jira = Jira::cloud();
    let (id, secret) = jira.app(BACK);
    let (auth, api) = jira.app_urls();
    let scopes = "read:jira-work%20write:jira-work%20offline_access";
    let authorize = format!(
        "{auth}/authorize?audience=api.atlassian.com&client_id={id}&scope={scopes}&redirect_uri={BACK}&state={STATE}&response_type=code"
    );
    let code = code(&format!("{authorize}&who=maria"));
    let token = move |more: &Value| {
        let mut body = json!({"client_id": id, "client_secret": secret, "redirect_uri": BACK});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = client().post(format!("{auth}/oauth/token")).json(&body).send().unwrap();
        (answer.status().as_u16(), answer.json::<Value>().unwrap())
    };
    let (status, got) = token(&json!({"grant_type": "authorization_code", "code": code}));
    assert_eq!(status, 200, "{got}");
    assert_eq!(token(&json!({"grant_type": "authorization_code", "code": code})).0, 403, "good once");
    let sites: Value = client()
        .get(format!("{api}/oauth/token/accessible-resources"))
        .bearer_auth(got["access_token"].as_str().unwrap())
        .send()
        .unwrap()
        .json()
        .unwrap();
    let own = sites.as_array().unwrap().iter().find(|site| site["url"] == jira.url()).unwrap();
    let site = format!("{api}/ex/jira/{}", own["id"].as_str().unwrap());
    (jira, format!("{site} {} {}", text(&got, "access_token"), text(&got, "refresh_token")), token)
}

fn text(json: &Value, name: &str) -> String {
    json[name].as_str().unwrap().to_owned()
}

#[test]
fn a_person_lets_an_app_write_and_its_history_says_who_it_was() {
    let (jira, known, _) = cloud();
    let [site, access, _] = known.split(' ').collect::<Vec<_>>().try_into().unwrap();
    jira.options("Level", FieldKind::Select, &["Low", "High"]);
    jira.story("STORY-1").in_state("In Review");
    let get = |url: String| client().get(url).bearer_auth(access).send().unwrap();
    let me: Value = get(format!("{site}/rest/api/3/myself")).json().unwrap();
    assert_eq!(me["accountId"], "712020:maria");
    assert_eq!(get(format!("{}/rest/api/3/myself", jira.url())).status(), 401, "the site itself takes no such token");
    let meta: Value = get(format!("{site}/rest/api/3/issue/STORY-1/editmeta")).json().unwrap();
    let (id, field) = meta["fields"].as_object().unwrap().iter().find(|(_, field)| field["name"] == "Level").unwrap();
    let high = field["allowedValues"].as_array().unwrap().iter().find(|one| one["value"] == "High").unwrap();
    let put = |value: Value| {
        let body = json!({"fields": {id.as_str(): value}});
        let url = format!("{site}/rest/api/3/issue/STORY-1");
        client().put(url).bearer_auth(access).json(&body).send().unwrap()
    };
    let wrong = put(json!({"id": "1"}));
    assert_eq!(wrong.status(), 400);
    assert!(wrong.json::<Value>().unwrap()["errors"].get(id).is_some());
    assert_eq!(put(json!({"id": high["id"]})).status(), 204);
    assert_eq!(jira.story("STORY-1").field("Level"), "High");
    let log: Value = get(format!("{site}/rest/api/3/issue/STORY-1/changelog")).json().unwrap();
    assert_eq!(log["values"][0]["author"]["displayName"], "Maria");
    jira.user("maria").only_reads();
    assert_eq!(put(json!({"id": high["id"]})).status(), 403);
}

#[test]
fn what_a_token_is_renewed_with_is_good_once_and_a_stolen_one_ends_all() {
    let (_jira, known, token) = cloud();
    let [site, _, refresh] = known.split(' ').collect::<Vec<_>>().try_into().unwrap();
    let (status, renewed) = token(&json!({"grant_type": "refresh_token", "refresh_token": refresh}));
    assert_eq!(status, 200, "{renewed}");
    let me = || {
        let url = format!("{site}/rest/api/3/myself");
        client().get(url).bearer_auth(text(&renewed, "access_token")).send().unwrap().status().as_u16()
    };
    assert_eq!(me(), 200);
    let (status, refused) = token(&json!({"grant_type": "refresh_token", "refresh_token": refresh}));
    assert_eq!((status, refused["error"].as_str()), (403, Some("unauthorized_client")));
    assert_eq!(me(), 401);
}
