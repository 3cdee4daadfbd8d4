//! Names of branches, tags and commits, friendly and hostile.

use crate::support::{check, check_at, says};
use gonogo_world::Repo;

fn in_production() -> Repo {
    let repo = Repo::new();
    repo.commit("first");
    repo.branch("production");
    repo.commit("second");
    repo
}

#[test]
fn a_branch_named_like_an_option_is_a_branch() {
    let repo = in_production();
    let head = repo.head();
    repo.update_ref("refs/heads/-x", &head).update_ref("refs/heads/--help", &repo.rev("production"));

    let report = check(&repo).args(&["--head", "-x", "--production", "--help"]).json();
    report.is("go");
    assert_eq!((&report["head"]["ref"], report.shas()), (&"-x".into(), vec![head.as_str()]));
    assert_eq!(report["production"]["ref"], "--help");
}

#[test]
fn a_branch_with_shell_words_in_its_name_runs_nothing() {
    let repo = in_production();
    let head = repo.head();
    let trap = repo.path().join("trapped");
    let name = format!("x;$(touch${{IFS}}{})`touch${{IFS}}{}`", trap.display(), trap.display());
    repo.update_ref(&format!("refs/heads/{name}"), &head);
    repo.git(&["symbolic-ref", "HEAD", &format!("refs/heads/{name}")]);

    let report = check(&repo).head(&name).json();
    report.is("go");
    assert_eq!(report["head"]["ref"], name.as_str());
    assert_eq!(check(&repo).json()["head"]["ref"], name.as_str());
    assert!(check(&repo).run().stdout.contains(&name));
    assert!(!trap.exists());
}

#[test]
fn a_name_that_is_a_branch_and_a_tag_is_refused_with_both() {
    let repo = in_production();
    repo.tag("v1").branch_at("v1", "production");
    let run = check(&repo).head("v1").run();
    says(run.is_refused(), &["v1 is ambiguous", "refs/tags/v1", "refs/heads/v1", "→"]);
}

#[test]
fn a_name_for_two_refs_of_one_commit_is_no_question() {
    let repo = in_production();
    repo.tag("v1").branch("v1");
    check(&repo).head("v1").json().is("go");
}

#[test]
fn the_full_name_of_an_ambiguous_ref_is_taken() {
    let repo = in_production();
    repo.tag("v1").branch_at("v1", "production");
    let report = check(&repo).head("refs/tags/v1").json();
    assert_eq!(report["head"]["sha"], repo.head().as_str());
}

#[test]
fn a_short_sha_of_two_commits_is_refused_with_both() {
    let repo = in_production();
    // The world makes the same commits each time: these two begin alike.
    let tree = repo.rev("HEAD^{tree}");
    let twin = |n| repo.git(&["commit-tree", &tree, "-m", &format!("twin {n}")]);
    let (one, two) = (twin(193), twin(522));
    assert_eq!(one[..4], two[..4], "other numbers are needed: the world's commits have changed");
    let run = check(&repo).head(&one[..4]).run();
    says(run.is_refused(), &["ambiguous", &one, &two]);
}

#[test]
fn a_missing_name_is_refused_with_the_nearest_ones() {
    let repo = in_production();
    repo.branch("release/2024");
    says(check(&repo).head("mian").run().is_refused(), &["mian is not a branch, tag or commit", "did you mean main?"]);
    let run = check(&repo).production("prodution").run();
    says(run.is_refused(), &["prodution is not", "did you mean production?"]);
    says(check(&repo).head("2024").run().is_refused(), &["release/2024"]);
    says(check(&repo).head("qqqqqq").run().is_refused(), &["qqqqqq is not", "git branch --all"]);
    says(check(&repo).head(&"0".repeat(40)).run().is_refused(), &["is not a branch, tag or commit"]);
    says(check(&repo).head("").run().is_refused(), &["the name of a branch, tag or commit is empty"]);
}

#[test]
fn a_name_with_a_line_break_asks_no_second_question() {
    let repo = in_production();
    let run = check(&repo).head("main\ncontents HEAD").run();
    says(run.is_refused(), &["is not a branch, tag or commit"]);
}

#[test]
fn what_is_no_commit_is_refused() {
    let repo = in_production();
    let tree = repo.rev("HEAD^{tree}");
    says(check(&repo).head(&tree).run().is_refused(), &["is not a branch, tag or commit"]);
}

#[test]
fn relative_names_are_taken_as_git_takes_them() {
    let repo = in_production();
    let report = check(&repo).head("main").production("main~1").json();
    assert_eq!(report.shas(), [repo.head().as_str()]);
}

#[test]
fn a_repository_without_a_commit_is_refused() {
    says(check(&Repo::new()).run().is_refused(), &["no commit yet", "→"]);
}

#[test]
fn a_folder_that_is_no_repository_is_refused() {
    let folder = tempfile::tempdir().expect("the temporary folder is writable");
    let at = check_at(folder.path()).env("GIT_CEILING_DIRECTORIES", folder.path());
    says(at.run().is_refused(), &["is not a git repository", "--repo PATH"]);
    says(check_at(&folder.path().join("gone")).run().is_refused(), &["there is no folder", "gone"]);
}
