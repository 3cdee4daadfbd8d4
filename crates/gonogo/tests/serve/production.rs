use crate::support::{PASSWORD, TOKEN, World, path_of};
use gonogo_world::Deployed;

/// Production is told by these, as JSON.
fn told_by(apps: &[&Deployed], more: &str) -> String {
    let urls: Vec<String> = apps.iter().map(|app| format!("'{}'", app.url())).collect();
    format!("production = {{ url = [{}], pointer = '/git/sha'{more} }}\n", urls.join(", "))
}

fn says(sha: &str) -> String {
    format!("{{\"git\": {{\"sha\": \"{sha}\"}}}}")
}

impl World {
    /// The service's page comes to have these words.
    #[track_caller]
    fn service_says(&self, words: &str) -> String {
        let page = || self.get("/services/web").1;
        self.wait(|| Some(page()).filter(|page| page.contains(words)), page)
    }

    fn first(&self) -> String {
        self.repo.rev("production")
    }

    /// The repository was looked at twice: whatever was there before was seen.
    fn wait_for_a_look(&self) {
        let looks =
            || self.github.requests_to("/deployments").iter().filter(|ask| ask.path.ends_with("/deployments")).count();
        let before = looks();
        self.wait(|| (looks() > before + 1).then_some(()), || format!("{before} looks"));
    }
}

#[test]
fn while_a_deploy_is_half_done_a_candidate_is_judged_over_each_commit_that_runs() {
    let world = World::stopped();
    let first = world.first();
    let middle = world.repo.commit("tidy up");
    let head = world.repo.commit("STORY-1 x");
    world.web().made_from(&world.repo);
    let (one, other) = (Deployed::saying(&says(&first[..9])), Deployed::saying(&says(&middle)));
    let mut world = world.with_service(&told_by(&[&one, &other], "")).polling();
    world.start();
    let no_go = format!("No-Go: {} \"tidy up\" names no story", &middle[..7]);
    let status = world.status_of(&head).is_failure(&no_go);
    let mut both = [&first, &middle];
    both.sort();
    let over = format!("{} and {}", &both[0][..7], &both[1][..7]);
    assert!(world.page_of(&status).contains(&over), "{over}");
    let page = world.service_says("Several commits run");
    for sha in [&first, &middle] {
        assert!(page.contains(&format!("<code title=\"{sha}\">{}</code>", &sha[..7])), "{page}");
    }
    // Every fact of both is there to be read.
    assert_eq!(world.get(&format!("{}/facts", path_of(&status))).0, 200);

    one.says(&says(&middle));
    world.status_of(&head).is_success("Go");
    let page = world.service_says("known the first time");
    assert!(!page.contains("Several commits run") && page.matches("<tr role=\"row\">").count() >= 4, "{page}");
    assert!(page.contains(&one.url()), "{page}");
}

#[test]
fn an_address_that_is_away_leaves_what_was_known_last_for_a_while() {
    let world = World::stopped();
    let app = Deployed::saying(&says(&world.first()));
    let mut world = world.with_service(&told_by(&[&app], "")).polling();
    world.start();
    world.repo.commit("STORY-1 x");
    let sha = world.push("main");
    world.status_of(&sha).is_success("Go");

    app.faults().status(503);
    let page = world.service_says("What runs is not said now.");
    assert!(page.contains("it answered 503") && page.contains("It was known last"), "{page}");
    assert!(world.get("/").1.contains("What runs is not said now."));
    world.repo.commit("STORY-2 y");
    let next = world.push("main");
    world.status_of(&next).is_success("Go");

    app.heals();
    world.wait(
        || (!world.get("/services/web").1.contains("not said now")).then_some(()),
        || world.get("/services/web").1,
    );
}

#[test]
fn production_that_nobody_knows_is_never_go() {
    let world = World::stopped();
    let app = Deployed::saying(&says(&world.first()));
    let mut world = world.with_service(&told_by(&[&app], ", max_age_minutes = 0")).polling();
    world.start();
    world.repo.commit("STORY-1 x");
    let sha = world.push("main");
    world.status_of(&sha).is_success("Go");
    let unknown = |said: &str| world.status_says(&sha, "error", &format!("Could not find out: {}{said}", app.url()));
    app.faults().redirect_to_login();
    unknown(" does not tell what runs: it redirects to https://login.example.com/");
    app.heals().faults().endless_body();
    unknown(" does not tell what runs: its answer is over 65536 bytes");
    app.heals().says("<html>");
    unknown(" does not tell what runs: its answer is no JSON");
    app.says(&says("main"));
    unknown(" does not tell what runs: it says `main`, which is no commit");
    app.says(&says("0123456"));
    unknown(" tells a revision that cannot be found: 0123456 is no commit");
    app.says(&says(&world.first()));
    world.status_of(&sha).is_success("Go");
}

#[test]
fn a_deploy_tool_says_what_runs() {
    let mut world = World::stopped().with_service("production = { told = true }\n");
    world.start();
    let first = world.first();
    let middle = world.repo.commit("tidy up");
    world.repo.commit("STORY-1 x");
    let sha = world.push("main");
    world.status_says(&sha, "error", "Could not find out: nobody has told yet what runs of web");
    let tell = |said: &str| world.submit("/services/web", "/services/web/production", &[("running", said)]);
    assert_eq!(tell(&first[..8]).0, 303);
    world.status_says(&sha, "failure", "No-Go: ");
    assert_eq!(tell(&middle).0, 303);
    world.status_of(&sha).is_success("Go");
    assert!(world.service_says("as ada told at").contains("from the server"));
    assert!(world.get("/audit").1.contains("said what runs"));
    for wrong in ["main", "abc", " "] {
        let (status, page) = tell(wrong);
        assert!(status == 422 && page.contains("Not done"), "{status} {page}");
    }
    assert_eq!(tell("0123456789abcdef").0, 303);
    world.status_says(&sha, "error", "Could not find out: 0123456789abcdef is no commit of this repository");

    // Who may only look sees no form, and may not send one.
    let fields = [("name", "vera"), ("password", PASSWORD), ("role", "viewer")];
    assert_eq!(world.submit("/people", "/people", &fields).0, 303);
    world.signs_in("vera", PASSWORD);
    assert!(!world.get("/services/web").1.contains("Say what runs"));
    let (status, page) = world.submit("/services/web", "/services/web/production", &[("running", &first)]);
    assert!(status == 403 && page.contains("to say what runs one has to be release-manager"), "{page}");
}

#[test]
fn what_is_known_from_a_branch_is_not_told() {
    let world = World::new();
    world.service_says("from gonogo.toml");
    let sha = world.first();
    let (status, page) = world.submit("/services/web", "/services/web/production", &[("running", &sha)]);
    assert!(status == 409 && page.contains("what runs of web is known from elsewhere"), "{page}");
    assert_eq!(world.get("/services/none").0, 404);
    assert_eq!(world.submit("/services/web", "/services/none/production", &[("running", &sha)]).0, 404);
}

#[test]
fn a_tag_that_was_cut_is_no_deploy() {
    let mut world = World::stopped().with_service("production = { tag = 'v*', environment = 'live' }\n").polling();
    world.github.token(TOKEN).may_read("deployments");
    let first = world.first();
    let middle = world.repo.commit("tidy up");
    let head = world.repo.commit("STORY-1 x");
    world.repo.git(&["tag", "v1.9", &first]);
    world.repo.git(&["tag", "-a", "-m", "ten", "v1.10", &middle]);
    world.web().made_from(&world.repo);
    for tag in ["v1.9", "v1.10"] {
        world.web().pushes_tag(tag, &world.repo);
    }
    world.start();
    world.status_says(&head, "error", "Could not find out: no tag of v* is said to be deployed");

    let deploys = |sha: &str, state: &str| {
        let deployment = world.web().deploys(sha, "live");
        world.web().deployment_is(deployment, state);
    };
    deploys(&first, "success");
    world.status_says(&head, "failure", "No-Go: ");
    world.service_says("<b>v1.9</b>");
    deploys(&middle, "failure");
    deploys(&head, "success"); // it has no tag: it is another service's
    let elsewhere = world.web().deploys(&middle, "staging");
    world.web().deployment_is(elsewhere, "success");
    deploys(&middle, "in_progress");
    world.wait_for_a_look();
    world.service_says("<b>v1.9</b>");
    deploys(&middle, "success");
    world.status_of(&head).is_success("Go");
    world.service_says("<b>v1.10</b>");
    // A rollback is a deploy of an older version.
    deploys(&first, "success");
    world.status_says(&head, "failure", "No-Go: ");
}

fn deploys(world: &World, sha: &str, state: &str, times: usize) {
    for _ in 0..times {
        let deployment = world.web().deploys(sha, "live");
        world.web().deployment_is(deployment, state);
    }
}

#[test]
fn what_was_deployed_is_found_behind_deploys_that_failed_and_not_guessed() {
    let mut world = World::stopped().with_service("production = { tag = 'v*', environment = 'live' }\n").polling();
    world.github.token(TOKEN).may_read("deployments");
    let first = world.first();
    let middle = world.repo.commit("tidy up");
    let head = world.repo.commit("STORY-1 x");
    world.repo.git(&["tag", "v1", &first]);
    world.repo.git(&["tag", "v2", &middle]);
    world.web().made_from(&world.repo);
    for tag in ["v1", "v2"] {
        world.web().pushes_tag(tag, &world.repo);
    }
    deploys(&world, &first, "success", 1);
    deploys(&world, &middle, "failure", 20);
    deploys(&world, &head, "success", 100); // of another service: it has no tag here
    world.start();
    world.status_says(&head, "failure", "No-Go: ");
    world.service_says("<b>v1</b>");

    // Further back than is looked: what was known last is no answer any more.
    deploys(&world, &middle, "failure", 10);
    let said = "Could not find out: which tag of v* is deployed is not known: none of the newest 30 deployments";
    world.status_says(&head, "error", said);
    deploys(&world, &middle, "success", 1);
    world.status_of(&head).is_success("Go");
}

#[test]
fn a_policy_has_no_address_asked() {
    let app = Deployed::saying(&says(&"a".repeat(40)));
    let mut world = World::stopped();
    let policy = format!("stories.projects = ['STORY']\nproduction.url = '{}'\n", app.url());
    world.repo.commit_files("no-jira policy", &[("gonogo.toml", policy.as_str())]);
    world.web().made_from(&world.repo);
    world.start();
    world.repo.commit("STORY-1 x");
    let sha = world.push("main");
    let said = "Could not find out: gonogo.toml of main names an address, and the server asks none but its own";
    world.status_says(&sha, "error", said);
    assert_eq!(app.asked(), 0);
}

#[test]
fn a_hotfix_is_watched_until_it_is_back_on_main() {
    let world = World::new();
    world.repo.checkout("production").branch("hotfix/1").checkout("hotfix/1");
    let hotfix = world.repo.commit_files("STORY-1 mend the till", &[("till", "mended")]);
    world.push("hotfix/1");
    world.status_of(&hotfix).is_success("Go");
    assert!(!world.get("/services/web").1.contains("not on main"));
    world.repo.git(&["branch", "-f", "production", &hotfix]);
    world.push("production");
    let astray =
        format!("hotfix/1 is in production and not on main: {} &quot;STORY-1 mend the till&quot;", &hotfix[..7]);
    world.service_says(&astray);
    assert!(world.get("/").1.contains(&astray));
    world.repo.checkout("main");
    let other = world.repo.commit("STORY-2 y");
    world.push("main");
    world.status_says(&other, "failure", "No-Go: would lose what production has in till");

    // Another commit of the same content is a return.
    world.repo.git(&["merge", "--squash", "hotfix/1"]);
    let back = world.repo.commit_all("STORY-1 mend the till");
    world.push("main");
    world.status_of(&back).is_success("Go");
    world.wait(
        || (!world.get("/services/web").1.contains("not on main")).then_some(()),
        || world.get("/services/web").1,
    );
}

/// Whoever may push to the default branch would else say what they are compared with.
#[test]
fn a_push_does_not_point_production_elsewhere_before_that_has_shipped() {
    let mut world = World::stopped();
    world.policy("");
    world.start();
    let bad = world.repo.commit("tidy up");
    world.push("main");
    let no_go = |count: &str| format!("No-Go: {} \"tidy up\" names no story{count}", &bad[..7]);
    world.status_of(&bad).is_failure(&no_go(""));
    let moved = "stories.projects = ['STORY']\nproduction.ref = 'topic'\n";
    let head = world.repo.commit_files("STORY-1 elsewhere", &[("gonogo.toml", moved)]);
    world.repo.git(&["branch", "topic", "main"]);
    world.push("topic");
    world.push("main");
    world.status_of(&head).is_failure(&no_go(""));
    let page = world.service_says("gonogo.toml of what runs");
    assert!(!page.contains("origin/topic"), "{page}");

    // Once it has shipped, by the branch that counted, the new one counts.
    world.ships("production", &head);
    let next = world.repo.commit("STORY-2 next");
    world.push("main");
    world.status_of(&next).is_success("Go");
    world.ships("topic", &next);
    world.service_says(&next[..7]);
}
