//! How far one can ship when the head may not.

use crate::support::{Report, check, says, text};
use gonogo_world::Repo;

fn in_production() -> Repo {
    let repo = Repo::new();
    repo.commit("STORY-90 first");
    repo.branch("production");
    repo
}

fn report(repo: &Repo) -> Report {
    report_under(repo, "")
}

fn report_under(repo: &Repo, stories: &str) -> Report {
    check(repo).production("production").policy(&format!("[stories]\nprojects = ['STORY']\n{stories}")).json()
}

#[track_caller]
fn goes_up_to(report: &Report, sha: &str, commits: usize) {
    report.is("no-go");
    assert_eq!(
        (&report["newest_go"]["sha"], &report["newest_go"]["commits"]),
        (&sha.into(), &commits.into()),
        "{report}"
    );
}

#[test]
fn a_go_needs_no_newest_go() {
    let repo = in_production();
    repo.commit("STORY-1 one");
    assert_eq!(report(&repo).is("go")["newest_go"], serde_json::Value::Null);
}

#[test]
fn one_can_ship_up_to_the_commit_before_what_blocks() {
    let repo = in_production();
    repo.commit("STORY-1 one");
    let fine = repo.commit("STORY-2 two");
    let keyless = repo.commit("no key");
    repo.commit("STORY-3 three");

    let report = report(&repo);
    goes_up_to(&report, &fine, 2);
    let shown = check(&repo).production("production").policy("stories.projects = ['STORY']").run().stdout;
    let expected = format!("Go up to {}: 2 of 4 commits; {} came next", &fine[..7], &keyless[..7]);
    says(&shown, &[&expected]);
    // And that is true.
    check(&repo).production("production").head(&fine).policy("stories.projects = ['STORY']").json().is("go");
}

#[test]
fn several_blocks_are_all_left_out() {
    let repo = in_production();
    let fine = repo.commit("STORY-1 one");
    repo.commit("no key");
    repo.commit("STORY-2 two");
    repo.commit("WIP STORY-3 three");
    goes_up_to(&report(&repo), &fine, 1);
}

#[test]
fn when_the_oldest_commit_blocks_nothing_can_ship() {
    let repo = in_production();
    repo.commit("no key");
    repo.commit("STORY-1 one");
    assert_eq!(report(&repo).is("no-go")["newest_go"], serde_json::Value::Null);
}

#[test]
fn a_merge_is_left_out_with_what_it_brings() {
    let repo = in_production();
    repo.branch("topic").checkout("topic");
    repo.commit("STORY-1 one");
    repo.commit("no key");
    repo.checkout("main");
    let fine = repo.commit("STORY-2 two");
    repo.merge("topic", "Merge branch 'topic'");
    repo.commit("STORY-3 three");
    goes_up_to(&report(&repo), &fine, 1);
}

#[test]
fn a_merge_that_may_ship_counts_all_its_commits() {
    let repo = in_production();
    repo.branch("topic").checkout("topic");
    repo.commit("STORY-1 one");
    repo.commit("STORY-1 two");
    repo.checkout("main");
    let merge = repo.merge("topic", "Merge branch 'topic'");
    repo.commit("no key");
    goes_up_to(&report(&repo), &merge, 3);
}

#[test]
fn a_story_is_not_cut_in_two() {
    let repo = in_production();
    let fine = repo.commit("STORY-1 one");
    repo.commit("STORY-2 its first half");
    repo.commit("no key");
    repo.commit("STORY-2 its second half");
    goes_up_to(&report(&repo), &fine, 1);
}

#[test]
fn a_part_of_a_story_ships_behind_a_flag_that_a_trailer_names() {
    let repo = in_production();
    let half = repo.commit("STORY-2 its first half\n\nFlag: new-checkout\n");
    repo.commit("no key");
    repo.commit("STORY-2 its second half");
    let stories = "[stories.partial]\ntrailer = 'Flag'\n";
    let report = report_under(&repo, stories);
    goes_up_to(&report, &half, 1);
    assert_eq!(report["newest_go"]["partial"], serde_json::json!([{"key": "STORY-2", "behind": "new-checkout"}]));
    let policy = format!("[stories]\nprojects = ['STORY']\n{stories}");
    let shown = check(&repo).production("production").policy(&policy).run().stdout;
    says(&shown, &["STORY-2 is partial, behind new-checkout"]);
}

#[test]
fn what_is_reverted_later_counts_as_it_stands_at_that_commit() {
    let repo = in_production();
    let keyless = repo.commit("no key");
    let revert = repo.revert(&keyless);
    repo.commit("WIP STORY-1 not done");
    // At the revert nothing of the commit without a key is left.
    goes_up_to(&report(&repo), &revert, 2);
}

#[test]
fn a_block_on_the_whole_candidate_goes_down_commit_by_commit() {
    let repo = Repo::new();
    repo.commit_files("STORY-90 first", &[("shop.txt", "one\n")]);
    repo.branch("production").checkout("production");
    let hotfix = repo.commit_files("STORY-91 hotfix", &[("shop.txt", "ONE\n")]);
    repo.checkout("main");
    repo.commit("STORY-1 before the hotfix");
    let picked = repo.cherry_pick(&hotfix);
    repo.revert(&picked);
    repo.commit("STORY-2 after its revert");
    goes_up_to(&report(&repo), &picked, 2);
}

#[test]
fn a_conflict_marker_keeps_out_the_commit_that_brought_it() {
    let repo = in_production();
    let fine = repo.commit("STORY-1 one");
    repo.commit_files("STORY-2 two", &[("shop.txt", "<<<<<<< ours\n")]);
    repo.commit("STORY-3 three");
    let report = report(&repo);
    assert_eq!(text(&report.finding("unfinished-conflict-marker")["at"]["path"]), "shop.txt");
    goes_up_to(&report, &fine, 1);
}

#[test]
fn waivers_count_for_the_newest_go_too() {
    let repo = in_production();
    let keyless = repo.commit("no key");
    repo.commit("WIP STORY-1 one");
    let fingerprint = report(&repo).finding("story-key-missing")["fingerprint"].clone();
    let waivers = crate::verdict::waiver(&fingerprint, "2999-12-31");
    let policy = "stories.projects = ['STORY']";
    let report = check(&repo).production("production").policy(policy).waivers(&waivers).json();
    goes_up_to(&report, &keyless, 1);
}

#[test]
fn without_production_there_is_no_newest_go() {
    let repo = Repo::new();
    repo.commit("first");
    repo.tag("v1").commit("no key");
    assert_eq!(check(&repo).json().is("could-not-check")["newest_go"], serde_json::Value::Null);
}
