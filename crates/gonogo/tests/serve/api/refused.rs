use super::client::{Answered, Api};
use crate::people::blocked;
use crate::support::World;
use serde_json::{Value, json};

/// The status, and the word of the problem's kind.
fn kind(answered: &Answered) -> (u16, &str) {
    assert_eq!(answered.header("content-type"), "application/problem+json", "{}", answered.body);
    for field in ["title", "detail", "fix"] {
        assert!(answered.body[field].as_str().is_some_and(|text| !text.is_empty()), "{}", answered.body);
    }
    assert_eq!(answered.body["status"], answered.status);
    (answered.status, answered.body["type"].as_str().unwrap().strip_prefix("/api#").unwrap())
}

#[test]
fn each_problem_says_what_mends_it() {
    let world = World::new();
    let (_, page, fingerprint) = blocked(&world);
    let api = Api::of(&world);
    let at = format!("{page}/waivers");
    let waiver = json!({"fingerprint": fingerprint, "why": "x", "days": 1}).to_string();
    let with = |name: &'static str, value: &'static str| vec![(name, value)];
    let large = format!("{{\"why\": \"{}\"}}", "x".repeat(70_000));
    let long = "k".repeat(201);
    let cases: Vec<(&str, &str, Vec<(&str, &str)>, &str, u16, &str)> = vec![
        ("GET", "/candidates?limit=0", vec![], "", 400, "malformed"),
        ("GET", "/candidates?limit=201", vec![], "", 400, "malformed"),
        ("GET", "/candidates?limit=x", vec![], "", 400, "malformed"),
        ("GET", "/candidates?cursor=x", vec![], "", 400, "malformed"),
        ("GET", "/candidates?head=xyz", vec![], "", 400, "malformed"),
        ("GET", "/candidates?head=", vec![], "", 400, "malformed"),
        ("GET", "/candidates?service=", vec![], "", 400, "malformed"),
        ("GET", "/candidates?colour=red", vec![], "", 400, "malformed"),
        ("GET", "/candidates/x", vec![], "", 404, "not-found"),
        ("GET", "/candidates/999/check", vec![], "", 404, "not-found"),
        ("GET", "/services/none", vec![], "", 404, "not-found"),
        ("GET", "/services/none/waivers", vec![], "", 404, "not-found"),
        ("GET", "/nowhere", vec![], "", 404, "not-found"),
        ("PUT", "/candidates", vec![], "", 405, "method-not-allowed"),
        ("POST", &at, vec![], "", 400, "malformed"),
        ("POST", &at, vec![], "{", 400, "malformed"),
        ("POST", &at, vec![], "{\"why\": \"x\", \"fingerprint\": \"x\"}", 400, "malformed"),
        ("POST", &at, with("Content-Type", "text/plain"), &waiver, 415, "not-json"),
        ("POST", &at, vec![], &large, 413, "too-large"),
        ("POST", &at, vec![("Idempotency-Key", &long)], &waiver, 400, "malformed"),
        ("POST", &at, vec![], "{\"why\": \" \", \"fingerprint\": \"x\", \"days\": 1}", 409, "conflict"),
        (
            "POST",
            "/people",
            vec![],
            "{\"name\": \"a b\", \"password\": \"correct horse b\", \"role\": \"viewer\"}",
            422,
            "wrong",
        ),
        ("POST", "/people", vec![], "{\"name\": \"a\", \"password\": \"x\", \"role\": \"king\"}", 400, "malformed"),
    ];
    for (method, path, headers, body, status, word) in &cases {
        let answered = api.send(method, path, headers, body);
        assert_eq!(kind(&answered), (*status, *word), "{method} {path} {body}: {}", answered.body);
    }
    assert!(api.send("PUT", "/candidates", &[], "").header("allow").contains("GET"));
    let long = json!({"fingerprint": fingerprint, "why": "x", "days": 91});
    let answered = api.post(&at, &long);
    assert_eq!(
        (kind(&answered).0, answered.body["detail"].as_str()),
        (422, Some("story-key-missing may be waived for 90 days at most"))
    );
}

#[test]
fn who_comes_without_a_token_that_counts_sees_and_does_nothing() {
    let world = World::new();
    let (_, page, _) = blocked(&world);
    for given in ["", "Bearer", "Bearer ", "Bearer gonogo_", "Bearer x", "Basic YWRhOng=", "Bearer gonogo_\u{e9}"] {
        let header = [("Authorization", given)];
        for (method, path) in [("GET", "/candidates"), ("POST", "/people"), ("GET", &format!("{page}/check"))] {
            let (status, answer) = world.send(method, &format!("/api/v1{path}"), &header, "");
            assert_eq!(status, 401, "{given:?} {path}: {answer}");
            assert!(answer.contains("/api#no-token") && !answer.contains("tidy up"), "{answer}");
        }
    }
    // A session of the pages is no token.
    assert_eq!(world.get("/api/v1/services").0, 401);
}

#[test]
fn a_token_does_what_its_scopes_are_for() {
    let world = World::new();
    let (_, page, fingerprint) = blocked(&world);
    let waiver = json!({"fingerprint": fingerprint, "why": "x", "days": 1});
    let person = json!({"name": "eve", "password": "correct horse battery", "role": "viewer"});
    for (scope, reads, judges, waives, adds) in
        [("admin", 403, 403, 403, 201), ("read", 200, 403, 403, 403), ("waive", 403, 202, 201, 403)]
    {
        let api = Api::with(&world, &[scope]);
        let did = [
            api.send("GET", "/candidates", &[], "").status,
            api.post(&format!("{page}/checks"), &Value::Null).status,
            api.post(&format!("{page}/waivers"), &waiver).status,
            api.post("/people", &person).status,
        ];
        assert_eq!(did, [reads, judges, waives, adds], "{scope}");
    }
    let refused = Api::with(&world, &["read"]).post("/people", &person);
    assert_eq!(refused.body["detail"], "to add people a token needs the scope admin: make one that has it");
}

#[test]
fn every_address_that_tells_something_wants_the_scope() {
    let world = World::new();
    blocked(&world);
    let api = Api::with(&world, &["waive"]);
    let (_, text) = world.send("GET", "/api/v1/openapi.json", &[], "");
    let document: Value = serde_json::from_str(text.split_once("\r\n\r\n").unwrap().1).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let reads: Vec<&String> = paths.iter().filter(|(_, does)| does["get"].is_object()).map(|(path, _)| path).collect();
    assert!(reads.len() > 10, "{reads:?}");
    for path in reads {
        let at = path.replace("{service}", "web").replace("{candidate}", "1").replace("{evaluation}", "1");
        assert_eq!(api.send("GET", &at, &[], "").status, 403, "{path}");
    }
}

#[test]
fn a_token_that_asks_too_often_waits_and_others_do_not() {
    let mut world = World::stopped().asked_a_minute(3);
    world.start();
    let (wild, calm) = (Api::of(&world), Api::of(&world));
    // A minute may begin meanwhile, and then another three are free.
    let refused = (0..9).map(|_| wild.send("GET", "/services", &[], "")).find(|answered| answered.status == 429);
    let refused = refused.expect("more than three in a minute, twice");
    assert_eq!(kind(&refused), (429, "too-often"));
    let seconds: u32 = refused.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds));
    assert_eq!(calm.send("GET", "/services", &[], "").status, 200);
}
