//! Clones that lack something, and repositories of every form. gonogo reads
//! them as they are, and never fetches by surprise.

use crate::support::{Check, check, check_at, says, text};
use gonogo_world::Repo;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Three commits in production, and three more on main.
fn origin() -> Repo {
    let repo = Repo::new();
    for n in 1..=3 {
        repo.commit(&format!("old {n}"));
    }
    repo.branch("production");
    for n in 1..=3 {
        repo.commit(&format!("new {n}"));
    }
    repo
}

/// All files below a folder, with their sizes.
fn files(folder: &Path) -> BTreeSet<(PathBuf, u64)> {
    let mut found = BTreeSet::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("the folder is readable") {
            let entry = entry.expect("the folder is readable");
            let kind = entry.metadata().expect("the file is there");
            if kind.is_dir() {
                open.push(entry.path());
            } else {
                found.insert((entry.path(), kind.len()));
            }
        }
    }
    found
}

#[test]
fn a_range_that_a_shallow_clone_cuts_could_not_be_checked_and_says_how_to_deepen() {
    let clone = origin().clone_shallow(2);
    let report = check(&clone).production("origin/production").json();
    report.is("could-not-check");
    let ancestry = report["findings"].as_array().into_iter().flatten().find(|f| f["check"] == "ancestry");
    let finding = ancestry.expect("ancestry could not check");
    assert_eq!(finding["code"], "could-not-check");
    says(text(&finding["message"]), &["shallow", "whole range"]);
    says(text(&finding["fix"]), &["git fetch --unshallow", "fetch-depth: 0"]);
    assert_eq!(report.check("ancestry")["state"], "could-not-check");
    let shown = check(&clone).production("origin/production").run();
    assert_eq!(shown.code, 3);
    says(&shown.stdout, &["Could not find out", "git fetch --unshallow"]);
}

#[test]
fn a_shallow_clone_that_holds_the_whole_range_is_fine() {
    let clone = origin().clone_shallow(4);
    let report = check(&clone).production("origin/production").json();
    report.is("go");
    assert_eq!(report.shas().len(), 3);
}

#[test]
fn a_shallow_clone_without_production_is_refused() {
    let origin = origin();
    let clone = origin.clone_shallow(1);
    let run = check(&clone).production(&origin.rev("production~1")).run();
    says(run.is_refused(), &["is not a branch, tag or commit", "shallow", "git fetch --unshallow"]);
}

/// Runs a check in a clone whose origin is gone, and sees that nothing came.
fn without_fetching(clone: &Repo, origin: Repo, run: impl Fn(Check) -> Check) -> crate::support::Report {
    let kept = files(clone.path());
    let report = run(check(clone)).json();
    assert_eq!(files(clone.path()), kept, "objects came from the origin, which could be reached");
    std::fs::rename(origin.path(), origin.path().with_extension("gone")).expect("the origin can be moved");
    run(check(clone)).json().is_same_as(&report);
    drop(origin);
    report
}

#[test]
fn a_clone_without_blobs_is_read_without_a_fetch() {
    let origin = origin();
    let clone = origin.clone_blobless();
    let report = without_fetching(&clone, origin, |check| check.production("production"));
    report.is("could-not-check");
    assert_eq!(report.shas().len(), 3);
    let finding = report.finding("could-not-check");
    assert_eq!(finding["check"], "unfinished");
    says(text(&finding["message"]), &["left objects with its remote", "does not fetch by surprise"]);
    says(text(&finding["fix"]), &["git fetch --refetch --no-filter origin"]);
}

#[test]
fn a_clone_without_blobs_cannot_say_whether_a_policy_holds() {
    let origin = Repo::new();
    origin.commit_files("policy", &[("gonogo.toml", "[checks]\nstory-key = 'block'\n")]);
    origin.branch("production");
    origin.commit("no key");
    let clone = origin.clone_blobless();
    let report = without_fetching(&clone, origin, |check| check.production("production"));
    report.is("could-not-check");
    let policy = report["findings"].as_array().into_iter().flatten().find(|f| f["check"] == "policy");
    let finding = policy.expect("the policy could not be read");
    assert_eq!(finding["code"], "could-not-check");
    says(text(&finding["fix"]), &["git fetch --refetch --no-filter origin"]);
    assert_eq!(report.check("policy")["state"], "could-not-check");
}

#[test]
fn a_clone_without_trees_is_read_without_a_fetch() {
    let origin = origin();
    let clone = origin.clone_treeless();
    let report = without_fetching(&clone, origin, |check| check.production("production"));
    report.is("could-not-check");
    says(&report.to_string(), &["git fetch --refetch --no-filter origin"]);
}

#[test]
fn a_clone_without_trees_does_not_guess_where_production_is() {
    let origin = origin();
    let clone = origin.clone_treeless();
    // The default branch's policy could name another place than the branch production.
    let report = without_fetching(&clone, origin, |check| check);
    report.is("could-not-check");
    says(text(&report.finding("production-unknown")["fix"]), &["git fetch --refetch"]);
}

#[test]
fn the_same_is_read_from_a_clone_a_bare_one_a_mirror_and_a_worktree() {
    let origin = origin();
    let here = check(&origin).json();
    here.is("go");
    let (full, bare, mirror, tree) =
        (origin.clone_full(), origin.clone_bare(), origin.clone_mirror(), origin.worktree("production"));
    let reports = [
        ("clone", check(&full).json()),
        ("bare", check(&bare).json()),
        ("mirror", check(&mirror).json()),
        ("worktree", check(&tree).head("main").json()),
        ("folder of a work tree", check_at(&full.path().join("changes")).json()),
        (".git", check_at(&full.path().join(".git")).json()),
    ];
    for (form, report) in &reports {
        assert_eq!((report.code, &report["commits"]), (0, &here["commits"]), "{form}: {report}");
        assert_eq!(report["production"]["sha"], here["production"]["sha"], "{form}");
    }
    assert_eq!(reports[0].1["production"]["ref"], "origin/production");
    assert_eq!(reports[1].1["production"]["ref"], "production");
}

#[test]
fn the_head_of_a_worktree_is_its_own() {
    let origin = origin();
    let tree = origin.worktree("production");
    let report = check(&tree).production("main~4").json();
    assert_eq!(report["head"]["ref"], "production");
    assert_eq!(report["head"]["sha"], origin.rev("production").as_str());
}

#[test]
fn judging_by_merging_leaves_the_repository_as_it_was() {
    let repo = Repo::new();
    repo.commit("first");
    repo.branch("production").checkout("production");
    repo.commit("a hotfix");
    repo.checkout("main");
    repo.commit("second");
    let kept = files(repo.path());

    let report = check(&repo).json();
    report.is("no-go");
    report.finding("ancestry-lost");
    assert_eq!(files(repo.path()), kept);
}

#[test]
fn objects_that_stand_in_another_repository_are_found_when_merging() {
    let repo = Repo::new();
    repo.commit("first");
    repo.branch("production").checkout("production");
    repo.commit("a hotfix");
    repo.checkout("main");
    repo.commit("second");
    let folder = tempfile::tempdir().expect("the temporary folder is writable");
    let path = folder.path().join("sharing: \"all\"");
    let path_text = path.to_str().expect("the path is UTF-8");
    repo.git(&["clone", "--quiet", "--shared", &repo.path().display().to_string(), path_text]);

    check_at(&path).json().finding("ancestry-lost");
}
