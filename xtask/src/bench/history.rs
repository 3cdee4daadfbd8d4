//! Histories for `git fast-import`: squashes, merges of pull requests, plain
//! commits, bots and reverts, on one main line.

use super::files::{Change, Files};
use super::messages;
use super::random::Random;
use anyhow::{Context, bail};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::process::{ChildStdin, ChildStdout};

/// What is committed when: a commit each two and a half minutes from 2020 on.
const BEGINS: usize = 1_577_836_800;
const SECONDS_EACH: usize = 150;
const TAGS: usize = 300;
const SIDE: &str = "refs/heads/pull-request";
const MAIN: &str = "refs/heads/main";

/// What a history should be.
pub(super) struct Shape<'a> {
    pub commits: usize,
    /// Branches that lie so many commits behind main.
    pub behind: &'a [(&'static str, usize)],
}

/// A conversation with fast-import. Commits are known by their number, from 1.
struct History {
    out: BufWriter<ChildStdin>,
    answers: BufReader<ChildStdout>,
    random: Random,
    files: Files,
    made: usize,
    pull_requests: usize,
    /// The newest commits of the main line, with subjects and what they change;
    /// merges with nothing.
    main_line: Vec<(usize, String, Vec<Change>)>,
}

/// Writes the whole history, and a branch `unfinished`: main with one commit
/// that blocks. Ends fast-import's input.
pub(super) fn write(shape: &Shape<'_>, out: ChildStdin, answers: ChildStdout) -> anyhow::Result<()> {
    let (out, answers) = (BufWriter::with_capacity(1 << 20, out), BufReader::new(answers));
    let (random, files) = (Random::new(shape.commits as u64), Files::new());
    let mut history = History { out, answers, random, files, made: 0, pull_requests: 0, main_line: Vec::new() };
    let mut stops: Vec<usize> = shape.behind.iter().map(|(_, behind)| shape.commits - behind).collect();
    stops.push(shape.commits);
    stops.sort_unstable();
    history.begin()?;
    for stop in stops {
        // A pull request never lies across a stop: what is behind is exact.
        while history.made < stop {
            history.step(stop - history.made)?;
            if history.made.is_multiple_of(shape.commits.div_ceil(TAGS)) {
                let tag = format!("refs/tags/v{}", history.made);
                history.point(&tag, history.tip())?;
            }
        }
        for (name, _) in shape.behind.iter().filter(|(_, behind)| shape.commits - behind == stop) {
            history.point(&format!("refs/heads/{name}"), stop)?;
        }
    }
    history.unfinished()?;
    history.out.flush().context("git fast-import ended early")
}

impl History {
    fn tip(&self) -> usize {
        self.main_line.last().map_or(0, |(commit, ..)| *commit)
    }

    fn begin(&mut self) -> anyhow::Result<()> {
        let all = self.files.all();
        self.on_main("Begin\n", &all, "", None)
    }

    /// Some way in which main moves on, by at most `room` commits.
    fn step(&mut self, room: usize) -> anyhow::Result<()> {
        let at = self.made;
        match self.random.below(1000) {
            0..=3 if self.main_line.len() > 1 => {
                let at = self.random.below(self.main_line.len() - 1) + 1;
                let (commit, subject, changes) = self.main_line[at].clone();
                match self.files.undo(&changes) {
                    Some(undone) => {
                        let message = messages::reverted(&subject, &self.sha_of(commit)?);
                        self.on_main(&message, &undone, "", None)
                    }
                    // Somebody has changed it since.
                    None => self.ordinary(),
                }
            }
            4..=199 if room > 4 => self.pull_request(),
            200..=239 => {
                self.pull_requests += 1;
                let message = messages::bumped(&mut self.random, self.pull_requests);
                let changes = self.files.change(&mut self.random);
                self.on_main(&message, &changes, "dependabot[bot]", None)
            }
            240..=649 => {
                self.pull_requests += 1;
                let message = messages::squashed(&mut self.random, at, self.pull_requests);
                let changes = self.files.change(&mut self.random);
                self.on_main(&message, &changes, "", None)
            }
            _ => self.ordinary(),
        }
    }

    fn ordinary(&mut self) -> anyhow::Result<()> {
        let message = messages::ordinary(&mut self.random, self.made);
        let changes = self.files.change(&mut self.random);
        self.on_main(&message, &changes, "", None)
    }

    /// One to four commits from a place some way back, then their merge.
    fn pull_request(&mut self) -> anyhow::Result<()> {
        let fork = self.main_line[self.random.below(self.main_line.len())].0;
        let key = messages::key(&mut self.random, self.made).unwrap_or_else(|| "STORY-7".to_owned());
        let mut merged: Vec<Change> = Vec::new();
        for at in 0..=self.random.below(4) {
            let message = messages::ordinary(&mut self.random, self.made);
            let changes = self.files.change(&mut self.random);
            self.commit(SIDE, &message, "", (at == 0).then_some(fork), None, &changes)?;
            merged.retain(|old| changes.iter().all(|new| new.path() != old.path()));
            merged.extend(changes);
        }
        self.pull_requests += 1;
        let message = messages::merged(&mut self.random, self.pull_requests, &key);
        self.on_main(&message, &merged, "", Some(self.made))
    }

    fn unfinished(&mut self) -> anyhow::Result<()> {
        let changes = self.files.change(&mut self.random);
        let main = self.tip();
        self.commit("refs/heads/unfinished", "STORY-1 WIP the rest of it\n", "", Some(main), None, &changes)
    }

    fn on_main(&mut self, message: &str, changes: &[Change], bot: &str, merge: Option<usize>) -> anyhow::Result<()> {
        self.commit(MAIN, message, bot, None, merge, changes)?;
        if self.main_line.len() > 40 {
            self.main_line.remove(0);
        }
        let own = if merge.is_some() { Vec::new() } else { changes.to_vec() };
        self.main_line.push((self.made, message.lines().next().unwrap_or("").to_owned(), own));
        Ok(())
    }

    fn commit(
        &mut self,
        branch: &str,
        message: &str,
        bot: &str,
        from: Option<usize>,
        merge: Option<usize>,
        changes: &[Change],
    ) -> anyhow::Result<()> {
        let (name, email) = match bot {
            "" => messages::person(&mut self.random),
            bot => (bot.to_owned(), "bot@example.com".to_owned()),
        };
        self.made += 1;
        let time = BEGINS + self.made * SECONDS_EACH;
        let out = &mut self.out;
        writeln!(out, "commit {branch}\nmark :{}", self.made)?;
        writeln!(out, "author {name} <{email}> {time} +0000\ncommitter {name} <{email}> {time} +0000")?;
        write!(out, "data {}\n{message}", message.len())?;
        if let Some(from) = from {
            writeln!(out, "from :{from}")?;
        }
        if let Some(merge) = merge {
            writeln!(out, "merge :{merge}")?;
        }
        for change in changes {
            let text = change.text();
            write!(out, "M 100644 inline {}\ndata {}\n{text}", change.path(), text.len())?;
        }
        Ok(())
    }

    fn point(&mut self, reference: &str, at: usize) -> anyhow::Result<()> {
        writeln!(self.out, "reset {reference}\nfrom :{at}\n").context("git fast-import ended early")
    }

    fn sha_of(&mut self, commit: usize) -> anyhow::Result<String> {
        writeln!(self.out, "get-mark :{commit}")?;
        self.out.flush()?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        if line.trim().is_empty() {
            bail!("git fast-import does not know commit {commit}");
        }
        Ok(line.trim().to_owned())
    }
}
