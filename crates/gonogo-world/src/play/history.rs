//! A history, written as a stream of `git fast-import`: a thousand commits take
//! no longer than one.

use std::fmt::Write as _;

use jiff::SignedDuration;

/// 2026-01-05T09:00:00Z: the first commit comes a step later.
const DAWN: i64 = 1_767_603_600;

#[derive(Debug)]
pub(super) struct History {
    stream: String,
    commits: i64,
    /// From one commit to the next, in seconds.
    step: i64,
}

impl History {
    pub(super) fn new(step: SignedDuration) -> Self {
        Self { stream: String::new(), commits: 0, step: step.as_secs() }
    }

    /// A commit on top of the branch, which touches a file of its own beside these.
    pub(super) fn commit(&mut self, branch: &str, who: &str, message: &str, files: &[(&str, &str)]) {
        self.commits += 1;
        let (number, at) = (self.commits, DAWN + self.step * self.commits);
        let mail = who.split(' ').next().unwrap_or(who).to_lowercase();
        let own = (format!("src/part_{number:04}.txt"), format!("{message}\n"));
        let _ = writeln!(self.stream, "commit refs/heads/{branch}\ncommitter {who} <{mail}@example.com> {at} +0000");
        self.data(message);
        for (path, content) in files.iter().copied().chain([(own.0.as_str(), own.1.as_str())]) {
            let _ = writeln!(self.stream, "M 100644 inline {path}");
            self.data(content);
        }
    }

    /// Makes a branch stand where another is.
    pub(super) fn branch(&mut self, name: &str, at: &str) {
        let _ = writeln!(self.stream, "reset refs/heads/{name}\nfrom refs/heads/{at}\n");
    }

    pub(super) fn into_stream(self) -> Vec<u8> {
        self.stream.into_bytes()
    }

    fn data(&mut self, text: &str) {
        let _ = writeln!(self.stream, "data {}\n{text}", text.len()); // a String takes all
    }
}
