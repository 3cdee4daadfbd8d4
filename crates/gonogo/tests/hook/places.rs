//! Where hooks lie: `core.hooksPath`, husky, worktrees, folders of several.

use crate::kit::{Desk, POLICY, exactly};
use gonogo_world::Repo;

#[test]
fn the_folder_of_core_hooks_path_is_used_however_it_is_written() {
    for (value, file) in [(".githooks", ".githooks/commit-msg"), ("~/hooks", "home"), ("ABSOLUTE", "absolute")] {
        let desk = Desk::new().policy(POLICY);
        desk.write("sub/x", "");
        let absolute = desk.home().join("abs");
        let value = if value == "ABSOLUTE" { absolute.to_str().unwrap() } else { value };
        desk.git(&["config", "core.hooksPath", value]).is_fine();
        let hook = match file {
            "home" => desk.home().join("hooks/commit-msg"),
            "absolute" => absolute.join("commit-msg"),
            inside => desk.path(inside),
        };
        // From a folder below: a relative path is still the top's.
        desk.run(crate::kit::GONOGO, &["hook", "install"], &desk.path("sub")).is_fine();
        assert!(hook.is_file(), "{value}");
        assert!(!desk.path(".git/hooks/commit-msg").exists(), "{value}");
        desk.commit("x").is_refused().says("no issue key");
        desk.commit("STORY-1 x").is_fine();
        desk.gonogo(&["hook", "status"]).is_fine().says("core.hooksPath = ").says("local");
        desk.gonogo(&["hook", "uninstall"]).is_fine();
        assert!(!hook.exists(), "{value}");
    }
}

#[test]
fn hooks_that_are_turned_off_are_not_turned_on() {
    let desk = Desk::new().policy(POLICY);
    desk.git(&["config", "core.hooksPath", "/dev/null"]).is_fine();
    desk.gonogo(&["hook", "install"]).is_refused().says("hooks are turned off").says("→");
}

#[test]
fn a_folder_of_several_repositories_holds_nobodys_guess() {
    let (one, other) = (Desk::new(), Desk::new());
    let shared = one.home().join("shared");
    for desk in [&one, &other] {
        desk.git(&["config", "core.hooksPath", shared.to_str().unwrap()]).is_fine();
    }
    for number in 1..4 {
        one.repo.commit(&format!("WEB-{number} x"));
    }
    one.gonogo(&["hook", "install"]).is_fine().says("other repositories may use this folder too");
    one.commit("x").is_refused().says("WEB-123");
    other.commit("x").is_fine().is_silent_on("gonogo:");
    one.gonogo(&["hook", "uninstall"]).is_fine();
    assert!(!one.path(".git/hooks/gonogo-keys").exists());
}

#[test]
fn a_hook_from_before_core_hooks_path_was_set_is_seen_and_removed() {
    let desk = Desk::with_hook();
    desk.git(&["config", "core.hooksPath", ".githooks"]).is_fine();
    desk.gonogo(&["hook", "status"]).is_fine().says("commit-msg          not installed").says("left over");
    desk.gonogo(&["hook", "uninstall"]).is_fine();
    assert!(!desk.path(".git/hooks/commit-msg").exists());
}

/// What husky 9 sets up: git runs a file in `_`, which runs the one above it by `sh -e`.
fn husky(desk: &Desk) {
    let run = "#!/bin/sh\nabove=${0%/_/*}/${0##*/}\ntest ! -e \"$above\" || exec sh -e \"$above\" \"$@\"\n";
    for hook in ["commit-msg", "prepare-commit-msg"] {
        desk.write_program(&format!(".husky/_/{hook}"), run, 0o755);
    }
    desk.git(&["config", "core.hooksPath", ".husky/_"]).is_fine();
}

#[test]
fn under_husky_the_hook_is_the_file_that_husky_runs() {
    let desk = Desk::new().policy(POLICY);
    husky(&desk);
    desk.write_program(".husky/commit-msg", "echo own of the team\ngrep -q bad \"$1\" && exit 1\ntrue\n", 0o644);
    let (own, shim) = (exactly(&desk.path(".husky/commit-msg")), exactly(&desk.path(".husky/_/commit-msg")));
    desk.gonogo(&["hook", "install"]).is_fine();
    assert_eq!(exactly(&desk.path(".husky/_/commit-msg")), shim);
    desk.commit("x").is_refused().says("own of the team").says("no issue key");
    desk.commit("STORY-1 bad").is_refused();
    desk.commit("STORY-1 x").is_fine().says("own of the team");
    desk.gonogo(&["hook", "status"]).is_fine().says("husky runs it");
    let desk = desk.without_gonogo();
    desk.commit("x").is_fine().says("not found on PATH");
    desk.gonogo(&["hook", "uninstall"]).is_fine();
    assert_eq!(exactly(&desk.path(".husky/commit-msg")), own);
}

#[test]
fn a_husky_that_is_not_set_up_is_pointed_out() {
    let desk = Desk::new().policy(POLICY);
    desk.write(".husky/commit-msg", "true\n");
    desk.gonogo(&["hook", "install"]).is_fine().says("a .husky folder that git does not use");
}

#[test]
fn a_hook_of_one_worktree_is_the_hook_of_all_and_each_has_its_policy() {
    let main = Desk::new().policy(POLICY);
    main.repo.commit_all("STORY-1 begin");
    main.repo.branch("side");
    let side = Desk::at(main.repo.worktree("side"));
    side.gonogo(&["hook", "install"]).is_fine();
    assert!(main.path(".git/hooks/commit-msg").is_file());
    main.commit("x").is_refused();
    let side = side.policy("[stories]\nprojects = ['WEB']\n");
    side.commit("STORY-2 x").is_refused().says("WEB-123");
    side.commit("WEB-2 x").is_fine();
    main.commit("STORY-2 x").is_fine();
    // A merge's own word is in the worktree's part of the repository.
    main.repo.commit_files("STORY-3 m", &[("m", "1")]);
    side.git(&["merge", "--no-ff", "-m", "all in", "main"]).is_fine();
}

#[test]
fn a_repository_that_git_is_told_of_is_the_one_that_is_meant() {
    // As people keep their dot files: a bare repository, and a folder that knows nothing of it.
    let origin = Repo::new();
    for number in 1..4 {
        origin.commit(&format!("OPS-{number} x"));
    }
    let bare = Desk::at(origin.clone_bare());
    bare.gonogo(&["hook", "install"]).is_fine().says("keys: OPS");
    let (home, git_dir) = (bare.home(), format!("--git-dir={}", bare.repo.path().display()));
    let work_tree = format!("--work-tree={}", home.display());
    let commit = |message| bare.run("git", &[&git_dir, &work_tree, "commit", "--allow-empty", "-m", message], &home);
    commit("x").is_refused().says("OPS-123");
    commit("OPS-4 x").is_fine();
    std::fs::write(home.join("gonogo.toml"), POLICY).unwrap();
    commit("OPS-5 x").is_refused().says("STORY-123");
}

#[test]
fn settings_that_come_on_the_command_line_count() {
    let desk = Desk::with_hook();
    let write = r#"{ echo fix; echo "; STORY-1"; } > "$1""#;
    let editor = desk.write_program("../editor", &format!("#!/bin/sh\n{write}\n"), 0o755);
    let desk = desk.env("GIT_EDITOR", editor.to_str().unwrap());
    desk.git(&["-c", "core.commentChar=;", "commit", "--allow-empty"]).is_refused();
    desk.git(&["commit", "--allow-empty"]).is_fine();
}
