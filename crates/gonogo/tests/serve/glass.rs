//! Break-glass: deployed in spite of what keeps it, loudly and marked for ever.

use crate::api::Api;
use crate::deploys::Deploying;
use crate::pages::nothing_is_wrong_at;
use crate::slack_deploys::{CHANNEL, answer, deploying, joins};
use crate::stop_all::shows;
use crate::support::{PASSWORD, path_of};
use gonogo_world::Slack;
use serde_json::json;

const SHIP: (&str, &str) = ("ship", "echo $GONOGO_SHA >> $M/shipped");

/// A head that may not ship: its SHA, and its candidate's path.
fn is_no_go(on: &Deploying) -> (String, String) {
    on.world.repo.commit("tidy up");
    let sha = on.world.push("main");
    on.world.status_says(&sha, "failure", "No-Go");
    let path = path_of(&on.world.status_of(&sha).now().unwrap());
    (sha, path)
}

fn breaks(on: &Deploying, candidate: &str, why: &str) -> (u16, String) {
    let word = on.world.form_word("/account");
    on.world.post(&format!("{candidate}/break-glass"), &[("form", &word), ("why", why)])
}

#[test]
fn an_admin_deploys_what_is_no_go_and_its_follow_up_is_asked_for_until_written() {
    let mut on = Deploying::with(&[SHIP], "");
    let (sha, candidate) = is_no_go(&on);
    on.world.adds("dan", "release-manager");
    on.world.signs_in("dan", PASSWORD);
    assert!(!on.world.get(&candidate).1.contains("Break glass"));
    assert_eq!(breaks(&on, &candidate, "the shop is down").0, 403, "the policy names no other role");
    let lock = [("why", "smoke"), ("hours", "1")];
    assert_eq!(on.world.submit("/services/web", "/services/web/lock", &lock).0, 303);
    on.world.signs_in_again();
    let (status, answer) = breaks(&on, &candidate, "the shop is down");
    assert!(status == 422 && answer.contains("web is locked by dan"), "it gets around no lock: {status} {answer}");
    let api = Api::with(&on.world, &["deploy"]);
    let off = json!({ "why": "the shop is down" }).to_string();
    assert_eq!(api.send("POST", "/services/web/lock/end", &[], &off).status, 204);
    let page = on.world.get(&candidate).1;
    assert!(page.contains("Break glass and deploy") && !page.contains(">Deploy</button>"), "{page}");
    nothing_is_wrong_at(&on.world, [candidate.as_str()]);
    assert_eq!(breaks(&on, &candidate, " ").0, 422, "it has a reason");
    assert_eq!(breaks(&on, &candidate, "the <shop> is down").0, 303);
    let page = on.says("/deploys/1", "✓ Deployed");
    assert_eq!(on.read("shipped").unwrap().trim(), sha);
    assert!(page.contains("⚠ Break-glass</b> by ada") && page.contains("the &lt;shop&gt; is down"), "{page}");
    assert!(page.contains("In spite of: its verdict is no-go (") && page.contains("names no story"), "{page}");
    nothing_is_wrong_at(&on.world, ["/deploys/1"]);
    for list in ["/deploys", "/services/web/deploys"] {
        assert!(on.world.get(list).1.contains("⚠ Break-glass"), "{list}");
    }
    let waits = on.world.get("/").1;
    assert!(waits.contains("deploy 1 was break-glass by ada") && waits.contains("write its follow-up"), "{waits}");
    let api = Api::with(&on.world, &["read", "deploy"]);
    let told = api.get("/deploys/1")["break_glass"].clone();
    assert_eq!((&told["why"], &told["follow_up"]), (&json!("the <shop> is down"), &json!(null)), "{told}");
    let (said, _) = on.world.asks(&api.token, &["deploys", "web"]);
    assert!(said.contains("by break-glass: the <shop> is down"), "{said}");
    let text = "a full disk\nwe watch it now";
    assert_eq!(on.world.submit("/deploys/1", "/deploys/1/follow-up", &[("text", text)]).0, 303);
    let page = on.world.get("/deploys/1").1;
    assert!(page.contains("Follow-up by ada") && page.contains("we watch it now"), "{page}");
    assert!(!on.world.get("/").1.contains("was break-glass by"));
    let again = json!({ "text": "x" }).to_string();
    assert_eq!(api.send("POST", "/deploys/1/follow-up", &[], &again).status, 409, "it is written");
    let audit = on.world.get("/audit").1;
    assert!(audit.contains("broke the glass for a deploy") && audit.contains("wrote the follow-up"), "{audit}");
}

#[test]
fn it_takes_the_place_of_an_approval_and_opens_a_closed_window() {
    let policy = "[deploy]\n[deploy.break_glass]\nrole = 'release-manager'\n[deploy.approval]\n\
         [[deploy.freezes]]\nfrom = '2020-01-01T00:00'\nuntil = '2999-01-01T00:00'\nwhy = 'the great freeze'\n";
    let mut on = Deploying::with(&[SHIP], policy);
    on.world.repo.commit("STORY-1 x");
    let sha = on.world.push("main");
    on.world.status_says(&sha, "pending", "Waiting: may not begin before");
    on.world.adds("rita", "release-manager");
    on.world.signs_in("rita", PASSWORD);
    let api = Api::with(&on.world, &["read", "deploy"]);
    let (said, code) =
        on.world.asks(&api.token, &["deploy", "web", "main", "--wait=60", "--break-glass", "the shop is down"]);
    assert!(code == Some(0) && said.contains("is deployed"), "{code:?} {said}");
    let around = api.get("/deploys/1")["break_glass"]["in_spite_of"].clone();
    let around = around.as_str().unwrap();
    assert!(around.contains("the great freeze") && around.contains("nobody else approved it"), "{around}");
}

#[test]
fn it_does_not_get_around_a_stop_nor_the_queue_nor_what_nothing_keeps() {
    let begun = ("ship", "echo $GONOGO_SHA >> $M/begun; until test -e $M/go; do sleep 0.05; done");
    let on = Deploying::with(&[begun], "");
    let (one, candidate) = on.is_go_with("STORY-1 x");
    let (status, answer) = breaks(&on, &candidate, "in a hurry");
    assert!(status == 422 && answer.contains("nothing keeps it from being deployed"), "{status} {answer}");
    let first = on.presses_deploy(&candidate);
    on.wait_for_mark("begun");
    let (_, candidate) = is_no_go(&on);
    assert_eq!(breaks(&on, &candidate, "the shop is down").0, 303);
    on.says("/deploys/2", "… Queued");
    assert_eq!(on.world.submit("/deploys", "/deploys/stop", &[("why", "")]).0, 303);
    on.lets("go");
    on.says(&first, "✓ Deployed");
    let page = on.says("/deploys/2", "stopped by ada");
    assert!(page.contains("⚠ Break-glass"), "{page}");
    assert_eq!(on.read("begun").unwrap().trim(), one, "one at a time, and none while all is stopped");
    let page = on.world.get("/deploys").1;
    let path = page.split("action=\"/deploys/stop/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(on.world.submit("/deploys", &format!("/deploys/stop/{path}"), &[]).0, 303);
    on.says("/deploys/2", "✓ Deployed");
    assert_eq!(on.read("begun").unwrap().lines().count(), 2, "over what runs by now");
}

#[test]
fn it_is_loud_in_slack_and_a_word_there_breaks_it_too() {
    let slack = Slack::start();
    let on = deploying(&slack, &[SHIP], "");
    is_no_go(&on);
    joins(&on, &slack, "ada");
    let said = answer(&slack, "ada", "break-glass web main");
    assert!(said.contains("Not done:") && said.contains("break-glass has a reason"), "{said}");
    let said = answer(&slack, "ada", "break-glass web main the <shop> is down");
    assert!(said.contains("Break-glass: <https://gonogo.example.com/deploys/1|deploy 1> of web main"), "{said}");
    shows(&on, &slack, "⚠ *Break-glass*: ada deploys *web* main");
    shows(&on, &slack, "In spite of: its verdict is no-go");
    on.says("/deploys/1", "✓ Deployed");
    assert_eq!(on.world.submit("/deploys/1", "/deploys/1/follow-up", &[("text", "a full disk")]).0, 303);
    shows(&on, &slack, "Follow-up by ada: a full disk");
    let all = slack.channel(CHANNEL).messages();
    assert!(all.iter().any(|message| message.seen().contains("⚠ break-glass by ada: the <shop> is down")), "{all:?}");
    assert_eq!(all.len(), 3, "that it turned No-Go, the deploy's own, and what is loud: {all:?}");
}
