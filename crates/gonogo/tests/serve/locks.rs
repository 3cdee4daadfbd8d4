//! Services that a person locks against deploys of others.

use crate::api::Api;
use crate::deploys::Deploying;
use crate::pages::nothing_is_wrong_at;
use crate::slack_deploys::{CHANNEL, answer, deploying, joins};
use crate::stop_all::shows;
use crate::support::PASSWORD;
use gonogo_world::Slack;
use serde_json::json;

const SHIP: (&str, &str) = ("ship", "echo x >> $M/shipped");

fn presses(on: &Deploying, candidate: &str) -> (u16, String) {
    let word = on.world.form_word("/account");
    on.world.post(&format!("{candidate}/deploys"), &[("form", &word)])
}

#[test]
fn nobody_but_its_owner_deploys_a_locked_service_until_somebody_takes_the_lock_off() {
    let mut on = Deploying::with(&[SHIP], "");
    let (_, candidate) = on.is_go_with("STORY-1 x");
    on.world.adds("dan", "developer");
    let lock = [("why", "the <migration> runs"), ("hours", "2")];
    assert_eq!(on.world.submit("/services/web", "/services/web/lock", &lock).0, 303);
    for path in ["/services/web", "/", "/services/web/deploys", &candidate] {
        let page = on.world.get(path).1;
        assert!(
            page.contains("web is locked</b> by ada until") && page.contains("the &lt;migration&gt; runs"),
            "{path}: {page}"
        );
    }
    assert!(on.world.get(&candidate).1.contains(">Deploy</button>"), "its owner may");
    nothing_is_wrong_at(&on.world, ["/services/web", candidate.as_str()]);
    on.world.signs_in("dan", PASSWORD);
    assert!(!on.world.get(&candidate).1.contains(">Deploy</button>"));
    let (status, answer) = presses(&on, &candidate);
    assert!(status == 422 && answer.contains("web is locked by ada until"), "{status} {answer}");
    assert!(answer.contains("take it off with a reason"), "{answer}");
    let page = on.world.get("/services/web").1;
    let path = page.split("action=\"/services/web/lock/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let path = format!("/services/web/lock/{path}");
    assert_eq!(on.world.submit("/services/web", &path, &[("why", " ")]).0, 422, "it is somebody else's");
    assert_eq!(on.world.submit("/services/web", &path, &[("why", "ada is on holiday")]).0, 303);
    let (status, answer) = presses(&on, &candidate);
    assert_eq!(status, 303, "{answer}");
    on.says("/services/web/deploys", "✓ Deployed");
    on.world.signs_in_again();
    let audit = on.world.get("/audit").1;
    assert!(audit.contains("locked a service") && audit.contains("took a lock off"), "{audit}");
    assert!(audit.contains("ada is on holiday"), "{audit}");
}

#[test]
fn a_deploy_that_waits_for_its_turn_when_somebody_else_locks_is_refused_and_what_runs_goes_on() {
    let begun = ("ship", "echo $GONOGO_SHA >> $M/begun; until test -e $M/go; do sleep 0.05; done");
    let mut on = Deploying::with(&[begun], "");
    let (_, candidate) = on.is_go_with("STORY-1 x");
    let first = on.presses_deploy(&candidate);
    on.wait_for_mark("begun");
    let (_, candidate) = on.is_go_with("STORY-2 y");
    let second = on.presses_deploy(&candidate);
    on.says(&second, "… Queued");
    on.world.adds("dan", "developer");
    on.world.signs_in("dan", PASSWORD);
    let lock = [("why", "smoke"), ("hours", "1")];
    assert_eq!(on.world.submit("/services/web", "/services/web/lock", &lock).0, 303);
    on.lets("go");
    on.says(&first, "✓ Deployed");
    let page = on.says(&second, "✗ Refused");
    assert!(page.contains("web is locked by dan until") && page.contains("ask for it anew"), "{page}");
    assert_eq!(on.read("begun").unwrap().lines().count(), 1);
}

#[test]
fn a_command_locks_and_the_lock_ends_by_itself() {
    let on = Deploying::with(&[SHIP], "");
    let (_, candidate) = on.is_go_with("STORY-1 x");
    on.world.adds("dan", "developer");
    let api = Api::with(&on.world, &["read", "deploy"]);
    let (said, code) = on.world.asks(&api.token, &["lock", "web", "--reason", "smoke", "--hours", "2"]);
    assert!(
        code == Some(0) && said.contains("web is locked by ada until") && said.contains(": smoke"),
        "{code:?} {said}"
    );
    let (said, _) = on.world.asks(&api.token, &["status", "web"]);
    assert!(said.contains("web is locked by ada until"), "{said}");
    assert_eq!(api.get("/services/web")["lock"]["why"], "smoke");
    let id: i64 = candidate.rsplit('/').next().unwrap().parse().unwrap();
    let not_now = api.get(&format!("/candidates/{id}/dry-run"))["not_now"].clone();
    assert!(not_now.as_str().is_some_and(|said| said.contains("nobody else deploys it")), "{not_now}");
    let (said, code) = on.world.asks(&api.token, &["unlock", "web"]);
    assert!(code == Some(0) && said.contains("web is not locked any more"), "{code:?} {said}");
    let past = ["lock", "web", "--reason", "x", "--until", "2020-01-01T00:00Z"];
    let (said, code) = on.world.asks(&api.token, &past);
    assert!(code != Some(0) && said.contains("a lock ends in the future"), "{code:?} {said}");
    let short = json!({ "why": "for a moment", "seconds": 2 }).to_string();
    assert_eq!(api.send("POST", "/services/web/lock", &[], &short).status, 201);
    let is_free = || (api.get("/services/web")["lock"].is_null()).then_some(());
    on.world.wait(is_free, || api.get("/services/web").to_string());
    assert_eq!(api.send("POST", "/services/web/lock/end", &[], "{}").status, 409, "it has ended");
}

#[test]
fn words_in_slack_lock_and_its_owner_is_reminded_before_the_end() {
    let slack = Slack::start();
    let mut on = deploying(&slack, &[SHIP], "");
    on.is_go_with("STORY-1 x");
    joins(&on, &slack, "ada");
    on.world.adds("dan", "developer");
    on.world.signs_in("dan", PASSWORD);
    joins(&on, &slack, "dan");
    let said = answer(&slack, "ada", "lock web 10s the <migration> runs");
    assert!(said.contains("web is locked by ada until") && said.contains(": the &lt;migration&gt; runs."), "{said}");
    shows(&on, &slack, "⚑ *web* is locked by ada until");
    let said = answer(&slack, "dan", "web");
    assert!(said.contains("Not done:") && said.contains("web is locked by ada until"), "{said}");
    let channel = slack.member("ada");
    let told = || channel.messages().iter().any(|message| message.text.contains("ends soon")).then_some(());
    on.world.wait(told, || format!("{:?} {}", channel.messages(), on.world.log()));
    assert_eq!(channel.messages().iter().filter(|message| message.text.contains("ends soon")).count(), 1);

    let said = answer(&slack, "ada", "lock web 1h again");
    assert!(said.contains("web is locked by ada"), "{said}");
    assert!(answer(&slack, "dan", "unlock web").contains("so has taking off another's"));
    assert!(answer(&slack, "dan", "unlock web it is over").contains("The lock of web by ada is taken off."));
    shows(&on, &slack, "dan took off the lock of *web* by ada until");
    assert!(answer(&slack, "dan", "unlock shop").contains("there is no service `shop` here"));
    assert!(answer(&slack, "dan", "web").contains("Asked for:"));
    assert!(slack.channel(CHANNEL).messages().iter().all(|message| !message.text.contains("ends soon")));
}
