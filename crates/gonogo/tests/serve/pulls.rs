//! Pull requests: judged by what they bring over their base, before anybody
//! merges them.

use crate::support::{World, path_of};
use gonogo_world::Jira;
use gonogo_world::jira::FieldKind;

/// A server that has looked at all there was.
fn looked(mut world: World) -> World {
    world.start();
    world.status_of(&world.repo.rev("main")).is_success("Go");
    world
}

#[track_caller]
fn says(world: &World, page: &str, words: &str) {
    world.wait(|| world.get(page).1.contains(words).then_some(()), || format!("{words:?}: {}", world.get(page).1));
}

/// How reading the list of all was answered, each time.
fn lists(world: &World) -> Vec<Option<u16>> {
    let requests = world.github.requests_to("/repos/acme/web/pulls");
    requests.iter().filter(|request| request.path.ends_with("/pulls")).map(|request| request.status).collect()
}

#[test]
fn the_risk_is_written_before_review_and_the_state_is_asked_of_deploys_alone() {
    let jira = Jira::cloud();
    jira.custom_field("Risk", FieldKind::Text);
    jira.story("STORY-12").in_state("In Review");
    let mut world = World::stopped().trusts(&jira.url());
    world.policy(&format!(
        "tracker.kind = 'jira-cloud'\ntracker.url = '{}'\nchecks.story-state.states = ['Ready to Deploy']\n\
         checks.story-fields.required = ['Risk']\n",
        jira.url()
    ));
    world.start();
    jira.hooked_to(&world.jira_hook_url(), crate::support::SECRET);
    // What is on the branch already is none of its doing.
    let bad = world.repo.commit("tidy up");
    world.push("main");
    let (_, head) = world.proposes("topic", "STORY-12 charge in euros", "Charge in euros");
    let status = world.merge_status_of(&head).is_failure("No-Go: STORY-12 \"Risk\" is empty");
    let page = world.page_of(&status);
    for words in ["#1 topic", "pull request #1", "into main", "asked of deploys, not of pull requests"] {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    assert!(!page.contains("In Review, may ship"), "{page}");
    jira.story("STORY-12").sets_field("Risk", "low: only the footer");
    world.merge_status_of(&head).is_success("Go");
    world.status_of(&bad).is_failure(&format!("No-Go: {} \"tidy up\" names no story", &bad[..7]));

    // The first page has deploys alone; the others have a list of their own.
    let (_, first) = world.get("/");
    assert!(!first.contains("topic") && first.contains("1 pull request</a>: 1 Go"), "{first}");
    let (_, list) = world.get("/services/web/pulls");
    assert!(list.contains("#1 Charge in euros") && list.contains(&path_of(&status)), "{list}");
    assert!(world.status_of(&head).now().is_none(), "a topic is no candidate for a deploy");
    world.github.check_requests();
}

#[test]
fn the_revert_of_a_bad_story_can_always_merge() {
    let world = looked(World::stopped());
    let bad = world.repo.commit_files("STORY-1 charge twice", &[("pay.rb", "charge charge")]);
    world.push("main");
    world.status_of(&bad).is_success("Go");
    world.repo.git(&["branch", "-f", "production", "main"]);
    world.push("production");
    // Meanwhile the branch has something that may not be deployed.
    let blocked = world.repo.commit_files("more", &[("more.rb", "x")]);
    world.push("main");
    let said = format!("No-Go: {} \"more\" names no story", &blocked[..7]);
    world.status_of(&blocked).is_failure(&said);

    world.repo.branch("revert-1-feature/STORY-1").checkout("revert-1-feature/STORY-1");
    let revert = world.repo.revert(&bad);
    world.web().pushes("revert-1-feature/STORY-1", &world.repo);
    let title = "Revert \"STORY-1 charge twice\"";
    let pull = world.web().opens_pull_request(title, "revert-1-feature/STORY-1", "main");
    world.merge_status_of(&revert).is_success("Go");
    let merged = pull.merges();
    world.status_of(&merged).is_failure(&said);
}

#[test]
fn a_title_names_the_story_of_commits_that_name_none() {
    let world = looked(World::stopped());
    let (pull, head) = world.proposes("topic", "tidy up", "Tidy up");
    world.merge_status_of(&head).is_failure(&format!("No-Go: {} \"tidy up\" names no story", &head[..7]));
    pull.edits_title("STORY-7 Tidy up");
    world.merge_status_of(&head).is_success("Go");
    says(&world, "/deliveries", "#1 was edited: looks at it for web");

    // Merged, the commits keep what the pull request says.
    let merged = pull.merges();
    let status = world.status_of(&merged).is_success("Go");
    let (_, stories) = world.get(&format!("{}/stories", path_of(&status)));
    assert!(stories.contains("STORY-7"), "{stories}");
    let (_, facts) = world.get(&format!("{}/facts", path_of(&status)));
    let asked = format!("the pull requests that have {}", &head[..7]);
    assert!(facts.contains(&asked) && facts.contains("STORY-7 Tidy up"), "{facts}");
    world.github.check_requests();
}

#[test]
fn who_edits_a_title_after_the_merge_changes_what_ships() {
    let mut world = World::stopped().polling();
    world.start();
    let (pull, _) = world.proposes("topic", "tidy up", "Tidy up");
    let merged = pull.squashes();
    world.status_of(&merged).is_failure(&format!("No-Go: {} \"Tidy up (#1)\" names no story", &merged[..7]));
    pull.edits_title("STORY-7 Tidy up");
    world.status_of(&merged).is_success("Go");
}

#[test]
fn pull_requests_that_cannot_be_read_are_no_pass() {
    let world = looked(World::stopped());
    world.github.faults().on("/pulls").times(1_000).status(500);
    let head = world.repo.commit("tidy up");
    world.push("main");
    world.status_says(
        &head,
        "error",
        &format!("Could not find out: {} \"tidy up\" could not be checked by story-key", &head[..7]),
    );
}

#[test]
fn a_pull_request_of_a_fork_is_judged_by_the_head_that_github_keeps() {
    let world = looked(World::stopped());
    world.repo.branch("theirs").checkout("theirs");
    let head = world.repo.commit_files("STORY-3 their idea", &[("idea.rb", "x")]);
    world.web().by("eve").opens_pull_request_from_fork("An idea", &world.repo, "theirs", "main");
    world.merge_status_of(&head).is_success("Go");
    assert!(world.web().branch("theirs").is_none());
    let (_, list) = world.get("/services/web/pulls");
    assert!(list.contains("#1 An idea") && list.contains("eve"), "{list}");
}

#[test]
fn a_head_that_git_does_not_give_holds_up_no_other() {
    let mut world = World::stopped().polling();
    world.start();
    world.web().unhooked();
    world.repo.branch("theirs").checkout("theirs");
    let lost = world.repo.commit_files("STORY-3 their idea", &[("idea.rb", "x")]);
    world.web().opens_pull_request_from_fork("An idea", &world.repo, "theirs", "main").loses_its_head();
    let (_, head) = world.proposes("topic", "STORY-1 x", "X");
    world.merge_status_of(&head).is_success("Go");
    assert!(world.merge_status_of(&lost).now().is_none());
    says(&world, "/", "Its pull requests could not be looked at");
}

#[test]
fn lost_hooks_of_pull_requests_are_found_by_polling() {
    let mut world = World::stopped().polling();
    world.start();
    world.web().unhooked();
    let (pull, head) = world.proposes("topic", "tidy up", "Tidy up");
    world.merge_status_of(&head).is_failure(&format!("No-Go: {} \"tidy up\" names no story", &head[..7]));
    // A list that has not changed costs nothing.
    let is_free = || lists(&world).contains(&Some(304));
    world.wait(|| is_free().then_some(()), || format!("{:?}", lists(&world)));
    pull.edits_title("STORY-7 Tidy up");
    world.merge_status_of(&head).is_success("Go");
    pull.closes();
    says(&world, "/services/web/pulls", "No pull request is open");
    let (_, first) = world.get("/");
    assert!(first.contains("0 pull requests"), "{first}");
}

#[test]
fn a_hook_leads_to_the_one_pull_request_that_it_tells_of() {
    let world = looked(World::stopped());
    let (_, one) = world.proposes("one", "tidy up one", "One");
    let (other_pull, other) = world.proposes("other", "tidy up other", "Other");
    for (head, name) in [(&one, "one"), (&other, "other")] {
        world.merge_status_of(head).is_failure(&format!("No-Go: {} \"tidy up {name}\" names no story", &head[..7]));
    }
    other_pull.edits_title("STORY-7 Other");
    world.merge_status_of(&other).is_success("Go");
    says(&world, "/deliveries", "#2 was edited: looks at it for web");
    other_pull.labelled("later").edits_title("STORY-7 Other, later");

    // Another head takes the place of the old one; closed it is judged no more.
    world.repo.checkout("other");
    world.repo.commit_files("WIP", &[("b.rb", "x")]);
    let newer = world.web().pushes("other", &world.repo);
    world.merge_status_of(&newer).is_success("Go");
    other_pull.closes();
    world.wait(
        || (!world.get("/services/web/pulls").1.contains("#2")).then_some(()),
        || world.get("/services/web/pulls").1,
    );
    assert!(world.get("/services/web/pulls").1.contains("#1"));
}

#[test]
fn another_base_is_another_question() {
    let world = looked(World::stopped());
    world.repo.checkout("main").branch("release/2").checkout("release/2");
    world.repo.commit_files("no-jira begin", &[("release.rb", "2")]);
    world.push("release/2");
    world.repo.checkout("main");
    world.repo.commit_files("tidy up", &[("main.rb", "x")]);
    world.push("main");
    let (pull, head) = world.proposes("topic", "STORY-1 x", "X");
    world.merge_status_of(&head).is_success("Go");
    // Into the release it would bring what main has beside it.
    pull.edits_base("release/2");
    let tidied = world.repo.rev("main");
    world.merge_status_of(&head).is_failure(&format!("No-Go: {} \"tidy up\" names no story", &tidied[..7]));
}

#[test]
fn a_head_that_goes_into_two_branches_is_go_when_it_may_go_into_both() {
    let world = looked(World::stopped());
    world.repo.checkout("main").branch("release/2");
    world.push("release/2");
    world.repo.commit_files("tidy up", &[("main.rb", "x")]);
    world.push("main");
    let (_, head) = world.proposes("topic", "STORY-1 x", "X");
    world.merge_status_of(&head).is_success("Go");
    let tidied = world.repo.rev("main");
    let backport = world.web().opens_pull_request("X, for the release", "topic", "release/2");
    let said = format!("No-Go: {} \"tidy up\" names no story", &tidied[..7]);
    let said = format!("#2, of the same head: {said}");
    world.merge_status_of(&head).is_failure(&said);
    // Judged again, the first one does not hide it.
    world.web().pull_request(1).edits_title("STORY-1 X");
    world.wait(|| world.get("/services/web/pulls").1.contains("STORY-1 X").then_some(()), || world.log());
    world.merge_status_of(&head).is_failure(&said);
    backport.closes();
    world.merge_status_of(&head).is_success("Go");
}

#[test]
fn a_merge_group_is_judged_at_its_own_head() {
    let world = looked(World::stopped());
    let (pull, head) = world.proposes("topic", "STORY-1 x", "X");
    world.merge_status_of(&head).is_success("Go");
    let group = pull.enters_merge_queue();
    world.merge_status_of(&group).is_success("Go");
    assert!(world.status_of(&group).now().is_none(), "no candidate for a deploy");
    says(&world, "/services/web/pulls", "(in the merge queue)");
    pull.leaves_merge_queue(&group);
    world.wait(
        || (!world.get("/services/web/pulls").1.contains("in the merge queue")).then_some(()),
        || world.get("/services/web/pulls").1,
    );
}

#[test]
fn a_policy_is_shown_to_change_by_the_pull_request_that_changes_it() {
    let world = looked(World::stopped());
    let policy = "stories.projects = ['STORY']\nproduction.ref = 'production'\nchecks.reverts = 'off'\n";
    world.repo.commit_files("no-jira policy", &[("gonogo.toml", policy)]);
    world.push("main");
    let (_, innocent) = world.proposes("innocent", "STORY-1 x", "X");
    let page = world.page_of(&world.merge_status_of(&innocent).is_success("Go"));
    assert!(!page.contains("policy-changed"), "{page}");
    world.repo.branch("changes").checkout("changes");
    let head = world.repo.commit_files("STORY-2 policy", &[("gonogo.toml", "stories.projects = ['STORY']\n")]);
    world.web().pushes("changes", &world.repo);
    world.web().opens_pull_request("Policy", "changes", "main");
    let page = world.page_of(&world.merge_status_of(&head).is_success("Go"));
    assert!(page.contains("policy-changed"), "{page}");
}

#[test]
fn a_service_that_is_only_observed_stops_nothing_and_tells_what_it_would() {
    let world = looked(World::stopped().with_service("observe = true\n"));
    let head = world.repo.commit("tidy up");
    world.push("main");
    let said = format!("{} \"tidy up\" names no story", &head[..7]);
    let status = world.status_of(&head).is_success(&format!("would be No-Go: {said}"));
    assert!(world.page_of(&status).contains("✗ No-Go"));
    let (_, topic) = world.proposes("topic", "more", "More");
    world.merge_status_of(&topic).is_success(&format!("would be No-Go: {} \"more\" names no story", &topic[..7]));
    // It ships all the same.
    world.repo.git(&["branch", "-f", "production", "main"]);
    world.push("production");
    world.status_of(&head).is_success("Go");
    let (_, page) = world.get("/services/web/observed");
    for words in
        ["4 candidates were judged", "<b>2</b> would have been stopped", "names no story", &head[..7], "#1 topic"]
    {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    assert!(page.contains(r#"data-column="Shipped all the same">yes"#), "{page}");
    assert!(world.get("/").1.contains("only observed"));
    assert_eq!(world.get("/services/nobody/observed").0, 404);
}

#[test]
fn pull_requests_can_be_left_alone() {
    let world = looked(World::stopped().with_service("pull_requests = false\n"));
    let (_, head) = world.proposes("topic", "tidy up", "Tidy up");
    says(&world, "/deliveries", "no service judges the pull requests of acme/web");
    assert!(world.merge_status_of(&head).now().is_none());
    assert!(world.get("/services/web/pulls").1.contains("They are not judged"));
    assert!(world.github.requests_to("/pulls").is_empty());
}

#[test]
fn a_token_without_the_right_says_so_and_deploys_are_judged() {
    let world = World::stopped();
    world.github.token("github_pat_poor").may_write("statuses").may_read("contents").only_for(&["acme/web"]);
    let world = looked(world.with_token("github_pat_poor"));
    let head = world.repo.commit("STORY-1 x");
    world.push("main");
    world.status_of(&head).is_success("Go");
    says(&world, "/", "Its pull requests could not be looked at");
    assert!(world.get("/").1.contains("give the token or the App the right"));
}

#[test]
fn an_app_reports_at_length_and_at_the_lines() {
    let mut world = World::stopped().being_an_app();
    world.start();
    let markers = "a\n<<<<<<< ours\nb\n=======\nc\n>>>>>>> theirs\n";
    let head = world.repo.commit_files("tidy *up*", &[("pay.rb", markers)]);
    world.push("main");
    world.status_says(&head, "failure", "No-Go: ");
    let reports = || world.web().check_runs(&head);
    let report = world.wait(|| reports().pop(), || "no check run".to_owned());
    assert_eq!(report.name, "gonogo/deploy (web): report");
    assert_eq!(report.conclusion.as_deref(), Some("failure"));
    let summary = report.summary.unwrap();
    for words in ["1 commit, 0 stories", "tidy \\*up\\*", "names no story", "(`story-key-missing`)", "/candidates/"] {
        assert!(summary.contains(words), "{words} is not in {summary}");
    }
    assert_eq!(report.annotations.len(), 1);
    assert_eq!(report.annotations[0]["path"], "pay.rb");
    assert_eq!(report.annotations[0]["start_line"], 2);
    assert_eq!(report.annotations[0]["annotation_level"], "failure");
    // What it says is said once.
    world.repo.git(&["commit", "--amend", "--allow-empty", "-m", "STORY-1 tidy up"]);
    world.repo.commit_files("STORY-1 resolve", &[("pay.rb", "a\nb\n")]);
    let mended = world.push("main");
    world.status_of(&mended).is_success("Go");
    world.wait(|| world.web().check_runs(&mended).pop(), || "no check run".to_owned());
    assert_eq!(reports().len(), 1);
    world.github.check_requests();
}

#[test]
fn an_app_without_the_right_to_check_runs_posts_statuses_alone() {
    let world = World::stopped().being_an_app();
    world.github.app("gonogo").may_not("checks");
    let world = looked(world);
    let head = world.repo.commit("STORY-1 x");
    world.push("main");
    world.status_of(&head).is_success("Go");
    let (said, code) = world.checks_store();
    assert_eq!((code, world.web().check_runs(&head).len()), (Some(0), 0), "{said}");
}
