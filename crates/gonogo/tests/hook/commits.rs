//! What the commit-msg hook refuses and what it leaves alone.

use crate::kit::{Desk, POLICY};

#[test]
fn a_commit_without_a_key_is_refused_and_told_how_to_name_one() {
    let desk = Desk::with_hook();
    desk.git(&["checkout", "-q", "-b", "feature/STORY-9-foo"]).is_fine();
    let before = desk.repo.head();
    desk.commit("charge in euros")
        .is_refused()
        .says("no issue key")
        .says("such as STORY-123")
        .says("no-jira")
        .says("STORY-9 charge in euros")
        .says("git commit -e -F \".git/COMMIT_EDITMSG\"");
    assert_eq!(desk.repo.head(), before);
    desk.git(&["commit", "--allow-empty", "-m", "x", "--no-verify"]).is_fine();
}

#[test]
fn a_commit_with_a_key_or_the_word_for_none_is_made_without_a_word() {
    let desk = Desk::with_hook();
    for message in
        ["STORY-2 x", "x (STORY-3)", "x\n\nStory: STORY-4", "tidy up, no-jira", "NOJIRA", "#STORY-5 x", "x\n\n#STORY-6"]
    {
        desk.commit(message).is_fine().is_silent_on("gonogo");
    }
    desk.commit("OPS-3 x").is_refused().says("if OPS is a project, add it to [stories] projects");
}

#[test]
fn merges_reverts_and_fixups_are_left_alone() {
    let desk = Desk::with_hook();
    desk.git(&["checkout", "-q", "-b", "side"]).is_fine();
    desk.repo.commit_files("STORY-2 side", &[("side", "1")]);
    desk.git(&["checkout", "-q", "main"]).is_fine();
    desk.repo.commit_files("STORY-3 main", &[("main", "1")]);
    desk.git(&["merge", "--no-ff", "-m", "all in one", "side"]).is_fine();
    desk.git(&["commit", "--amend", "--no-edit", "-m", "Merge branch 'side'"]).is_fine();
    desk.git(&["revert", "--no-edit", "HEAD~1"]).is_fine();
    desk.git(&["commit", "--allow-empty", "--fixup=HEAD"]).is_fine();
    desk.git(&["commit", "--allow-empty", "--squash=HEAD", "-m", "more"]).is_fine();
}

#[test]
fn comments_and_the_diff_of_a_verbose_commit_name_no_story() {
    let desk = Desk::with_hook();
    let at = |name: &str| {
        desk.write(name, "STORY-7\n");
        desk.git(&["add", "--all"]).is_fine();
    };
    at("a");
    let write = r#"sed 's/^$/# STORY-7\nfix/;q' "$1" > "$1.new"; cat "$1" >> "$1.new"; mv "$1.new" "$1""#;
    desk.commit_in_editor(write, &["-v"]).is_refused().says("no issue key");
    let with_semicolons = write.replace("# STORY", "; STORY");
    desk.git(&["config", "core.commentChar", ";"]).is_fine();
    desk.commit_in_editor(&with_semicolons, &["-v"]).is_refused();
    desk.git(&["config", "core.commentChar", "auto"]).is_fine();
    desk.commit_in_editor(write, &["-v"]).is_refused();
    desk.git(&["config", "core.commentChar", "#"]).is_fine();
    desk.commit_in_editor(r#"{ echo "STORY-7 fix"; cat "$1"; } > "$1.new"; mv "$1.new" "$1""#, &["-v"]).is_fine();
}

#[test]
fn an_empty_message_is_left_to_git() {
    let desk = Desk::with_hook();
    desk.commit_in_editor("true", &[]).is_refused().says("empty commit message").is_silent_on("gonogo:");
}

#[test]
fn bytes_that_are_not_utf8_and_windows_line_ends_are_read() {
    let desk = Desk::new().policy(POLICY);
    desk.look_at(b"STORY-1 caf\xe9\r\n\r\nmore\r\n").is_fine();
    desk.look_at(b"caf\xe9\r\n\r\nfor STORY-1\r\n# c\r\n").is_fine();
    desk.look_at(b"caf\xe9\r\n# STORY-1\r\n").is_refused();
    desk.look_at(b"\r\n\r\n").is_fine();
}

#[test]
fn the_hook_is_the_work_trees_policy_then_the_guess_then_nothing() {
    let desk = Desk::new();
    desk.look_at("x").is_fine();
    for number in 1..4 {
        desk.repo.commit(&format!("WEB-{number} x"));
    }
    desk.look_at("x").is_fine();
    desk.gonogo(&["hook", "install"]).is_fine().says("keys: WEB, guessed from 3 commits");
    desk.look_at("x").is_refused().says("WEB-123").says("a guess from the history");
    desk.look_at("WEB-4 x").is_fine();
    let desk = desk.policy("[stories]\nno_key_words = ['chore']\n");
    desk.look_at("chore: x").is_fine();
    desk.look_at("x").is_refused().says("WEB-123; or write chore");
    let desk = desk.policy(POLICY);
    desk.look_at("WEB-4 x").is_refused().is_silent_on("guess");
    desk.look_at("STORY-4 x").is_fine();
}

#[test]
fn a_broken_policy_stops_nobody_and_a_line_says_so() {
    let desk = Desk::with_hook().policy("[stories]\nproject = ['STORY']\n");
    desk.commit("x").is_fine().says("not looked at").says("gonogo.toml:2:1").says("did you mean `projects`?");
}

#[test]
fn a_check_at_warn_warns_and_one_that_is_off_asks_nothing() {
    let desk = Desk::with_hook().policy(&format!("{POLICY}[checks]\nstory-key = 'warn'\n"));
    desk.commit("x").is_fine().says("warning: the message has no issue key");
    let desk = desk.policy(&format!("{POLICY}[checks]\nstory-key = 'off'\n"));
    desk.commit("x").is_fine().is_silent_on("gonogo:");
}

#[test]
fn commits_that_the_policy_ignores_are_made() {
    let desk = Desk::with_hook().policy("[stories]\nprojects = ['STORY']\nignore_commits = ['^Bump version']\n");
    desk.commit("Bump version to 7").is_fine();
    desk.commit("bump version to 7").is_refused();
}

#[test]
fn a_message_that_is_not_there_is_a_mistake_in_the_call() {
    let desk = Desk::new();
    let said = desk.gonogo(&["hook", "commit-msg", "nowhere"]);
    assert_eq!(said.code, 2);
    said.says("the message in nowhere could not be read");
}
