//! Deploys by real Capistrano through server and runner: in batches under one release
//! name, found again when all of them were killed, and brought back.

use crate::deploys::Deploying;
use crate::shop::Shop;
use crate::stop_all::{lifts, stops};
use crate::support::World;

fn bringing(hosts: usize) -> (Shop, Deploying) {
    let world = World::stopped();
    let shop = Shop::from(hosts, world.repo.path());
    let step = |list: &str| {
        let dir = shop.dir().display().to_string();
        format!(
            "[[deploy.{list}]]\nname = 'cap'\non = 'web'\ncapistrano = {{ stage = 'production', command = ['env', 'cap'] }}\ndir = '{dir}'\n"
        )
    };
    let policy = format!("{}{}{}", shop.hosts.group(), step("steps"), step("roll_back"));
    let on = Deploying::with_keys(world, "[local_runner]\n", &[], &policy);
    (shop, on)
}

/// Lets wait what is held, until it was seen there so often.
fn comes_to(on: &Deploying, shop: &Shop, name: &str, times: usize) {
    on.world.wait(|| (shop.marks(&format!("at-{name}")).len() == times).then_some(()), || on.world.log());
}

#[test]
fn a_deploy_in_two_batches_has_one_release_name_migrates_once_and_goes_back_to_what_served() {
    let (shop, mut on) = bringing(2);
    let (first, candidate) = on.is_go_with("STORY-1 x");
    shop.sets("hold-updated");
    let deploy = on.presses_deploy(&candidate);
    comes_to(&on, &shop, "updated", 1);
    // It goes on without them, and is found again.
    on.kills_runner();
    on.world.kill();
    on.world.start();
    shop.unsets("hold-updated");
    let page = on.says(&deploy, "✓ Deployed");
    let (release, _) = shop.serves(0).unwrap();
    for host in 0..2 {
        assert_eq!(shop.serves(host), Some((release.clone(), first.clone())), "{page}");
        assert!(!shop.is_locked(host));
    }
    assert_eq!(shop.marks("migrated"), [format!("web-1 {first}")], "once over all batches");
    assert_eq!(shop.marks("restarted"), [format!("web-1 {first}"), format!("web-2 {first}")]);
    assert_eq!(shop.marks("at-updated").len(), 2, "a run for each host, and none twice");
    let log = on.world.streamed(&format!("{deploy}/steps/step-1-on-2-run-1/log.txt"));
    assert!(log.contains(&format!("gonogo: web-2: {release} serves, which is {first}")), "{log}");

    // The second host does not start with the next one.
    let (second, candidate) = on.is_go_with("STORY-1 y");
    shop.sets("no-restart-web-2");
    let deploy = on.presses_deploy(&candidate);
    let page = on.says(&deploy, "‖ Halted");
    assert!(
        page.contains("cap on web-2 (1 of 1) failed") && page.contains("after it was published on all hosts"),
        "{page}"
    );
    assert_eq!(shop.serves(1).map(|(_, sha)| sha), Some(second));
    shop.unsets("no-restart-web-2");
    assert_eq!(on.world.submit(&deploy, &format!("{deploy}/signals/roll-back"), &[]).0, 303);
    on.says(&deploy, "↩ Rolled back");
    for host in 0..2 {
        assert_eq!(shop.serves(host), Some((release.clone(), first.clone())));
    }
    assert_eq!(shop.marks("migrated").len(), 2, "a way back migrates nothing");
}

#[test]
fn while_all_is_stopped_no_phase_begins_and_it_goes_on_once_that_is_lifted() {
    let (shop, on) = bringing(1);
    let (sha, candidate) = on.is_go_with("STORY-1 x");
    shop.sets("hold-updated");
    let deploy = on.presses_deploy(&candidate);
    comes_to(&on, &shop, "updated", 1);
    stops(&on, "the database fills up");
    let is_known = || std::fs::read_dir(on.world.place("data/runner/runs")).unwrap().flatten();
    let is_known = || is_known().any(|run| run.path().join("stopped").exists()).then_some(());
    on.world.wait(is_known, || on.world.log());
    shop.unsets("hold-updated");
    let page = on.says(&deploy, "publishing waits until that is lifted");
    assert!(page.contains("the database fills up") && shop.serves(0).is_none(), "{page}");
    lifts(&on);
    on.says(&deploy, "✓ Deployed");
    assert_eq!(shop.serves(0).map(|(_, sha)| sha), Some(sha));
    assert_eq!(shop.marks("at-updated").len(), 1, "in one run");
}

#[test]
fn a_step_that_is_ended_stops_before_it_publishes_and_runs_again_under_its_name() {
    let (shop, on) = bringing(1);
    let (sha, candidate) = on.is_go_with("STORY-1 x");
    shop.sets("hold-updated");
    let deploy = on.presses_deploy(&candidate);
    comes_to(&on, &shop, "updated", 1);
    let begun = shop.releases(0);
    assert_eq!(on.world.submit(&deploy, &format!("{deploy}/steps/step-1-on-1-run-1/end"), &[]).0, 303);
    on.says(&deploy, "told to stop");
    shop.unsets("hold-updated");
    let page = on.says(&deploy, "‖ Halted");
    assert!(page.contains("it was stopped after updated, and nothing was published"), "{page}");
    assert_eq!((shop.serves(0), shop.releases(0)), (None, Vec::new()), "{page}");
    assert_eq!(on.world.submit(&deploy, &format!("{deploy}/steps/step-1-on-1-run-1/run-again"), &[]).0, 303);
    on.says(&deploy, "✓ Deployed");
    assert_eq!(shop.serves(0), Some((begun[0].clone(), sha)), "the same name again");
}
