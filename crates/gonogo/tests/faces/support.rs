//! The program on a small repository with one of everything.

use gonogo_world::{Repo, repo};
use std::process::{Command, Output};

/// A run of the program.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

#[allow(clippy::disallowed_methods, reason = "the program under test, and judges of what it prints")]
pub(crate) fn run(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
    let mut command = Command::new(program);
    repo::isolate(&mut command);
    for name in
        ["HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "GONOGO_JIRA_TOKEN", "GONOGO_JIRA_USER", "GONOGO_GITHUB_TOKEN"]
    {
        command.env_remove(name);
    }
    let Output { status, stdout, stderr } =
        command.args(arguments).envs(environment.iter().copied()).output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("what is printed is UTF-8");
    Ran { code: status.code().unwrap_or(-1), stdout: text(stdout), stderr: text(stderr) }
}

pub(crate) fn gonogo(arguments: &[&str]) -> Ran {
    run(env!("CARGO_BIN_EXE_gonogo"), arguments, &[])
}

/// `gonogo check` on a repository in a format.
pub(crate) fn check(repo: &Repo, arguments: &[&str]) -> Ran {
    let path = repo.path().display().to_string();
    let mut all = vec!["check", "--repo", &path];
    all.extend(arguments);
    gonogo(&all)
}

/// A range with blocks, warnings, notes, hostile texts and a conflict marker.
pub(crate) fn messy() -> Repo {
    let repo = Repo::new();
    repo.commit_files("first", &[("gonogo.toml", "[stories]\nprojects = [\"STORY\"]\n")]);
    repo.branch("production");
    repo.commit("STORY-1 fine");
    repo.commit("tidy <b>up</b> @channel [x](http://evil) | `code` \u{202e}");
    repo.commit("no-jira a note");
    repo.commit("STORY-2 WIP ::error::x%0A, \"quoted\" & <tag> \u{1b}[31mred");
    repo.commit_files("STORY-3 conflict", &[("src/a b,c.txt", "one\n<<<<<<< HEAD\ntwo\n=======\n>>>>>>> x\n")]);
    repo
}
