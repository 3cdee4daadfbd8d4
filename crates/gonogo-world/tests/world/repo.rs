//! What the repositories promise to the tests that use them.

use std::fs;

use gonogo_world::Repo;

#[test]
fn the_same_calls_give_the_same_shas() {
    let make = || {
        let repo = Repo::new();
        repo.commit("STORY-1 one");
        repo.commit_as("Maria Example <maria@example.com>", "STORY-2 two")
    };
    assert_eq!(make(), make());
}

#[test]
fn dates_advance_by_a_minute_and_can_be_set() {
    let repo = Repo::new();
    repo.commit("first");
    repo.commit("second");
    repo.at("2025-03-01T12:00:00Z").commit("third");
    assert_eq!(
        repo.git(&["log", "--date=format:%F %R", "--format=%cd %an"]),
        "2025-03-01 12:00 Robin Tester
\
         2024-01-01 09:02 Robin Tester
\
         2024-01-01 09:01 Robin Tester"
    );
}

#[test]
fn the_machines_configuration_stays_out() {
    let repo = Repo::new();
    assert!(!repo.git(&["config", "--list", "--show-origin"]).contains("/.gitconfig"));
    assert!(!repo.git_agrees(&["config", "user.email"]));
}

#[test]
fn messages_and_paths_may_be_any_bytes() {
    let repo = Repo::new();
    repo.commit_bytes(b"STORY-1 caf\xe9");
    assert!(repo.git(&["cat-file", "-p", "HEAD"]).contains("STORY-1 caf\u{fffd}"));

    repo.commit_files("a path of bytes", &[(b"caf\xe9.txt", "x")]);
    assert_eq!(repo.git(&["ls-files", "caf*"]), r#""caf\351.txt""#);
}

#[test]
fn files_come_and_go() {
    let repo = Repo::new();
    repo.commit_files("add", &[("db/migrate/1.rb", "one"), ("b.txt", "b")]);
    repo.remove("gone", &["db"]);
    assert_eq!(repo.git(&["ls-files"]), "b.txt");
}

#[test]
fn merges_always_leave_a_merge_commit() {
    let repo = Repo::new();
    repo.commit("base");
    for name in ["one", "two"] {
        repo.branch(name).checkout(name).commit(name);
        repo.checkout("main");
    }
    repo.merge("one", "Merge one");
    assert_eq!(parents(&repo), 2);

    repo.branch_at("three", "HEAD~1").checkout("three").commit("three");
    repo.checkout("main");
    repo.merge_octopus(&["two", "three"], "Merge two and three");
    assert_eq!(parents(&repo), 3);
}

#[test]
fn a_squash_lists_the_subjects_as_a_code_host_does() {
    let repo = Repo::new();
    repo.commit("base");
    repo.branch("feature").checkout("feature");
    repo.commit("STORY-1 one");
    repo.commit("STORY-2 two");
    repo.checkout("main");
    repo.squash_merge("feature", "Euros (#123)");
    assert_eq!(repo.git(&["log", "-1", "--format=%B"]), "Euros (#123)\n\n* STORY-1 one\n\n* STORY-2 two\n");
    assert_eq!(parents(&repo), 1);
}

#[test]
fn reverts_and_picks_use_gits_own_words() {
    let repo = Repo::new();
    repo.commit("base");
    let sha = repo.commit("STORY-1 one");
    repo.revert(&sha);
    assert_eq!(
        repo.git(&["log", "-1", "--format=%B"]),
        format!("Revert \"STORY-1 one\"\n\nThis reverts commit {sha}.\n")
    );

    repo.branch_at("production", "HEAD~2").checkout("production");
    repo.cherry_pick_x(&sha);
    assert!(repo.git(&["log", "-1", "--format=%B"]).contains(&format!("(cherry picked from commit {sha})")));

    repo.branch_at("plain", "HEAD~1").checkout("plain");
    assert_ne!(repo.cherry_pick(&sha), sha);
}

#[test]
fn a_rebase_moves_the_branch() {
    let repo = Repo::new();
    repo.commit("base");
    repo.branch("feature");
    let onto = repo.commit("later");
    repo.checkout("feature").commit("STORY-1 one");
    repo.rebase("main");
    assert_eq!(repo.rev("HEAD~1"), onto);
}

#[test]
fn references_take_any_shape() {
    let repo = Repo::new();
    let first = repo.commit("first");
    let second = repo.commit("second");
    repo.tag("light").update_ref("refs/heads/-x", &first);
    assert_ne!(repo.annotated_tag("v1", "One"), second);
    assert_eq!(repo.rev("v1^{commit}"), second);
    assert_eq!(repo.rev("refs/heads/-x"), first);

    repo.replace(&second, &first);
    assert_eq!(repo.git(&["log", "-1", "--format=%s"]), "first");
}

#[test]
fn an_orphan_branch_starts_empty_and_can_be_merged() {
    let repo = Repo::new();
    repo.commit("base");
    repo.orphan("pages").commit("alone");
    assert_eq!(repo.git(&["rev-list", "--count", "HEAD"]), "1");
    repo.merge("main", "Join");
    assert_eq!(repo.git(&["rev-list", "--count", "HEAD"]), "3");
}

#[test]
fn submodules_and_worktrees() {
    let library = Repo::new();
    library.commit("library");
    let repo = Repo::new();
    repo.submodule(&library, "vendor/library");
    assert!(repo.git(&["ls-tree", "HEAD", "vendor/"]).starts_with("160000 commit"));

    repo.branch("side");
    let tree = repo.worktree("side");
    let sha = tree.commit("in the worktree");
    assert_eq!(repo.rev("side"), sha);
}

#[test]
fn clones_hold_what_their_names_say() {
    let repo = Repo::new();
    for message in ["one", "two", "three"] {
        repo.commit(message);
    }
    let head = repo.head();

    assert_eq!(repo.clone_full().git(&["remote", "get-url", "origin"]), repo.url());
    assert_eq!(repo.clone_bare().head(), head);
    assert_eq!(repo.clone_mirror().git(&["config", "remote.origin.mirror"]), "true");
    assert_eq!(repo.clone_shallow(2).git(&["rev-list", "--count", "HEAD"]), "2");

    let missing = |clone: &Repo| {
        let listed = clone.git(&["rev-list", "--objects", "--missing=print", "HEAD"]);
        listed.lines().filter(|line| line.starts_with('?')).count()
    };
    assert_eq!(missing(&repo.clone_blobless()), 3);
    let treeless = repo.clone_treeless();
    assert_eq!(missing(&treeless), 3);
    assert!(treeless.git(&["ls-tree", "-r", "HEAD"]).contains("changes/0001.txt"), "fetched on demand");
}

#[test]
fn a_clone_keeps_its_origin_alive() {
    let clone = {
        let repo = Repo::new();
        repo.commit("one");
        repo.clone_blobless()
    };
    assert_eq!(clone.git(&["show", "HEAD:changes/0001.txt"]), "change 1");
}

#[test]
fn sha256_names_have_64_digits() {
    let repo = Repo::new_sha256();
    assert_eq!(repo.commit("one").len(), 64);
}

#[test]
fn the_folder_goes_with_the_repository() {
    let repo = Repo::new();
    let path = repo.path().to_owned();
    drop(repo);
    assert!(fs::metadata(path).is_err());
}

#[test]
#[should_panic(expected = "does not exist")]
fn what_git_refuses_panics_with_its_own_words() {
    Repo::new().git(&["show", "HEAD:nothing", "does not exist"]);
}

fn parents(repo: &Repo) -> usize {
    repo.git(&["log", "-1", "--format=%P"]).split(' ').count()
}
