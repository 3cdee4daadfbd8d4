//! A desk to commit at: a repository, a `PATH` with or without gonogo, a home.

use gonogo_world::Repo;
use gonogo_world::repo::{git_program, isolate};
use std::ffi::OsStr;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

pub(crate) const GONOGO: &str = env!("CARGO_BIN_EXE_gonogo");
pub(crate) const POLICY: &str = "[stories]\nprojects = ['STORY']\n";

pub(crate) struct Desk {
    pub repo: Repo,
    /// Holds `bin` and `home`.
    around: TempDir,
    envs: Vec<(String, String)>,
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    pub(crate) fn is_fine(&self) -> &Self {
        assert_eq!(self.code, 0, "{self:#?}");
        self
    }

    pub(crate) fn is_refused(&self) -> &Self {
        assert_ne!(self.code, 0, "{self:#?}");
        self
    }

    pub(crate) fn says(&self, what: &str) -> &Self {
        assert!(self.out.contains(what) || self.err.contains(what), "no `{what}` in {self:#?}");
        self
    }

    pub(crate) fn is_silent_on(&self, what: &str) -> &Self {
        assert!(!self.out.contains(what) && !self.err.contains(what), "`{what}` in {self:#?}");
        self
    }
}

impl Desk {
    /// A repository of nothing yet.
    pub(crate) fn new() -> Self {
        Self::at(Repo::new())
    }

    /// One whose policy names the project STORY, with the hook installed.
    pub(crate) fn with_hook() -> Self {
        let desk = Self::new().policy(POLICY);
        desk.repo.commit("STORY-1 begin");
        desk.gonogo(&["hook", "install"]).is_fine();
        desk
    }

    pub(crate) fn at(repo: Repo) -> Self {
        let around = tempfile::tempdir().unwrap();
        std::fs::create_dir(around.path().join("bin")).unwrap();
        std::fs::create_dir(around.path().join("home")).unwrap();
        symlink(GONOGO, around.path().join("bin/gonogo")).unwrap();
        Self { repo, around, envs: Vec::new() }
    }

    /// With this policy in the work tree.
    pub(crate) fn policy(self, text: &str) -> Self {
        self.write("gonogo.toml", text);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.envs.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The program is gone from `PATH`.
    pub(crate) fn without_gonogo(self) -> Self {
        std::fs::remove_file(self.bin().join("gonogo")).unwrap();
        self
    }

    pub(crate) fn bin(&self) -> PathBuf {
        self.around.path().join("bin")
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.around.path().join("home")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.repo.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A file that is run. Another process writes it: while any test of this one
    /// starts a program, a file that we hold open for writing is "busy".
    pub(crate) fn write_program(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let write = r#"printf %s "$1" > "$2" && chmod "$3" "$2""#;
        let shown = path.to_str().unwrap();
        self.run("sh", &["-c", write, "sh", text, shown, &format!("{mode:o}")], self.repo.path()).is_fine();
        path
    }

    pub(crate) fn gonogo<A: AsRef<OsStr>>(&self, args: &[A]) -> Said {
        self.run(GONOGO, args, self.repo.path())
    }

    pub(crate) fn git<A: AsRef<OsStr>>(&self, args: &[A]) -> Said {
        self.run(git_program(), args, self.repo.path())
    }

    /// `git commit -m`.
    pub(crate) fn commit(&self, message: &str) -> Said {
        self.git(&["commit", "--allow-empty", "-m", message])
    }

    /// `git commit` by somebody whose editor runs these shell commands on `$1`.
    pub(crate) fn commit_in_editor(&self, script: &str, args: &[&str]) -> Said {
        let editor = self.write_program("../editor", &format!("#!/bin/sh\n{script}\n"), 0o755);
        let all: Vec<&str> = ["commit", "--allow-empty"].into_iter().chain(args.iter().copied()).collect();
        let mut command = self.command(git_program(), &all, self.repo.path());
        command.env("GIT_EDITOR", editor);
        end(&mut command)
    }

    /// `gonogo hook commit-msg` on a message, as without `install`.
    pub(crate) fn look_at(&self, message: impl AsRef<[u8]>) -> Said {
        let file = self.write(".git/MESSAGE", message);
        self.gonogo(&["hook".as_ref(), "commit-msg".as_ref(), file.as_os_str()])
    }

    pub(crate) fn last_message(&self) -> String {
        self.repo.git(&["log", "-1", "--format=%B"]).trim_end().to_owned()
    }

    pub(crate) fn run<A: AsRef<OsStr>>(&self, program: impl AsRef<OsStr>, args: &[A], dir: &Path) -> Said {
        end(&mut self.command(program, args, dir))
    }

    fn command<A: AsRef<OsStr>>(&self, program: impl AsRef<OsStr>, args: &[A], dir: &Path) -> Command {
        #[expect(clippy::disallowed_methods, reason = "the tests' own programs")]
        let mut command = Command::new(program);
        let path = format!("{}:{}", self.bin().display(), std::env::var("PATH").unwrap());
        isolate(&mut command).args(args).current_dir(dir).env("PATH", path).env("HOME", self.home());
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "Robin").env(format!("GIT_{who}_EMAIL"), "robin@example.com");
        }
        command.env("GIT_EDITOR", "true").envs(self.envs.iter().map(|(name, value)| (name, value)));
        command
    }
}

fn end(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Said { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

/// A file's bytes and mode.
pub(crate) fn exactly(path: &Path) -> (Vec<u8>, u32) {
    (std::fs::read(path).unwrap(), path.metadata().unwrap().permissions().mode())
}
