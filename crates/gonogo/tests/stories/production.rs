//! Where production is: who may say so, in which order, and what happens when
//! nobody does.

use crate::support::{Report, check, says, text};
use gonogo_world::Repo;

/// One commit for each place that could be named production, and main over all.
/// `main` carries a policy that names the tag `by-policy`.
fn with_every_place() -> Repo {
    let repo = Repo::new();
    for name in ["by-flag", "by-given-policy", "by-policy", "production"] {
        repo.commit(name);
        repo.tag(&format!("v/{name}"));
    }
    repo.branch_at("production", "v/production");
    repo.commit("next");
    repo
}

fn say_production(repo: &Repo, reference: &str) {
    let policy = format!("[production]\nref = '{reference}'\n");
    repo.commit_files("say where production is", &[("gonogo.toml", policy)]);
}

#[track_caller]
fn is_at(report: &Report, name: &str, sha: &str, why: &str) {
    let production = &report["production"];
    assert_eq!((text(&production["ref"]), text(&production["sha"])), (name, sha), "{report}");
    assert_eq!(production["shas"], serde_json::json!([sha]));
    assert_eq!(production["why"], why);
}

#[test]
fn the_flag_goes_before_all_else() {
    let repo = with_every_place();
    say_production(&repo, "v/by-policy");
    let report = check(&repo).production("v/by-flag").policy("[production]\nref = 'v/by-given-policy'").json();
    is_at(&report, "v/by-flag", &repo.rev("v/by-flag"), "from --production");
}

#[test]
fn the_given_policy_goes_before_the_default_branchs() {
    let repo = with_every_place();
    say_production(&repo, "v/by-policy");
    let report = check(&repo).policy("[production]\nref = 'v/by-given-policy'").json();
    assert_eq!(report["production"]["sha"], repo.rev("v/by-given-policy").as_str());
    says(text(&report["production"]["why"]), &["from ", "policy.toml"]);
}

#[test]
fn a_given_policy_that_is_silent_leaves_it_to_the_default_branch() {
    let repo = with_every_place();
    say_production(&repo, "v/by-policy");
    let report = check(&repo).policy("[service]\nname = 'web'").json();
    is_at(&report, "v/by-policy", &repo.rev("v/by-policy"), "from gonogo.toml of main");
}

#[test]
fn the_default_branchs_policy_goes_before_a_branch_named_production() {
    let repo = with_every_place();
    say_production(&repo, "v/by-policy");
    is_at(&check(&repo).json(), "v/by-policy", &repo.rev("v/by-policy"), "from gonogo.toml of main");
}

#[test]
fn a_branch_named_production_is_taken_when_no_policy_speaks() {
    let repo = with_every_place();
    is_at(&check(&repo).json(), "production", &repo.rev("production"), "a branch named production");
    let shown = check(&repo).run().stdout;
    let first = shown.lines().next().unwrap_or_default();
    says(first, &["main @", "over production @", "(a branch named production)", &repo.rev("production")[..7]]);
}

#[test]
fn the_remotes_production_goes_before_the_local_one() {
    let origin = with_every_place();
    let clone = origin.clone_full();
    clone.branch_at("production", "v/by-flag");
    is_at(&check(&clone).json(), "origin/production", &origin.rev("production"), "a branch named origin/production");
}

#[test]
fn a_ref_of_the_policy_means_the_remotes_branch() {
    let origin = with_every_place();
    say_production(&origin, "live");
    origin.branch_at("live", "v/by-policy");
    let clone = origin.clone_full();
    clone.branch_at("live", "v/by-flag");
    is_at(&check(&clone).json(), "origin/live", &origin.rev("live"), "from gonogo.toml of origin/main");
}

#[test]
fn a_ref_of_the_policy_that_is_not_there_is_refused() {
    let repo = with_every_place();
    say_production(&repo, "prodution");
    let run = check(&repo).run();
    says(run.is_refused(), &["the production ref of gonogo.toml of main", "prodution", "did you mean", "production"]);
}

#[test]
fn the_candidate_cannot_move_production() {
    let repo = with_every_place();
    repo.branch("topic").checkout("topic");
    say_production(&repo, "topic");
    let report = check(&repo).head("topic").json();
    is_at(&report, "production", &repo.rev("production"), "a branch named production");
    says(text(&report.finding("policy-changed")["message"]), &["production.ref: none → \"topic\""]);
    assert_eq!(report.shas().len(), 2);
}

#[test]
fn the_work_tree_cannot_move_production_either() {
    let repo = with_every_place();
    std::fs::write(repo.path().join("gonogo.toml"), "[production]\nref = 'main'\n").expect("the work tree is writable");
    is_at(&check(&repo).json(), "production", &repo.rev("production"), "a branch named production");
}

#[test]
fn with_nothing_that_names_production_nothing_is_go() {
    let repo = Repo::new();
    repo.commit("first");
    repo.annotated_tag("v1", "Release 1");
    let since = [repo.commit("second"), repo.commit("third")];

    let report = check(&repo).json();
    report.is("could-not-check");
    assert_eq!(report["production"]["sha"], serde_json::Value::Null);
    assert_eq!(report["production"]["ref"], serde_json::Value::Null);
    assert_eq!(report.shas(), [since[1].as_str(), &since[0]], "the range since the newest tag");
    assert_eq!(report["missing_from_head"], serde_json::json!([]));
    let finding = report.finding("production-unknown");
    assert_eq!((&finding["check"], &finding["severity"]), (&"production".into(), &"block".into()));
    says(text(&finding["fix"]), &["[production]", "ref = \"", "gonogo.toml", "--production"]);
    assert_eq!(report.check("production")["state"], "could-not-check");
    assert_eq!(report.check("ancestry")["state"], "could-not-check");

    let shown = check(&repo).run();
    assert_eq!(shown.code, 3);
    says(&shown.stdout, &["production, which is not known", "since the newest tag, v1", "ref = \"BRANCH-OR-TAG\""]);
}

#[test]
fn without_a_tag_there_is_nothing_to_look_at() {
    let repo = Repo::new();
    repo.commit("first");
    let report = check(&repo).json();
    report.is("could-not-check");
    assert_eq!(report.found(), ["block production-unknown"]);
    assert_eq!(report["commits"], serde_json::json!([]));
}

#[test]
fn the_default_branch_is_never_taken_for_production() {
    let origin = Repo::new();
    origin.commit("first");
    origin.branch("production").checkout("production");
    origin.commit("second");
    // HEAD of the origin is production: a clone's default branch has this name.
    let clone = origin.clone_full();
    check(&clone).json().is("could-not-check").finding("production-unknown");
    let bare = origin.clone_bare();
    check(&bare).json().is("could-not-check").finding("production-unknown");
}

#[test]
fn a_clone_that_has_only_main_knows_no_production() {
    let origin = Repo::new();
    origin.commit("first");
    let clone = origin.clone_full();
    check(&clone).json().is("could-not-check").finding("production-unknown");
}

#[test]
fn without_origin_head_the_only_branch_of_a_usual_name_is_the_default() {
    let origin = with_every_place();
    say_production(&origin, "v/by-policy");
    let clone = origin.clone_full();
    clone.git(&["remote", "set-head", "origin", "--delete"]);
    clone.git(&["checkout", "--quiet", "--detach"]);
    clone.git(&["branch", "--quiet", "-D", "main"]);
    is_at(&check(&clone).json(), "v/by-policy", &origin.rev("v/by-policy"), "from gonogo.toml of origin/main");
}

#[test]
fn two_branches_of_usual_names_leave_the_default_unknown() {
    let repo = with_every_place();
    say_production(&repo, "v/by-policy");
    repo.branch("master");
    // main's policy has no say, since main may not be the default branch.
    is_at(&check(&repo).json(), "production", &repo.rev("production"), "a branch named production");
}

#[test]
fn a_default_branch_whose_policy_cannot_be_read_does_not_fall_to_a_name() {
    let repo = with_every_place();
    repo.commit_files("a mistake", &[("gonogo.toml", "[production\nref = 'v/by-policy'\n")]);
    let report = check(&repo).json();
    assert_eq!(report["production"]["sha"], serde_json::Value::Null);
    says(text(&report.finding("production-unknown")["message"]), &["cannot be read", "main:gonogo.toml:1"]);
}

#[test]
fn a_mistake_elsewhere_in_the_policy_does_not_hide_where_production_is() {
    let repo = with_every_place();
    let policy = "[production]\nref = 'v/by-policy'\n[checks]\nstory-kee = 'block'\n";
    repo.commit_files("a mistake", &[("gonogo.toml", policy)]);
    is_at(&check(&repo).json(), "v/by-policy", &repo.rev("v/by-policy"), "from gonogo.toml of main");
}

#[test]
fn a_policy_cannot_name_the_head_or_the_default_branch_as_production() {
    for (name, words) in [
        ("HEAD", "is no branch or tag"),
        ("@", "is no branch or tag"),
        ("HEAD~1", "is no branch or tag"),
        ("main", "the default branch itself"),
    ] {
        let repo = gonogo_world::Repo::new();
        repo.commit_files("no-jira first", &[("gonogo.toml", format!("production.ref = '{name}'\n"))]);
        repo.commit("backdoor");
        let report = crate::support::check(&repo).json();
        assert_eq!(report["verdict"], "no-go");
        let finding = report.finding("production-unknown");
        assert!(finding["message"].as_str().unwrap().contains(words), "{name}: {finding}");
    }
}

#[test]
fn a_remotes_head_is_the_branch_that_it_stands_for() {
    let repo = gonogo_world::Repo::new();
    repo.commit("no-jira first");
    repo.branch("production");
    repo.commit("backdoor");
    let clone = repo.clone_full();
    let policy = "stories.projects = ['STORY']\nchecks.story-key.branches = ['main']";
    let check =
        |head: &str| crate::support::check(&clone).production("origin/production").head(head).policy(policy).json();
    check("origin/main").is("no-go").finding("story-key-missing");
    check("origin/HEAD").is("no-go").finding("story-key-missing");
}
