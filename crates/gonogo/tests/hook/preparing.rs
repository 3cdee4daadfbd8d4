//! What prepare-commit-msg fills in, and where it keeps its hands off.

use crate::kit::{Desk, POLICY};

/// On the branch of STORY-9, with both hooks.
fn desk() -> Desk {
    let desk = Desk::new().policy(POLICY);
    desk.repo.commit_files("STORY-1 begin", &[("a", "1")]);
    desk.gonogo(&["hook", "install", "--prepare"]).is_fine();
    desk.git(&["checkout", "-q", "-b", "feature/STORY-9-foo"]).is_fine();
    desk
}

#[test]
fn the_key_of_the_branch_is_filled_in() {
    let desk = desk();
    desk.commit("charge in euros").is_fine();
    assert_eq!(desk.last_message(), "STORY-9 charge in euros");
    desk.commit_in_editor(r#"sed -i '1s/$/in the editor/' "$1""#, &[]).is_fine();
    assert_eq!(desk.last_message(), "STORY-9 in the editor");
}

#[test]
fn a_message_that_needs_none_stays_as_it_is() {
    let desk = desk();
    for message in ["STORY-2 x", "x\n\nfor STORY-2", "tidy, no-jira", "fixup! x"] {
        desk.commit(message).is_fine();
        assert_eq!(desk.last_message(), message);
    }
    desk.git(&["checkout", "-q", "-b", "untold"]).is_fine();
    desk.commit("x").is_refused();
}

#[test]
fn a_template_and_its_comments_stay_below_the_key() {
    let desk = desk();
    desk.write("../template", "# What and why\n\nTested: \n");
    desk.git(&["config", "commit.template", "../template"]).is_fine();
    let seen = desk.path("../seen");
    desk.commit_in_editor(&format!(r#"cp "$1" {}; echo done >> "$1""#, seen.display()), &[]).is_fine();
    let seen = std::fs::read_to_string(seen).unwrap();
    assert!(seen.starts_with("# What and why\n\nSTORY-9 Tested: \n\n# Please enter"), "{seen}");
}

#[test]
fn who_leaves_the_editor_without_a_word_commits_nothing() {
    let desk = desk();
    let before = desk.repo.head();
    desk.commit_in_editor("true", &[]).is_refused().says("nothing but the key");
    desk.commit("").is_refused().says("empty commit message");
    assert_eq!(desk.repo.head(), before);
}

#[test]
fn amended_merged_squashed_reverted_picked_and_rebased_messages_are_somebody_elses() {
    let desk = desk();
    let own = |desk: &Desk, message: &str| assert!(desk.last_message().starts_with(message), "{}", desk.last_message());
    desk.git(&["commit", "-q", "--allow-empty", "--no-verify", "-m", "STORY-9 one"]).is_fine();
    // Words from before the hook was there: git's plumbing asks no hook.
    let tree = desk.repo.git(&["write-tree"]);
    let old = desk.repo.git(&["commit-tree", &tree, "-p", "HEAD", "-m", "old words"]);
    desk.git(&["reset", "-q", "--hard", &old]).is_fine();
    desk.git(&["commit", "--amend", "--allow-empty", "--no-edit", "--no-verify"]).is_fine();
    own(&desk, "old words");
    desk.git(&["revert", "--no-edit", "HEAD~1"]).says("");
    desk.git(&["reset", "-q", "--hard", &old]).is_fine();

    desk.git(&["checkout", "-q", "-b", "STORY-8-other", "main"]).is_fine();
    desk.repo.commit_files("STORY-8 b", &[("b", "1")]);
    let tree = desk.repo.git(&["rev-parse", "HEAD^{tree}"]);
    let picked = desk.repo.git(&["commit-tree", &tree, "-p", "main", "-m", "picked words"]);
    desk.git(&["checkout", "-q", "feature/STORY-9-foo"]).is_fine();
    desk.git(&["cherry-pick", &picked]).is_fine();
    own(&desk, "picked words");
    desk.git(&["merge", "--no-ff", "-m", "merge words", "STORY-8-other"]).is_fine();
    own(&desk, "merge words");
    desk.git(&["reset", "-q", "--hard", "HEAD~1"]).is_fine();
    desk.git(&["revert", "--no-edit", "HEAD"]).is_fine();
    own(&desk, "Revert \"picked words\"");

    desk.git(&["checkout", "-q", "main"]).is_fine();
    desk.repo.commit_files("STORY-7 c", &[("c", "1")]);
    desk.git(&["checkout", "-q", "feature/STORY-9-foo"]).is_fine();
    desk.git(&["rebase", "-q", "--force-rebase", "main"]).is_fine();
    let subjects = desk.repo.git(&["log", "--format=%s", "main.."]);
    assert!(subjects.contains("\nold words") && !subjects.contains("STORY-9 old"), "{subjects}");
}

#[test]
fn a_squashed_merge_keeps_its_words() {
    let desk = desk();
    desk.repo.commit_files("STORY-9 d", &[("d", "1")]);
    desk.git(&["checkout", "-q", "-b", "STORY-6-onto", "main"]).is_fine();
    desk.git(&["merge", "-q", "--squash", "feature/STORY-9-foo"]).is_fine();
    desk.git(&["commit", "--no-edit"]).is_fine();
    assert!(desk.last_message().starts_with("Squashed commit of the following:"), "{}", desk.last_message());
}

#[test]
fn only_what_is_filled_in_changes_in_the_file() {
    let desk = desk();
    let file = desk.write(".git/M", b"caf\xe9\r\n\r\n# c\r\n");
    desk.gonogo(&["hook".as_ref(), "prepare-commit-msg".as_ref(), file.as_os_str()]).is_fine();
    assert_eq!(std::fs::read(&file).unwrap(), b"STORY-9 caf\xe9\r\n\r\n# c\r\n");
    for source in ["merge", "squash", "commit"] {
        let file = desk.write(".git/M", "x\n");
        desk.gonogo(&["hook".as_ref(), "prepare-commit-msg".as_ref(), file.as_os_str(), source.as_ref()]).is_fine();
        assert_eq!(std::fs::read(&file).unwrap(), b"x\n", "{source}");
    }
}
