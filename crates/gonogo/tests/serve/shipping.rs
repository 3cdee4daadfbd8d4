//! Stories that are deployed, or rolled back, and who is told of that.

use crate::api::Api;
use crate::support::World;
use gonogo_world::{Jira, Slack};

const TWO: &str = "[[service]]\nname = 'api'\nrepository = 'acme/web'\nproduction = { ref = 'api-production' }\n";
const TOLD: &str = "production = { told = true }\n";

fn tracked_by(jira: &Jira) -> String {
    format!("tracker.kind = 'jira-cloud'\ntracker.url = '{}'\n", jira.url())
}

/// Stories are told of in `#support`.
fn telling(slack: &Slack) -> World {
    slack.channel("#deploys");
    slack.channel("#support");
    World::stopped().tells(slack, "#deploys").says_of_stories("slack_channel = '#support'").polling()
}

impl World {
    /// A commit on main, which is judged to be Go.
    pub(crate) fn commits_well(&self, message: &str) -> String {
        self.repo.commit(message);
        let sha = self.push("main");
        self.status_of(&sha).is_success("Go");
        sha
    }

    /// A branch of production is where this commit is.
    pub(crate) fn ships(&self, branch: &str, sha: &str) {
        self.repo.git(&["branch", "-f", branch, sha]);
        self.push(branch);
    }

    /// Somebody says what runs of web.
    #[track_caller]
    fn says_what_runs(&self, running: &str) {
        let told = self.submit("/services/web", "/services/web/production", &[("running", running)]);
        assert_eq!(told.0, 303, "{}", told.1);
    }

    /// The repository was fetched so often since: whatever was there before was seen.
    #[track_caller]
    fn waits_for_looks(&self, times: usize) {
        let looks = || self.github.requests_to("/info/refs").len();
        let before = looks();
        self.wait(|| (looks() > before + times).then_some(()), || format!("{} looks", looks() - before));
    }

    /// The page of a service comes to have these words.
    #[track_caller]
    fn service_of(&self, service: &str, words: &str) {
        let page = || self.get(&format!("/services/{service}")).1;
        self.wait(|| page().contains(words).then_some(()), page);
    }

    /// The page of a story comes to have these words, one after the other.
    #[track_caller]
    pub(crate) fn story_says(&self, story: &str, words: &[&str]) -> String {
        let page = || self.get(&format!("/stories/{story}")).1;
        let has = |page: &str| {
            words.iter().try_fold(page, |rest, words| rest.split_once(words).map(|(_, rest)| rest)).is_some()
        };
        self.wait(|| Some(page()).filter(|page| has(page)), page)
    }
}

#[test]
fn a_story_is_deployed_when_each_service_has_it_and_says_so_once_until_it_goes() {
    let (jira, slack) = (Jira::cloud(), Slack::start());
    jira.may_write().status("Released", gonogo_world::jira::Category::Done);
    jira.story("STORY-9").titled("Charge in <euros>").in_state("Ready to Deploy").commented("maria", "looks good");
    let support = slack.channel("#support");
    let keys = "slack_channel = '#support'\njira_comment = true\njira_transition = 'Released'";
    let world = World::stopped().trusts(&jira.url()).tells(&slack, "#deploys").says_of_stories(keys);
    slack.channel("#deploys");
    let mut world = world.with_service(TWO).polling();
    world.policy(&tracked_by(&jira));
    let first = world.repo.rev("main");
    world.repo.branch("api-production");
    world.web().made_from(&world.repo);
    world.start();
    let sha = world.commits_well("STORY-9 charge in euros");
    world.web().status_of(&sha, "gonogo/deploy (api)").is_success("Go");
    world.ships("production", &sha);
    let why = "it waits in api still, in an open candidate or pull request";
    world.story_says("STORY-9", &["Waits in (1)", "In production", ">web</a>", "yes", "is not said yet", why]);
    world.waits_for_looks(3);
    support.has(0, 0);
    assert_eq!(jira.story("STORY-9").status(), "Ready to Deploy");

    world.ships("api-production", &sha);
    let message = support.said_once("✓ STORY-9 Charge in &lt;euros&gt; was deployed");
    assert!(message.seen().contains("api and web have it in production"), "{}", message.seen());
    let comment = |beginning: &str| {
        let comments = || jira.story("STORY-9").comments();
        let ours = || comments().into_iter().filter(|text| text.contains("gonogo.example.com")).collect::<Vec<_>>();
        world.wait(
            || (ours().len() == 1 && ours()[0].starts_with(beginning)).then_some(()),
            || format!("{:?}", comments()),
        );
        assert_eq!(comments().len(), 2);
    };
    comment("Deployed: in production of api and web since ");
    assert!(!world.get("/stories/STORY-9").1.contains("is not said yet"));
    world.wait(|| (jira.story("STORY-9").status() == "Released").then_some(()), || jira.story("STORY-9").status());
    world.story_says("STORY-9", &["Who was told", "Released", "was deployed", "said <time"]);

    // Back again: it is in none of what runs of api.
    world.ships("api-production", &first);
    support.said_once("↩ STORY-9 Charge in &lt;euros&gt; was rolled back");
    comment("Rolled back: not in production of api any more since ");
    world.story_says("STORY-9", &[">api</a>", "not any more", ">web</a>", "yes", "was rolled back"]);
    world.ships("api-production", &sha);
    support.shows("✓ STORY-9 Charge in &lt;euros&gt; was deployed");
    support.has(3, 0);
    comment("Deployed: ");
}

#[test]
fn a_service_of_which_nothing_is_known_says_why_no_story_is_said_to_be_deployed() {
    let slack = Slack::start();
    let api = format!("[[service]]\nname = 'api'\nrepository = 'acme/web'\n{TOLD}");
    let mut world = telling(&slack).with_service(&api);
    world.start();
    let sha = world.commits_well("STORY-9 x");
    world.ships("production", &sha);
    world.story_says("STORY-9", &["In production", "is not said yet", "it was never known what runs of api"]);
    slack.channel("#support").has(0, 0);
}

#[test]
fn several_commits_that_run_and_what_nobody_knows_deploy_nothing() {
    let slack = Slack::start();
    let mut world = telling(&slack).with_service(TOLD);
    let support = slack.channel("#support");
    world.start();
    let old = world.repo.rev("production");
    world.service_of("web", "nobody has told yet what runs");
    world.says_what_runs(&old);
    let new = world.commits_well("STORY-9 x");
    world.says_what_runs(&format!("{old} {new}"));
    world.service_of("web", "Several commits run");
    world.says_what_runs("0123456789abcdef");
    world.service_of("web", "is no commit of this repository");
    world.waits_for_looks(2);
    support.has(0, 0);
    assert!(!world.get("/stories/STORY-9").1.contains("In production"));
    world.says_what_runs(&new);
    support.said_once("✓ STORY-9 was deployed");
    // A rollback that is half done takes nothing away, and neither does not knowing.
    world.says_what_runs(&format!("{old} {new}"));
    world.service_of("web", "Several commits run");
    world.says_what_runs("0123456789abcdef");
    world.service_of("web", "is no commit of this repository");
    world.waits_for_looks(2);
    support.has(1, 0);
    world.says_what_runs(&old);
    support.said_once("↩ STORY-9 was rolled back");
    support.has(2, 0);
}

#[test]
fn a_revert_that_ships_takes_its_story_back() {
    let slack = Slack::start();
    let mut world = telling(&slack);
    let support = slack.channel("#support");
    world.start();
    world.repo.commit_files("STORY-9 x", &[("till", "euros")]);
    let sha = world.push("main");
    world.status_of(&sha).is_success("Go");
    world.ships("production", &sha);
    support.said_once("✓ STORY-9 was deployed");
    world.repo.git(&["revert", "--no-edit", &sha]);
    let revert = world.push("main");
    world.status_of(&revert).appears();
    world.ships("production", &revert);
    support.said_once("↩ STORY-9 was rolled back");
}

#[test]
fn a_story_of_which_something_older_runs_still_is_not_rolled_back() {
    let slack = Slack::start();
    let mut world = telling(&slack);
    let support = slack.channel("#support");
    let first = world.repo.rev("main");
    let old = world.repo.commit("STORY-9 the till");
    world.repo.git(&["branch", "-f", "production", "main"]);
    world.web().made_from(&world.repo);
    world.start();
    world.repo.commit("STORY-8 a sign");
    let sha = world.commits_well("STORY-9 the till in euros");
    world.ships("production", &sha);
    support.said_once("✓ STORY-8 was deployed");
    support.said_once("✓ STORY-9 was deployed");
    world.ships("production", &old);
    support.said_once("↩ STORY-8 was rolled back");
    support.has(3, 0);
    world.story_says("STORY-9", &["In production", ">web</a>", "yes"]);
    // Nothing of it is left, though what gonogo saw come went before.
    world.ships("production", &first);
    support.said_once("↩ STORY-9 was rolled back");
}

#[test]
fn a_story_that_only_a_pull_request_names_waits_for_github() {
    let slack = Slack::start();
    let mut world = telling(&slack).with_service(TOLD);
    let support = slack.channel("#support");
    world.start();
    world.service_of("web", "nobody has told yet what runs");
    world.says_what_runs(&world.repo.rev("production"));
    let (pull, _) = world.proposes("topic", "charge in euros", "STORY-9 charge in euros");
    let merged = pull.merges();
    world.status_of(&merged).is_success("Go");
    world.github.faults().on("/pulls").status(502);
    world.says_what_runs(&merged);
    world.logs(&["ship", "stories that only pull requests name could not be read", "502"]);
    support.has(0, 0);
    world.github.heals();
    support.said_once("✓ STORY-9 was deployed");
}

#[test]
fn an_issue_is_not_moved_after_a_rollback() {
    let jira = Jira::cloud();
    jira.may_write().status("Released", gonogo_world::jira::Category::Done);
    jira.story("STORY-9").in_state("Ready to Deploy");
    let mut world = World::stopped().trusts(&jira.url()).says_of_stories("jira_transition = 'Released'").polling();
    world.policy(&tracked_by(&jira));
    let first = world.repo.rev("main");
    world.start();
    let sha = world.commits_well("STORY-9 x");
    jira.faults().on("/transitions").status(503);
    world.ships("production", &sha);
    world.story_says("STORY-9", &["moves to Released", "not yet", "503"]);
    world.ships("production", &first);
    world.story_says("STORY-9", &["moves to Released", "never", "rolled back before it was moved"]);
    jira.heals();
    world.waits_for_looks(2);
    assert_eq!(jira.story("STORY-9").status(), "Ready to Deploy");
}

#[test]
fn a_story_that_is_no_issue_is_commented_on_never() {
    let jira = Jira::cloud();
    jira.may_write().project("STORY");
    let mut world = World::stopped().trusts(&jira.url()).says_of_stories("jira_comment = true").polling();
    world.policy(&format!("{}checks.story-exists = 'off'\n", tracked_by(&jira)));
    world.start();
    let sha = world.commits_well("STORY-404 x");
    world.ships("production", &sha);
    world.story_says("STORY-404", &["a comment in Jira", "never", "look whether the tracker has this issue"]);
}

#[test]
fn many_stories_at_once_are_one_message() {
    let slack = Slack::start();
    let mut world = telling(&slack);
    let support = slack.channel("#support");
    world.start();
    for number in 1..=6 {
        world.repo.commit(&format!("STORY-{number} x"));
    }
    let sha = world.push("main");
    world.status_of(&sha).is_success("Go");
    world.ships("production", &sha);
    let message = support.said_once("6 stories deployed");
    assert!(message.seen().contains("✓ STORY-3 was deployed"), "{}", message.seen());
    support.has(1, 0);
    world.story_says("STORY-3", &["Who was told", "#support", "was deployed"]);
}

#[test]
fn a_kill_between_post_and_record_leaves_one_message() {
    let slack = Slack::start();
    let mut world = telling(&slack).on_postgres("shipping");
    let support = slack.channel("#support");
    world.start();
    let sha = world.commits_well("STORY-9 x");
    // Slack takes it, and its answer never comes.
    slack.faults().on("chat.postMessage").hang();
    world.ships("production", &sha);
    support.said_once("✓ STORY-9 was deployed");
    slack.heals();
    support.chatters(250);
    world.is_replaced();
    world.story_says("STORY-9", &["Who was told", "#support", "said <time"]);
    assert!(!slack.requests_to("conversations.history").is_empty(), "it was looked for");
    assert_eq!(slack.requests_to("chat.postMessage").len(), 1);
    support.said_once("✓ STORY-9 was deployed");
}

#[test]
fn however_often_it_is_killed_each_turn_is_said_once() {
    let slack = Slack::start();
    let mut world = telling(&slack);
    let support = slack.channel("#support");
    world.start();
    let (old, new) = (world.repo.rev("production"), world.commits_well("STORY-9 x"));
    for round in 1..=4 {
        let (to, said) =
            if round % 2 == 1 { (&new, "✓ STORY-9 was deployed") } else { (&old, "↩ STORY-9 was rolled back") };
        world.ships("production", to);
        // Each time a little later: before the move is read, or while it is told.
        std::thread::sleep(std::time::Duration::from_millis(70 * round));
        world.kill();
        world.start();
        support.shows(said);
    }
    world.waits_for_looks(2);
    support.has(4, 0);
}

#[test]
fn what_jira_does_not_take_is_said_on_the_page() {
    let jira = Jira::data_center();
    jira.story("STORY-9").in_state("Ready to Deploy");
    let keys = "jira_comment = true\njira_transition = 'Shipped'";
    let mut world = World::stopped().trusts(&jira.url()).says_of_stories(keys).polling();
    world = world.with_variable("GONOGO_JIRA_TOKEN", "jira-pat");
    world.policy(&tracked_by(&jira).replace("jira-cloud", "jira-data-center"));
    world.start();
    let sha = world.commits_well("STORY-9 x");
    world.ships("production", &sha);
    let no_way = "no transition leads STORY-9 from Ready to Deploy to Shipped, only to To Do, ";
    world.story_says("STORY-9", &["moves to Shipped", "never", no_way]);
    world.story_says("STORY-9", &["a comment in Jira", "not yet", "add comments, make transitions and edit issues"]);
    jira.may_write();
    world.story_says("STORY-9", &["a comment in Jira", "was deployed", "said <time"]);
    assert!(jira.story("STORY-9").comments()[0].starts_with("Deployed: in production of web since "));
}

#[test]
fn programs_read_where_a_story_is_and_who_was_told() {
    let slack = Slack::start();
    let mut world = telling(&slack);
    world.start();
    let sha = world.commits_well("STORY-9 x");
    let api = Api::of(&world);
    let waits = api.get("/stories/STORY-9");
    assert_eq!((&waits["waits"][0]["service"], waits["runs"].as_array().unwrap().len()), (&"web".into(), 0));
    world.ships("production", &sha);
    world.story_says("STORY-9", &["Who was told", "said <time"]);
    let story = api.get("/stories/STORY-9");
    assert_eq!((&story["runs"][0]["service"], &story["runs"][0]["is_live"]), (&"web".into(), &true.into()));
    let told = &story["told"][0];
    assert_eq!((&told["kind"], &told["target"], &told["state"]), (&"slack".into(), &"#support".into(), &"said".into()));
    assert_eq!(told["said"], "was deployed");
    assert_eq!(api.send("GET", "/stories/STORY-10", &[], "").status, 404);
}
