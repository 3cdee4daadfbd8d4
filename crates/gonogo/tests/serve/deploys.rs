//! Deploys that gonogo runs: asked for, done step by step by the runner beside the
//! server, halted, and found again after a crash.

use crate::api::Api;
use crate::pages::nothing_is_wrong_at;
use crate::support::{PASSWORD, World, location_of, path_of};
use serde_json::json;
use std::path::PathBuf;

const TOLD: &str = "production = { told = true }\n";

/// A world in which steps leave their marks in a folder.
pub(crate) struct Deploying {
    pub world: World,
    marks: tempfile::TempDir,
}

impl Deploying {
    /// `steps` names each step with a line of shell, in which `$M` is the marks' folder.
    pub(crate) fn with(steps: &[(&str, &str)], more: &str) -> Self {
        Self::of(World::stopped(), steps, more)
    }

    /// The same of a world that does not run yet.
    pub(crate) fn of(world: World, steps: &[(&str, &str)], more: &str) -> Self {
        Self::with_keys(world, "[local_runner]\n", steps, more)
    }

    /// The same with these keys of the server's configuration.
    pub(crate) fn with_keys(world: World, keys: &str, steps: &[(&str, &str)], more: &str) -> Self {
        let on = Self::made(world.with_keys(keys).with_service(TOLD), steps, more);
        let first = on.world.repo.rev("production");
        on.world.says_that_this_runs(&first);
        on
    }

    /// Of a world with a runner, in which something else says what runs.
    pub(crate) fn made(mut world: World, steps: &[(&str, &str)], more: &str) -> Self {
        let marks = tempfile::tempdir().expect("the temporary folder is writable");
        let table = |(name, run): &(&str, &str)| {
            let place = marks.path().display();
            format!("[[deploy.steps]]\nname = '{name}'\nrun = ['''{run}''']\nshell = true\nenv.M = '{place}'\n")
        };
        let steps: String = steps.iter().map(table).collect();
        let more = more.replace("$MARKS", &marks.path().display().to_string());
        // A table comes before those that stand in it.
        let policy = if more.contains("[deploy]\n") { format!("{more}{steps}") } else { format!("{steps}{more}") };
        world.policy(&policy);
        world.start();
        Self { world, marks }
    }

    pub(crate) fn mark(&self, name: &str) -> PathBuf {
        self.marks.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.mark(name)).ok()
    }

    pub(crate) fn lets(&self, name: &str) {
        std::fs::write(self.mark(name), "").expect("the folder is writable");
    }

    #[track_caller]
    pub(crate) fn wait_for_mark(&self, name: &str) -> String {
        self.world.wait(|| self.read(name).filter(|text| !text.is_empty()), || format!("{name}: {}", self.world.log()))
    }

    /// With a signal that nobody hears before it is over.
    pub(crate) fn kills_runner(&self) {
        let pid = std::fs::read_to_string(self.world.place("data/runner/lock")).expect("it has its place");
        crate::hosts::kill(pid.trim());
    }

    /// A commit that is Go: its SHA, and its candidate's path.
    pub(crate) fn is_go_with(&self, message: &str) -> (String, String) {
        self.world.repo.commit(message);
        let sha = self.world.push("main");
        self.world.status_of(&sha).is_success("Go");
        let path = path_of(&self.world.status_of(&sha).now().unwrap());
        (sha, path)
    }

    /// Presses the button: the deploy's path.
    #[track_caller]
    pub(crate) fn presses_deploy(&self, candidate: &str) -> String {
        let (status, answer) = self.world.submit(candidate, &format!("{candidate}/deploys"), &[]);
        assert_eq!(status, 303, "{answer}");
        location_of(&answer)
    }

    #[track_caller]
    pub(crate) fn says(&self, deploy: &str, words: &str) -> String {
        let page = || self.world.get(deploy).1;
        self.world
            .wait(|| Some(page()).filter(|page| page.contains(words)), || format!("{}{}", page(), self.world.log()))
    }
}

impl World {
    fn says_that_this_runs(&self, sha: &str) {
        let api = Api::with(self, &["production"]);
        let body = json!({ "running": [sha] }).to_string();
        let said = || api.send("POST", "/services/web/production", &[], &body).status;
        self.wait(|| (said() == 202).then_some(()), || self.log());
    }
}

#[test]
fn a_candidate_that_is_go_is_deployed_by_a_press() {
    let steps = [
        ("build", "echo building $GONOGO_SHA; echo $GONOGO_BRANCH > $M/built"),
        ("ship", "cat $M/built; echo $GONOGO_SHA > $M/shipped"),
    ];
    let on = Deploying::with(&steps, "");
    let (sha, candidate) = on.is_go_with("STORY-1 x");
    let deploy = on.presses_deploy(&candidate);
    let page = on.says(&deploy, "✓ Deployed");
    assert_eq!(on.read("shipped").unwrap().trim(), sha);
    assert!(page.contains(&format!("building {sha}")) && page.contains("main\n"), "{page}");
    let log = on.world.streamed(&format!("{deploy}/steps/step-1-1/log.txt"));
    assert_eq!(log, format!("building {sha}\n"));
    // It runs from then on, and nothing waits over it.
    on.says("/services/web", &format!("<code title=\"{sha}\">"));
    on.says("/services/web/deploys", "✓ Deployed");
    let audit = on.world.get("/audit").1;
    assert!(audit.contains("asked for a deploy") && audit.contains("ended a deploy"), "{audit}");
}

#[test]
fn who_may_not_deploy_has_no_button_and_what_is_no_go_is_not_deployed() {
    let mut on = Deploying::with(&[("ship", "echo x > $M/shipped")], "");
    let (_, candidate) = on.is_go_with("STORY-1 x");
    on.world.repo.commit("tidy up");
    let sha = on.world.push("main");
    on.world.status_says(&sha, "failure", "No-Go");
    let no_go = path_of(&on.world.status_of(&sha).now().unwrap());
    assert!(!on.world.get(&no_go).1.contains(">Deploy</button>"));
    let word = on.world.form_word(&no_go);
    let (status, answer) = on.world.post(&format!("{no_go}/deploys"), &[("form", &word)]);
    assert!(status == 422 && answer.contains("its verdict is no-go"), "{status} {answer}");
    let (status, answer) = on.world.post(&format!("{candidate}/deploys"), &[("form", &word)]);
    assert!(status == 409 && answer.contains("its branch or production has moved"), "{status} {answer}");
    on.world.adds("vi", "viewer");
    on.world.signs_in("vi", PASSWORD);
    let word = on.world.form_word("/account");
    assert_eq!(on.world.post(&format!("{no_go}/deploys"), &[("form", &word)]).0, 403);
    assert_eq!(on.read("shipped"), None);
}

#[test]
fn what_failed_and_was_passed_over_is_said_at_the_end() {
    let tells = "[[deploy.steps]]\nname = 'tell'\nrun = ['false']\non_failure = 'continue'\n";
    let on = Deploying::with(&[("ship", "echo x > $M/shipped")], tells);
    let (_, candidate) = on.is_go_with("STORY-1 x");
    let deploy = on.presses_deploy(&candidate);
    let page = on.says(&deploy, "✓ Deployed");
    assert!(page.contains("but tell failed"), "{page}");
}

#[test]
fn a_step_that_fails_halts_it_until_a_person_says_how_it_goes_on() {
    let steps = [("build", "echo one >> $M/runs; test -e $M/fixed"), ("ship", "echo x > $M/shipped")];
    let on = Deploying::with(&steps, "");
    let (_, candidate) = on.is_go_with("STORY-1 x");
    let deploy = on.presses_deploy(&candidate);
    let page = on.says(&deploy, "‖ Halted");
    assert!(page.contains("build (1 of 2) failed") && page.contains("ended with exit status 1"), "{page}");
    assert_eq!(on.read("shipped"), None);
    // What runs is neither the one nor the other while it is halted.
    on.says("/services/web", "Several commits run");
    let press = |word: &str| on.world.submit(&deploy, &format!("{deploy}/steps/step-1-1/{word}"), &[]).0;
    assert_eq!(press("run-again"), 303);
    on.says(&deploy, "step-1-2");
    on.says(&deploy, "attempt 2) failed");
    assert_eq!(press("run-again"), 409, "the page of before");
    on.lets("fixed");
    assert_eq!(on.world.submit(&deploy, &format!("{deploy}/steps/step-1-2/run-again"), &[]).0, 303);
    let page = on.says(&deploy, "✓ Deployed");
    assert_eq!(on.read("runs").unwrap().lines().count(), 3, "each attempt ran once: {page}");
    assert!(page.contains("ada: step-1-1 is to run again"), "{page}");
}

#[test]
fn a_deploy_is_halted_and_rolled_back_by_the_policys_steps() {
    let back = "[[deploy.roll_back]]\nname = 'back'\nrun = ['sh', '-c', 'echo $GONOGO_SHA > $MARKS/back']\n";
    let steps =
        [("build", "echo x > $M/begun; until test -e $M/go; do sleep 0.05; done"), ("ship", "echo x > $M/shipped")];
    let on = Deploying::with(&steps, back);
    let first = on.world.repo.rev("production");
    let (_, candidate) = on.is_go_with("STORY-1 x");
    let deploy = on.presses_deploy(&candidate);
    on.wait_for_mark("begun");
    assert_eq!(on.world.submit(&deploy, &format!("{deploy}/signals/halt"), &[]).0, 303);
    on.lets("go");
    on.says(&deploy, "ada halted it");
    assert_eq!(on.world.submit(&deploy, &format!("{deploy}/signals/roll-back"), &[]).0, 303);
    let page = on.says(&deploy, "↩ Rolled back");
    assert_eq!(on.read("back").unwrap().trim(), first, "{page}");
    assert_eq!(on.read("shipped"), None);
    on.says("/services/web", &format!("<code title=\"{first}\">"));
}

#[test]
fn a_server_that_is_killed_finds_its_deploy_again_and_no_line_is_lost() {
    let steps = [
        (
            "build",
            "echo one >> $M/runs; echo first; until test -e $M/go; do sleep 0.05; done; echo last; echo x > $M/ended",
        ),
        ("ship", "echo x >> $M/shipped"),
    ];
    let mut on = Deploying::with(&steps, "");
    let (_, candidate) = on.is_go_with("STORY-1 x");
    let deploy = on.presses_deploy(&candidate);
    on.wait_for_mark("runs");
    on.world.kill();
    // The step goes on without anybody, and ends.
    on.lets("go");
    on.wait_for_mark("ended");
    on.world.start();
    on.says(&deploy, "✓ Deployed");
    assert_eq!(on.world.streamed(&format!("{deploy}/steps/step-1-1/log.txt")), "first\nlast\n");
    assert_eq!((on.read("runs").unwrap(), on.read("shipped").unwrap()), ("one\n".to_owned(), "x\n".to_owned()));
}

#[test]
fn a_step_that_hangs_is_ended_by_a_person() {
    let on = Deploying::with(&[("hang", "trap '' TERM; echo x > $M/begun; sleep 600 & wait; sleep 600")], "");
    let (_, candidate) = on.is_go_with("STORY-1 x");
    let deploy = on.presses_deploy(&candidate);
    on.wait_for_mark("begun");
    assert_eq!(on.world.submit(&deploy, &format!("{deploy}/steps/step-1-1/end"), &[]).0, 303);
    on.says(&deploy, "was ended by ada");
    assert_eq!(on.world.submit(&deploy, &format!("{deploy}/steps/step-1-1/abandon"), &[]).0, 303);
    on.says(&deploy, "✗ Ended as it was");
}

/// A step that says what it ships over what, and waits.
const SHIPS: &str = "echo $GONOGO_SHA over $GONOGO_PRODUCTION >> $M/shipped; until test -e $M/go; do sleep 0.05; done";

#[test]
fn what_waits_in_the_queue_moves_along_with_what_runs_and_keeps_its_head() {
    let back = "[[deploy.roll_back]]\nname = 'back'\nrun = ['sh', '-c', 'echo $GONOGO_SHA > $MARKS/back']\n";
    let on = Deploying::with(&[("ship", SHIPS), ("more", "test -e $M/more")], back);
    let zero = on.world.repo.rev("production");
    let (one, candidate) = on.is_go_with("STORY-1 x");
    let first = on.presses_deploy(&candidate);
    on.wait_for_mark("shipped");
    let (two, candidate) = on.is_go_with("STORY-2 y");
    let second = on.presses_deploy(&candidate);
    assert_eq!(on.presses_deploy(&candidate), second, "pressed twice it is one");
    on.says(&second, "… Queued");
    // Somebody goes on working.
    let (three, _) = on.is_go_with("STORY-3 z");
    assert!(on.world.get(&candidate).1.contains("A deploy of it</a> is under way"));
    on.lets("more");
    on.lets("go");
    on.says(&first, "✓ Deployed");
    std::fs::remove_file(on.mark("more")).unwrap();
    let page = on.says(&second, "‖ Halted");
    let shipped = format!("{one} over {zero}\n{two} over {one}\n");
    assert_eq!(on.read("shipped").unwrap(), shipped, "not {three}: {page}");
    assert!(on.world.get("/audit").1.contains("moved a deploy along"));
    assert_eq!(on.world.submit(&second, &format!("{second}/signals/roll-back"), &[]).0, 303);
    on.says(&second, "↩ Rolled back");
    assert_eq!(on.read("back").unwrap().trim(), one, "to what ran when it began");
}

#[test]
fn what_is_go_of_a_branch_ships_though_its_head_is_not() {
    let on = Deploying::with(&[("ship", "echo $GONOGO_SHA over $GONOGO_PRODUCTION >> $M/shipped")], "");
    let zero = on.world.repo.rev("production");
    let one = on.world.repo.commit("STORY-1 x");
    let two = on.world.repo.commit("STORY-2 y");
    on.world.repo.commit("tidy up");
    let sha = on.world.push("main");
    on.world.status_says(&sha, "failure", "No-Go");
    let candidate = path_of(&on.world.status_of(&sha).now().unwrap());
    let page = on.says(&candidate, "Deploy up to there");
    assert!(!page.contains(">Deploy</button>"), "{page}");
    let api = Api::with(&on.world, &["read", "deploy"]);
    let asks = |up_to: &str| on.world.asks(&api.token, &["deploy", "web", "main", "--up-to", up_to, "--wait=60"]);
    let (said, code) = asks("fffffff");
    assert!(code == Some(2) && said.contains("main brings no commit fffffff"), "{code:?} {said}");
    let (said, code) = asks("the-half");
    assert!(code == Some(2) && said.contains("neither newest-go nor a commit"), "{code:?} {said}");
    on.world.repo.commit("STORY-1 more of it");
    let sha = on.world.push("main");
    on.world.status_says(&sha, "failure", "No-Go");
    let (said, code) = asks(&one[..7]);
    assert!(code == Some(2) && said.contains("ships a part of STORY-1 alone"), "{code:?} {said}");
    on.world.repo.git(&["reset", "--hard", "HEAD~1"]);
    on.world.repo.commit("tidy up more");
    let sha = on.world.push("main");
    on.world.status_says(&sha, "failure", "No-Go");
    let (said, code) = asks(&one[..7]);
    assert!(code == Some(0) && said.contains("is deployed"), "{code:?} {said}");
    // The rest is a candidate over that now.
    let open = |branch: &str| {
        let found = api.get("/candidates?service=web")["items"].clone();
        found.as_array().into_iter().flatten().find(|one| one["branch"] == branch && one["is_open"] == true).cloned()
    };
    let rest = on.world.wait(
        || open("main").filter(|found| found["production"][0] == one.as_str() && !found["judged"].is_null()),
        || on.world.log(),
    );
    let candidate = format!("/candidates/{}", rest["id"]);
    let (status, answer) = on.world.submit(&candidate, &format!("{candidate}/deploys"), &[("up_to", &two)]);
    assert_eq!(status, 303, "{answer}");
    on.says(&location_of(&answer), "✓ Deployed");
    assert_eq!(on.read("shipped").unwrap(), format!("{one} over {zero}\n{two} over {one}\n"));
}

#[test]
fn what_is_not_on_its_branch_any_more_is_refused() {
    let on = Deploying::with(&[("ship", SHIPS)], "");
    let (_, candidate) = on.is_go_with("STORY-1 x");
    let first = on.presses_deploy(&candidate);
    on.wait_for_mark("shipped");
    let (two, candidate) = on.is_go_with("STORY-2 y");
    let second = on.presses_deploy(&candidate);
    on.world.repo.git(&["reset", "--hard", "HEAD~1"]);
    on.is_go_with("STORY-3 z");
    on.lets("go");
    on.says(&first, "✓ Deployed");
    let page = on.says(&second, "✗ Refused");
    assert!(page.contains(&format!("which has not {}: ask for it anew", &two[..7])), "{page}");
    assert_eq!(on.read("shipped").unwrap().lines().count(), 1);
}

#[test]
fn an_approval_stands_while_others_push_and_what_runs_moves_along() {
    let policy = "[deploy]\n[deploy.approval]\nby_another = false\n";
    let on = Deploying::with(&[("ship", SHIPS)], policy);
    let (one, candidate) = on.is_go_with("STORY-1 x");
    let first = on.presses_deploy(&candidate);
    let (two, candidate) = on.is_go_with("STORY-2 y");
    let second = on.presses_deploy(&candidate);
    on.is_go_with("STORY-3 z");
    on.lets("go");
    for deploy in [&first, &second] {
        assert_eq!(on.world.submit(deploy, &format!("{deploy}/approval"), &[]).0, 303);
    }
    on.says(&second, "✓ Deployed");
    let shipped = on.read("shipped").unwrap();
    assert!(shipped.starts_with(&one) && shipped.contains(&format!("{two} over {one}")), "{shipped}");
}

#[test]
fn a_program_asks_for_a_deploy_follows_it_and_the_command_line_too() {
    let on = Deploying::with(&[("ship", "printf 'sent \\033[31mred\\033[0m\\n'; echo x > $M/shipped")], "");
    let (sha, candidate) = on.is_go_with("STORY-1 x");
    let api = Api::with(&on.world, &["read", "deploy"]);
    let (said, code) = on.world.asks(&api.token, &["deploy", "web", "main", "--wait=60"]);
    assert!(code == Some(0) && said.contains("sent red") && said.contains("is deployed"), "{code:?} {said}");
    let (said, code) = on.world.asks(&api.token, &["deploys", "web"]);
    assert!(code == Some(0) && said.contains("main @") && said.contains("is deployed"), "{code:?} {said}");

    let (said, code) = on.world.asks(&api.token, &["deploys", "web", "--format", "csv"]);
    let lines: Vec<&str> = said.lines().collect();
    assert!(code == Some(0) && lines[0].starts_with("id,service,branch,head,"), "{said}");
    assert!(lines[1].contains(&format!("\"main\",\"{sha}\"")) && lines[1].contains("\"deployed\""), "{said}");
    // Once it was looked at what runs, the candidate is over.
    on.says("/services/web", &format!("<code title=\"{sha}\">"));
    let id: i64 = candidate.rsplit('/').next().unwrap().parse().unwrap();
    let again = api.send("POST", "/services/web/deploys", &[], &json!({ "candidate": id }).to_string());
    assert_eq!(again.status, 409, "{}", again.body);
    let all = api.get("/services/web/deploys");
    let deploy = &all["items"][0];
    assert_eq!((&deploy["state"], &deploy["steps"][0]["outcome"]), (&json!("deployed"), &json!("done")), "{all}");
    let path = format!("/deploys/{}", deploy["id"]);
    let log = api.get(&format!("{path}/steps/step-1-1/log"));
    assert_eq!((&log["is_whole"], log["text"].as_str().unwrap().contains("red")), (&json!(true), true), "{log}");
    let halt = json!({ "signal": "halt" }).to_string();
    assert_eq!(api.send("POST", &format!("{path}/signals"), &[], &halt).status, 409);
    assert_eq!(api.send("GET", "/deploys/999", &[], "").status, 404);
}

#[test]
fn while_it_is_frozen_a_candidate_waits_and_nothing_is_deployed() {
    let freeze = "[deploy]\nzone = 'Europe/Berlin'\n[[deploy.freezes]]\nfrom = '2020-01-01T00:00'\nuntil = '2999-01-01T00:00'\nwhy = 'the great freeze'\n";
    let off = format!("[checks]\nfreeze = 'off'\n{freeze}");
    for (policy, says) in [(freeze, "Waiting: may not begin before"), (off.as_str(), "Go")] {
        let on = Deploying::with(&[("ship", "echo x > $M/shipped")], policy);
        on.world.repo.commit("STORY-1 x");
        let sha = on.world.push("main");
        on.world.status_says(&sha, if says == "Go" { "success" } else { "pending" }, says);
        let candidate = path_of(&on.world.status_of(&sha).now().unwrap());
        let word = on.world.form_word(&candidate);
        let (status, answer) = on.world.post(&format!("{candidate}/deploys"), &[("form", &word)]);
        assert!(status == 422 && answer.contains("the great freeze"), "{status} {answer}");
        assert!(answer.contains("2999-01-01 00:00 (Europe/Berlin)"), "{answer}");
        assert_eq!(on.read("shipped"), None);
    }
}

#[test]
fn a_deploy_waits_for_another_person_where_the_policy_wants_one() {
    let policy = "[deploy]\n[deploy.approval]\npeople = ['lee', 'ada']\n";
    let mut on = Deploying::with(&[("ship", "echo x > $M/shipped")], policy);
    on.world.adds("lee", "developer");
    on.world.adds("mia", "release-manager");
    let (_, candidate) = on.is_go_with("STORY-1 x");
    let deploy = on.presses_deploy(&candidate);
    let page = on.says(&deploy, "… Waits for approval");
    assert!(
        page.contains("It waits for lee and ada, and not ada alone to agree") && !page.contains(">Approve<"),
        "{page}"
    );
    let approve = |on: &Deploying| {
        let word = on.world.form_word(&deploy);
        on.world.post(&format!("{deploy}/approval"), &[("form", &word)]).0
    };
    assert_eq!(approve(&on), 403, "nobody approves alone what they asked for");
    on.world.signs_in("mia", PASSWORD);
    assert_eq!(approve(&on), 403, "the policy names others");
    on.world.signs_in("lee", PASSWORD);
    let waits = on.world.get("/").1;
    assert!(waits.contains("waits for approval, as ada asked"), "{waits}");
    assert_eq!(on.read("shipped"), None);
    assert_eq!(approve(&on), 303);
    let page = on.says(&deploy, "✓ Deployed");
    assert!(page.contains("approved by lee"), "{page}");
    assert_eq!(approve(&on), 409);

    let (_, candidate) = on.is_go_with("STORY-2 y");
    let other = on.presses_deploy(&candidate);
    assert_eq!(on.world.submit(&other, &format!("{other}/signals/abandon"), &[]).0, 303);
    on.says(&other, "– Cancelled");
}

#[test]
fn no_page_of_what_gonogo_deploys_keeps_anybody_out() {
    let long = "x".repeat(300);
    let steps = [
        ("build", format!("printf '\\033[31m<b>red</b>\\033[0m {long}\\n'; echo x >> $M/runs; test -e $M/fixed")),
        ("ship", "echo x > $M/shipped".to_owned()),
    ];
    let steps: Vec<(&str, &str)> = steps.iter().map(|(name, run)| (*name, run.as_str())).collect();
    let on = Deploying::with(&steps, "[deploy]\n[deploy.approval]\nby_another = false\n");
    let (_, candidate) = on.is_go_with("STORY-1 x");
    let deploy = on.presses_deploy(&candidate);
    on.says(&deploy, ">Approve</button>");
    nothing_is_wrong_at(&on.world, [deploy.as_str(), candidate.as_str()]);
    assert_eq!(on.world.submit(&deploy, &format!("{deploy}/approval"), &[]).0, 303);
    on.says(&deploy, "‖ Halted");
    nothing_is_wrong_at(&on.world, [deploy.as_str(), "/services/web/deploys", "/services/web", "/"]);
}
