//! The machine around the repository: which git, whose files, what settings.

use crate::support::{check, says};
use gonogo_world::Repo;
use gonogo_world::repo::isolate;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

/// A range with all that settings could touch: a hotfix that came back by
/// picking, a rename, a merge, a root of its own, a path with an umlaut.
fn colourful() -> Repo {
    let repo = Repo::new();
    repo.commit_files("STORY-1 first", &[("naïve.txt", "one\ntwo\nthree\n"), ("b/c.txt", "x\n")]);
    repo.branch("production");
    let fix = repo.commit("STORY-2 a fix");
    repo.checkout("production");
    repo.cherry_pick_x(&fix);
    repo.commit("STORY-9 a hotfix");
    repo.checkout("main");
    repo.git(&["mv", "naïve.txt", "größe.txt"]);
    repo.commit_all("STORY-3 rename");
    repo.orphan("imported");
    repo.commit_files("STORY-4 import", &[("größe/import.txt", "<<<<<<< ours\n")]);
    repo.checkout("main");
    repo.merge("imported", "Merge branch 'imported'");
    repo
}

#[test]
fn settings_of_the_user_do_not_change_what_is_read() {
    let repo = colourful();
    let plain = (check(&repo).run(), check(&repo).json());
    assert_eq!(plain.0.code, 1, "{:?}", plain.0);
    says(
        &plain.1.to_string(),
        &["\"already_in_production\": true", "unfinished-conflict-marker", "größe/import.txt", "ancestry-lost"],
    );

    let settings = "
        [log]
            showSignature = true
            showRoot = false
            date = relative
            decorate = full
            follow = true
            mailmap = false
            abbrevCommit = true
            diffMerges = first-parent
        [diff]
            renames = copies
            noprefix = true
            mnemonicPrefix = true
            external = /bin/false
            context = 0
            interHunkContext = 9
            orderFile = /nonexistent
            ignoreSubmodules = all
            relative = true
            submodule = log
            suppressBlankEmpty = true
            algorithm = histogram
        [color]
            ui = always
            diff = always
        [core]
            quotePath = true
            abbrev = 4
            pager = /bin/false
            attributesFile = /dev/null
        [format]
            pretty = oneline
            notes = *
        [i18n]
            logOutputEncoding = ISO-8859-1
        [merge]
            conflictStyle = diff3
            renames = false
        [safe]
            bareRepository = explicit
        [grep]
            patternType = perl
        [submodule]
            recurse = true
        [alias]
            log = !false
    ";
    let settings = settings.replace("orderFile = /nonexistent", "");
    let run = check(&repo).git_config(&settings).run();
    assert_eq!((run.code, &run.stdout), (plain.0.code, &plain.0.stdout), "{}", run.stderr);
    check(&repo).git_config(&settings).json().is_same_as(&plain.1);
}

#[test]
fn the_files_of_a_root_commit_count_whatever_the_user_lets_git_show() {
    let repo = Repo::new();
    repo.commit("first");
    repo.branch("production").orphan("imported");
    repo.commit_files("no key", &[("imported/file.txt", "one\n")]);
    repo.checkout("main");
    repo.merge("imported", "Merge branch 'imported'");
    let policy = "[stories]\nprojects = ['STORY']\n[checks.story-key]\npaths = ['imported/**']\n";
    let told = check(&repo).production("production").policy(policy).git_config("[log]\n\tshowRoot = false\n").json();
    told.is("no-go").finding("story-key-missing");
}

#[test]
fn attributes_of_the_user_hide_nothing() {
    let repo = colourful();
    let plain = check(&repo).json();
    let folder = tempfile::tempdir().expect("the temporary folder is writable");
    let attributes = folder.path().join("attributes");
    std::fs::write(&attributes, "*.txt -diff\n").expect("the folder is writable");
    let settings = format!("[core]\n\tattributesFile = {}\n", attributes.display());
    check(&repo).git_config(&settings).json().is_same_as(&plain);
}

#[test]
fn the_environment_of_a_hook_points_nowhere_else() {
    let elsewhere = Repo::new();
    elsewhere.commit("somebody else's");
    let git_dir = elsewhere.path().join(".git");
    let repo = colourful();
    let plain = check(&repo).json();
    let misled = check(&repo)
        .env("GIT_DIR", &git_dir)
        .env("GIT_WORK_TREE", elsewhere.path())
        .env("GIT_INDEX_FILE", git_dir.join("index"))
        .env("GIT_OBJECT_DIRECTORY", git_dir.join("objects"))
        .env("GIT_COMMON_DIR", &git_dir)
        .env("GIT_NAMESPACE", "elsewhere")
        .env("GIT_CONFIG", git_dir.join("config"))
        .env("GIT_SHALLOW_FILE", git_dir.join("HEAD"))
        .env("GIT_GRAFT_FILE", git_dir.join("HEAD"))
        .env("GIT_REPLACE_REF_BASE", "refs/heads/")
        .env("GIT_EXTERNAL_DIFF", "/bin/false")
        .env("GIT_ICASE_PATHSPECS", "1")
        .env("GIT_TRACE", "1")
        .env("GIT_PREFIX", "b/")
        .env("GIT_QUARANTINE_PATH", git_dir.join("quarantine"));
    misled.json().is_same_as(&plain);
}

#[test]
fn without_git_the_answer_says_so() {
    let repo = colourful();
    let run = check(&repo).env("PATH", "").run();
    says(run.is_refused(), &["git was not found", "install git 2.38 or newer"]);
}

#[test]
fn a_git_that_is_too_old_is_named() {
    let repo = colourful();
    let folder = tempfile::tempdir().expect("the temporary folder is writable");
    program(&folder.path().join("git"), "#!/bin/sh\necho git version 2.30.2\n");
    let run = check(&repo).env("PATH", first_on_path(folder.path())).run();
    says(run.is_refused(), &["git 2.30.2 is too old", "install git 2.38 or newer"]);
}

#[test]
fn a_git_without_merges_in_bulk_finds_the_same() {
    let repo = colourful();
    repo.branch("left").checkout("left").commit_files("STORY-7 left", &[("left", "x\n")]);
    repo.checkout("main");
    repo.git(&["merge", "-s", "ours", "-m", "Merge left", "left"]);
    let folder = tempfile::tempdir().expect("the temporary folder is writable");
    let real = std::env::var("PATH").expect("there is a PATH");
    let script = format!(
        "#!/bin/sh\nPATH='{real}'\ncase \"$*\" in *merge-tree*--stdin*) exit 129;; *\\ version) echo git version 2.38.0;; *) exec git \"$@\";; esac\n"
    );
    program(&folder.path().join("git"), &script);
    let plain = check(&repo).production("production").json();
    plain.finding("merge-dropped-changes");
    check(&repo).production("production").env("PATH", first_on_path(folder.path())).json().is_same_as(&plain);
}

#[test]
fn hooks_and_helpers_of_the_repository_are_not_run() {
    let repo = colourful();
    let trap = repo.path().join("trapped");
    let script = repo.path().join("trap.sh");
    program(&script, &format!("#!/bin/sh\ntouch {}\nexit 1\n", trap.display()));
    let script = script.display().to_string();
    for key in
        ["core.fsmonitor", "core.pager", "diff.external", "core.sshCommand", "diff.trap.textconv", "diff.trap.command"]
    {
        repo.git(&["config", key, &script]);
    }
    repo.git(&["config", "log.showSignature", "true"]);
    repo.git(&["config", "gpg.program", &script]);
    repo.git(&["config", "merge.trap.driver", &script]);
    std::fs::create_dir_all(repo.path().join(".git/info")).expect("the repository is writable");
    let attributes = "*.txt diff=trap merge=trap\n";
    std::fs::write(repo.path().join(".git/info/attributes"), attributes).expect("the repository is writable");
    check(&repo).json().is("no-go");
    assert!(!trap.exists());
}

#[test]
fn a_repository_of_another_user_is_refused_with_the_way_to_trust_it() {
    let repo = colourful();
    // Only root can give a folder away.
    if !chown(repo.path(), "65534") {
        return;
    }
    let path = repo.path().canonicalize().expect("the repository is there");
    let path = path.display().to_string();
    let run = check(&repo).run();
    says(run.is_refused(), &["belongs to another user", &format!("git config --global --add safe.directory {path}")]);
    let trusting = format!("[safe]\n\tdirectory = {path}\n");
    check(&repo).git_config(&trusting).json().is("no-go");
}

#[expect(clippy::disallowed_methods, reason = "a world where a folder is somebody else's")]
fn chown(path: &Path, owner: &str) -> bool {
    let mut chown = Command::new("chown");
    isolate(&mut chown).args(["-R", owner]).arg(path);
    chown.output().is_ok_and(|output| output.status.success())
}

fn program(path: &Path, text: &str) {
    std::fs::write(path, text).expect("the folder is writable");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("the file is ours");
}

fn first_on_path(folder: &Path) -> OsString {
    let rest = std::env::var_os("PATH").unwrap_or_default();
    [folder.as_os_str().to_owned(), rest].join(&OsString::from(":"))
}
