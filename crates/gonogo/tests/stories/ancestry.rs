//! Would this deploy lose what production has? Judged by merging.

use crate::support::{Report, check, says, text};
use gonogo_world::Repo;

/// Production is one hotfix ahead of where main left it; main has gone on.
struct Hotfixed {
    repo: Repo,
    hotfix: String,
}

fn hotfixed() -> Hotfixed {
    let repo = Repo::new();
    repo.commit_files("first", &[("shop.txt", "one\ntwo\nthree\n")]);
    repo.branch("production").checkout("production");
    let hotfix = repo.commit_files("the hotfix", &[("shop.txt", "one\nTWO\nthree\n")]);
    repo.checkout("main");
    repo.commit("main goes on");
    Hotfixed { repo, hotfix }
}

fn report(repo: &Repo) -> Report {
    check(repo).head("main").production("production").json()
}

#[test]
fn a_hotfix_that_head_lacks_blocks_with_its_paths() {
    let Hotfixed { repo, hotfix } = hotfixed();
    let report = report(&repo);
    let finding = report.is("no-go").finding("ancestry-lost");
    assert_eq!(finding["severity"], "block");
    says(text(&finding["message"]), &["would lose what production has in shop.txt", "1 commit", &hotfix[..7]]);
    says(text(&finding["fix"]), &["merge production into the branch"]);
    assert_eq!(report["missing_from_head"], serde_json::json!([hotfix]));
}

#[test]
fn a_hotfix_that_was_merged_back_passes() {
    let Hotfixed { repo, .. } = hotfixed();
    repo.merge("production", "Merge production back");
    let report = report(&repo);
    assert_eq!(report.is("go").found(), [""; 0]);
    assert_eq!(report.check("ancestry")["state"], "passed");
}

#[test]
fn a_hotfix_that_was_squashed_back_is_a_note() {
    let Hotfixed { repo, hotfix } = hotfixed();
    repo.squash_merge("production", "Bring the hotfix back (#9)");
    let report = report(&repo);
    let finding = report.is("go").finding("ancestry-nothing-lost");
    assert_eq!(finding["severity"], "note");
    says(text(&finding["message"]), &["1 commit that head lacks", &hotfix[..7], "head has all their content"]);
}

#[test]
fn a_hotfix_that_was_picked_and_then_reverted_on_main_blocks() {
    let Hotfixed { repo, hotfix } = hotfixed();
    let picked = repo.cherry_pick(&hotfix);
    report(&repo).is("go");
    repo.revert(&picked);
    report(&repo).is("no-go").finding("ancestry-lost");
}

#[test]
fn a_hotfix_whose_lines_main_changed_again_is_a_conflict() {
    let Hotfixed { repo, hotfix } = hotfixed();
    repo.cherry_pick(&hotfix);
    repo.commit_files("edit the same lines", &[("shop.txt", "one\nZWEI\nthree\n")]);
    let report = report(&repo);
    let finding = report.is("no-go").finding("ancestry-conflict");
    says(text(&finding["message"]), &["conflicts with what production has in shop.txt", &hotfix[..7]]);
    says(text(&finding["fix"]), &["waive"]);
}

#[test]
fn a_trailer_that_claims_a_hotfix_counts_only_where_the_policy_lets_it() {
    let Hotfixed { repo, hotfix } = hotfixed();
    repo.commit_files(&format!("edit the same lines\n\nCarries: {hotfix}\n"), &[("shop.txt", "one\nZWEI\nthree\n")]);
    report(&repo).is("no-go").finding("ancestry-conflict");

    let lenient = check(&repo).production("production").policy("[checks.ancestry]\ncarries = true\n").json();
    let finding = lenient.is("go").finding("ancestry-carried");
    assert_eq!(finding["severity"], "note");
    says(text(&finding["message"]), &["trailers claim", &hotfix[..7]]);
}

#[test]
fn a_trailer_must_claim_every_hotfix() {
    let Hotfixed { repo, hotfix } = hotfixed();
    repo.checkout("production");
    repo.commit_files("another hotfix", &[("shop.txt", "one\nTWO\nTHREE\n")]);
    repo.checkout("main");
    repo.commit_files(&format!("edit\n\nCarries: {hotfix}\n"), &[("shop.txt", "one\nZWEI\nDREI\n")]);
    check(&repo).production("production").policy("[checks.ancestry]\ncarries = true\n").json().is("no-go");
}

#[test]
fn a_hotfix_in_a_file_that_main_deleted_is_a_conflict() {
    let Hotfixed { repo, .. } = hotfixed();
    repo.remove("no shop", &["shop.txt"]);
    says(text(&report(&repo).finding("ancestry-conflict")["message"]), &["shop.txt"]);
}

#[test]
fn a_rollback_by_an_older_head_names_what_goes() {
    let Hotfixed { repo, hotfix } = hotfixed();
    let report = check(&repo).head("production~1").production("production").json();
    let finding = report.is("no-go").finding("ancestry-behind");
    says(text(&finding["message"]), &["1 commit behind production", &hotfix[..7]]);
}

#[test]
fn many_paths_and_commits_are_counted_not_listed() {
    let Hotfixed { repo, .. } = hotfixed();
    repo.checkout("production");
    for n in 1..=9 {
        repo.commit(&format!("hotfix {n}"));
    }
    repo.checkout("main");
    says(text(&report(&repo).finding("ancestry-lost")["message"]), &["10 commits", "and 4 more"]);
}
