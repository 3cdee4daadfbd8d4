//! Deploys that wait: for a time, for their turn, in another one's place, and those that
//! nobody asks for.

use crate::api::Api;
use crate::deploys::Deploying;
use crate::pages::nothing_is_wrong_at;
use crate::slack_deploys::{answer, deploying, joins};
use crate::support::{PASSWORD, World, path_of};
use gonogo_world::{Jira, Slack};
use serde_json::{Value, json};

const SHIP: (&str, &str) = ("ship", "echo $GONOGO_SHA >> $M/shipped");
/// Says that it has begun, and waits until it may go on.
const WAITS: (&str, &str) = ("ship", "echo $GONOGO_SHA >> $M/begun; until test -e $M/go; do sleep 0.05; done");

/// Seconds from now, as RFC 3339.
#[allow(clippy::disallowed_methods, reason = "the server goes by the real clock")]
fn in_seconds(seconds: i64) -> String {
    (jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds)).to_string()
}

fn number_of(path: &str) -> i64 {
    path.rsplit('/').next().unwrap().parse().unwrap()
}

fn deploy(on: &Deploying, path: &str) -> Value {
    Api::with(&on.world, &["read"]).get(path)
}

#[test]
fn a_deploy_for_later_begins_then_and_keeps_nobody_waiting() {
    let on = Deploying::with(&[SHIP], "[deploy]\nzone = 'Europe/Berlin'\n");
    let (sha, candidate) = on.is_go_with("STORY-1 x");
    let api = Api::with(&on.world, &["read", "deploy"]);
    let asks = |body: Value| api.send("POST", "/services/web/deploys", &[], &body.to_string());
    let candidate_id = number_of(&candidate);
    for (odd, said) in [("soon", "is no time"), ("2020-01-01T00:00", "is over"), ("2999-01-01T00:00", "days ahead")] {
        let refused = asks(json!({ "candidate": candidate_id, "at": odd }));
        assert!(refused.status == 422 && refused.body.to_string().contains(said), "{odd}: {}", refused.body);
    }
    let (status, answer) = on.world.submit(&candidate, &format!("{candidate}/deploys"), &[("at", "23:59")]);
    assert_eq!(status, 303, "{answer}");
    let later = crate::support::location_of(&answer);
    let page = on.says(&later, "it begins on ");
    assert!(page.contains("23:59 (Europe/Berlin) at the earliest"), "{page}");
    nothing_is_wrong_at(&on.world, [later.as_str(), &format!("{candidate}/dry-run")]);
    let told = deploy(&on, &later);
    assert!(told["state"] == "queued" && told["not_before"].is_string(), "{told}");
    // Cancelled before its turn it is over at once.
    assert_eq!(on.world.submit(&later, &format!("{later}/signals/abandon"), &[]).0, 303);
    on.says(&later, "– Cancelled");
    let soon = in_seconds(3);
    let (said, code) = on.world.asks(&api.token, &["deploy", "web", "main", "--at", &soon, "--wait=60"]);
    assert!(code == Some(0) && said.contains("it begins on ") && said.contains("is deployed"), "{code:?} {said}");
    assert_eq!(on.read("shipped").unwrap().trim(), sha);
    let told = deploy(&on, "/deploys/2");
    let (began, wanted) = (told["began_at"].as_str().unwrap(), told["not_before"].as_str().unwrap());
    assert!(began.parse::<jiff::Timestamp>().unwrap() >= wanted.parse().unwrap(), "{told}");
    let audit = on.world.get("/audit").1;
    assert!(audit.contains(", not before "), "{audit}");
}

#[test]
fn a_deploy_for_later_is_asked_for_while_it_is_closed_and_not_for_a_time_that_is() {
    let freeze = format!(
        "[deploy]\n[[deploy.freezes]]\nfrom = '2020-01-01T00:00'\nuntil = '{}'\nwhy = 'the great freeze'\n",
        &in_seconds(3600)[..16]
    );
    let on = Deploying::with(&[SHIP], &freeze);
    on.world.repo.commit("STORY-1 x");
    let sha = on.world.push("main");
    on.world.status_says(&sha, "pending", "Waiting: may not begin before");
    let candidate = path_of(&on.world.status_of(&sha).now().unwrap());
    let api = Api::with(&on.world, &["read", "deploy"]);
    let asks = |at: &str| {
        let body = json!({ "candidate": number_of(&candidate), "at": at }).to_string();
        api.send("POST", "/services/web/deploys", &[], &body)
    };
    let refused = asks(&in_seconds(600));
    assert!(refused.status == 422 && refused.body.to_string().contains("the great freeze"), "{}", refused.body);
    assert_eq!(asks(&in_seconds(7200)).status, 201);
    assert_eq!(deploy(&on, "/deploys/1")["state"], "queued");
    assert_eq!(on.read("shipped"), None);
}

#[test]
fn a_newer_one_takes_the_place_of_one_that_waits() {
    let on = Deploying::with(&[WAITS], "");
    let (first, candidate) = on.is_go_with("STORY-1 x");
    let runs = on.presses_deploy(&candidate);
    on.wait_for_mark("begun");
    let (_, candidate) = on.is_go_with("STORY-2 y");
    let older = on.presses_deploy(&candidate);
    let page = on.says(&older, "after deploy 1 (web, main @ ");
    assert!(page.contains(&format!("href=\"{runs}\"")), "{page}");
    let (last, candidate) = on.is_go_with("STORY-3 z");
    let dry_run = on.world.get(&format!("{candidate}/dry-run")).1;
    assert!(dry_run.contains("deploy 2: main @ ") && !dry_run.contains("deploy 1: "), "{dry_run}");
    let of = |old: &str| on.world.submit(&candidate, &format!("{candidate}/deploys"), &[("instead_of", old)]);
    let (status, answer) = of("1");
    assert!(status == 409 && answer.contains("deploy 1 of web does not wait any more"), "{status} {answer}");
    let (status, answer) = of("2");
    assert_eq!(status, 303, "{answer}");
    let page = on.says(&older, "– Cancelled");
    assert!(page.contains("ada wanted another one in its place"), "{page}");
    on.lets("go");
    on.says(&runs, "✓ Deployed");
    on.says("/deploys/3", "✓ Deployed");
    assert_eq!(on.read("begun").unwrap().lines().collect::<Vec<_>>(), [first, last]);
}

#[test]
fn a_hotfix_goes_before_what_waits_where_the_policy_says_so() {
    let on = Deploying::with(&[WAITS], "[deploy]\nfirst = ['hotfix/*']\n");
    let (first, candidate) = on.is_go_with("STORY-1 x");
    let runs = on.presses_deploy(&candidate);
    on.wait_for_mark("begun");
    on.world.repo.branch("hotfix/1");
    let (_, candidate) = on.is_go_with("STORY-2 y");
    let waits = on.presses_deploy(&candidate);
    on.says(&waits, "after deploy 1 (web");
    on.world.repo.checkout("hotfix/1");
    let hotfix = on.world.repo.commit("STORY-3 hotfix");
    on.world.push("hotfix/1");
    on.world.status_of(&hotfix).is_success("Go");
    let candidate = path_of(&on.world.status_of(&hotfix).now().unwrap());
    let goes_first = on.presses_deploy(&candidate);
    on.says(&goes_first, "after deploy 1 (web");
    on.says(&waits, "after deploy 3 (web, hotfix/1 @ ");
    on.lets("go");
    on.says(&runs, "✓ Deployed");
    on.says(&goes_first, "✓ Deployed");
    // What runs by then is not on its branch.
    on.says(&waits, "✗ Refused");
    assert_eq!(on.read("begun").unwrap().lines().collect::<Vec<_>>(), [first, hotfix]);
}

#[test]
fn what_is_go_on_a_branch_is_deployed_without_being_asked_for() {
    let on = Deploying::with(&[WAITS], "[deploy]\n[deploy.continuous]\nbranches = ['main']\n");
    on.is_go_with("STORY-1 x");
    on.wait_for_mark("begun");
    let page = on.says("/deploys/1", "▶ Running");
    assert!(page.contains("asked for by continuous deployment"), "{page}");
    // What comes meanwhile waits, and what is newer takes its place.
    on.is_go_with("STORY-2 y");
    on.says("/deploys/2", "after deploy 1 (web");
    let (third, _) = on.is_go_with("STORY-3 z");
    on.says("/deploys/2", "– Cancelled");
    on.says("/deploys/3", "after deploy 1 (web");
    on.lets("go");
    on.says("/deploys/1", "✓ Deployed");
    on.says("/deploys/3", "✓ Deployed");
    on.says("/services/web", &format!("<code title=\"{third}\">"));
    // What a person cancelled they ask for again themselves.
    let lock = [("why", "smoke"), ("hours", "1")];
    assert_eq!(on.world.submit("/services/web", "/services/web/lock", &lock).0, 303);
    on.world.repo.commit("tidy up");
    let no_go = on.world.push("main");
    on.world.status_says(&no_go, "failure", "No-Go");
    assert_eq!(on.world.get("/deploys/4").0, 404, "neither what is No-Go nor while it is locked");
    let audit = on.world.get("/audit").1;
    assert!(audit.contains("continuous deployment: main @ "), "{audit}");
    assert!(on.world.get("/people").1.contains("continuous deployment"), "who that is stands there");
}

#[test]
fn who_agrees_goes_by_the_highest_risk_of_its_stories() {
    let jira = Jira::cloud();
    jira.story("STORY-1").titled("Tidy up").with_field("Risk", "low");
    jira.story("STORY-2").titled("Charge in euros").with_field("Risk", "High: invoices");
    let rules = format!(
        "[tracker]\nkind = 'jira-cloud'\nurl = '{}'\n[checks.story-fields]\nrequired = ['Risk']\n\
         [deploy]\n[deploy.approval]\nby_another = false\n\
         [[deploy.approval.rules]]\nrisks = ['low']\nneeded = false\n\
         [[deploy.approval.rules]]\nrisks = ['high', 'critical']\nrole = 'release-manager'\n",
        jira.url()
    );
    let mut on = Deploying::of(World::stopped().trusts(&jira.url()), &[SHIP], &rules);
    on.world.adds("lee", "developer");
    on.world.adds("mia", "release-manager");
    let (_, candidate) = on.is_go_with("STORY-1 x");
    let low = on.presses_deploy(&candidate);
    on.says(&low, "✓ Deployed");
    let (_, candidate) = on.is_go_with("STORY-2 y");
    on.world.signs_in("lee", PASSWORD);
    let high = on.presses_deploy(&candidate);
    let page = on.says(&high, "… Waits for approval");
    assert!(page.contains("It waits for a release-manager") && !page.contains(">Approve<"), "{page}");
    let approve = |on: &Deploying| {
        let word = on.world.form_word("/account");
        on.world.post(&format!("{high}/approval"), &[("form", &word)]).0
    };
    assert_eq!(approve(&on), 403);
    on.world.signs_in("mia", PASSWORD);
    assert_eq!(approve(&on), 303);
    on.says(&high, "✓ Deployed");
}

#[test]
fn what_got_riskier_since_is_asked_for_anew() {
    let jira = Jira::cloud();
    jira.story("STORY-1").titled("Charge in euros").with_field("Risk", "low");
    let rules = format!(
        "[tracker]\nkind = 'jira-cloud'\nurl = '{}'\n[checks.story-fields]\nrequired = ['Risk']\n\
         [deploy]\n[deploy.approval]\nby_another = false\n\
         [[deploy.approval.rules]]\nrisks = ['high']\nrole = 'admin'\n",
        jira.url()
    );
    let mut on = Deploying::of(World::stopped().trusts(&jira.url()).polling(), &[SHIP], &rules);
    on.world.adds("lee", "developer");
    let (_, candidate) = on.is_go_with("STORY-1 x");
    on.world.signs_in("lee", PASSWORD);
    let soon = in_seconds(4);
    let (status, answer) = on.world.submit(&candidate, &format!("{candidate}/deploys"), &[("at", &soon)]);
    assert_eq!(status, 303, "{answer}");
    let deploy = crate::support::location_of(&answer);
    assert_eq!(on.world.submit(&deploy, &format!("{deploy}/approval"), &[]).0, 303);
    jira.story("STORY-1").sets_field("Risk", "high: it charges");
    let page = on.says(&deploy, "✗ Refused");
    assert!(page.contains("an admin has to agree to it by now"), "{page}");
    assert_eq!(on.read("shipped"), None);
}

#[test]
fn a_deploy_for_later_is_asked_for_in_slack() {
    let slack = Slack::start();
    let on = deploying(&slack, &[SHIP], "");
    let (sha, _) = on.is_go_with("STORY-1 x");
    joins(&on, &slack, "ada");
    let said = answer(&slack, "ada", "web main at 25:99");
    assert!(said.contains("Not done") && said.contains("is no time") && said.contains("write 22:00"), "{said}");
    let said = answer(&slack, "ada", "web main at 23:59");
    assert!(said.contains(&format!("web main at {}, not before 23:59", &sha[..7])), "{said}");
    let said = answer(&slack, "ada", "web at");
    assert!(said.contains("at is no branch of web"), "{said}");
    assert_eq!(on.read("shipped"), None);
}
