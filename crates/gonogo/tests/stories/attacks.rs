//! Ways to pass that were tried, and do not work.

use crate::support::check;
use gonogo_world::Repo;

const POLICY: &str = "stories.projects = ['STORY']";

/// A repository whose production is the first commit.
fn repo() -> Repo {
    let repo = Repo::new();
    repo.commit("no-jira first");
    repo.branch("production");
    repo
}

#[test]
fn a_ref_named_like_an_id_does_not_stand_in_for_the_commit() {
    for kind in ["tags", "heads"] {
        let repo = repo();
        let sha = repo.commit("backdoor");
        repo.update_ref(&format!("refs/{kind}/{sha}"), &repo.rev("production"));
        let report = check(&repo).production("production").head(&sha).policy(POLICY).json();
        assert_eq!(report["head"]["sha"], sha.as_str());
        report.is("no-go").finding("story-key-missing");
    }
}

#[test]
fn a_tag_named_like_a_ref_does_not_stand_in_for_the_ref() {
    let repo = repo();
    repo.commit("backdoor");
    repo.update_ref("refs/tags/refs/heads/production", &repo.head());
    repo.update_ref("refs/tags/refs/remotes/origin/production", &repo.head());
    let first = repo.rev("refs/heads/production");
    for name in ["refs/heads/production", "production"] {
        let report = check(&repo).production(name).policy(POLICY).json();
        assert_eq!(report["production"]["sha"], first.as_str(), "{name}");
    }
    let policy = format!("{POLICY}\n[production]\nref = 'production'");
    let report = check(&repo).policy(&policy).json();
    assert_eq!(report["production"]["sha"], first.as_str());
}

#[test]
fn attributes_and_nul_bytes_hide_no_conflict_marker() {
    let repo = repo();
    repo.commit_files("STORY-1 x", &[(".gitattributes", "* -diff\n"), ("a", "<<<<<<< HEAD\nx\n")]);
    repo.commit_files("STORY-1 y", &[("b", "one\0\n<<<<<<< HEAD\n")]);
    std::fs::create_dir_all(repo.path().join(".git/info")).unwrap();
    std::fs::write(repo.path().join(".git/info/attributes"), "* -diff\n").unwrap();
    let report = check(&repo).production("production").policy(POLICY).json();
    assert_eq!(report.found(), ["block unfinished-conflict-marker", "block unfinished-conflict-marker"]);
}

#[test]
fn a_message_alone_undoes_nothing() {
    let repo = repo();
    let sha = repo.commit("backdoor");
    repo.git(&["commit", "--allow-empty", "-m", &format!("no-jira\n\nThis reverts commit {sha}.")]);
    let report = check(&repo).production("production").policy(POLICY).json();
    assert_eq!(report.is("no-go").commit(&sha)["ships"], true);
    report.finding("story-key-missing");
}

#[test]
fn a_number_of_another_repository_reverts_nothing_here() {
    let repo = repo();
    repo.commit("backdoor (#7)");
    repo.commit("STORY-3 docs\n\nReverts other/repo#7");
    let report = check(&repo).production("production").policy(POLICY).json();
    report.is("no-go").finding("story-key-missing");
}

#[test]
fn what_production_took_out_by_hand_ships_again() {
    let repo = repo();
    repo.checkout("production");
    let risky = repo.commit_files("STORY-7 risky", &[("risky", "x\n")]);
    repo.remove("STORY-8 take it out by hand", &["risky"]);
    repo.checkout("main");
    repo.merge("production", "Merge production");
    let again = repo.cherry_pick(&risky);
    let report = check(&repo).production("production").policy(POLICY).json();
    assert_eq!(report.commit(&again)["already_in_production"], false);
    assert_eq!(report.story("STORY-7")["ships"], true);
}

#[test]
fn white_space_makes_another_change() {
    let repo = repo();
    repo.commit_files("STORY-1 a", &[("a.py", "if dry:\n")]);
    repo.branch_at("production", "main");
    repo.checkout("production");
    repo.commit_files("STORY-2 inside", &[("a.py", "if dry:\n    delete()\n")]);
    repo.checkout("main");
    let outside = repo.commit_files("STORY-2 outside", &[("a.py", "if dry:\ndelete()\n")]);
    let report = check(&repo).production("production").policy(POLICY).json();
    assert_eq!(report.commit(&outside)["already_in_production"], false);
}

#[test]
fn keys_below_three_hyphens_count_as_prose() {
    let repo = repo();
    let sha = repo.commit("STORY-2 x (#12)\n\n* STORY-2 ok\n\n---\n\n* STORY-99 also");
    let other = repo.commit("Squash (#13)\n\nintro\n\n---\n\n* STORY-98 only");
    let report = check(&repo).production("production").policy(POLICY).json();
    assert_eq!(report.commit(&sha)["keys"], serde_json::json!(["STORY-2", "STORY-99"]));
    assert_eq!(report.commit(&other)["keys"], serde_json::json!(["STORY-98"]));
}

#[test]
fn a_narrowed_check_sees_what_a_merge_brings() {
    let repo = repo();
    repo.branch("topic").checkout("topic");
    repo.commit("STORY-1 topic");
    repo.checkout("main");
    repo.git(&["merge", "--no-ff", "--no-commit", "topic"]);
    std::fs::create_dir_all(repo.path().join("web")).unwrap();
    std::fs::write(repo.path().join("web/x"), "<<<<<<< HEAD\n").unwrap();
    repo.commit_all("Merge topic");
    let policy = format!("{POLICY}\nchecks.unfinished.paths = ['web/**']");
    check(&repo).production("production").policy(&policy).json().is("no-go").finding("unfinished-conflict-marker");
    let policy = format!("{POLICY}\nchecks.unfinished.paths = ['api/**']");
    assert_eq!(
        check(&repo).production("production").policy(&policy).json().is("go").check("unfinished")["state"],
        "off"
    );
}

#[test]
fn words_and_patterns_that_fit_everything_are_errors() {
    let repo = repo();
    for wrong in ["since = ''", "since = 'v1.0'", "no_key_words = ['']", "ignore_commits = ['']"] {
        let ran = check(&repo).production("production").policy(&format!("[stories]\n{wrong}")).run();
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{wrong}");
    }
}

#[test]
fn a_message_of_very_many_reverts_is_read_at_once() {
    let repo = repo();
    for number in 0..40 {
        repo.commit(&format!("STORY-1 {number}"));
    }
    let many = (0..15_000).map(|n| format!("Reverts a/b#{n}")).collect::<Vec<_>>().join("\n");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("STORY-2 x\n\n{many}")).unwrap();
    repo.git(&["commit", "--allow-empty", "--file", &file.path().display().to_string()]);
    check(&repo).production("production").policy(POLICY).json().is("go");
}

#[test]
fn a_message_that_reverts_production_in_name_only_needs_a_key() {
    let repo = Repo::new();
    let old = repo.commit_files("STORY-9 old", &[("old", "x\n")]);
    repo.branch("production");
    let backdoor = repo.commit_files(&format!("Take it back\n\nThis reverts commit {old}."), &[("new", "x\n")]);
    let report = check(&repo).production("production").policy(POLICY).json();
    let finding = report.is("no-go").finding("story-key-missing");
    assert_eq!(finding["subject"]["id"], backdoor.as_str());
}
