//! Steps that are no commands: pauses, questions, requests, and waits for what others do.

use crate::api::Api;
use crate::deploys::Deploying;
use crate::graphite::Graphite;
use crate::pages::nothing_is_wrong_at;
use crate::slack_deploys::{CHANNEL, answer, deploying, joins};
use crate::support::{PASSWORD, World};
use crate::target::Target;
use gonogo_world::Slack;
use gonogo_world::slack::Acted;
use serde_json::json;

const TOLD: &str = "[local_runner]\n";

/// A step that leaves its mark.
fn marks(name: &str) -> String {
    format!("[[deploy.steps]]\nname = '{name}'\nshell = true\nenv.M = '$MARKS'\nrun = ['echo x >> $M/{name}']\n")
}

fn step(name: &str, kind: &str) -> String {
    format!("[[deploy.steps]]\nname = '{name}'\n{kind}\n")
}

/// `first`, then a step of that kind called `middle`, then `last`.
fn with(kind: &str) -> Deploying {
    with_keys(TOLD, kind, "")
}

fn with_keys(keys: &str, kind: &str, more: &str) -> Deploying {
    let policy = format!("{}{}{}{more}", marks("first"), step("middle", kind), marks("last"));
    Deploying::with_keys(World::stopped(), keys, &[], &policy)
}

/// The deploy's path.
fn begins(on: &Deploying) -> String {
    let (_, candidate) = on.is_go_with("STORY-1 x");
    on.presses_deploy(&candidate)
}

fn reply(on: &Deploying, deploy: &str, act: &str, fields: &[(&str, &str)]) -> (u16, String) {
    on.world.submit(deploy, &format!("{deploy}/steps/{act}/reply"), fields)
}

fn signals(on: &Deploying, deploy: &str, signal: &str) {
    assert_eq!(on.world.submit(deploy, &format!("{deploy}/signals/{signal}"), &[]).0, 303);
}

/// When the page says that it pauses until.
fn pauses_until(page: &str) -> String {
    let rest = page.split("pauses until ").nth(1).unwrap_or_else(|| panic!("it does not pause: {page}"));
    rest.split(" UTC").next().unwrap().to_owned()
}

#[test]
fn a_pause_ends_when_it_was_to_end_though_the_server_was_killed_in_it() {
    let mut on = with("pause_seconds = 8");
    let deploy = begins(&on);
    let page = on.says(&deploy, "middle (2 of 3) pauses until");
    assert_eq!((on.read("first").unwrap().as_str(), on.read("last")), ("x\n", None));
    on.world.kill();
    on.world.start();
    let again = on.says(&deploy, "middle (2 of 3) pauses until");
    assert_eq!(pauses_until(&page), pauses_until(&again), "the time is in the journal");
    let page = on.says(&deploy, "✓ Deployed");
    assert_eq!((on.read("first").unwrap().as_str(), on.read("last").unwrap().as_str()), ("x\n", "x\n"));
    assert!(page.contains("pause for 8 s") && !page.contains("step-2-2"), "it was waited for once: {page}");
}

#[test]
fn a_pause_is_ended_early_and_at_once_by_who_halts_or_rolls_back() {
    let back = "[[deploy.roll_back]]\nname = 'back'\nshell = true\nenv.M = '$MARKS'\nrun = ['echo x >> $M/back']\n";
    let on = with_keys(TOLD, "pause_seconds = 3600", back);
    let deploy = begins(&on);
    let page = on.says(&deploy, "middle (2 of 3) pauses until");
    assert!(page.contains("Go on now"), "{page}");
    let api = Api::with(&on.world, &["read", "deploy"]);
    let wait = api.get("/deploys/1")["waits_with"].clone();
    assert_eq!(
        (&wait["step"], &wait["kind"], &wait["what"]),
        (&json!("step-2-1"), &json!("pause"), &json!("pause for 60 min"))
    );
    signals(&on, &deploy, "halt");
    let page = on.says(&deploy, "‖ Halted</span> ada halted it");
    assert!(page.contains("ended early: ada halted it"), "{page}");
    assert_eq!(reply(&on, &deploy, "step-2-1", &[("reply", "go-on")]).0, 409, "it is over");
    signals(&on, &deploy, "resume");
    on.says(&deploy, "middle (2 of 3, attempt 2) pauses until");
    assert_eq!(reply(&on, &deploy, "step-2-2", &[("reply", "yes")]).0, 409, "nobody asked");
    let (said, code) = on.world.asks(&api.token, &["go-on", "1"]);
    assert!(code == Some(0) && said.contains("deploy 1 goes on"), "{code:?} {said}");
    let page = on.says(&deploy, "✓ Deployed");
    assert!(page.contains("step-2-2 (middle), had it go on"), "{page}");
    let audit = on.world.get("/audit").1;
    assert!(audit.contains("ended a pause of a deploy") && audit.contains("middle (step-2-2) of deploy 1"), "{audit}");
    let (said, code) = on.world.asks(&api.token, &["go-on", "1"]);
    assert!(code != Some(0) && said.contains("deploy 1 does not pause now"), "{code:?} {said}");

    std::fs::remove_file(on.mark("last")).unwrap();
    let deploy = begins(&on);
    on.says(&deploy, "middle (2 of 3) pauses until");
    signals(&on, &deploy, "roll-back");
    on.says(&deploy, "↩ Rolled back");
    assert_eq!((on.read("back").unwrap().as_str(), on.read("last")), ("x\n", None));
}

const ASKS: &str = "approval = { people = ['lee', 'ada'], question = 'Is the <canary> well?', hours = 1 }";

#[test]
fn a_question_is_answered_by_another_who_is_asked_and_stands_until_then() {
    let mut on = with(ASKS);
    on.world.adds("lee", "developer");
    on.world.adds("mia", "release-manager");
    let deploy = begins(&on);
    let page = on.says(&deploy, "… Waits for a yes");
    assert!(
        page.contains("Is the &lt;canary&gt; well?") && page.contains("Not by you: nobody says yes alone"),
        "{page}"
    );
    assert_eq!(reply(&on, &deploy, "step-2-1", &[("reply", "yes")]).0, 403);
    nothing_is_wrong_at(&on.world, [deploy.as_str()]);
    on.world.signs_in("mia", PASSWORD);
    let (status, said) = reply(&on, &deploy, "step-2-1", &[("reply", "yes")]);
    assert!(status == 403 && said.contains("this is asked of lee and ada"), "{status} {said}");
    assert!(!on.world.get("/").1.contains("deploy 1 of main"), "nor is she told that it waits for her");
    on.world.kill();
    on.world.start();
    on.world.signs_in("lee", PASSWORD);
    let waits = on.world.get("/").1;
    assert!(waits.contains("asks: Is the &lt;canary&gt; well?") && waits.contains("say yes or no"), "{waits}");
    on.says(&deploy, "Yes, go on");
    assert_eq!(on.read("last"), None);
    nothing_is_wrong_at(&on.world, [deploy.as_str(), "/"]);
    assert_eq!(reply(&on, &deploy, "step-2-1", &[("reply", "yes")]).0, 303);
    let page = on.says(&deploy, "✓ Deployed");
    assert!(page.contains("lee: step-2-1 (middle), said yes"), "{page}");
    assert_eq!(on.read("last").unwrap(), "x\n");
    on.world.signs_in_again();
    assert!(on.world.get("/audit").1.contains("said yes in a deploy"));
}

#[test]
fn a_no_halts_it_with_its_reason_and_nobody_gets_around_it_by_counting_it_as_done() {
    let on = with("approval = { by_another = false }");
    let deploy = begins(&on);
    on.says(&deploy, "… Waits for a yes");
    assert_eq!(reply(&on, &deploy, "step-2-1", &[("reply", "no"), ("why", " ")]).0, 422, "it has a reason");
    let api = Api::with(&on.world, &["read", "deploy"]);
    let (said, code) = on.world.asks(&api.token, &["approve", "1"]);
    assert!(code == Some(2) && said.contains("gonogo approve 1 --step step-2-1"), "{code:?} {said}");
    let (said, code) = on.world.asks(&api.token, &["approve", "1", "--step", "step-2-1", "--no", "errors <rise>"]);
    assert!(
        code == Some(0) && said.contains("deploy 1: you said no to ask a developer: Shall it go on?"),
        "{code:?} {said}"
    );
    let page = on.says(&deploy, "middle (2 of 3) failed: ada said no: errors &lt;rise&gt;");
    assert!(!page.contains("Count it as done") && page.contains("Run it again"), "{page}");
    let count = json!({ "choice": "count-as-done" }).to_string();
    assert_eq!(api.send("POST", "/deploys/1/steps/step-2-1/decisions", &[], &count).status, 409);
    assert_eq!(on.world.submit(&deploy, &format!("{deploy}/steps/step-2-1/run-again"), &[]).0, 303);
    on.says(&deploy, "middle (2 of 3, attempt 2) asks");
    let yes = |key: &str| {
        api.send("POST", &format!("/deploys/1/steps/{key}/reply"), &[], &json!({ "reply": "yes" }).to_string())
    };
    assert_eq!(yes("step-2-1").status, 409, "that one was answered");
    assert_eq!(on.read("last"), None);
    assert_eq!(yes("step-2-2").status, 204);
    on.says(&deploy, "✓ Deployed");
}

/// As if all that was written of deploys had been an hour earlier.
#[allow(clippy::disallowed_methods, reason = "the database is changed by another program")]
fn an_hour_goes_by(on: &Deploying) {
    const SCRIPT: &str = "import sqlite3, sys\nwith sqlite3.connect(sys.argv[1]) as db:\n    \
                          db.execute('update deploy_journal set at = at - 3600 * 1000000')";
    let database = on.world.place("data.db");
    let done = std::process::Command::new("python3").args(["-c", SCRIPT, &database]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn a_question_that_nobody_answers_in_time_halts_it_also_where_nobody_served_then() {
    let mut on = with(ASKS);
    let deploy = begins(&on);
    on.says(&deploy, "… Waits for a yes");
    on.world.kill();
    an_hour_goes_by(&on);
    on.world.start();
    let page = on.says(&deploy, "middle (2 of 3) failed: nobody said yes within 1 h");
    assert!(!page.contains("Yes, go on"), "{page}");
    assert_eq!(reply(&on, &deploy, "step-2-1", &[("reply", "yes")]).0, 409);
    assert_eq!(on.read("last"), None);
}

#[test]
fn while_all_is_stopped_a_yes_begins_nothing_and_who_broke_the_glass_says_it_alone() {
    let on = with("approval = { role = 'admin' }");
    on.world.repo.commit("tidy up");
    let sha = on.world.push("main");
    on.world.status_says(&sha, "failure", "No-Go");
    let candidate = crate::support::path_of(&on.world.status_of(&sha).now().unwrap());
    let glass = on.world.submit(&candidate, &format!("{candidate}/break-glass"), &[("why", "nobody can pay")]);
    assert_eq!(glass.0, 303, "{}", glass.1);
    let deploy = "/deploys/1";
    on.says(deploy, "… Waits for a yes");
    assert_eq!(on.world.submit("/deploys", "/deploys/stop", &[("why", "")]).0, 303);
    on.says(deploy, "then nothing more: stopped by ada");
    assert_eq!(reply(&on, deploy, "step-2-1", &[("reply", "yes")]).0, 303);
    on.says(deploy, "‖ Halted</span> stopped by ada");
    assert_eq!(on.read("last"), None);
    let api = Api::with(&on.world, &["deploy"]);
    assert_eq!(api.send("DELETE", "/stop", &[], "").status, 204);
    on.says(deploy, "✓ Deployed");
}

#[test]
fn in_slack_a_question_is_told_and_answered_and_a_pause_ended_by_buttons() {
    let slack = Slack::start();
    let policy = format!(
        "{}{}{}",
        step("ask", "approval = { by_another = false, question = 'Well?' }"),
        step("rest", "pause_seconds = 3600"),
        marks("last")
    );
    let on = deploying(&slack, &[], &policy);
    on.is_go_with("STORY-1 x");
    joins(&on, &slack, "ada");
    answer(&slack, "ada", "web");
    let all = || slack.channel(CHANNEL).messages();
    let shows = |words: &str| {
        let is_there = || all().iter().any(|message| message.seen().contains(words)).then_some(());
        on.world.wait(is_there, || format!("{words}: {:?}", all()));
    };
    shows("Waits for a yes");
    shows("❓ deploy 1 of *web* asks a developer: *Well?*");
    assert_eq!(slack.presses("ada", CHANNEL, "No…"), Acted::Taken);
    slack.sees_modal("ada");
    assert_eq!(slack.fills_in("ada", &[("why", "errors rise")]), Acted::Taken);
    shows("ask (1 of 3) failed: ada said no: errors rise");
    assert_eq!(on.world.submit("/deploys/1", "/deploys/1/steps/step-1-1/run-again", &[]).0, 303);
    shows("ask (1 of 3, attempt 2) asks");
    assert_eq!(slack.presses("ada", CHANNEL, "Yes"), Acted::Taken);
    shows("pauses until");
    assert_eq!(slack.presses("ada", CHANNEL, "Go on now"), Acted::Taken);
    shows("*Deployed*");
    assert_eq!(on.read("last").unwrap(), "x\n");
    shows("asks a developer: *Well?* → ada said yes");
    shows("asks a developer: *Well?* → ada said no: errors rise");
    assert_eq!(all().len(), 3, "its own, and one each time that it asked: {:?}", all());
}

/// Where the runner reads its secrets.
fn secrets(text: &str) -> (tempfile::NamedTempFile, String) {
    let file = tempfile::NamedTempFile::new().expect("the temporary folder is writable");
    std::fs::write(file.path(), text).expect("it is writable");
    let keys = format!("[local_runner]\nsecrets_file = '{}'\n", file.path().display());
    (file, keys)
}

#[test]
fn a_request_is_made_by_the_runner_with_its_secret_and_not_again_though_it_was_killed() {
    let target = Target::start();
    target.holds();
    let (_file, keys) = secrets("TOKEN=s3cr3t/+x\n");
    let call = format!(
        "[deploy.steps.http]\nurl = '{}/deploys/{{branch}}/{{sha}}?key={{secret:TOKEN}}'\nexpect = [201]\n\
         headers = {{ Authorization = 'Bearer {{secret:TOKEN}}' }}\njson = {{ ref = '{{branch}}', token = '{{secret:TOKEN}}' }}",
        target.url
    );
    let on = with_keys(&keys, &call, "");
    let (sha, candidate) = on.is_go_with("STORY-1 x");
    let id = candidate.rsplit('/').next().unwrap().to_owned();
    let would = on.world.get(&format!("{candidate}/dry-run")).1;
    assert!(would.contains(&format!("POST {}/deploys/main/{sha}", target.url)), "{would}");
    let deploy = on.presses_deploy(&candidate);
    on.world.wait(|| (target.requests().len() == 1).then_some(()), || on.world.log());
    on.kills_runner();
    target.answers(201, "made for s3cr3t/+x\u{1b}[2J");
    let page = on.says(&deploy, "✓ Deployed");
    let requests = target.requests();
    assert_eq!(requests.len(), 1, "never twice: {requests:?}");
    let request = &requests[0];
    assert!(request.starts_with(&format!("POST /deploys/main/{sha}?key=s3cr3t%2F%2Bx HTTP/1.1")), "{request}");
    assert!(request.to_lowercase().contains("authorization: bearer s3cr3t/+x"), "{request}");
    assert!(request.ends_with(r#"{"ref":"main","token":"s3cr3t/+x"}"#), "{request}");
    assert!(!request.to_lowercase().contains("idempotency-key"), "it is not to come twice");
    let log = on.world.streamed(&format!("{deploy}/steps/step-2-1/log.txt"));
    assert!(log.contains("answered 201 Created") && log.contains("made for ***") && !log.contains('\u{1b}'), "{log}");
    for text in [&log, &page, &on.world.get(&format!("/candidates/{id}/dry-run")).1] {
        assert!(!text.contains("s3cr3t"), "{text}");
    }
    let kept = on.world.files_with("s3cr3t");
    assert!(kept.iter().all(|file| file.contains("/data/runner/runs/")), "at the runner alone, as it came: {kept:?}");
}

#[test]
fn an_answer_that_is_not_wanted_fails_it_and_what_may_come_twice_says_so_by_its_key() {
    let target = Target::start();
    target.answers(302, "");
    let kind = format!(
        "repeatable = true\ntries = 2\nhttp = {{ url = '{}/x', method = 'PUT', body = '{{sha}}' }}",
        target.url
    );
    let on = with(&kind);
    let (sha, candidate) = on.is_go_with("STORY-1 x");
    let deploy = on.presses_deploy(&candidate);
    on.says(&deploy, "middle (2 of 3, attempt 2) failed");
    let log = on.world.streamed(&format!("{deploy}/steps/step-2-2/log.txt"));
    assert!(log.contains("it leads on to http://127.0.0.1:1/elsewhere") && log.contains("wanted: 200 to 299"), "{log}");
    let requests = target.requests();
    let key = |request: &String| request.lines().find(|line| line.starts_with("idempotency-key:")).unwrap().to_owned();
    assert_eq!((requests.len(), key(&requests[0])), (2, key(&requests[1])));
    assert_eq!(key(&requests[0]), format!("idempotency-key: web-1-step-2-{sha}"));
    assert!(requests[0].ends_with(&sha), "{}", requests[0]);
    target.answers(204, "");
    assert_eq!(on.world.submit(&deploy, &format!("{deploy}/steps/step-2-2/run-again"), &[]).0, 303);
    on.says(&deploy, "✓ Deployed");
}

#[test]
fn it_is_waited_until_an_address_answers_as_wanted_and_no_longer_than_the_limit() {
    let target = Target::start();
    target.answers(503, "starting");
    let kind = format!(
        "limit_minutes = 1\nwait = {{ url = '{}/ready', pointer = '/state', equals = 'ready', every_seconds = 1 }}",
        target.url
    );
    let mut on = with(&kind);
    let deploy = begins(&on);
    on.says(&deploy, "it answers 503 Service Unavailable");
    on.world.kill();
    target.answers(200, r#"{"state":"nearly"}"#);
    on.world.start();
    on.says(&deploy, "at /state stands nearly");
    assert_eq!(on.read("last"), None);
    target.answers(200, r#"{"state":"ready"}"#);
    on.says(&deploy, "✓ Deployed");
    let log = on.world.streamed(&format!("{deploy}/steps/step-2-1/log.txt"));
    assert!(log.ends_with("it answers as wanted\n") && log.matches("503").count() == 1, "said once: {log}");
}

fn waits_for_build() -> (Deploying, String, String) {
    let policy = format!(
        "{}{}{}",
        marks("first"),
        step("middle", "wait = { build = 'smoke', app = 'ci', every_seconds = 1 }\nlimit_minutes = 5"),
        marks("last")
    );
    let on = Deploying::with_keys(World::stopped().with_classic_token(), TOLD, &[], &policy);
    on.world.github.app("ci").installed_on("acme");
    let (sha, candidate) = on.is_go_with("STORY-1 x");
    let deploy = on.presses_deploy(&candidate);
    on.says(&deploy, "seen last: smoke was not posted on");
    (on, sha, deploy)
}

#[test]
fn a_build_that_turns_green_on_exactly_the_commit_lets_it_go_on() {
    let (mut on, sha, deploy) = waits_for_build();
    let app = on.world.github.app("ci");
    on.world.web().posts_check_run(app, &on.world.repo.rev("production"), "smoke", "success");
    on.world.web().posts_status(&sha, "smoke", "success", "");
    on.says(&deploy, "not by ci");
    let run = on.world.web().starts_check_run(app, &sha, "smoke");
    on.says(&deploy, "smoke by ci runs");
    on.world.kill();
    on.world.web().ends_check_run(run, "success");
    on.world.start();
    on.says(&deploy, "✓ Deployed");
    assert_eq!(on.read("last").unwrap(), "x\n");
}

#[test]
fn a_build_that_fails_halts_it_and_a_wait_can_be_ended() {
    let (on, sha, deploy) = waits_for_build();
    let api = Api::with(&on.world, &["deploy"]);
    assert_eq!(api.send("POST", "/deploys/1/steps/step-2-1/end", &[], "").status, 204);
    on.says(&deploy, "was ended by ada");
    assert_eq!(on.world.submit(&deploy, &format!("{deploy}/steps/step-2-1/run-again"), &[]).0, 303);
    on.says(&deploy, "attempt 2), until");
    on.world.web().posts_check_run(on.world.github.app("ci"), &sha, "smoke", "failure");
    on.says(&deploy, "middle (2 of 3, attempt 2) failed: smoke by ci has failed");
    assert_eq!(on.read("last"), None);
}

/// Whole seconds up to now.
#[allow(clippy::disallowed_methods, reason = "metrics servers go by the real clock")]
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("it is after 1970");
    i64::try_from(since.as_secs()).expect("it is not that late")
}

#[test]
fn a_metric_that_comes_within_its_bounds_lets_it_go_on_and_what_is_not_known_does_not() {
    let graphite = Graphite::start(1);
    let address = format!("http://127.0.0.1:{}", graphite.port);
    let kind = "limit_minutes = 5\nwait = { metric = 'web.queue', from = 'graphite', below = 5, for_seconds = 3, \
                resolution_seconds = 1, every_seconds = 1 }";
    let more = format!("[deploy.metrics]\ngraphite = '{address}'\n");
    let keys = format!("{TOLD}[metrics]\ngraphite = '{address}/'\n");
    let on = with_keys(&keys, kind, &more);
    let deploy = begins(&on);
    on.says(&deploy, "graphite has no series web.queue");
    let until_it_says = |value: f64, words: &str| {
        let says = || {
            graphite.send("web.queue", &[(now(), value)]);
            Some(on.world.get(&deploy).1).filter(|page| page.contains(words))
        };
        on.world.wait(says, || on.world.log());
    };
    until_it_says(9.0, "which is not below 5");
    assert_eq!(on.read("last"), None);
    until_it_says(2.0, "✓ Deployed");
    assert_eq!(on.read("last").unwrap(), "x\n");
}

#[test]
fn a_policy_does_not_say_where_our_token_goes_for_a_wait_either() {
    let kind = "wait = { metric = 'q', from = 'graphite', below = 5 }";
    let keys = format!("{TOLD}[metrics]\ngraphite = 'http://127.0.0.1:8'\n");
    let on = with_keys(&keys, kind, "[deploy.metrics]\ngraphite = 'http://127.0.0.1:9'\n");
    let (_, candidate) = on.is_go_with("STORY-1 x");
    let (status, said) = on.world.submit(&candidate, &format!("{candidate}/deploys"), &[]);
    assert!(status == 422 && said.contains("the step middle of web reads http://127.0.0.1:9"), "{status} {said}");
}

#[test]
fn no_page_of_a_deploy_with_all_kinds_of_steps_keeps_anybody_out() {
    let target = Target::start();
    target.answers(200, "fine");
    let policy = format!(
        "{}{}{}{}{}{}",
        marks("ship-canary"),
        step("tell-ci", &format!("http = {{ url = '{}/deploys/{{sha}}' }}", target.url)),
        step("is-up", &format!("wait = {{ url = '{}/ready' }}", target.url)),
        step("canary-well", "approval = { by_another = false, question = 'Does the canary look well?', hours = 4 }"),
        step("bake", "pause_seconds = 600"),
        step("smoke", "wait = { build = 'deploy-smoke' }"),
    );
    let on = Deploying::with_keys(World::stopped(), TOLD, &[], &policy);
    let (_, candidate) = on.is_go_with("STORY-1 x");
    let would = format!("{candidate}/dry-run");
    let deploy = on.presses_deploy(&candidate);
    on.says(&deploy, "canary-well (4 of 6) asks a developer");
    nothing_is_wrong_at(&on.world, [deploy.as_str(), &would]);
    assert_eq!(reply(&on, &deploy, "step-4-1", &[("reply", "yes")]).0, 303);
    on.says(&deploy, "bake (5 of 6) pauses until");
    nothing_is_wrong_at(&on.world, [deploy.as_str()]);
    let api = Api::with(&on.world, &["read", "deploy"]);
    let (said, code) = on.world.asks(&api.token, &["deploy", "web", "main", "--dry-run"]);
    for words in
        ["ask a developer: Does the canary look well?", "pause for 10 min", "wait until the build deploy-smoke"]
    {
        assert!(said.contains(words), "{code:?} {words}: {said}");
    }
}
