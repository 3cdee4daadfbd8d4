//! Installing and uninstalling: nothing of anybody's is lost.

use crate::kit::{Desk, POLICY, exactly};
use std::os::unix::fs::symlink;

const HOOK: &str = ".git/hooks/commit-msg";
const KEPT: &str = ".git/hooks/commit-msg.before-gonogo";

fn files(desk: &Desk) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(desk.path(".git/hooks"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn installing_twice_is_installing_once() {
    let desk = Desk::new().policy(POLICY);
    let before = files(&desk);
    desk.gonogo(&["hook", "install"]).is_fine().says("installed ").says("keys: STORY, from ");
    let (hook, all) = (exactly(&desk.path(HOOK)), files(&desk));
    desk.gonogo(&["hook", "install"]).is_fine().says("already installed");
    assert_eq!((exactly(&desk.path(HOOK)), files(&desk)), (hook, all));
    desk.gonogo(&["hook", "uninstall"]).is_fine().says("removed ");
    assert_eq!(files(&desk), before);
    desk.gonogo(&["hook", "uninstall"]).is_fine().says("no hook of gonogo's is installed here");
}

#[test]
fn an_earlier_hook_is_asked_first_and_its_word_counts() {
    let desk = Desk::new().policy(POLICY);
    let earlier = "#!/bin/sh\necho earlier \"$@\"\ngrep -q bad \"$1\" && exit 7\nexit 0\n";
    desk.write_program(HOOK, earlier, 0o755);
    desk.gonogo(&["hook", "install"]).is_fine().says("is kept as commit-msg.before-gonogo, and asked first");
    desk.commit("STORY-1 good").is_fine().says("earlier .git/COMMIT_EDITMSG");
    desk.commit("STORY-1 bad").is_refused().is_silent_on("gonogo:");
    desk.commit("good").is_refused().says("earlier").says("no issue key");
}

#[test]
fn uninstalling_puts_back_what_was_there_to_the_byte_and_the_mode() {
    for mode in [0o755, 0o700, 0o644] {
        let desk = Desk::new().policy(POLICY);
        desk.write_program(HOOK, "#!/bin/sh\nexit 3\n\u{e9}", mode);
        let before = exactly(&desk.path(HOOK));
        let all = files(&desk);
        desk.gonogo(&["hook", "install", "--prepare"]).is_fine();
        // What git did not run before is not run now.
        let said = desk.commit("STORY-1 x");
        assert_eq!(said.code == 0, mode == 0o644, "{said:#?}");
        desk.gonogo(&["hook", "uninstall"]).is_fine().says("what stood there before is back");
        assert_eq!((exactly(&desk.path(HOOK)), files(&desk)), (before, all));
    }
}

#[test]
fn a_hook_that_is_a_link_is_a_link_again() {
    let desk = Desk::new().policy(POLICY);
    desk.write_program("tools/hook", "#!/bin/sh\necho linked\n", 0o755);
    symlink("../../tools/hook", desk.path(HOOK)).unwrap();
    desk.gonogo(&["hook", "install"]).is_fine();
    desk.commit("STORY-1 x").is_fine().says("linked");
    desk.gonogo(&["hook", "uninstall"]).is_fine();
    assert_eq!(std::fs::read_link(desk.path(HOOK)).unwrap().to_str(), Some("../../tools/hook"));
    assert_eq!(std::fs::read_to_string(desk.path("tools/hook")).unwrap(), "#!/bin/sh\necho linked\n");
}

#[test]
fn a_hook_that_was_edited_stays_and_its_editor_is_told_what_to_do() {
    let desk = Desk::with_hook();
    let text = std::fs::read_to_string(desk.path(HOOK)).unwrap();
    desk.write(HOOK, format!("{text}# mine\n"));
    let edited = exactly(&desk.path(HOOK));
    for act in ["install", "uninstall"] {
        let said = desk.gonogo(&["hook", act]);
        assert_eq!(said.code, 2);
        said.says("was edited since gonogo wrote it, so it stays").says("→");
        assert_eq!(exactly(&desk.path(HOOK)), edited);
    }
    desk.gonogo(&["hook", "status"]).is_fine().says("edited since");
    desk.write(HOOK, text);
    desk.gonogo(&["hook", "uninstall"]).is_fine();
}

#[test]
fn a_hook_that_replaced_ours_is_never_overwritten() {
    let desk = Desk::new().policy(POLICY);
    desk.write_program(HOOK, "first", 0o755);
    desk.gonogo(&["hook", "install"]).is_fine();
    desk.write_program(HOOK, "second", 0o755);
    desk.gonogo(&["hook", "install"]).is_refused().says("make one file of the two");
    desk.gonogo(&["hook", "uninstall"]).is_fine().says("is not gonogo's and stays");
    assert_eq!(std::fs::read(desk.path(HOOK)).unwrap(), b"second");
    assert_eq!(std::fs::read(desk.path(KEPT)).unwrap(), b"first");
}

#[test]
fn guessed_keys_that_a_person_edited_stay() {
    let desk = Desk::new();
    for number in 1..4 {
        desk.repo.commit(&format!("WEB-{number} x"));
    }
    desk.gonogo(&["hook", "install"]).is_fine();
    let keys = desk.path(".git/hooks/gonogo-keys");
    let text = std::fs::read_to_string(&keys).unwrap().replace("\nWEB\n", "\nWEB\nOPS\n");
    std::fs::write(&keys, &text).unwrap();
    desk.gonogo(&["hook", "install"]).is_fine().says("was edited and stays");
    desk.commit("OPS-1 x").is_fine();
    desk.gonogo(&["hook", "uninstall"]).is_fine().says("was edited and stays");
    assert_eq!(std::fs::read_to_string(&keys).unwrap(), text);
}

#[test]
fn a_program_that_is_gone_or_broken_blocks_no_commit() {
    let desk = Desk::with_hook().without_gonogo();
    desk.commit("x").is_fine().says("gonogo: not found on PATH");
    desk.gonogo(&["hook", "status"]).is_fine().says("gonogo is not on PATH");
    desk.write_program("../broken", "#!/bin/sh\nexit 101\n", 0o755);
    symlink(desk.path("../broken"), desk.bin().join("gonogo")).unwrap();
    desk.commit("x").is_fine().says("not looked at (exit code 101)");
}

#[test]
fn status_says_what_is_installed_where_and_whose_keys_count() {
    let desk = Desk::new();
    desk.gonogo(&["hook", "status"]).is_fine().says("commit-msg          not installed").says("none, so commits pass");
    let desk = desk.policy(POLICY);
    desk.write_program(HOOK, "#!/bin/sh\n", 0o755);
    desk.gonogo(&["hook", "status"]).is_fine().says("is somebody else's");
    desk.gonogo(&["hook", "install"]).is_fine();
    desk.gonogo(&["hook", "status"])
        .is_fine()
        .says("installed: ")
        .says("an earlier hook is kept beside it")
        .says("prepare-commit-msg  not installed")
        .says("(git's own)")
        .says("STORY, from ")
        .says(desk.bin().join("gonogo").to_str().unwrap());
    std::fs::remove_file(desk.path(HOOK)).unwrap();
    desk.gonogo(&["hook", "uninstall"]).is_fine().says("what stood there before is back");
    assert_eq!(std::fs::read(desk.path(HOOK)).unwrap(), b"#!/bin/sh\n");
}

#[test]
fn outside_a_repository_there_is_nothing_to_install() {
    let desk = Desk::new();
    let said = desk.run(crate::kit::GONOGO, &["hook", "install"], &desk.home());
    assert_eq!(said.code, 2);
    said.says("is not a git repository");
}
