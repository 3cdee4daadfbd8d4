//! How git is run: which program, in what environment, at what time.

use std::ffi::{OsStr, OsString};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::Ordering;
use std::thread;

use super::Repo;

/// A person who commits when the test names nobody else.
pub(super) const SOMEBODY: (&str, &str) = ("Robin Tester", "robin@example.com");

/// The git program to use: `GONOGO_TEST_GIT`, or `git`.
pub fn git_program() -> OsString {
    std::env::var_os("GONOGO_TEST_GIT").unwrap_or_else(|| "git".into())
}

/// Takes the machine's git configuration and every inherited `GIT_*` variable
/// out of the environment of a program that will run git.
pub fn isolate(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            command.env_remove(name);
        }
    }
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
}

impl Repo {
    /// Runs git here and returns its output without the last line end.
    pub fn git<A: AsRef<OsStr>>(&self, args: &[A]) -> String {
        let output = self.run(self.command(args, SOMEBODY), b"");
        let text = String::from_utf8_lossy(&output.stdout);
        text.strip_suffix('\n').unwrap_or(&text).to_owned()
    }

    /// Takes in a stream of `git fast-import`: for histories too long to commit
    /// one by one. The working tree stays as it is.
    pub fn import(&self, stream: &[u8]) {
        self.run(self.command(&["fast-import", "--quiet", "--force"], SOMEBODY), stream);
    }

    /// Runs git here; whether it agreed. For what a test expects to be refused.
    pub fn git_agrees<A: AsRef<OsStr>>(&self, args: &[A]) -> bool {
        let output = self.command(args, SOMEBODY).output().expect("the git program can be started");
        output.status.success()
    }

    /// Runs git here; its output when it agreed.
    pub(crate) fn git_answers<A: AsRef<OsStr>>(&self, args: &[A]) -> Option<String> {
        let output = self.command(args, SOMEBODY).output().expect("the git program can be started");
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    pub(super) fn command<A: AsRef<OsStr>>(&self, args: &[A], who: (&str, &str)) -> Command {
        let date = format!("@{} +0000", self.clock.seconds.load(Ordering::SeqCst));
        #[expect(clippy::disallowed_methods, reason = "the world's own git, beside the program's")]
        let mut command = Command::new(git_program());
        isolate(&mut command)
            .current_dir(&self.path)
            .args(["-c", "protocol.file.allow=always"])
            .args(args)
            .env("GIT_AUTHOR_NAME", who.0)
            .env("GIT_AUTHOR_EMAIL", who.1)
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_NAME", who.0)
            .env("GIT_COMMITTER_EMAIL", who.1)
            .env("GIT_COMMITTER_DATE", &date)
            .env("GIT_EDITOR", "true");
        command
    }

    pub(super) fn run(&self, mut command: Command, stdin: &[u8]) -> Output {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the git program can be started");
        let mut pipe = child.stdin.take().expect("stdin is piped");
        let output = thread::scope(|scope| {
            // A git that fails early does not read: its own words say why.
            scope.spawn(move || drop(pipe.write_all(stdin)));
            child.wait_with_output().expect("git can be waited for")
        });
        assert!(
            output.status.success(),
            "{command:?} in {} failed:\n{}{}",
            self.path.display(),
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        output
    }

    /// The next commit is a minute younger than the last; only for a test that
    /// commits through [`Repo::git_agrees`].
    pub fn at_next_minute(&self) {
        self.tick();
    }

    /// A minute later.
    pub(super) fn tick(&self) {
        self.clock.seconds.fetch_add(60, Ordering::SeqCst);
    }

    /// Settings that must hold for any program that works here, not only for ours.
    pub(super) fn configure(&self) {
        self.sets(
            "[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[commit]\n\tgpgsign = false\n[core]\n\tfsync = none\n\
             [uploadpack]\n\tallowFilter = true\n\tallowAnySHA1InWant = true\n",
        );
    }

    /// Adds these lines to its configuration.
    pub(crate) fn sets(&self, lines: &str) {
        let inside = self.path.join(".git/config");
        let file = if inside.is_file() { inside } else { self.path.join("config") };
        let mut file = OpenOptions::new().append(true).open(file).expect("a repository has a configuration");
        file.write_all(lines.as_bytes()).expect("it can be written");
    }
}
