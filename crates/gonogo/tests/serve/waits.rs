//! What waits for each person, above all on the first page.

use crate::api::Api;
use crate::people::blocked;
use crate::post_deploy::answer_is_due;
use crate::second::action;
use crate::support::{PASSWORD, World};
use gonogo_world::{Jira, Slack};
use serde_json::Value;

/// What stands above the services, for whoever is signed in.
fn waits(world: &World) -> String {
    let (_, page) = world.get("/");
    let section = page.split("Waits for you</h2>").nth(1).and_then(|rest| rest.split("</section>").next());
    section.unwrap_or_default().to_owned()
}

#[track_caller]
fn comes_to(world: &World, fits: impl Fn(&str) -> bool) -> String {
    world.wait(|| Some(waits(world)).filter(|said| fits(said)), || waits(world))
}

#[test]
fn a_sign_off_waits_for_who_may_give_it_until_it_is_given() {
    let mut world = World::stopped().polling();
    world.policy("[plan]\nsign_offs = ['release-manager', 'ops']\n[plan.people]\nops = ['lee']\n");
    world.start();
    world.adds("lee", "viewer");
    world.adds("dev", "developer");
    world.repo.commit("STORY-1 x");
    let sha = world.push("main");
    world.status_says(&sha, "pending", "Waiting: the sign-off ops is missing (+1)");
    let admin = waits(&world);
    assert!(admin.contains("the sign-off release-manager is missing") && !admin.contains("sign-off ops"), "{admin}");
    world.signs_in("dev", PASSWORD);
    assert_eq!(waits(&world), "");
    world.signs_in("lee", PASSWORD);
    let lee = waits(&world);
    assert!(lee.contains("the sign-off ops is missing") && !lee.contains("release-manager"), "{lee}");
    let candidate = lee.split("href=\"").find(|rest| rest.starts_with("/candidates/")).unwrap();
    let candidate = candidate.split('"').next().unwrap().to_owned();
    assert_eq!(
        world.submit(&format!("{candidate}/plan"), &format!("{candidate}/sign-offs"), &[("name", "ops")]).0,
        303
    );
    comes_to(&world, str::is_empty);
    world.signs_in_again();
    assert!(waits(&world).contains("the sign-off release-manager is missing"), "the other one waits still");
    let told = Api::with(&world, &["read"]).get("/waits");
    assert_eq!(told[0]["what"], "the sign-off release-manager is missing", "{told}");
    assert_eq!(told[0]["keeps"][0]["name"], "main");

    // Nothing waits over a head that is not to ship any more.
    world.repo.commit("STORY-2 y");
    let next = world.push("main");
    world.status_says(&next, "pending", "Waiting: the sign-off ops is missing (+1)");
    let again = waits(&world);
    assert_eq!(again.matches("the sign-off release-manager is missing").count(), 1, "{again}");
}

#[test]
fn a_proposed_waiver_waits_for_whom_the_policy_lets_confirm_it() {
    let mut world = World::stopped();
    world.policy("[waivers.checks.story-key]\nsecond = true\n");
    world.start();
    let (_, page, fingerprint) = blocked(&world);
    world.adds("rita", "release-manager");
    world.adds("dan", "developer");
    let fields = [("fingerprint", fingerprint.as_str()), ("why", "agreed"), ("days", "3")];
    assert_eq!(world.submit(&page, &format!("{page}/waivers"), &fields).0, 303);
    assert!(!waits(&world).contains("proposed to waive"), "her own is not hers to confirm");
    world.signs_in("dan", PASSWORD);
    assert_eq!(waits(&world), "");
    world.signs_in("rita", PASSWORD);
    assert!(waits(&world).contains("ada proposed to waive: "), "{}", waits(&world));
    let confirm = action(&world, &page, "/confirm").unwrap();
    assert_eq!(world.submit(&page, &confirm, &[]).0, 303);
    assert!(!waits(&world).contains("proposed to waive"));
}

#[test]
fn a_waiver_that_lets_nothing_pass_any_more_waits_for_nobody() {
    let mut world = World::stopped().polling();
    world.start();
    let (sha, page, fingerprint) = blocked(&world);
    let fields = [("fingerprint", fingerprint.as_str()), ("why", "agreed"), ("days", "1")];
    assert_eq!(world.submit(&page, &format!("{page}/waivers"), &fields).0, 303);
    world.status_of(&sha).is_success("Go, 1 waived");
    comes_to(&world, |said| said.contains("your waiver lapses at"));
    assert!(world.get("/").1.contains("1 waiver</a> lapses within a day: what it lets pass blocks again then"));
    world.ships("production", &sha);
    comes_to(&world, str::is_empty);
    let first = world.get("/").1;
    assert!(!first.contains("lapses within a day"), "{first}");
    let closed = world.get(&page).1;
    assert!(closed.contains("Waived (1)") && !closed.contains("blocks again then"), "{closed}");
}

#[test]
fn a_story_waits_for_whoever_speaks_for_a_team_that_has_to_know_of_it() {
    let (jira, slack) = (Jira::cloud(), Slack::start());
    slack.channel("#support");
    jira.story("STORY-9").titled("Charge in <euros>").labelled("customer-visible");
    let mut world = World::stopped().trusts(&jira.url()).tells(&slack, "#support").polling();
    world.policy(&format!(
        "tracker.kind = 'jira-cloud'\ntracker.url = '{}'\n[[awareness]]\nteam = 'support'\nchannel = '#support'\n\
         lead_hours = 8\nlabels = ['customer-visible']\npeople = ['vera']\n",
        jira.url()
    ));
    world.start();
    world.adds("vera", "viewer");
    world.repo.commit("STORY-9 charge in euros");
    world.push("main");
    world.signs_in("vera", PASSWORD);
    let said = comes_to(&world, |said| said.contains("STORY-9 may ship from "));
    assert!(said.contains("href=\"/stories/STORY-9\"") && said.contains(">main</a>"), "{said}");
    let (form, at) = ([("team", "support")], "/stories/STORY-9/acknowledged");
    assert_eq!(world.submit("/stories/STORY-9", at, &form).0, 303);
    comes_to(&world, str::is_empty);
}

#[test]
fn checks_after_a_deploy_wait_for_who_said_that_they_look() {
    let jira = Jira::cloud();
    let (world, line): (World, Value) = answer_is_due(&jira);
    assert_eq!(waits(&world), "");
    let page = format!("/services/web/deploys/{}", line["deploy"]);
    assert_eq!(world.submit(&page, &format!("/post-deploy/{}/owner", line["id"]), &[]).0, 303);
    let said = waits(&world);
    assert!(
        said.contains("STORY-9 Charge in &lt;euros&gt;: its checks after the deploy are due") && said.contains(&page),
        "{said}"
    );
    assert_eq!(world.answers(&line, "passed", "an order shows it").0, 303);
    assert_eq!(waits(&world), "");
}

#[test]
fn a_story_waits_for_whose_account_in_jira_is_joined_and_goes_once_it_is_mended() {
    for kind in ["jira-cloud", "jira-data-center"] {
        let jira = if kind == "jira-cloud" { Jira::cloud() } else { Jira::data_center() };
        jira.story("STORY-12").titled("Charge in euros").in_state("In Review").assigned_to("maria");
        jira.story("STORY-13").titled("Another's").in_state("In Review").assigned_to("ivo");
        let mut world = World::stopped().joining_jira(&jira, kind, "").polling();
        if kind == "jira-data-center" {
            world = world.with_variable("GONOGO_JIRA_TOKEN", "jira-pat");
        }
        world.policy(&format!(
            "tracker.kind = '{kind}'\ntracker.url = '{}'\nchecks.story-state.states = ['Ready to Deploy']\n",
            jira.url()
        ));
        world.start();
        world.repo.commit("STORY-12 charge in euros\n\nStory: STORY-13");
        let sha = world.push("main");
        world.status_says(&sha, "failure", "No-Go: ");
        assert_eq!(waits(&world), "", "nobody knows who is who in Jira");
        assert_eq!(world.joins_jira(&jira, "maria").0, 303);
        let said = comes_to(&world, |said| said.contains("STORY-12 is In Review"));
        assert!(!said.contains("STORY-13") && said.contains("href=\"/stories/STORY-12\""), "{kind}: {said}");
        jira.story("STORY-12").moves_to("Ready to Deploy");
        comes_to(&world, str::is_empty);
        world.status_says(&sha, "failure", "No-Go: STORY-13");
    }
}
