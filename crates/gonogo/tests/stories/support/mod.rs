//! How a story runs the program and looks at what it said.
//!
//! `check(&repo).production("production").json()` runs `gonogo check` on a
//! repository and gives the report; `.run()` gives what a person would see.

mod report;

pub(crate) use report::{Report, text, texts};

use gonogo_world::Repo;
use gonogo_world::repo::isolate;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// What a run of the program came to.
#[derive(Debug)]
pub(crate) struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// A call of `gonogo check`, being put together.
pub(crate) struct Check {
    program: Program,
    files: TempDir,
}

/// `gonogo check --repo` of a repository.
pub(crate) fn check(repo: &Repo) -> Check {
    check_at(repo.path())
}

/// The same of a folder that need not be a repository.
pub(crate) fn check_at(path: &Path) -> Check {
    let files = tempfile::tempdir().expect("the temporary folder is writable");
    let program = gonogo(&["check"]).arg("--repo").arg(path);
    Check { program, files }
}

impl Check {
    pub(crate) fn production(self, name: &str) -> Self {
        self.args(&["--production", name])
    }

    pub(crate) fn head(self, name: &str) -> Self {
        self.args(&["--head", name])
    }

    /// `--policy` with a file of this text, called `policy.toml`.
    pub(crate) fn policy(self, text: &str) -> Self {
        let file = self.file("policy.toml", text);
        self.arg("--policy").arg(file)
    }

    /// `--waivers` with a file of this text.
    pub(crate) fn waivers(self, text: &str) -> Self {
        let file = self.file("waivers.toml", text);
        self.arg("--waivers").arg(file)
    }

    pub(crate) fn args(self, args: &[&str]) -> Self {
        args.iter().fold(self, Self::arg)
    }

    pub(crate) fn arg(self, arg: impl Into<OsString>) -> Self {
        Self { program: self.program.arg(arg), ..self }
    }

    pub(crate) fn env(self, name: &str, value: impl Into<OsString>) -> Self {
        Self { program: self.program.env(name, value), ..self }
    }

    /// With these lines in the user's own git configuration.
    pub(crate) fn git_config(self, text: &str) -> Self {
        let file = self.file("gitconfig", text);
        self.env("GIT_CONFIG_GLOBAL", file)
    }

    pub(crate) fn run(&self) -> Run {
        self.program.run()
    }

    /// Runs with `--format json` and reads the report.
    pub(crate) fn json(&self) -> Report {
        let run = self.program.clone().arg("--format=json").run();
        Report::of(&run)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.files.path().join(name);
        std::fs::write(&path, text).expect("the temporary folder is writable");
        path
    }
}

/// Any call of the program.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    args: Vec<OsString>,
    env: Vec<(String, OsString)>,
}

pub(crate) fn gonogo(args: &[&str]) -> Program {
    Program { args: args.iter().map(OsString::from).collect(), env: Vec::new() }
}

impl Program {
    pub(crate) fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn run(&self) -> Run {
        #[expect(clippy::disallowed_methods, reason = "the program under test")]
        let mut command = Command::new(env!("CARGO_BIN_EXE_gonogo"));
        isolate(&mut command).args(&self.args).envs(self.env.iter().map(|(name, value)| (name, value)));
        let output = command.output().expect("the program can be started");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program writes UTF-8");
        Run {
            code: output.status.code().expect("the program ends by itself"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

impl Run {
    /// A mistake in the call or the configuration: exit code 2, the words on
    /// standard error, and nothing on standard output.
    pub(crate) fn is_refused(&self) -> &str {
        assert_eq!((self.code, self.stdout.as_str()), (2, ""), "{self:#?}");
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        &self.stderr
    }
}

/// Asserts that a text says each of these.
#[track_caller]
pub(crate) fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
}
