//! `gonogo doctor --server`: what is wrong with what the server stands on.

use crate::support::{SECRET, World};
use gonogo_world::{Jira, Mail, Slack};

const EVENTS: [&str; 6] = ["push", "status", "check_run", "check_suite", "pull_request", "merge_group"];

/// The lines, and the exit code.
fn doctor(world: &World) -> (String, Option<i32>) {
    world.runs(&["doctor", "--server"])
}

#[track_caller]
fn says(said: &str, parts: &[&str]) {
    let is_there =
        |part: &&str| said.lines().any(|line| line.split_whitespace().collect::<Vec<_>>().join(" ").contains(*part));
    for part in parts {
        assert!(is_there(part), "{part}\n{said}");
    }
}

/// A server at work whose webhook is as the docs have it.
fn whole(world: World) -> World {
    let mut world = world;
    world.start();
    world.is_reached_where_it_listens();
    world.web().unhooked().hooked_to_for(&world.hook_url(), SECRET, &EVENTS);
    let sha = world.repo.commit("STORY-1 x");
    world.push("main");
    world.status_of(&sha).is_success("Go");
    world.github.hooks().settle();
    world
}

#[test]
fn nothing_is_wrong_with_a_server_that_works() {
    let jira = Jira::cloud();
    let slack = Slack::start();
    slack.channel("#deploys");
    let world = World::stopped().trusts(&jira.url()).tells(&slack, "#deploys").with_classic_token();
    world.policy(&format!("[tracker]\nkind = 'jira-cloud'\nurl = '{}'\n[checks]\nstory-exists = 'off'\n", jira.url()));
    let world = whole(world);
    let (said, code) = doctor(&world);
    says(
        &said,
        &[
            "✓ store whole",
            "✓ github web: acme/web answers",
            "✓ token GitHub names no end of it",
            "✓ clock within 60 s of GitHub's",
            "✓ rights web: enough to fetch and to post statuses",
            "✓ webhook web: the last delivery (",
            "✓ production web: production @",
            "✓ policy web:",
            "✓ slack takes our token, as gonogo of Acme",
            "✓ tracker",
            "✓ clock within 60 s of the tracker's",
        ],
    );
    assert_eq!(code, Some(0), "{said}");
    world.github.check_requests();
}

#[test]
fn before_the_first_start_all_but_the_store_is_looked_at_and_nothing_is_made() {
    let jira = Jira::cloud();
    let world = World::stopped().trusts(&jira.url());
    world.writes_configuration();
    let (said, _) = doctor(&world);
    says(
        &said,
        &[
            "· store there is no database at ",
            "✓ github web: acme/web answers",
            "· repository web: not fetched yet",
            "· policy web: without the repository it is not known: production, and whom [[awareness]] tells, are not looked at",
            &format!("✓ tracker {} answers", jira.url()),
            "✓ clock within 60 s of the tracker's",
        ],
    );
    let (said, code) = world.checks_store();
    assert!(said.contains("there is no database at ") && code == Some(2), "{code:?} {said}");
    assert_eq!(world.files_with("SQLite format"), [""; 0]);
}

#[test]
fn what_is_wrong_says_what_to_do() {
    let slack = Slack::start();
    slack.without_scope("channels:read");
    let world = whole(World::stopped().tells(&slack, "#deploys"));
    let token =
        world.github.token(crate::support::TOKEN).may_read("repository_hooks").expires_in(3 * 24 * 60 * 60 + 60);
    let (said, code) = doctor(&world);
    says(
        &said,
        &[
            "✗ token ends in 3 days, at",
            "→ make a new one, and write it into GONOGO_GITHUB_TOKEN_FILE",
            "· rights web: a fine-grained token's are not told",
            "✗ slack as gonogo of Acme: the bot lacks channels:read",
            "→ add the scopes to the app, and install it again",
        ],
    );
    assert_eq!(code, Some(1), "{said}");

    world.web().unhooked().hooked_to_for(&world.hook_url(), "other", &EVENTS);
    world.repo.commit("STORY-2 y");
    world.web().pushes("main", &world.repo);
    world.github.hooks().settle();
    says(
        &doctor(&world).0,
        &["✗ webhook web: the last delivery (", "failed: Invalid HTTP Response: 401", "→ the secrets differ"],
    );

    world.web().unhooked().hooked_to_for(&world.hook_url(), SECRET, &EVENTS).hooked_by_forms();
    world.repo.commit("STORY-3 z");
    world.web().pushes("main", &world.repo);
    world.was_told();
    world.wait(
        || world.get("/deliveries").1.contains("it came as a form: set the content type").then_some(()),
        || world.get("/deliveries").1,
    );
    says(
        &doctor(&world).0,
        &["✗ webhook web: it sends forms, which are not read", "→ set the content type to application/json"],
    );

    world.web().unhooked().hooked_to_for(&world.hook_url(), SECRET, &["push"]);
    says(
        &doctor(&world).0,
        &["✗ webhook web: the webhook does not tell of status, check_run, check_suite, pull_request, merge_group"],
    );
    world.web().unhooked();
    says(&doctor(&world).0, &["✗ webhook web: GitHub has none to http://", "→ add one to http://"]);

    token.expires_in(-1);
    let (said, code) = doctor(&world);
    says(&said, &["✗ github web: GitHub"]);
    assert_eq!(code, Some(1), "{said}");
}

#[test]
fn an_app_is_asked_for_its_own_rights_and_hook() {
    let world = whole(World::stopped().being_an_app());
    let (said, _) = doctor(&world);
    says(&said, &["✓ github web: acme/web answers", "rights web:", "webhook web: the App"]);
    world.github.check_requests();
}

#[test]
fn a_clock_that_is_off_is_said() {
    let world = whole(World::stopped());
    world.github.clock("2026-01-02T15:04:05Z");
    let (said, code) = doctor(&world);
    says(&said, &["ahead of GitHub's", "→ set this machine's clock by NTP"]);
    assert_eq!(code, Some(1), "{said}");
}

#[test]
fn what_nothing_uses_and_whom_nothing_reaches_is_said() {
    let slack = Slack::start();
    slack.channel("#support");
    let world = whole(World::stopped().with_variable("GONOGO_SLACK_SIGNING_SECRET", "x"));
    says(
        &doctor(&world).0,
        &[
            "· slack there is no [slack], so nothing uses GONOGO_SLACK_TOKEN and GONOGO_SLACK_SIGNING_SECRET",
            "→ write [slack] into",
        ],
    );
    world.logs(&["the configuration has no [slack]", "GONOGO_SLACK_SIGNING_SECRET"]);
    let world = World::stopped().tells_of_stories_alone(&slack, "#support");
    let world = whole(world);
    says(
        &doctor(&world).0,
        &[
            "· channels of web neither waivers for a system that is away nor post-deploy checks that are late are told",
            "→ write slack_channel into its [[service]], or channel into [slack]",
        ],
    );
    assert!(world.get("/settings").1.contains("none: waivers for a system that is away"));
}

#[test]
fn whom_it_tells_is_looked_at_and_nobody_is_told_anything() {
    let (jira, slack, mail) = (Jira::cloud(), Slack::start(), Mail::start());
    slack.channel("#deploys");
    let support = slack.channel("#support").without_the_bot();
    let world = World::stopped()
        .trusts(&jira.url())
        .tells(&slack, "#deploys")
        .says_of_stories(
            "slack_channel = '#support'\njira_comment = true\njira_transition = 'Released'\njira_fix_version = '{date}'",
        )
        .tells_owners_early("")
        .mails(&mail, "tls = 'starttls'");
    world.policy(&format!(
        "[tracker]\nkind = 'jira-cloud'\nurl = '{}'\n[checks]\nstory-exists = 'off'\n[[awareness]]\nteam = 'support'\n\
         channel = '#nowhere'\nemail = ['a@elsewhere.example']\nlabels = ['x']\n",
        jira.url()
    ));
    let world = whole(world);
    mail.lets_in("gonogo", "another");
    let (said, code) = doctor(&world);
    says(
        &said,
        &[
            "✗ rights [story_deployed] wants what the account may not: Add Comments, Transition Issues and Edit Issues",
            "✗ rights [told_early] wants what the account may not: Add Comments",
            "✓ channels the bot is in #deploys",
            "✗ channels the bot is not in #support",
            "→ invite it there",
            "✗ channels the bot sees no #nowhere",
            "does not let us in: 535 5.7.8 wrong user or password",
            "→ mend GONOGO_SMTP_USER and GONOGO_SMTP_PASSWORD",
            "✗ mail [[awareness]] writes to a@elsewhere.example, outside of [mail] domains",
        ],
    );
    assert_eq!(code, Some(1), "{said}");
    jira.may_write();
    support.invites_the_bot();
    mail.lets_in("gonogo", "mail-word");
    let well = format!("✓ mail localhost:{} takes mail of ours over TLS, as gonogo; nothing was sent", mail.port());
    says(
        &doctor(&world).0,
        &[
            "· rights may say in Jira what [story_deployed] asks for, but make no versions",
            "✓ channels the bot is in #deploys and #support",
            &well,
        ],
    );
    jira.may_administer();
    says(&doctor(&world).0, &["✓ rights may say in Jira what [story_deployed] asks for"]);
    assert!(mail.received().is_empty());
    support.has(0, 0);
    slack.without_scope("groups:read");
    says(&doctor(&world).0, &["· channels they are not looked at: "]);
}
