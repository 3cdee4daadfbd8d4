//! What is told, how it is signed, and what may become of it.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use gonogo_world::Repo;
use gonogo_world::github::RawDelivery;
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{ask, get_json, github, json_of, jwt, web};
use super::receiver::Receiver;
use crate::client::rigs;

const SECRET: &str = "it is a secret";

/// A hook for these events alone, without its ping.
fn hooked(team: gonogo_world::github::Repository<'_>, receiver: &Receiver, events: &[&str]) {
    team.hooked_to_for(receiver.url(), SECRET, events);
}

#[test]
fn a_hook_is_greeted_and_all_is_signed() {
    let (github, repo) = github();
    let receiver = Receiver::start();
    web(&github).hooked_to(receiver.url(), SECRET);
    repo.commit("fourth");
    web(&github).pushes("main", &repo);
    let sent = github.hooks().settle();
    assert_eq!(receiver.events(), ["ping", "push"]);
    for (arrived, sent) in receiver.all().iter().zip(&sent) {
        assert!(arrived.is_signed_with(SECRET));
        assert!(arrived.header("User-Agent").starts_with("GitHub-Hookshot/"));
        assert_eq!(arrived.header("Content-Type"), "application/json");
        assert_eq!(arrived.header("X-GitHub-Delivery"), sent.guid);
        assert_eq!((sent.status, sent.response.as_deref()), (Some(202), Some("there")));
    }
}

#[test]
fn pushes_of_each_kind_look_as_on_github() {
    let (github, repo) = github();
    let receiver = Receiver::start();
    hooked(web(&github), &receiver, &["push", "create", "delete"]);
    let zeros = "0".repeat(40);
    let before = repo.head();

    repo.branch("topic").checkout("topic");
    let topic = repo.commit("on a branch");
    web(&github).pushes("topic", &repo);
    repo.checkout("main").tag("v1.0.0");
    web(&github).pushes_tag("v1.0.0", &repo);
    web(&github).pushes_at("main", &repo, "main~1");
    web(&github).deletes_branch("topic").deletes_tag("v1.0.0");
    github.hooks().settle();

    let pushes: Vec<Value> = receiver.of("push").iter().map(super::receiver::Arrived::json).collect();
    let brief = |push: &Value| {
        let text = |name: &str| push[name].as_str().unwrap().to_owned();
        let flag = |name: &str| push[name].as_bool().unwrap();
        (text("ref"), text("before"), text("after"), flag("created"), flag("deleted"), flag("forced"))
    };
    let back = repo.rev("main~1");
    assert_eq!(
        pushes.iter().map(brief).collect::<Vec<_>>(),
        [
            ("refs/heads/topic".into(), zeros.clone(), topic.clone(), true, false, false),
            ("refs/tags/v1.0.0".into(), zeros.clone(), before.clone(), true, false, false),
            ("refs/heads/main".into(), before.clone(), back, false, false, true),
            ("refs/heads/topic".into(), topic, zeros.clone(), false, true, false),
            ("refs/tags/v1.0.0".into(), before, zeros, false, true, false),
        ]
    );
    assert_eq!(pushes[0]["commits"].as_array().unwrap().len(), 1);
    assert_eq!(pushes[0]["commits"][0]["message"], "on a branch");
    assert_eq!(pushes[3]["head_commit"], Value::Null);
    assert!(pushes[0]["repository"]["pushed_at"].is_i64(), "a number, in pushes alone");
    assert_eq!(receiver.of("create").len(), 2);
    assert_eq!(receiver.of("delete")[0].json()["ref_type"], "branch");
}

#[test]
fn everything_that_happens_is_told_with_the_parts_of_githubs_examples() {
    let (github, repo) = github();
    let receiver = Receiver::start();
    let builds = github.app("builds");
    builds.hooked_to(receiver.url(), SECRET).installed_on("acme");
    let team = web(&github);
    repo.branch("topic").checkout("topic");
    repo.commit("first");
    team.pushes("topic", &repo);
    let pull = team.opens_pull_request("Charge in euros", "topic", "main");
    pull.edits_title("Charge in euros and francs");
    let head = repo.commit("second");
    team.pushes("topic", &repo);
    team.posts_status(&head, "assets", "success", "pushed");
    team.posts_check_run(builds, &head, "clean-build", "success");
    pull.enters_merge_queue();
    pull.squashes();
    team.renamed_to("acme/site");
    github.hooks().settle();

    let told: Vec<String> = receiver
        .all()
        .iter()
        .map(|arrived| {
            let json = arrived.json();
            match json["action"].as_str() {
                Some(action) => format!("{} {action}", arrived.event()),
                None => arrived.event().to_owned(),
            }
        })
        .collect();
    for wanted in [
        "installation created",
        "push",
        "create",
        "check_suite requested",
        "pull_request opened",
        "pull_request edited",
        "pull_request synchronize",
        "status",
        "check_run created",
        "check_run completed",
        "check_suite completed",
        "merge_group checks_requested",
        "pull_request closed",
        "repository renamed",
    ] {
        assert!(told.iter().any(|told| told == wanted), "{wanted} among {told:?}");
    }
    let events = examples();
    for arrived in receiver.all() {
        assert_eq!(missing_from(&events, arrived.event(), &arrived.json()), [""; 0], "{}", arrived.event());
    }
    let of = |event: &str| receiver.of(event).last().unwrap().json();
    assert_eq!(of("pull_request")["pull_request"]["merged"], true);
    assert_eq!(of("pull_request")["pull_request"]["title"], "Charge in euros and francs");
    assert_eq!(of("repository")["changes"]["repository"]["name"]["from"], "web");
    assert_eq!(of("merge_group")["merge_group"]["base_ref"], "refs/heads/main");
    assert!(receiver.of("push").iter().all(|push| push.json()["installation"]["id"].is_u64()));
    assert!(receiver.all().iter().all(|arrived| arrived.is_signed_with(SECRET)));
}

/// GitHub's examples, by event.
fn examples() -> Vec<Value> {
    let path = rigs().join("node_modules/@octokit/webhooks-examples/api.github.com/index.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// What every example of GitHub's for this event and action has, and the
/// payload has not: names, two levels deep.
fn missing_from(events: &[Value], event: &str, payload: &Value) -> Vec<String> {
    let known = events.iter().find(|known| known["name"] == event).unwrap();
    let examples = known["examples"].as_array().unwrap().iter();
    let examples: Vec<&Value> = examples.filter(|example| example["action"] == payload["action"]).collect();
    let Some(first) = examples.first() else {
        return Vec::new();
    };
    let in_all = |path: &str| examples.iter().all(|example| example.pointer(path).is_some());
    let mut paths = Vec::new();
    for (name, value) in first.as_object().unwrap() {
        paths.push(format!("/{name}"));
        let parts = value.as_object().into_iter().flat_map(serde_json::Map::keys);
        paths.extend(parts.map(|part| format!("/{name}/{part}")));
    }
    // In older examples alone, and of a person instead of an organisation.
    let is_old = |path: &String| path.starts_with("/sender/") || path.starts_with("/pusher/");
    paths.retain(|path| in_all(path) && !is_old(path) && payload.pointer(path).is_none());
    // A part of what is null is not missing.
    paths.retain(|path| {
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        parent.is_empty() || payload.pointer(parent).is_none_or(|parent| !parent.is_null())
    });
    paths
}

#[test]
fn deliveries_are_lost_doubled_forged_cut_and_blown_up() {
    let (github, repo) = github();
    let receiver = Receiver::start();
    hooked(web(&github), &receiver, &["push"]);
    github.hooks().settle();
    let push = || {
        repo.commit("more");
        web(&github).pushes("main", &repo);
        github.hooks().settle();
        receiver.of("push")
    };
    github.hooks().of("push").lose(1);
    assert_eq!(push().len(), 0);
    let lost = github.hooks().of("push").deliveries().pop().unwrap();
    assert_eq!((lost.status, lost.error.as_deref()), (None, Some("failed to connect to host")));

    github.hooks().forget(1);
    assert_eq!(push().len(), 0);
    assert_eq!(github.hooks().of("push").deliveries().len(), 1);

    github.hooks().double(1);
    let twice = push();
    assert_eq!(twice.len(), 2);
    assert_eq!(twice[0].header("X-GitHub-Delivery"), twice[1].header("X-GitHub-Delivery"));

    github.hooks().forge(1);
    assert!(!push().pop().unwrap().is_signed_with(SECRET));

    github.hooks().truncate(1);
    push();
    // The sender knows of its end before the receiver does.
    assert!(!receiver.nth("push", 4).is_whole);

    github.hooks().inflate(1, 5_000_000);
    let huge = push().pop().unwrap();
    assert!(huge.body.len() >= 5_000_000 && huge.is_signed_with(SECRET));
    assert_eq!(huge.json()["ref"], "refs/heads/main");

    github.hooks().replace(b"\xff\xfe no JSON");
    let odd = push().pop().unwrap();
    assert!(odd.body.starts_with(b"\xff\xfe") && odd.is_signed_with(SECRET));

    assert!(push().pop().unwrap().is_signed_with(SECRET), "all is well again");
    let again = github.hooks().redeliver(lost.id);
    github.hooks().settle();
    let came = receiver.of("push").pop().unwrap();
    assert_eq!(came.header("X-GitHub-Delivery"), lost.guid);
    assert_ne!(again, lost.id);
}

#[test]
fn a_delivery_sent_by_hand_is_githubs_own_to_the_byte() {
    let (github, repo) = github();
    let receiver = Receiver::start();
    hooked(web(&github), &receiver, &["push"]);
    github.hooks().settle();
    github.hooks().hold();
    repo.commit("fourth");
    web(&github).pushes("main", &repo);
    let held = &github.hooks().of("push").deliveries()[0];
    assert_eq!(RawDelivery::of(held).send(receiver.url()), (202, "there".to_owned()));
    github.hooks().release().settle();
    let came = receiver.of("push");
    let (by_hand, by_github) = (&came[0], &came[1]);
    assert_eq!(by_hand.body, by_github.body);
    for name in ["X-GitHub-Event", "X-GitHub-Delivery", "X-Hub-Signature-256", "Content-Type", "User-Agent"] {
        assert_eq!(by_hand.header(name), by_github.header(name), "{name}");
    }
    let again = RawDelivery::signed("push", "again", by_github.body.clone(), SECRET);
    assert_eq!(again.signature, RawDelivery::of(held).signature);

    web(&github).unhooked();
    repo.commit("fifth");
    web(&github).pushes("main", &repo);
    github.hooks().settle();
    assert_eq!(receiver.of("push").len(), 2);
}

#[test]
fn deliveries_come_late_and_in_another_order() {
    let (github, repo) = github();
    let receiver = Receiver::start();
    hooked(web(&github), &receiver, &["push", "status"]);
    github.hooks().settle();
    github.hooks().of("push").delay(1, Duration::from_millis(300));
    let head = repo.commit("fourth");
    web(&github).pushes("main", &repo);
    web(&github).posts_status(&head, "build", "success", "");
    github.hooks().settle();
    assert_eq!(receiver.events(), ["ping", "status", "push"]);

    github.hooks().hold();
    for state in ["pending", "success", "failure"] {
        web(&github).posts_status(&head, "build", state, "");
    }
    github.hooks().settle();
    assert_eq!(receiver.all().len(), 3, "they are kept back");
    github.hooks().release_in_reverse().settle();
    let states: Vec<Value> = receiver.of("status").iter().map(|status| status.json()["state"].clone()).collect();
    assert_eq!(states, ["success", "failure", "success", "pending"]);
}

#[test]
fn a_receiver_has_its_time_and_nothing_is_tried_again() {
    let (github, repo) = github();
    github.hooks().patience(Duration::from_millis(200));
    let slow = Receiver::answering("200 OK", Duration::from_secs(30));
    hooked(web(&github), &slow, &["push"]);
    let broken = Receiver::answering("500 Internal Server Error", Duration::ZERO);
    hooked(web(&github), &broken, &["push"]);
    github.hooks().settle();
    repo.commit("fourth");
    web(&github).pushes("main", &repo);
    let sent = github.hooks().of("push").settle();
    assert_eq!(sent.iter().map(|sent| sent.status).collect::<Vec<_>>(), [None, Some(500)]);
    assert_eq!(sent[0].error.as_deref(), Some("timed out"));
    assert_eq!(broken.of("push").len(), 1);
}

#[test]
fn the_list_of_deliveries_finds_what_was_lost() {
    let (github, repo) = github();
    let receiver = Receiver::start();
    let app = github.app("gonogo").hooked_to(receiver.url(), SECRET);
    app.installed_on("acme");
    github.hooks().of("push").lose(1);
    for message in ["fourth", "fifth", "sixth"] {
        repo.commit(message);
        web(&github).pushes("main", &repo);
    }
    github.hooks().settle();
    let token = jwt(app.id(), -60, 300);
    let list = |path: &str| {
        let response = ask(&github, Method::GET, &format!("/app/hook/deliveries{path}"), &token, None);
        let next = response.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
        (json_of(response, 200), next)
    };
    let (failed, _) = list("?status=failure");
    assert_eq!(failed.as_array().unwrap().len(), 1);
    assert_eq!(failed[0]["event"], "push");
    let (page, next) = list("?per_page=2");
    assert_eq!(page.as_array().unwrap().len(), 2);
    let next = next.unwrap();
    let cursor = next.split("cursor=").nth(1).unwrap().split('>').next().unwrap().to_owned();
    let (rest, _) = list(&format!("?per_page=2&cursor={cursor}"));
    assert!(rest[0]["id"].as_u64() < page[1]["id"].as_u64());

    let id = &failed[0]["id"];
    json_of(ask(&github, Method::POST, &format!("/app/hook/deliveries/{id}/attempts"), &token, None), 202);
    github.hooks().settle();
    let guid = failed[0]["guid"].as_str().unwrap();
    assert!(receiver.of("push").iter().any(|push| push.header("X-GitHub-Delivery") == guid));
    github.passes(Duration::from_hours(96));
    let token = jwt(app.id(), 4 * 24 * 3600 - 60, 4 * 24 * 3600 + 300);
    let response = ask(&github, Method::GET, "/app/hook/deliveries", &token, None);
    assert_eq!(json_of(response, 200), json!([]), "they are remembered for three days");
}

#[test]
fn while_it_is_down_nothing_is_told() {
    let (github, repo) = github();
    let receiver = Receiver::start();
    hooked(web(&github), &receiver, &["push"]);
    github.goes_down();
    repo.commit("fourth");
    let head = web(&github).pushes("main", &repo);
    github.comes_back();
    github.hooks().settle();
    assert_eq!(receiver.events(), ["ping"]);
    assert_eq!(get_json(&github, "/repos/acme/web/branches/main")["commit"]["sha"], head);
}

#[test]
fn a_push_of_thousands_of_commits_is_told_within_a_moment() {
    let (github, _) = github();
    let repo = Repo::new();
    repo.commit("first");
    let team = github.repository("acme/large").made_from(&repo);
    let receiver = Receiver::start();
    hooked(team, &receiver, &["push"]);
    let mut stream = String::new();
    for number in 1..=2_100 {
        let parent = if number == 1 { "from refs/heads/main^0\n" } else { "" };
        let at = 1_704_200_000 + number;
        let commit = "commit refs/heads/main\ncommitter R <r@example.com>";
        writeln!(stream, "{commit} {at} +0000\ndata 4\nmore\n{parent}").unwrap();
    }
    repo.import(stream.as_bytes());
    let begin = Instant::now();
    team.pushes("main", &repo);
    github.hooks().settle();
    let push = receiver.of("push")[0].json();
    assert_eq!(push["commits"].as_array().unwrap().len(), 2048, "GitHub tells no more");
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
}
