//! The printed script says what the program says, under every sh and awk here.

use crate::kit::{Desk, GONOGO};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

const POLICY: &str = "[stories]\nprojects = ['STORY', 'MY_2']\nno_key_words = ['no-jira', \"it's nothing\"]\n\
                      ignore_commits = ['^Bump version', '^v\\d+\\.\\d+$', '(?i)^release']\n";

/// Messages as files, and whether they may be committed.
const MESSAGES: &[(&[u8], bool)] = &[
    (b"STORY-1 x", true),
    (b"[STORY-1] x", true),
    (b"(STORY-1)", true),
    (b"x #STORY-1: y", true),
    (b"MY_2-44 x", true),
    (b"x, see STORY-1.", true),
    (b"x\n\nlater STORY-12 came\n", true),
    (b"x\n\nStory: STORY-1\nSigned-off-by: A <a@b>\n", true),
    (b"x\n\nSTORY-1: because\n", true),
    (b"x\n\nSTORY-1\nSigned-off-by: A <a@b>\n", true),
    (b"STORY-1 caf\xe9\r\n\r\nx\r\n", true),
    (b"\n\n  \nSTORY-1 x\n", true),
    ("«STORY-1» x".as_bytes(), true),
    ("x — STORY-1…".as_bytes(), true),
    ("✨STORY-1 x".as_bytes(), true),
    ("🎉STORY-1🎉 x".as_bytes(), true),
    ("「STORY-1」".as_bytes(), true),
    (b"\xef\xbb\xbfSTORY-1 bom", true),
    (b"\xe9STORY-1 latin", true),
    (b"STORY-1- x", true),
    (b"- STORY-1", true),
    (b"--STORY-1", true),
    ("éSTORY-1 x".as_bytes(), false),
    ("STORY-1é x".as_bytes(), false),
    ("STORY-1を".as_bytes(), false),
    ("STORY–1 x".as_bytes(), false),
    (b"charge in euros", false),
    (b"story-1 x", false),
    (b"Story-1 x", false),
    (b"STORY-01 x", false),
    (b"STORY-0 x", false),
    (b"STORY- 1", false),
    (b"STORY_1 x", false),
    (b"STORY-1x", false),
    (b"STORY-1_a", false),
    (b"xSTORY-1", false),
    (b"XSTORY-1 x", false),
    (b"1STORY-1 x", false),
    (b"STORY-1-x", false),
    (b"x-STORY-1", false),
    (b"STORY-1--x", false),
    (b"STORY-1234567890123 x", false),
    (b"UTF-8 everywhere", false),
    (b"OPS-1 x", false),
    (b"x\n\n---\nSTORY-1\n", true),
    (b"x\n\n--- a/STORY-1\n", true),
    (b"x\n# STORY-1\n#STORY-1\n", false),
    (b"x\n# ------------------------ >8 ------------------------\n# y\ndiff STORY-1\n", false),
    (b"x\r\n# ------------------------ >8 ------------------------\r\nSTORY-1\r\n", false),
    (b"x ------------------------ >8 ------------------------\nSTORY-1\n", true),
    (b"", true),
    (b"\n \n# c\n", true),
    (b"Merge branch 'x' into y", true),
    (b"Merge branches 'x' and 'y'", true),
    (b"Merge remote-tracking branch 'o/x'", true),
    (b"Merge tag 'v1'", true),
    (b"Merge commit 'abc'", true),
    (b"Merge pull request #7 from a/b", true),
    (b"Merge the parsers", false),
    (b"Merge branch x", false),
    (b"Revert \"x\"\n\nThis reverts commit 1234567.\n", true),
    (b"Revert \"x\"\n\nThis reverts commit\n0123456789abcdef0123456789abcdef01234567, reversing\n", true),
    (b"x\n\nthis reverts commits `1234567`, and 2345678", true),
    (b"x\n\nWe think that this reverts commit 1234567", false),
    (b"x\n\nThis reverts commit 123456", false),
    (b"x\n\nThis reverts commit soon", false),
    (b"Revert \"x\"", false),
    (b"Revert \"x\"\n\nReverts acme/web#12\n", true),
    (b"Revert \"x\"\n\nReverts acme/web#twelve\n", false),
    (b"fixup! x", true),
    (b"squash! x\n\ny", true),
    (b"amend! x", true),
    (b"fixup x", false),
    (b"tidy, no-jira", true),
    (b"tidy\n\nNO-JIRA", true),
    (b"tidy; It's Nothing", true),
    (b"tidy\n# no-jira", false),
    (b"migrate piano-jira bridge", false),
    (b"migrate piano-jira bridge (no-jira)", true),
    (b"x no-jira-bot", false),
    ("\u{e9}no-jira x".as_bytes(), false),
    ("\u{2728}no-jira\u{2728}".as_bytes(), true),
    (b"Bump version to 2", true),
    (b"x\nBump version to 2", true),
    (b"bump version", false),
    (b"v1.22", true),
    (b"v1.22\r\n", true),
    (b"v1x22", false),
];

#[test]
fn the_program_agrees_with_the_table() {
    let desk = Desk::new().policy(POLICY);
    for (message, is_fine) in MESSAGES {
        let said = desk.look_at(message);
        assert_eq!(said.code == 0, *is_fine, "{:?}: {said:#?}", String::from_utf8_lossy(message));
    }
}

/// The first program of this name on `PATH`.
fn find(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Runs the table through the script with one shell and one awk.
fn holds_under(shell: &[&str], awk: &str) {
    let (Some(program), Some(awk)) = (find(shell[0]), find(awk)) else { return };
    let desk = Desk::new().policy(POLICY).without_gonogo();
    symlink(&awk, desk.bin().join("awk")).unwrap();
    let printed = desk.gonogo(&["hook", "print"]);
    let script = desk.write_program(".git/rule", &printed.is_fine().out, 0o755);
    for (message, is_fine) in MESSAGES {
        let file = desk.write(".git/MESSAGE", message);
        let mut args: Vec<&Path> = shell[1..].iter().map(Path::new).collect();
        args.extend([script.as_path(), file.as_path()]);
        let said = desk.run(&program, &args, desk.repo.path());
        let shown = String::from_utf8_lossy(message);
        let seen = (said.code, said.err.is_empty());
        assert_eq!(seen, (i32::from(!is_fine), *is_fine), "{shell:?}, {}: {shown:?}: {said:#?}", awk.display());
    }
}

#[test]
fn the_script_agrees_under_the_systems_sh() {
    holds_under(&["sh"], "awk");
}

#[test]
fn the_script_agrees_under_dash_and_mawk() {
    holds_under(&["dash"], "mawk");
}

#[test]
fn the_script_agrees_under_bash_and_gawk() {
    holds_under(&["bash", "--posix"], "gawk");
}

#[test]
fn the_script_agrees_under_busybox() {
    holds_under(&["busybox", "sh"], "busybox");
}

#[test]
fn the_script_agrees_under_the_one_true_awk() {
    holds_under(&["sh"], "original-awk");
}

#[test]
fn the_script_is_a_hook_that_refuses_and_suggests() {
    let desk = Desk::new().policy(POLICY).without_gonogo();
    let script = desk.gonogo(&["hook", "print"]).is_fine().out.clone();
    desk.write_program(".git/hooks/commit-msg", &script, 0o755);
    desk.git(&["checkout", "-q", "-b", "feature/UTF-8-STORY-9-foo"]).is_fine();
    desk.commit("charge in euros")
        .is_refused()
        .says("no issue key")
        .says("such as STORY-123 and MY_2-123; or write no-jira")
        .says("STORY-9 charge in euros")
        .says("git commit -e -F \".git/COMMIT_EDITMSG\"");
    desk.commit("#STORY-1 x").is_fine();
    desk.commit_in_editor(r##"echo "#STORY-1 x" > "$1""##, &[]).is_refused();
    desk.git(&["config", "core.commentChar", ";"]).is_fine();
    desk.commit_in_editor(r#"{ echo x; echo "; STORY-1"; } > "$1""#, &[]).is_refused();
    desk.git(&["config", "core.commentChar", "auto"]).is_fine();
    desk.commit_in_editor(r##"{ echo "# x"; echo x; echo "; STORY-1"; echo ";"; } > "$1""##, &[]).is_refused();
    desk.commit_in_editor(r##"{ echo "# STORY-1"; echo "; STORY"; } > "$1""##, &[]).is_fine();
    desk.git(&["config", "commit.cleanup", "whitespace"]).is_fine();
    desk.commit_in_editor(r##"echo "# STORY-1" > "$1""##, &[]).is_fine();
}

#[test]
fn the_level_of_the_check_is_the_scripts() {
    for (level, code, is_told) in [("block", 1, true), ("warn", 0, true), ("off", 0, false)] {
        let desk = Desk::new().policy(&format!("{POLICY}[checks]\nstory-key = '{level}'\n"));
        let script = desk.write_program(".git/rule", &desk.gonogo(&["hook", "print"]).is_fine().out, 0o755);
        let said = desk.run(script, &[desk.write(".git/MESSAGE", "x")], desk.repo.path());
        assert_eq!((said.code, !said.err.is_empty()), (code, is_told), "{level}");
    }
}

#[test]
fn what_posix_cannot_say_is_said_when_it_is_printed() {
    let desk = Desk::new().policy(POLICY);
    desk.gonogo(&["hook", "print"]).is_fine().says("ignore_commits = \"(?i)^release\" cannot be said in POSIX");
}

#[test]
fn without_a_policy_the_script_has_the_guess() {
    let desk = Desk::new();
    desk.gonogo(&["hook", "print"]).is_fine().says("no project is known");
    for number in 1..4 {
        desk.repo.commit(&format!("WEB-{number} x"));
    }
    desk.gonogo(&["hook", "print"]).is_fine().says("gonogo_projects='WEB'").says("a guess from the history");
}

#[test]
fn a_policy_cannot_break_out_of_the_script() {
    let desk = Desk::new().policy("[stories]\nprojects = ['STORY']\nno_key_words = [\"'; touch owned; '\"]\n");
    let script = desk.gonogo(&["hook", "print"]).is_fine().out.clone();
    let script = desk.write_program(".git/rule", &script, 0o755);
    let file = desk.write(".git/MESSAGE", "x");
    desk.run(script, &[file], desk.repo.path()).is_refused();
    assert!(!desk.path("owned").exists());
}

#[test]
fn recipes_name_the_program_and_where_they_go() {
    let desk = Desk::new();
    for (name, file) in
        [("lefthook", "lefthook.yml"), ("husky", ".husky/commit-msg"), ("overcommit", ".overcommit.yml")]
    {
        desk.gonogo(&["hook", "print", "--recipe", name]).is_fine().says(file).says("gonogo hook print");
    }
    // husky's is a script that runs as it is.
    let recipe = desk.run(GONOGO, &["hook", "print", "--recipe", "husky"], desk.repo.path()).out;
    let hook = desk.write_program(".git/hooks/commit-msg", &format!("#!/bin/sh -e\n{recipe}"), 0o755);
    assert_eq!(hook.metadata().unwrap().permissions().mode() & 0o777, 0o755);
    let desk = desk.policy(POLICY);
    desk.commit("x").is_refused();
    desk.commit("STORY-1 x").is_fine();
}
