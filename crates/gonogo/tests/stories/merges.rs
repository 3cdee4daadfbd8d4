//! Merges that are more, or less, than a merge.

use crate::support::check;
use gonogo_world::Repo;

const POLICY: &str = "stories.projects = ['STORY']";

/// Production is one hotfix in front of main's first commit.
fn with_hotfix() -> Repo {
    let repo = Repo::new();
    repo.commit_files("no-jira first", &[("pay.rb", "one\ntwo\n"), ("readme", "x\n")]);
    repo.branch("production").checkout("production");
    repo.commit_files("STORY-1 hotfix", &[("pay.rb", "one\nmended\n")]);
    repo.checkout("main");
    repo
}

/// A merge of any tree and parents, as plumbing makes it.
fn made_up(repo: &Repo, tree: &str, parents: &[&str], message: &str) -> String {
    let mut args = vec!["commit-tree", tree, "-m", message];
    args.extend(parents.iter().flat_map(|parent| ["-p", parent]));
    let sha = repo.git(&args);
    repo.git(&["reset", "--hard", "--quiet", &sha]);
    sha
}

#[test]
fn a_merge_that_takes_production_in_name_only_loses_it() {
    let repo = with_hotfix();
    repo.commit("STORY-2 x");
    repo.git(&["merge", "-s", "ours", "-m", "Merge production", "production"]);
    let merge = repo.head();
    let report = check(&repo).production("production").policy(POLICY).json();
    let finding = report.is("no-go").finding("ancestry-lost");
    assert_eq!(finding["subject"]["id"], merge.as_str());
    assert!(finding["message"].as_str().unwrap().contains("pay.rb"), "{finding}");
    assert_eq!(report["newest_go"], serde_json::Value::Null, "below the merge, production's commit is missing");

    // Later work does not hide it; bringing the hotfix back ends it.
    repo.commit("STORY-3 y");
    check(&repo).production("production").policy(POLICY).json().is("no-go").finding("ancestry-lost");
    repo.cherry_pick(&repo.rev("production"));
    let report = check(&repo).production("production").policy(POLICY).json();
    report.is("go");
    repo.commit_files("STORY-3 edit the same lines again", &[("pay.rb", "one\nmended twice\n")]);
    check(&repo).production("production").policy(POLICY).json().is("no-go").finding("ancestry-conflict");
}

#[test]
fn a_made_up_merge_that_leaves_one_file_of_production_out_loses_it() {
    let repo = with_hotfix();
    repo.checkout("production");
    repo.commit_files("STORY-1 also", &[("more", "x\n")]);
    repo.checkout("main");
    repo.commit_files("STORY-2 x", &[("mine", "x\n")]);
    repo.git(&["merge", "--no-commit", "--no-ff", "production"]);
    repo.git(&["checkout", "main", "--", "pay.rb"]);
    repo.git(&["commit", "-qm", "Merge production"]);
    let report = check(&repo).production("production").policy(POLICY).json();
    let finding = report.is("no-go").finding("ancestry-lost");
    let message = finding["message"].as_str().unwrap();
    assert!(message.contains("pay.rb") && !message.contains("more"), "{message}");
}

#[test]
fn a_revert_on_the_release_branch_that_main_left_out_would_come_undone() {
    let repo = Repo::new();
    repo.commit("no-jira first");
    let bad = repo.commit_files("STORY-1 bad", &[("bad", "x\n")]);
    repo.branch("production").checkout("production");
    repo.revert(&bad);
    repo.checkout("main");
    repo.git(&["merge", "-s", "ours", "-m", "Merge production", "production"]);
    let report = check(&repo).production("production").policy(POLICY).json();
    report.is("no-go").finding("ancestry-lost");
}

#[test]
fn honest_merges_and_settled_conflicts_are_no_finding() {
    let repo = with_hotfix();
    // A conflict that a person settled.
    repo.commit_files("STORY-2 the same lines", &[("pay.rb", "one\nmine\n")]);
    assert!(!repo.git_agrees(&["merge", "production"]));
    repo.commit_files("Merge production", &[("pay.rb", "one\nmine and mended\n")]);
    // A merge back over content that is there already.
    repo.checkout("production");
    let hotfix = repo.commit_files("STORY-3 hotfix", &[("readme", "y\n")]);
    repo.checkout("main");
    repo.cherry_pick(&hotfix);
    repo.git(&["merge", "-s", "ours", "-m", "Merge production again", "production"]);
    // Both sides edit a file, a fast one, an octopus.
    repo.branch("left").checkout("left").commit_files("STORY-4 left", &[("pay.rb", "zero\none\nmine and mended\n")]);
    repo.checkout("main").commit_files("STORY-5 right", &[("pay.rb", "one\nmine and mended\nfour\n")]);
    repo.merge("left", "Merge left");
    for name in ["a", "b", "c"] {
        repo.branch(name).checkout(name);
        repo.commit_files(&format!("STORY-6 {name}"), &[(name, "x\n")]);
        repo.checkout("main");
    }
    repo.git(&["merge", "--no-ff", "-m", "Merge a", "a"]);
    repo.merge_octopus(&["b", "c"], "Merge b and c");
    let report = check(&repo).production("production").policy(POLICY).json();
    assert_eq!(report.is("go").found(), [""; 0]);
}

#[test]
fn a_merge_with_changes_of_its_own_is_shown_unless_it_names_a_story() {
    let repo = with_hotfix();
    repo.git(&["checkout", "-q", "-B", "main", "production"]);
    repo.branch("topic").checkout("topic").commit_files("STORY-2 topic", &[("topic", "x\n")]);
    repo.checkout("main");
    for (message, found) in [
        ("Merge topic", vec!["warn story-key-merge-changes"]),
        ("Merge topic for STORY-2", vec![]),
        ("Merge topic, no-jira", vec![]),
    ] {
        repo.git(&["reset", "--hard", "--quiet", "production"]);
        repo.git(&["merge", "--no-commit", "--no-ff", "topic"]);
        std::fs::write(repo.path().join("backdoor"), "x\n").unwrap();
        repo.commit_all(message);
        let report = check(&repo).production("production").policy(POLICY).json();
        assert_eq!(report.is("go").found(), found, "{message}");
    }
}

#[test]
fn a_made_up_merge_of_the_line_with_itself_is_shown() {
    let repo = with_hotfix();
    repo.git(&["checkout", "-q", "-B", "main", "production"]);
    repo.commit("STORY-2 a");
    repo.commit_files("STORY-3 b", &[("backdoor", "x\n"), ("wörld\n", "x\n")]);
    let tree = repo.rev("main^{tree}");
    repo.git(&["reset", "--hard", "--quiet", "HEAD~1"]);
    made_up(&repo, &tree, &["HEAD", "HEAD~1"], "Merge branch 'nothing'");
    let report = check(&repo).production("production").policy(POLICY).json();
    assert_eq!(report.found(), ["warn story-key-merge-changes"]);
    let tree = repo.rev("main^{tree}");
    made_up(&repo, &tree, &["production", "production~1", "HEAD~2"], "Merge 'octopus'");
    let report = check(&repo).production("production").policy(POLICY).json();
    assert_eq!(report.found(), ["warn story-key-merge-changes"]);
}

#[test]
fn what_a_merge_left_out_of_a_branch_only_appears_to_ship() {
    let repo = with_hotfix();
    repo.git(&["checkout", "-q", "-B", "main", "production"]);
    repo.branch("topic").checkout("topic").commit_files("STORY-2 topic", &[("topic", "x\n")]);
    repo.checkout("main");
    repo.commit("STORY-3 main");
    repo.git(&["merge", "-s", "ours", "-m", "Merge topic", "topic"]);
    let report = check(&repo).production("production").policy(POLICY).json();
    assert_eq!(report.is("go").found(), ["warn merge-dropped-changes"]);
    let message = report.finding("merge-dropped-changes")["message"].as_str().unwrap().to_owned();
    assert!(message.contains("STORY-2") && message.contains("topic"), "{message}");
}
