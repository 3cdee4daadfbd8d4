//! One commit at a time.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::sync::atomic::Ordering;

use super::Repo;
use super::run::SOMEBODY;

impl Repo {
    /// Commits a change to a file that nothing else touches; returns the SHA.
    pub fn commit(&self, message: &str) -> String {
        self.change_a_file();
        self.record(message.as_bytes(), SOMEBODY)
    }

    /// The same by `"Name <mail>"`, as author and committer.
    pub fn commit_as(&self, who: &str, message: &str) -> String {
        let (name, mail) =
            who.strip_suffix('>').and_then(|who| who.split_once(" <")).expect("a person reads \"Name <mail>\"");
        self.change_a_file();
        self.record(message.as_bytes(), (name, mail))
    }

    /// The same with a message that need not be UTF-8, kept byte for byte.
    ///
    /// `git commit` would take such bytes for Latin-1 and recode them, so the
    /// commit object is written by hand, as old tools and imports left them.
    pub fn commit_bytes(&self, message: &[u8]) -> String {
        self.change_a_file();
        let recoded = self.record(message, SOMEBODY);
        if std::str::from_utf8(message).is_ok() {
            return recoded;
        }
        let head = self.git(&["cat-file", "commit", &recoded]);
        let (headers, _) = head.split_once("\n\n").expect("a commit has headers and a message");
        let object = [headers.as_bytes(), b"\n\n", message, b"\n"].concat();
        let write = ["hash-object", "-t", "commit", "-w", "--stdin"];
        let output = self.run(self.command(&write, SOMEBODY), &object);
        let sha = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        self.git(&["update-ref", "HEAD", &sha]);
        sha
    }

    /// Commits these files with these contents. A path is bytes, since git's
    /// paths need not be UTF-8.
    pub fn commit_files<P, C>(&self, message: &str, files: &[(P, C)]) -> String
    where
        P: AsRef<[u8]>,
        C: AsRef<[u8]>,
    {
        for (path, content) in files {
            self.write(path.as_ref(), content.as_ref());
        }
        self.record(message.as_bytes(), SOMEBODY)
    }

    /// Commits the removal of these files.
    pub fn remove(&self, message: &str, paths: &[&str]) -> String {
        let mut args = vec!["rm", "--quiet", "-r", "--"];
        args.extend(paths);
        self.git(&args);
        self.record(message.as_bytes(), SOMEBODY)
    }

    /// Commits whatever the index and the working tree hold, be it nothing.
    pub fn commit_all(&self, message: &str) -> String {
        self.record(message.as_bytes(), SOMEBODY)
    }

    fn change_a_file(&self) {
        let number = self.clock.changes.fetch_add(1, Ordering::SeqCst) + 1;
        let path = format!("changes/{number:04}.txt");
        self.write(path.as_bytes(), format!("change {number}\n").as_bytes());
    }

    fn write(&self, path: &[u8], content: &[u8]) {
        let path = self.path.join(OsStr::from_bytes(path));
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).expect("the working tree is writable");
        }
        fs::write(path, content).expect("the working tree is writable");
    }

    /// Stages everything and commits it.
    pub(super) fn record(&self, message: &[u8], who: (&str, &str)) -> String {
        self.tick();
        self.git(&["add", "--all"]);
        let args = ["commit", "--quiet", "--allow-empty", "--allow-empty-message", "--file=-"];
        self.run(self.command(&args, who), message);
        self.head()
    }
}
