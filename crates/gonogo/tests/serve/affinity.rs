//! Deploys in batches behind a real HAProxy, with sessions that go on all the while: what
//! they meet, and what is left of it at the balancer.

use crate::api::Api;
use crate::deploys::Deploying;
use crate::haproxy::Haproxy;
use crate::load::Load;
use crate::sites::{Site, Way, candidate_over};
use crate::support::World;
use serde_json::json;
use std::time::{Duration, Instant};

/// Three hosts, one after the other, and this of affinity.
fn deploying(site: &Site, world: World, affinity: &str, way: &Way) -> Deploying {
    let keys = format!("[local_runner]\nssh_config = '{}'\n", site.hosts.config().display());
    Deploying::with_keys(world, &keys, &[], &site.policy(affinity, way))
}

fn site(map: &str) -> (Site, World) {
    let world = World::stopped();
    (Site::serving(3, &world.repo.rev("production"), map), world)
}

/// With this at the balancer before, and so long after.
fn with_affinity(site: &Site, world: World, seconds: u32, way: &Way) -> Deploying {
    deploying(site, world, &site.affinity(seconds), way)
}

fn is_on(haproxy: &Haproxy) -> bool {
    haproxy.entries().contains(&"web on".to_owned())
}

#[track_caller]
fn until_it_ends_soon(on: &Deploying, haproxy: &Haproxy) -> String {
    let ends = || haproxy.entries().into_iter().find(|entry| entry.contains(" until="));
    on.world.wait(ends, || format!("{:?}{}", haproxy.entries(), on.world.log()))
}

#[test]
fn no_session_meets_an_older_version_after_a_newer_one_and_no_request_fails() {
    let (site, world) = site("web off\n");
    let on = with_affinity(&site, world, 1, &Way::default());
    let mut versions = vec![site.first.clone()];
    let load = Load::begins(site.haproxy.port);
    // More of them by hand, such as ten.
    let deploys = std::env::var("GONOGO_TEST_DEPLOYS").map_or(3, |number| number.parse().unwrap());
    for at in 1..=deploys {
        let (sha, candidate) = on.is_go_with(&format!("STORY-{at} x"));
        let deploy = on.presses_deploy(&candidate);
        let page = on.says(&deploy, "✓ Deployed");
        assert!(page.contains("12 requests with its cookie stayed at one server"), "{page}");
        assert_eq!(site.haproxy.entries(), ["web off"]);
        on.says("/services/web", &format!("<code title=\"{sha}\">"));
        versions.push(sha);
    }
    let met = load.ends();
    assert_eq!(met.failed, Vec::<String>::new());
    assert_eq!(met.went_back(&versions), Vec::<String>::new());
    assert!(met.newest(&versions) == deploys && met.moved(&versions) > 20, "sessions were there before and after");
    println!("{} requests, {:.0} a second, {} sessions", met.requests, met.per_second(), met.sessions());
}

#[test]
fn without_affinity_sessions_do_meet_an_older_version_again() {
    let (site, world) = site("web off\n");
    let on = deploying(&site, world, "", &Way::default());
    let load = Load::begins(site.haproxy.port);
    let (sha, candidate) = on.is_go_with("STORY-1 x");
    let deploy = on.presses_deploy(&candidate);
    on.says(&deploy, "✓ Deployed");
    let met = load.ends();
    assert_eq!(met.failed, Vec::<String>::new());
    assert!(met.went_back(&[site.first.clone(), sha]).len() > 20, "so that the test above can fail");
}

#[test]
fn a_halt_keeps_it_and_what_is_killed_between_on_and_off_goes_on_from_there() {
    let (site, world) = site("web only on mondays\n");
    let before = site.haproxy.entries();
    let mut on = with_affinity(&site, world, 3, &Way { waits_on: Some("web-2"), ..Way::default() });
    let (_, candidate) = on.is_go_with("STORY-1 x");
    let id: i64 = candidate.rsplit('/').next().unwrap().parse().unwrap();
    let api = Api::with(&on.world, &["read", "deploy"]);
    let plan = api.get(&format!("/candidates/{id}/dry-run"));
    let names: Vec<&str> =
        plan["steps"].as_array().unwrap().iter().map(|step| step["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["affinity-on", "ship", "affinity-off"], "{plan}");
    let (said, code) = on.world.asks(&api.token, &["deploy", "web", "main", "--dry-run"]);
    assert!(code == Some(0) && said.contains("gonogo balancer affinity-on --haproxy="), "{code:?} {said}");
    assert_eq!(site.haproxy.entries(), before, "nothing is done by asking");

    let deploy = on.presses_deploy(&candidate);
    site.wait_for("begun-web-2", || on.world.log());
    assert!(is_on(&site.haproxy));
    on.kills_runner();
    on.world.kill();
    assert!(is_on(&site.haproxy));
    on.world.start();
    on.says(&deploy, "runs on web-2; 1 of 3 hosts are done");
    assert_eq!(on.world.submit(&deploy, &format!("{deploy}/signals/halt"), &[]).0, 303);
    site.lets_go();
    on.says(&deploy, "ada halted it; session affinity is on");
    assert!(is_on(&site.haproxy));
    assert_eq!(on.world.submit(&deploy, &format!("{deploy}/signals/resume"), &[]).0, 303);

    until_it_ends_soon(&on, &site.haproxy);
    let begun = Instant::now();
    on.kills_runner();
    on.world.kill();
    on.world.start();
    on.says(&deploy, "✓ Deployed");
    assert!(begun.elapsed() > Duration::from_millis(2_500), "the time went on without anybody");
    assert_eq!(site.haproxy.entries(), before);
    let api = Api::with(&on.world, &["read"]);
    let told = api.get("/services/web/deploys")["items"][0].clone();
    let keys: Vec<&str> = told["steps"].as_array().unwrap().iter().map(|step| step["key"].as_str().unwrap()).collect();
    assert_eq!(keys.iter().filter(|key| key.starts_with("step-3-")).count(), 1, "{keys:?}");
    assert_eq!(told["said"], json!(""), "{told}");
}

#[test]
fn where_two_versions_go_on_serving_it_stays_and_the_next_good_deploy_puts_it_back() {
    let (site, world) = site("");
    let on = with_affinity(&site, world, 0, &Way { fails_once_on: Some("web-2"), ..Way::default() });
    let (_, candidate) = on.is_go_with("STORY-1 x");
    let deploy = on.presses_deploy(&candidate);
    on.says(&deploy, "1 of 3 hosts are done, 1 failed; session affinity is on");
    let path = format!("{deploy}/steps/step-2-on-2-run-1/abandon");
    assert_eq!(on.world.submit(&deploy, &path, &[]).0, 303);
    let page = on.says(&deploy, "✗ Ended as it was");
    assert!(page.contains("session affinity stays on until a deploy ends with one version"), "{page}");
    let kept = site.haproxy.entries();
    assert!(is_on(&site.haproxy) && kept[0].ends_with(" absent"), "{kept:?}");

    let (sha, candidate) = on.is_go_with("STORY-2 y");
    let api = Api::with(&on.world, &["production"]);
    // What runs is not one version: a person says which one is to be built upon.
    let body = json!({ "running": [on.world.repo.rev("production")] }).to_string();
    assert_eq!(api.send("POST", "/services/web/production", &[], &body).status, 202);
    let candidate = candidate_over(&on, &candidate, &sha);
    let deploy = on.presses_deploy(&candidate);
    let page = on.says(&deploy, "✓ Deployed");
    assert!(page.contains("left on by an earlier deploy or attempt; before, it was not there"), "{page}");
    assert_eq!(site.haproxy.entries(), Vec::<String>::new(), "as before the first of them");
}

#[test]
fn a_way_back_keeps_it_until_it_is_over_and_does_not_wait_for_its_end() {
    let (site, world) = site("web off\n");
    let on = with_affinity(&site, world, 600, &Way { rolls_back: true, ..Way::default() });
    let first = on.world.repo.rev("production");
    let (sha, candidate) = on.is_go_with("STORY-1 x");
    let deploy = on.presses_deploy(&candidate);
    until_it_ends_soon(&on, &site.haproxy);
    assert_eq!(site.versions(), vec![sha; 3]);
    assert_eq!(on.world.submit(&deploy, &format!("{deploy}/signals/roll-back"), &[]).0, 303);
    // It is over one batch after the other, and waits again at its own end.
    on.says(&deploy, "affinity-off (3 of 3, back) runs");
    assert_eq!(site.versions(), vec![first; 3]);
    assert!(is_on(&site.haproxy));
    assert_eq!(on.world.submit(&deploy, &format!("{deploy}/steps/back-3-1/end"), &[]).0, 303);
    on.says(&deploy, "affinity-off (3 of 3, back) failed; session affinity is on");
}

#[test]
fn a_balancer_that_does_not_answer_halts_it_before_any_host_is_touched() {
    let (mut site, world) = site("web off\n");
    let on = with_affinity(&site, world, 0, &Way::default());
    let (sha, candidate) = on.is_go_with("STORY-1 x");
    site.haproxy.goes_away();
    let deploy = on.presses_deploy(&candidate);
    let page = on.says(&deploy, "affinity-on (1 of 3, attempt 2) failed; session affinity may be on");
    assert!(page.contains("cannot be asked: No such file") && page.contains("see that HAProxy runs"), "{page}");
    assert_eq!(site.versions(), vec![site.first.clone(); 3]);
    site.haproxy.comes_back();
    assert_eq!(on.world.submit(&deploy, &format!("{deploy}/steps/step-1-2/run-again"), &[]).0, 303);
    on.says(&deploy, "✓ Deployed");
    assert_eq!((site.versions(), site.haproxy.entries()), (vec![sha; 3], vec!["web off".to_owned()]));
}
