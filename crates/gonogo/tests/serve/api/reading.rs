use super::client::Api;
use crate::people::blocked;
use crate::support::{World, path_of};
use serde_json::Value;

#[test]
fn a_candidate_is_read_with_all_that_is_known_of_it() {
    let world = World::new();
    let (sha, page, fingerprint) = blocked(&world);
    let api = Api::with(&world, &["read"]);
    let list = api.get(&format!("/candidates?service=web&branch=main&head={}&open=true", &sha[..7]));
    let candidate = &list["items"][0];
    assert_eq!((&list["next"], candidate["head"].as_str()), (&Value::Null, Some(sha.as_str())));
    assert_eq!(candidate["page"], format!("https://gonogo.example.com{page}"));
    assert_eq!((&candidate["judged"]["verdict"], &candidate["judged"]["exit_code"]), (&"no-go".into(), &1.into()));
    assert_eq!(candidate["production"], serde_json::json!([world.repo.rev("production")]));
    let at = format!("/candidates/{}", candidate["id"]);
    assert_eq!(&api.get(&at), candidate);
    let check = api.get(&format!("{at}/check"));
    assert_eq!((&check["schema"], &check["head"]["sha"]), (&"gonogo.check/1".into(), &sha.as_str().into()));
    assert_eq!(check["findings"][0]["fingerprint"], fingerprint);
    assert_eq!(api.get(&format!("{at}/findings"))["items"], check["findings"]);
    assert_eq!(api.get(&format!("{at}/commits"))["items"], check["commits"]);
    assert_eq!(api.get(&format!("{at}/stories"))["items"], check["stories"]);
    let facts = api.get(&format!("{at}/facts"));
    assert!(facts["items"].as_array().unwrap().iter().any(|fact| fact["source"] == "git"), "{facts}");
    let evaluations = api.get(&format!("{at}/evaluations"));
    assert_eq!(evaluations["items"][0], candidate["judged"]);
    assert_eq!(api.get(&format!("{at}/evaluations/{}/check", candidate["judged"]["id"])), check);
    assert_eq!(api.get("/candidates?open=false")["items"].as_array().unwrap().len(), 1, "the first head");
    let compared = api.get(&format!("/services/web/comparison?from=production&to={sha}"));
    assert_eq!((&compared["verdict"], &compared["commits"]), (&check["verdict"], &check["commits"]));
    assert_eq!(api.send("GET", "/services/web/comparison?from=production&to=nowhere", &[], "").status, 404);
    let service = api.get("/services/web");
    assert_eq!((&service["repository"], &service["trouble"]), (&"acme/web".into(), &Value::Null));
    assert_eq!(api.get("/services")["items"][0], service);
    assert_eq!(api.get("/people")["items"][0]["role"], "admin");
}

#[test]
fn the_parts_of_a_list_are_of_one_evaluation() {
    let world = World::new();
    for n in 1..=5 {
        world.repo.commit(&format!("STORY-{n} x"));
    }
    let sha = world.push("main");
    let page = path_of(&world.status_of(&sha).is_success("Go"));
    let api = Api::of(&world);
    let at = format!("{page}/commits");
    let subjects = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|commit| commit["subject"].as_str().unwrap().to_owned()).collect()
    };
    let first = api.get(&format!("{at}?limit=2"));
    let second = api.get(&format!("{at}?limit=2&cursor={}", first["next"].as_str().unwrap()));
    let third = api.get(&format!("{at}?limit=2&cursor={}", second["next"].as_str().unwrap()));
    assert_eq!(third["next"], Value::Null);
    let all = [subjects(&first), subjects(&second), subjects(&third)].concat();
    assert_eq!(all, [5, 4, 3, 2, 1].map(|n| format!("STORY-{n} x")));
    let elsewhere = api.send("GET", &format!("{at}?cursor=999-0"), &[], "");
    assert_eq!(elsewhere.status, 404, "another candidate's evaluation");
    let deliveries = api.get("/deliveries?limit=1");
    let before = api.get(&format!("/deliveries?cursor={}", deliveries["next"].as_str().unwrap()));
    assert!(before["items"].as_array().unwrap().iter().all(|one| one["id"] != deliveries["items"][0]["id"]));
}

#[test]
fn who_has_an_answer_already_is_told_so() {
    let world = World::new();
    let (_, page, _) = blocked(&world);
    let api = Api::of(&world);
    let at = format!("{page}/check");
    let first = api.send("GET", &at, &[], "");
    let tag = first.header("etag").to_owned();
    let again = api.send("GET", &at, &[("If-None-Match", &tag)], "");
    assert_eq!((again.status, again.body), (304, Value::Null));
    assert_eq!(api.send("GET", &at, &[("If-None-Match", "\"x\"")], "").status, 200);
}
