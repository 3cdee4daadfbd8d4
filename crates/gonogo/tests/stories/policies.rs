//! Which policy judges, what the candidate changes in it, and mistakes in it.

use crate::support::{check, says, text};
use gonogo_world::Repo;

const STRICT: &str = "[stories]\nprojects = ['STORY']\n";
const LENIENT: &str = "[stories]\nprojects = ['STORY']\n[checks]\nstory-key = 'off'\n";

fn with_policy(repo: &Repo, text: &str) -> String {
    repo.commit_files("STORY-1 policy", &[("gonogo.toml", text)])
}

#[test]
fn the_policy_at_production_judges_and_not_the_candidates() {
    let repo = Repo::new();
    with_policy(&repo, STRICT);
    repo.branch("production");
    with_policy(&repo, LENIENT);
    let keyless = repo.commit("no key here");

    let report = check(&repo).json();
    report.is("no-go");
    assert_eq!(report.finding("story-key-missing")["subject"]["id"], keyless.as_str());
    let changed = report.finding("policy-changed");
    assert_eq!((&changed["severity"], &changed["subject"]["id"]), (&"warn".into(), &"gonogo.toml".into()));
    says(text(&changed["message"]), &["checks.story-key: none → \"off\""]);
    assert_eq!(report.check("policy")["state"], "found");
}

#[test]
fn the_given_policy_goes_before_productions() {
    let repo = Repo::new();
    with_policy(&repo, STRICT);
    repo.branch("production");
    repo.commit("no key here");
    let report = check(&repo).policy(LENIENT).json();
    report.is("go");
    assert_eq!(report.check("story-key")["state"], "off");
}

#[test]
fn without_one_at_production_the_default_branchs_judges() {
    let repo = Repo::new();
    repo.commit("first");
    repo.branch("production");
    with_policy(&repo, STRICT);
    repo.branch("topic").checkout("topic");
    with_policy(&repo, LENIENT);
    repo.commit("no key here");

    let report = check(&repo).head("topic").json();
    report.is("no-go");
    report.finding("story-key-missing");
    says(text(&report.finding("policy-changed")["message"]), &["checks.story-key"]);
}

#[test]
fn the_work_trees_policy_comes_last_and_is_marked() {
    let repo = Repo::new();
    repo.commit("first");
    repo.branch("production");
    repo.commit("no key here");
    std::fs::write(repo.path().join("gonogo.toml"), STRICT).expect("the work tree is writable");

    check(&repo).json().is("no-go").finding("story-key-missing");
    says(&check(&repo).run().stdout, &["gonogo.toml of the work tree", "not yet in force"]);
    let committed = Repo::new();
    with_policy(&committed, LENIENT);
    committed.branch("production");
    committed.commit("no key here");
    std::fs::write(committed.path().join("gonogo.toml"), STRICT).expect("the work tree is writable");
    check(&committed).json().is("go");
    assert!(!check(&committed).run().stdout.contains("not yet in force"));
}

#[test]
fn a_candidate_that_changes_only_comments_changes_nothing() {
    let repo = Repo::new();
    with_policy(&repo, STRICT);
    repo.branch("production");
    with_policy(&repo, &format!("# why\n{STRICT}"));
    assert_eq!(check(&repo).json().is("go").found(), [""; 0]);
}

#[test]
fn a_candidate_that_drops_the_policy_changes_it() {
    let repo = Repo::new();
    with_policy(&repo, STRICT);
    repo.branch("production");
    repo.remove("STORY-2 no more rules", &["gonogo.toml"]);
    says(text(&check(&repo).json().finding("policy-changed")["message"]), &["stories.projects: [\"STORY\"] → none"]);
}

#[test]
fn an_invalid_policy_in_production_blocks_and_the_defaults_judge() {
    let repo = Repo::new();
    with_policy(&repo, "[checks]\nstory-kee = 'off'\n");
    repo.branch("production");
    repo.commit("STORY-2 goes on");

    let report = check(&repo).json();
    report.is("no-go");
    let invalid = report.finding("policy-invalid");
    assert_eq!(invalid["severity"], "block");
    says(
        text(&invalid["message"]),
        &["production:gonogo.toml:2:1", "there is no check `story-kee`", "did you mean `story-key`?"],
    );
    assert_eq!((&invalid["at"]["path"], &invalid["at"]["line"]), (&"gonogo.toml".into(), &2.into()));
    says(text(&invalid["fix"]), &["built-in defaults judge"]);
    assert_eq!(report.check("ancestry")["state"], "passed");
}

#[test]
fn an_invalid_policy_in_production_only_warns_when_the_candidate_cures_it() {
    let repo = Repo::new();
    with_policy(&repo, "[checks]\nstory-kee = 'off'\n");
    repo.branch("production");
    with_policy(&repo, STRICT);

    let report = check(&repo).json();
    report.is("go");
    let invalid = report.finding("policy-invalid");
    assert_eq!(invalid["severity"], "warn");
    says(text(&invalid["fix"]), &["the candidate mends it"]);
}

#[test]
fn a_candidate_that_breaks_the_policy_blocks() {
    let repo = Repo::new();
    with_policy(&repo, STRICT);
    repo.branch("production");
    with_policy(&repo, "[stories]\nprojects = 7\n");
    let report = check(&repo).json();
    report.is("no-go");
    says(text(&report.finding("policy-invalid")["message"]), &["the candidate's policy", "gonogo.toml:2:12"]);
}

#[test]
fn an_invalid_given_policy_is_refused_with_place_caret_and_the_near_word() {
    let repo = Repo::new();
    repo.commit("first");
    repo.branch("production");
    let run = check(&repo).policy("[stories]\nproject = ['STORY']\n").run();
    says(
        run.is_refused(),
        &["unknown field `project`", "policy.toml:2:1", "project = ['STORY']", "^^^^^^^", "did you mean `projects`?"],
    );
    let run = check(&repo).policy("[checks.story-size]\nmax_pionts = 3\n").run();
    says(run.is_refused(), &["policy.toml:2:1", "^", "did you mean `max_points`?"]);
    let run = check(&repo).policy("[checks]\nancestry = 'blok'\n").run();
    says(run.is_refused(), &["policy.toml:2:12", "^", "did you mean `block`?"]);
    let run = check(&repo).policy("[checks\n").run();
    says(run.is_refused(), &["policy.toml:1:", "^"]);
}

#[test]
fn a_given_policy_that_is_not_there_is_refused() {
    let repo = Repo::new();
    repo.commit("first");
    let run = check(&repo).args(&["--policy", "/nowhere/gonogo.toml"]).run();
    says(run.is_refused(), &["/nowhere/gonogo.toml could not be read"]);
}
