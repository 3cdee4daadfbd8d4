//! A conversation with `git cat-file --batch-command`: names to objects, and
//! small objects' contents, without a process for each.

use super::{GitError, run};
use gonogo_core::ids::Sha;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout};
use std::thread::JoinHandle;

#[derive(Debug)]
pub(super) struct Objects {
    child: Child,
    ask: ChildStdin,
    answer: BufReader<ChildStdout>,
    stderr: Option<JoinHandle<String>>,
}

/// What a name stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Object { sha: Sha, kind: String, size: u64 },
    Missing,
    Ambiguous,
}

impl Objects {
    pub(super) fn start(dir: &Path) -> Result<Self, GitError> {
        let mut command = run::command(dir, &["cat-file", "--batch-command", "--buffer"]);
        command.stdin(std::process::Stdio::piped());
        let mut child = run::spawn(&mut command)?;
        let stderr = Some(run::drain_stderr(&mut child));
        let gone = || GitError::Unreadable("cat-file has no pipes".to_owned());
        let ask = child.stdin.take().ok_or_else(gone)?;
        let answer = BufReader::new(child.stdout.take().ok_or_else(gone)?);
        Ok(Self { child, ask, answer, stderr })
    }

    /// Looks up many names at once.
    pub(super) fn find(&mut self, names: &[String]) -> Result<Vec<Found>, GitError> {
        // A name with a line break would be two questions; no object has one.
        let can_ask = |name: &&String| !name.contains(['\n', '\0']) && !name.is_empty();
        let asked: Vec<&String> = names.iter().filter(can_ask).collect();
        let mut found = Vec::new();
        // In blocks, so that neither pipe can fill while the other waits.
        for block in asked.chunks(100) {
            for name in block {
                writeln!(self.ask, "info {name}")?;
            }
            writeln!(self.ask, "flush")?;
            self.ask.flush()?;
            for _ in block {
                found.push(self.header()?);
            }
        }
        let mut found = found.into_iter();
        Ok(names
            .iter()
            .map(|n| if can_ask(&n) { found.next().unwrap_or(Found::Missing) } else { Found::Missing })
            .collect())
    }

    /// The contents of an object, unless it is larger than `most` bytes.
    pub(super) fn contents(&mut self, name: &str, most: u64) -> Result<Option<(Sha, Vec<u8>)>, GitError> {
        let found = self.find(&[name.to_owned()])?;
        match found.as_slice() {
            [Found::Object { size, .. }] if *size > most => {
                return Err(GitError::TooLarge { name: name.to_owned(), size: *size, most });
            }
            [Found::Object { .. }] => {}
            _ => return Ok(None),
        }
        writeln!(self.ask, "contents {name}\nflush")?;
        self.ask.flush()?;
        let Found::Object { sha, size, .. } = self.header()? else { return Ok(None) };
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(usize::MAX)];
        self.answer.read_exact(&mut bytes)?;
        self.answer.read_exact(&mut [0])?;
        Ok(Some((sha, bytes)))
    }

    /// `SHA kind size`, or `NAME missing`, or `NAME ambiguous`.
    fn header(&mut self) -> Result<Found, GitError> {
        let mut line = Vec::new();
        if self.answer.read_until(b'\n', &mut line)? == 0 {
            // It ended: its last words say why.
            let said = self.stderr.take().and_then(|reader| reader.join().ok()).unwrap_or_default();
            return Err(GitError::failed(&["cat-file"], &said));
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end();
        if line.ends_with(" missing") {
            return Ok(Found::Missing);
        }
        if line.ends_with(" ambiguous") {
            return Ok(Found::Ambiguous);
        }
        let mut words = line.split(' ');
        let (sha, kind, size) = (words.next(), words.next(), words.next());
        match (sha.and_then(|s| s.parse().ok()), kind, size.and_then(|s| s.parse().ok())) {
            (Some(sha), Some(kind), Some(size)) => Ok(Found::Object { sha, kind: kind.to_owned(), size }),
            _ => Err(GitError::Unreadable(format!("cat-file said `{line}`"))),
        }
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
