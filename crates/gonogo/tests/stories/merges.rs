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

fn lost(repo: &Repo) {
    check(repo).production("production").policy(POLICY).json().is("no-go").finding("ancestry-lost");
}

fn is_fine(repo: &Repo) {
    let report = check(repo).production("production").policy(POLICY).json();
    assert_eq!(report.is("go").found(), [""; 0]);
}

fn takes_in_name_only(repo: &Repo) {
    repo.git(&["merge", "-s", "ours", "-m", "Merge production", "production"]);
}

#[test]
fn neither_a_conflict_elsewhere_nor_a_rename_hides_what_is_lost() {
    let repo = with_hotfix();
    repo.checkout("production").commit_files("STORY-1 version", &[("version", "1.0.1\n")]);
    repo.checkout("main").commit_files("STORY-2 version", &[("version", "1.1\n")]);
    takes_in_name_only(&repo);
    lost(&repo);

    let repo = with_hotfix();
    repo.commit("STORY-2 x");
    takes_in_name_only(&repo);
    repo.git(&["mv", "pay.rb", "charge.rb"]);
    repo.commit_all("STORY-5 rename");
    lost(&repo);
}

#[test]
fn modes_kinds_and_odd_names_are_content_too() {
    let changes: [fn(&Repo); 3] = [
        |repo| {
            repo.git(&["update-index", "--chmod=+x", "pay.rb"]);
        },
        |repo| {
            let blob = repo.rev("production:pay.rb");
            repo.git(&["update-index", "--cacheinfo", &format!("120000,{blob},pay.rb")]);
        },
        |repo| {
            repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{},sub", repo.head())]);
        },
    ];
    for change in changes {
        let repo = Repo::new();
        repo.commit_files("no-jira first", &[("pay.rb", "one\n"), ("readme", "x\n")]);
        repo.branch("production").checkout("production");
        change(&repo);
        repo.git(&["commit", "-qm", "STORY-1 hotfix"]);
        repo.git(&["reset", "--hard", "--quiet"]);
        repo.checkout("main");
        repo.commit_files("STORY-2 x", &[("x", "x\n")]);
        takes_in_name_only(&repo);
        lost(&repo);
    }
    let repo = Repo::new();
    repo.commit_files("no-jira first", &[("Icon\r", "one\n"), ("a\nb", "one\n")]);
    repo.branch("production").checkout("production");
    repo.commit_files("STORY-1 hotfix", &[("Icon\r", "two\n"), ("a\nb", "two\n")]);
    repo.checkout("main").commit_files("STORY-2 x", &[("x", "x\n")]);
    takes_in_name_only(&repo);
    lost(&repo);
}

#[test]
fn a_clone_without_blobs_does_not_take_what_it_lacks_for_the_same() {
    let repo = with_hotfix();
    repo.commit("STORY-2 x");
    takes_in_name_only(&repo);
    let clone = repo.clone_blobless();
    let policy = format!("{POLICY}\nchecks.unfinished = 'off'");
    let report = check(&clone).production("production").policy(&policy).json();
    assert_eq!(report["verdict"], "no-go");
    assert!(["found", "could-not-check"].contains(&report.check("ancestry")["state"].as_str().unwrap()));
}

#[test]
fn several_commits_of_production_in_one_merge_are_all_asked_about() {
    let repo = with_hotfix();
    let first = repo.rev("production");
    repo.checkout("production");
    repo.commit_files("STORY-1 later", &[("later", "x\n")]);
    repo.remove("STORY-1 and away", &["later"]);
    repo.checkout("main").commit_files("STORY-2 x", &[("x", "x\n")]);
    let tree = repo.rev("main^{tree}");
    made_up(&repo, &tree, &["main", &first, "production"], "Merge");
    let report = check(&repo).production("production").policy(POLICY).json();
    assert!(report.is("no-go").found().contains(&"block ancestry-lost".to_owned()));
}

#[test]
fn a_merge_that_lost_nothing_is_no_finding_whatever_is_edited_later() {
    let repo = with_hotfix();
    repo.commit_files("STORY-2 x", &[("x", "x\n")]);
    repo.git(&["merge", "--no-commit", "production"]);
    std::fs::write(repo.path().join("pay.rb"), "one\nmended\nand more\n").unwrap();
    repo.commit_all("STORY-9 Merge production");
    is_fine(&repo);
    repo.commit_files("STORY-5 refine", &[("pay.rb", "one\nmended well\nand more\n")]);
    is_fine(&repo);
    repo.remove("STORY-5 away", &["pay.rb"]);
    is_fine(&repo);
}

#[test]
fn a_history_that_is_added_below_a_folder_loses_nothing_of_production() {
    let repo = Repo::new();
    repo.commit_files("no-jira first", &[("pay.rb", "one\n")]);
    repo.branch("production");
    repo.orphan("library").commit_files("STORY-1 library", &[("lib.rb", "x\n")]);
    repo.checkout("main");
    repo.git(&["merge", "-s", "ours", "--no-commit", "--allow-unrelated-histories", "library"]);
    repo.git(&["read-tree", "--prefix=vendor/lib/", "-u", "library"]);
    repo.git(&["commit", "-qm", "STORY-1 add the library"]);
    let report = check(&repo).production("production").policy(POLICY).json();
    assert_eq!(report.is("go").check("ancestry")["state"], "passed");
}

#[test]
fn what_is_brought_back_after_a_merge_left_it_out_ships() {
    let repo = with_hotfix();
    repo.git(&["checkout", "-q", "-B", "main", "production"]);
    repo.branch("topic").checkout("topic");
    let topic = repo.commit_files("STORY-2 topic", &[("topic", "x\n")]);
    repo.checkout("main");
    repo.commit("STORY-3 main");
    repo.git(&["merge", "-s", "ours", "-m", "Merge topic", "topic"]);
    repo.cherry_pick(&topic);
    is_fine(&repo);
}

#[test]
fn a_revert_of_the_merge_that_brought_production_loses_it() {
    let repo = with_hotfix();
    repo.commit_files("STORY-2 x", &[("x", "x\n")]);
    let merge = repo.merge("production", "Merge production");
    repo.git(&["revert", "-m", "1", "--no-edit", &merge]);
    let revert = repo.head();
    let report = check(&repo).production("production").policy(POLICY).json();
    let finding = report.is("no-go").finding("ancestry-lost").clone();
    assert_eq!(finding["subject"]["id"], revert.as_str());
    // Taken back in turn, it is all there.
    repo.revert(&revert);
    is_fine(&repo);
}

#[test]
fn what_production_took_back_itself_is_not_lost() {
    for by_merge in [false, true] {
        let repo = with_hotfix();
        let hotfix = repo.rev("production");
        repo.commit_files("STORY-2 x", &[("x", "x\n")]);
        if by_merge {
            repo.git(&["merge", "-s", "ours", "-m", "Merge production", "production"]);
        } else {
            let merge = repo.merge("production", "Merge production");
            repo.git(&["revert", "-m", "1", "--no-edit", &merge]);
        }
        assert_eq!(check(&repo).production("production").policy(POLICY).json().check("ancestry")["state"], "found");
        repo.checkout("production");
        repo.revert(&hotfix);
        repo.checkout("main");
        repo.merge("production", "Merge production");
        let report = check(&repo).production("production").policy(POLICY).json();
        assert_eq!(report.check("ancestry")["state"], "passed", "{report}");
    }
}

#[test]
fn a_revert_of_productions_merge_that_leaves_a_rest_loses_it_too() {
    let repo = with_hotfix();
    repo.commit_files("STORY-2 x", &[("x", "x\n")]);
    let merge = repo.merge("production", "Merge production");
    repo.git(&["revert", "-m", "1", "--no-commit", &merge]);
    std::fs::write(repo.path().join("pay.rb"), "one\ntwo\nmended\n").unwrap();
    repo.commit_all(&format!("STORY-2 Revert\n\nThis reverts commit {merge}."));
    let report = check(&repo).production("production").policy(POLICY).json();
    report.is("no-go");
    assert!(report.found().iter().any(|found| found.starts_with("block ancestry-")), "{report}");
}

#[test]
fn production_that_came_by_a_branch_is_not_lost_with_it() {
    let repo = with_hotfix();
    repo.commit_files("STORY-2 x", &[("x", "x\n")]);
    repo.branch("back").checkout("back");
    repo.merge("production", "Merge production");
    repo.checkout("main");
    repo.commit_files("STORY-3 y", &[("y", "y\n")]);
    repo.git(&["merge", "-s", "ours", "-m", "Merge branch 'back'", "back"]);
    let merge = repo.head();
    let report = check(&repo).production("production").policy(POLICY).json();
    let finding = report.is("no-go").finding("ancestry-lost").clone();
    assert_eq!(finding["subject"]["id"], merge.as_str());
    // Brought back by hand, nothing is lost.
    repo.git(&["cherry-pick", "production"]);
    assert_eq!(check(&repo).production("production").policy(POLICY).json().check("ancestry")["state"], "passed");
}

#[test]
fn a_revert_of_a_commit_that_changed_nothing_needs_a_key() {
    let repo = with_hotfix();
    repo.git(&["checkout", "-q", "-B", "main", "production"]);
    repo.git(&["commit", "-q", "--allow-empty", "-m", "STORY-3 empty"]);
    let empty = repo.head();
    repo.commit_files(&format!("no words\n\nThis reverts commit {empty}."), &[("backdoor", "x\n")]);
    check(&repo).production("production").policy(POLICY).json().is("no-go").finding("story-key-missing");
}

#[test]
fn a_trial_runs_no_program_and_is_the_same_under_any_settings() {
    let repo = with_hotfix();
    repo.commit_files("STORY-2 other lines", &[("pay.rb", "one\ntwo\nthree\nfour\nfive\nsix\n")]);
    let judge = || check(&repo).production("production").policy(POLICY).json();
    let plain = judge();
    plain.is("no-go");
    let ran = repo.path().join("ran");
    repo.git(&["config", "merge.mine.driver", &format!("touch '{}'", ran.display())]);
    repo.git(&["config", "merge.default", "mine"]);
    judge().is_same_as(&plain);
    std::fs::create_dir_all(repo.path().join(".git/info")).unwrap();
    std::fs::write(repo.path().join(".git/info/attributes"), "* merge=mine\n").unwrap();
    for (name, value) in [
        ("merge.renameLimit", "1"),
        ("merge.renames", "false"),
        ("diff.renameLimit", "1"),
        ("diff.suppressBlankEmpty", "true"),
        ("diff.orderFile", ".gitorder"),
    ] {
        repo.git(&["config", name, value]);
        judge().is_same_as(&plain);
    }
    assert!(!ran.exists(), "a program of the configuration ran");
}
