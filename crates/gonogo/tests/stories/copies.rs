//! Commits whose change production has already, under another SHA.

use crate::support::{Report, check, says};
use gonogo_world::Repo;

fn in_production() -> Repo {
    let repo = Repo::new();
    repo.commit("STORY-90 first");
    repo.branch("production");
    repo
}

fn report(repo: &Repo) -> Report {
    check(repo).head("main").production("production").policy("[stories]\nprojects = ['STORY']\n").json()
}

/// Brings commits of main to production by picking; back on main afterwards.
fn pick_to_production(repo: &Repo, shas: &[&str]) -> Vec<String> {
    repo.checkout("production");
    let picked = shas.iter().map(|sha| repo.cherry_pick(sha)).collect();
    repo.checkout("main");
    picked
}

#[track_caller]
fn is_there_already(report: &Report, sha: &str) {
    let commit = report.commit(sha);
    assert_eq!((&commit["already_in_production"], &commit["ships"]), (&true.into(), &false.into()), "{report}");
}

#[track_caller]
fn is_new(report: &Report, sha: &str) {
    let commit = report.commit(sha);
    assert_eq!((&commit["already_in_production"], &commit["ships"]), (&false.into(), &true.into()), "{report}");
}

#[test]
fn a_picked_commit_is_not_new() {
    let repo = in_production();
    let hotfix = repo.commit("STORY-1 hotfix");
    let next = repo.commit("STORY-2 next");
    pick_to_production(&repo, &[&hotfix]);

    let report = report(&repo);
    report.is("go");
    is_there_already(&report, &hotfix);
    is_new(&report, &next);
    assert_eq!(report.shipping(), ["STORY-2"]);
    assert_eq!(report.story("STORY-1")["ships"], false);
    let shown = check(&repo).args(&["-v"]).run().stdout;
    says(&shown, &["STORY-1 hotfix  (in production already)"]);
}

#[test]
fn a_commit_that_was_picked_to_main_is_known_too() {
    let repo = in_production();
    repo.checkout("production");
    let hotfix = repo.commit("STORY-1 hotfix");
    repo.checkout("main");
    repo.commit("STORY-2 next");
    let picked = repo.cherry_pick_x(&hotfix);
    is_there_already(&report(&repo), &picked);
}

#[test]
fn rebased_copies_are_known() {
    let repo = in_production();
    repo.branch("topic").checkout("topic");
    repo.commit("STORY-1 one");
    repo.commit("STORY-1 two");
    repo.checkout("production");
    repo.merge("topic", "Ship the topic early");
    repo.checkout("main");
    let meanwhile = repo.commit("STORY-2 meanwhile");
    repo.checkout("topic");
    let rebased = repo.rebase("main");
    repo.checkout("main").branch_at("main-next", "topic").checkout("main-next");

    let report = check(&repo).production("production").policy("stories.projects = ['STORY']").json();
    is_there_already(&report, &rebased);
    is_there_already(&report, &repo.rev("main-next~1"));
    is_new(&report, &meanwhile);
}

#[test]
fn a_copy_stays_known_after_production_was_merged_back() {
    let repo = in_production();
    let hotfix = repo.commit("STORY-1 hotfix");
    let next = repo.commit("STORY-2 next");
    pick_to_production(&repo, &[&hotfix]);
    repo.merge("production", "Merge production back");

    let report = report(&repo);
    report.is("go");
    assert_eq!(report["missing_from_head"], serde_json::json!([]));
    is_there_already(&report, &hotfix);
    is_new(&report, &next);
}

#[test]
fn a_copy_that_production_reverted_is_new_again() {
    let repo = in_production();
    let hotfix = repo.commit("STORY-1 hotfix");
    let picked = pick_to_production(&repo, &[&hotfix]);
    repo.checkout("production");
    repo.revert(&picked[0]);
    repo.checkout("main");
    let report = report(&repo);
    is_new(&report, &hotfix);
    assert_eq!(report.shipping(), ["STORY-1"]);
}

#[test]
fn a_copy_that_production_merged_and_reverted_as_a_merge_is_new_again() {
    let repo = in_production();
    repo.branch("topic").checkout("topic");
    repo.commit("STORY-1 one");
    repo.checkout("production");
    repo.commit("STORY-91 hotfix");
    let merge = repo.merge("topic", "Ship the topic early");
    repo.revert_merge(&merge);
    repo.checkout("main");
    repo.commit("STORY-2 meanwhile");
    let picked = repo.cherry_pick("topic");
    is_new(&report(&repo), &picked);
}

#[test]
fn a_copy_whose_revert_production_picked_too_is_new_when_it_comes_back() {
    let repo = in_production();
    let story = repo.commit("STORY-1 charge in euros");
    let revert = repo.revert(&story);
    // The picked revert names main's commit, not production's copy of it.
    pick_to_production(&repo, &[&story, &revert]);
    let again = repo.revert(&revert);

    let report = report(&repo);
    is_new(&report, &story);
    is_new(&report, &again);
    assert_eq!(report.shipping(), ["STORY-1"]);
}

#[test]
fn a_story_that_production_has_and_this_deploy_reverts_is_taken_back() {
    let repo = in_production();
    let story = repo.commit("STORY-1 charge in euros");
    pick_to_production(&repo, &[&story]);
    repo.revert(&story);

    let report = report(&repo);
    assert_eq!(report.story("STORY-1")["ships"], false);
    says(&report.finding("story-reverted")["message"].to_string(), &["is taken back: production has it"]);
}

#[test]
fn a_revert_that_production_has_already_takes_nothing_back() {
    let repo = Repo::new();
    let story = repo.commit("STORY-1 charge in euros");
    repo.branch("production");
    let revert = repo.revert(&story);
    repo.commit("STORY-2 next");
    pick_to_production(&repo, &[&revert]);

    let report = report(&repo);
    is_there_already(&report, &revert);
    assert_eq!(report.found(), ["note ancestry-nothing-lost"]);
    assert_eq!(report.shipping(), ["STORY-2"]);
}

#[test]
fn what_comes_back_after_a_revert_that_production_has_ships() {
    let repo = Repo::new();
    let story = repo.commit("STORY-1 charge in euros");
    repo.branch("production");
    let revert = repo.revert(&story);
    pick_to_production(&repo, &[&revert]);
    repo.revert(&revert);
    assert_eq!(report(&repo).shipping(), ["STORY-1"]);
}

#[test]
fn two_versions_of_a_binary_file_are_no_copies() {
    let repo = Repo::new();
    repo.commit_files("STORY-90 logo", &[("logo.png", b"\x00old".as_slice())]);
    repo.branch("production");
    let ours = repo.commit_files("STORY-1 blue logo", &[("logo.png", b"\x00blue".as_slice())]);
    repo.checkout("production");
    repo.commit_files("STORY-2 red logo", &[("logo.png", b"\x00red".as_slice())]);
    repo.checkout("main");
    is_new(&report(&repo), &ours);
}

#[test]
fn commits_that_change_nothing_are_no_copies() {
    let repo = in_production();
    let ours = repo.commit_all("STORY-1 nothing");
    repo.checkout("production");
    repo.commit_all("STORY-2 nothing");
    repo.checkout("main");
    is_new(&report(&repo), &ours);
}

#[test]
fn a_change_of_mode_alone_is_a_change() {
    let repo = Repo::new();
    repo.commit_files("STORY-90 scripts", &[("a.sh", "a\n"), ("b.sh", "b\n")]);
    repo.branch("production");
    let set = |path: &str, mode: &str, message: &str| {
        repo.git(&["update-index", &format!("--chmod={mode}"), path]);
        repo.git(&["commit", "--quiet", "-m", message]);
        repo.git(&["reset", "--quiet", "--hard"]);
        repo.head()
    };
    let ours = set("a.sh", "+x", "STORY-1 run a");
    repo.checkout("production");
    set("b.sh", "+x", "STORY-2 run b");
    repo.checkout("main");
    is_new(&report(&repo), &ours);
}

#[test]
fn the_same_lines_elsewhere_in_a_file_are_no_copy() {
    let repo = in_production();
    let block = "open\nlogin\ncheck\n\nclose\nlog\nend\n";
    let filler = (0..30).map(|line| format!("line {line}\n")).collect::<Vec<_>>().concat();
    let text = |first: &str, second: &str| {
        [block.replace("\n\n", first), filler.clone(), block.replace("\n\n", second)].concat()
    };
    repo.commit_files("STORY-90 both gates", &[("gate.txt", text("\n", "\n"))]);
    repo.branch("topic").checkout("production");
    repo.merge("main", "Ship both gates");
    repo.checkout("main");
    repo.commit_files("STORY-1 allow at the first gate", &[("gate.txt", text("\nallow all\n", "\n"))]);
    repo.checkout("production");
    repo.merge("main", "Ship the first gate");
    repo.checkout("topic");
    let second = repo.commit_files("Allow at the second gate", &[("gate.txt", text("\n", "\nallow all\n"))]);
    repo.checkout("main");
    repo.merge("topic", "Merge topic");

    let report = report(&repo);
    assert_eq!(report.is("no-go").found(), ["block story-key-missing", "note ancestry-nothing-lost"]);
    is_new(&report, &second);
}
