use super::client::Api;
use crate::people::blocked;
use crate::support::{PASSWORD, World};
use serde_json::{Value, json};

#[test]
fn a_waiver_that_comes_twice_under_one_key_is_given_once() {
    let world = World::new();
    let (sha, page, fingerprint) = blocked(&world);
    let api = Api::of(&world);
    let (at, waiver) = (format!("{page}/waivers"), json!({"fingerprint": fingerprint, "why": "agreed", "days": 3}));
    let first = api.post_once("deploy-17", &at, &waiver);
    assert_eq!(first.status, 201, "{}", first.body);
    let again = api.post_once("deploy-17", &at, &waiver);
    assert_eq!((again.status, &again.body), (201, &first.body));
    let other = api.post_once("deploy-17", &at, &json!({"fingerprint": fingerprint, "why": "other", "days": 3}));
    assert_eq!((other.status, &other.body["type"]), (422, &"/api#key-used".into()));
    world.status_of(&sha).is_success("Go, 1 waived");
    let waivers = api.get("/services/web/waivers");
    let rows = waivers["items"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]["id"], &rows[0]["by"]), (1, &first.body["id"], &"ada".into()));
    assert_eq!(api.deeds().iter().filter(|did| *did == "waived").count(), 1);
    let audit = api.get("/audit");
    assert!(audit["items"][0]["detail"].as_str().unwrap().ends_with("agreed (by the token ci)"), "{audit}");

    let back = format!("/services/web/waivers/{}", first.body["id"]);
    let take = |key: &str| api.send("DELETE", &back, &[("Idempotency-Key", key)], "").status;
    assert_eq!([take("a"), take("a"), take("b")], [204, 204, 409], "it is taken back once");
    world.status_of(&sha).is_failure(&format!("No-Go: {} \"tidy up\" names no story", &sha[..7]));
    assert!(api.get("/services/web/waivers")["items"].as_array().unwrap().is_empty());
}

#[test]
fn of_many_at_once_under_one_key_one_is_done() {
    let world = World::new();
    let api = Api::of(&world);
    let eve = json!({"name": "eve", "password": PASSWORD, "role": "viewer"});
    let answers: Vec<(u16, Value)> = std::thread::scope(|scope| {
        let ask = || {
            let answered = api.post_once("k", "/people", &eve);
            (answered.status, answered.body)
        };
        let asked: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        asked.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|one| *one == answers[0] && one.0 == 201), "{answers:?}");
    assert_eq!(api.post("/people", &eve).status, 409, "without the key it is another request");
    assert_eq!(api.deeds().iter().filter(|did| *did == "added a person").count(), 1);
}

#[test]
fn a_candidate_is_judged_again_when_a_program_says_so() {
    let world = World::new();
    let (_, page, _) = blocked(&world);
    let api = Api::with(&world, &["read", "waive"]);
    let asked = api.post(&format!("{page}/checks"), &Value::Null);
    assert_eq!((asked.status, asked.body), (202, Value::Null));
    assert_eq!(api.deeds()[0], "asked to check again");
    assert_eq!(api.post("/candidates/999/checks", &Value::Null).status, 404);
}

#[test]
fn a_deploy_tool_says_what_runs() {
    let mut world = World::stopped();
    world.policy("");
    let text = "stories.projects = ['STORY']\nproduction.told = true\n";
    world.repo.commit_files("no-jira told", &[("gonogo.toml", text)]);
    let first = world.repo.rev("main");
    world.web().made_from(&world.repo);
    world.start();
    let api = Api::with(&world, &["read", "production"]);
    let say = |running: &Value| api.post_once("d-1", "/services/web/production", &json!({ "running": running }));
    let said = world.wait(
        || Some(say(&json!([first]))).filter(|answered| answered.status != 409),
        || "the repository is looked at".to_owned(),
    );
    assert_eq!((said.status, say(&json!([first])).status), (202, 202));
    assert_eq!(say(&json!(["abcdef7"])).status, 422, "another one under the same key");
    world.wait(
        || (api.get("/services/web")["running"] == json!([first])).then_some(()),
        || api.get("/services/web").to_string(),
    );
    assert_eq!(api.get("/services/web")["running_unknown"], Value::Null);
    assert_eq!(api.post("/services/web/production", &json!({"running": ["f".repeat(40)]})).status, 202);
    let service = || api.get("/services/web");
    let unknown = || service()["running_unknown"].as_str().map(str::to_owned);
    assert!(world.wait(unknown, || service().to_string()).contains("fffffff"));
    assert_eq!(api.post("/services/web/production", &json!({"running": [first]})).status, 202);
    world.wait(|| unknown().is_none().then_some(()), || service().to_string());
    assert_eq!(api.deeds().iter().filter(|did| *did == "said what runs").count(), 3);
    let no = |path: &str, body: &Value| api.post(path, body).status;
    assert_eq!(no("/services/none/production", &json!({"running": [first]})), 404);
    assert_eq!(no("/services/web/production", &json!({"running": ["main"]})), 422);
    let read = Api::with(&world, &["read"]).post("/services/web/production", &json!({"running": [first]}));
    assert_eq!(read.status, 403);
}

#[test]
fn a_delivery_is_read_once_more_by_an_admin() {
    let mut world = World::new();
    blocked(&world);
    let list = Api::of(&world).get("/deliveries");
    let push = list["items"].as_array().unwrap().iter().find(|one| one["event"] == "push").unwrap();
    let at = format!("/deliveries/{}/runs", push["id"]);
    assert_eq!(push["outcome"], "refs/heads/main of acme/web: looks at web");
    assert_eq!(world.submit("/deliveries", &at, &[]).0, 303);
    let api = Api::of(&world);
    assert_eq!(api.post(&at, &Value::Null).status, 202);
    assert_eq!(api.deeds()[..3], ["ran a delivery again", "made a token", "ran a delivery again"]);
    assert_eq!(api.post("/deliveries/9999/runs", &Value::Null).status, 404);
    assert_eq!(api.post("/dead-work/9999/runs", &Value::Null).status, 404);
    assert!(api.get("/dead-work")["items"].as_array().unwrap().is_empty());
    let fields = [("name", "dan"), ("password", PASSWORD), ("role", "developer")];
    assert_eq!(world.submit("/people", "/people", &fields).0, 303);
    let word = world.form_word("/deliveries");
    world.signs_in("dan", PASSWORD);
    assert!(!world.get("/deliveries").1.contains("Run again"));
    assert_eq!(world.post(&at, &[("form", &word)]).0, 403, "the form is of another session");
}
