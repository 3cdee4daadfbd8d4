//! What at the code host follows a deploy: branch, tag, and GitHub's deployments.

use crate::deploys::Deploying;
use crate::support::{TOKEN, World};

const SHIP: (&str, &str) = ("ship", "echo $GONOGO_SHA >> $M/shipped");
const FOLLOW: &str =
    "[deploy]\n[deploy.follow]\nbranch = 'live'\ntag = 'deployed/{service}/{deploy}'\nenvironment = 'production'\n";

/// A world whose token may write what follows.
fn following(steps: &[(&str, &str)], more: &str) -> Deploying {
    let world = World::stopped();
    world.github.token(TOKEN).may_write("contents").may_write("deployments");
    Deploying::of(world, steps, &format!("{FOLLOW}{more}"))
}

fn states(on: &Deploying, at: usize) -> Vec<String> {
    let all = on.world.web().deployments();
    let states = all.get(at).map(|one| one.statuses.iter().map(|status| status.state.clone()).collect());
    states.unwrap_or_default()
}

fn waits_until(on: &Deploying, is_so: impl Fn() -> bool) {
    on.world.wait(|| is_so().then_some(()), || on.world.log());
}

#[test]
fn a_branch_a_tag_and_a_deployment_follow_a_deploy_that_went_well() {
    let on = following(&[SHIP], "");
    let (first, candidate) = on.is_go_with("STORY-1 x");
    let deploy = on.presses_deploy(&candidate);
    on.says(&deploy, "✓ Deployed");
    waits_until(&on, || on.world.web().branch("live").as_deref() == Some(first.as_str()));
    waits_until(&on, || states(&on, 0).last().is_some_and(|state| state == "success"));
    let made = on.world.web().deployments().remove(0);
    assert_eq!((made.sha.as_str(), made.environment.as_str()), (first.as_str(), "production"));
    let said = made.statuses.last().unwrap();
    assert_eq!(said.log_url, format!("https://gonogo.example.com{deploy}"));
    waits_until(&on, || on.world.web().tag("deployed/web/1").as_deref() == Some(first.as_str()));
    // The next one moves the branch along, and has a deployment of its own.
    let (second, candidate) = on.is_go_with("STORY-2 y");
    let deploy = on.presses_deploy(&candidate);
    on.says(&deploy, "✓ Deployed");
    waits_until(&on, || on.world.web().branch("live").as_deref() == Some(second.as_str()));
    waits_until(&on, || states(&on, 1).last().is_some_and(|state| state == "success"));
    assert_eq!(on.world.web().deployments().len(), 2, "one a deploy");
    assert_eq!(on.world.web().tag("deployed/web/1").as_deref(), Some(first.as_str()), "it stays");
}

#[test]
fn a_branch_that_somebody_put_elsewhere_is_left_there_and_that_is_said() {
    let on = following(&[SHIP], "");
    on.world.repo.branch("live").checkout("live");
    let theirs = on.world.repo.commit("STORY-9 by hand");
    on.world.push("live");
    on.world.repo.checkout("main");
    let (_, candidate) = on.is_go_with("STORY-1 x");
    let deploy = on.presses_deploy(&candidate);
    on.says(&deploy, "✓ Deployed");
    let page = on.says(&deploy, "somebody has put it there");
    assert!(page.contains(&format!("refs/heads/live is at {}", &theirs[..7])), "{page}");
    assert_eq!(on.world.web().branch("live"), Some(theirs));
}

#[test]
fn where_the_branch_says_what_runs_the_next_deploy_begins_once_it_leads_there() {
    let world = World::stopped().with_keys("[local_runner]\n");
    world.github.token(TOKEN).may_write("contents");
    let steps =
        [("ship", "echo $GONOGO_SHA over $GONOGO_PRODUCTION >> $M/shipped; until test -e $M/go; do sleep 0.05; done")];
    let on = Deploying::made(world, &steps, "[deploy]\n[deploy.follow]\nbranch = 'production'\n");
    let (first, candidate) = on.is_go_with("STORY-1 x");
    on.presses_deploy(&candidate);
    on.wait_for_mark("shipped");
    let (second, candidate) = on.is_go_with("STORY-2 y");
    let next = on.presses_deploy(&candidate);
    on.lets("go");
    on.says(&next, "✓ Deployed");
    let shipped = on.read("shipped").unwrap();
    assert!(shipped.ends_with(&format!("{second} over {first}\n")), "{shipped}");
    waits_until(&on, || on.world.web().branch("production").as_deref() == Some(second.as_str()));
    on.says("/services/web", &format!("<code title=\"{second}\">"));
}

#[test]
fn after_a_roll_back_the_branch_leads_to_what_runs_and_no_further() {
    // As where a step of one's own has moved it before it failed.
    let steps = [("ship", "until test -e $M/moved; do sleep 0.05; done; exit 1")];
    let back = "[[deploy.roll_back]]\nname = 'back'\nrun = ['true']\n";
    let mut on = following(&steps, back);
    let good = on.world.repo.rev("production");
    let (bad, candidate) = on.is_go_with("STORY-1 x");
    let deploy = on.presses_deploy(&candidate);
    on.says(&deploy, "▶ Running");
    on.world.repo.branch("live");
    on.world.push("live");
    assert_eq!(on.world.web().branch("live"), Some(bad));
    on.lets("moved");
    on.says(&deploy, "‖ Halted");
    // Killed in between, it is moved all the same.
    on.world.kill();
    on.world.start();
    assert_eq!(on.world.submit(&deploy, &format!("{deploy}/signals/roll-back"), &[]).0, 303);
    on.says(&deploy, "Rolled back");
    waits_until(&on, || on.world.web().branch("live").as_deref() == Some(good.as_str()));
    waits_until(&on, || states(&on, 0).last().is_some_and(|state| state == "failure"));
    assert_eq!(on.world.web().tag("deployed/web/1"), None);
}

#[test]
fn without_the_right_to_it_the_deploy_goes_well_and_what_lacks_is_said() {
    let on = Deploying::with(&[SHIP], FOLLOW);
    let (_, candidate) = on.is_go_with("STORY-1 x");
    let deploy = on.presses_deploy(&candidate);
    on.says(&deploy, "✓ Deployed");
    for lag in
        ["do not allow repos/acme/web/deployments", "refs/heads/live could not be moved", "refs/tags/deployed/web/1"]
    {
        on.says(&deploy, lag);
    }
    assert_eq!(on.world.web().branch("live"), None);
    assert_eq!(on.world.web().deployments().len(), 0);
}
