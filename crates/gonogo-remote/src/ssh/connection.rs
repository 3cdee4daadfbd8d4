//! One connection to a host: a question, and what comes back.

use super::trouble::Trouble;
use super::{Place, SILENCE, Ssh};
use crate::starter::SCRIPT;
use crate::starter::follow::Seen;
use secrecy::{ExposeSecret, SecretString};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What a login says before our script does.
const MOST_NOISE: usize = 200;
/// The exit status of what went wrong with ssh itself.
const OF_SSH: i32 = 255;
const PARTS_WITHIN: Duration = Duration::from_secs(2);
const MOST_LINE: u64 = 64 << 10;
const MOST_PART: usize = 1 << 20;
const MOST_STDERR: u64 = 64 << 10;

/// What a host says.
#[derive(Debug)]
pub(super) enum Frame {
    /// It has not our script yet.
    Install,
    Ready,
    /// Our script could not be kept there.
    Broken,
    /// How a start came out.
    Came(String),
    Said(u64, Vec<u8>),
    /// How it stands, and whether it has a folder at all.
    Stands(Seen, bool),
    Ok,
    Fault(String),
}

pub(super) struct Connection {
    child: Child,
    stdin: Option<ChildStdin>,
    frames: Receiver<Frame>,
    stderr: Option<JoinHandle<String>>,
}

impl Connection {
    /// Up to the greeting: nothing was asked yet.
    pub(super) fn to(ssh: &Ssh, place: &Place) -> Result<Self, Trouble> {
        let mut child = ssh.command(place).spawn().map_err(|error| Trouble::NoSsh(error.to_string()))?;
        let (sender, frames) = sync_channel(4);
        if let Some(stdout) = child.stdout.take() {
            std::thread::spawn(move || read(BufReader::new(stdout), &sender));
        }
        let stderr = child.stderr.take().map(|stderr| {
            std::thread::spawn(move || {
                let mut said = Vec::new();
                let mut stderr = stderr;
                stderr.by_ref().take(MOST_STDERR).read_to_end(&mut said).ok();
                std::io::copy(&mut stderr, &mut std::io::sink()).ok();
                String::from_utf8_lossy(&said).into_owned()
            })
        });
        let stdin = child.stdin.take();
        let mut connection = Self { child, stdin, frames, stderr };
        loop {
            match connection.next()? {
                Frame::Install => {
                    let stdin = connection.stdin.as_mut();
                    if stdin.is_none_or(|stdin| stdin.write_all(SCRIPT.as_bytes()).is_err()) {
                        return Err(connection.broke());
                    }
                }
                Frame::Ready => return Ok(connection),
                Frame::Broken => return Err(Trouble::Unfit("our script cannot be kept there".to_owned())),
                _ => {}
            }
        }
    }

    /// Asks, once.
    pub(super) fn ask(&mut self, question: &SecretString) -> Result<(), Trouble> {
        // The end of the input is a part of it.
        let Some(mut stdin) = self.stdin.take() else { return Err(self.broke()) };
        let asked = stdin.write_all(question.expose_secret().as_bytes()).and_then(|()| stdin.flush());
        drop(stdin);
        asked.map_err(|_| self.broke())
    }

    pub(super) fn next(&mut self) -> Result<Frame, Trouble> {
        match self.frames.recv_timeout(SILENCE) {
            Ok(frame) => Ok(frame),
            Err(RecvTimeoutError::Timeout) => {
                self.child.kill().ok();
                Err(Trouble::Gone(format!("it said nothing for {} s", SILENCE.as_secs())))
            }
            Err(RecvTimeoutError::Disconnected) => Err(self.broke()),
        }
    }

    /// Why there is nothing more.
    fn broke(&mut self) -> Trouble {
        self.stdin = None;
        // It has said why, and ends by itself; who does not is ended.
        let until = Instant::now() + PARTS_WITHIN;
        let mut ended = None;
        while ended.is_none() && Instant::now() < until {
            ended = self.child.try_wait().ok().flatten();
            std::thread::sleep(Duration::from_millis(20));
        }
        self.child.kill().ok();
        let said = self.stderr.take().and_then(|stderr| stderr.join().ok()).unwrap_or_default();
        match ended.and_then(|status| status.code()) {
            // Else it is the exit status of what ran there.
            Some(status) if status != OF_SSH => Trouble::Unfit(match said.lines().next_back() {
                Some(line) => line.trim().to_owned(),
                None => format!("our script ended there with {status}"),
            }),
            _ => Trouble::of(&said),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// To the end of what comes, or of who listens.
fn read(mut from: impl BufRead, to: &SyncSender<Frame>) -> Option<()> {
    let mut noise = 0;
    loop {
        let frame = match line(&mut from)?.as_str() {
            "gonogo-host install" => Frame::Install,
            "gonogo-host ready" => {
                to.send(Frame::Ready).ok()?;
                break;
            }
            "gonogo-host broken" => Frame::Broken,
            _ if noise < MOST_NOISE => {
                noise += 1;
                continue;
            }
            _ => return None,
        };
        to.send(frame).ok()?;
    }
    loop {
        let line = line(&mut from)?;
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let frame = match word {
            "came" => Frame::Came(rest.to_owned()),
            "said" => {
                let (at, length) = rest.split_once(' ')?;
                let length = length.parse().ok().filter(|length| *length <= MOST_PART)?;
                let mut bytes = Vec::with_capacity(length);
                from.by_ref().take(length as u64).read_to_end(&mut bytes).ok()?;
                Frame::Said(at.parse().ok()?, bytes)
            }
            "stands" => stands(&mut from)?,
            "ok" => Frame::Ok,
            "fault" => Frame::Fault(rest.to_owned()),
            _ => return None,
        };
        to.send(frame).ok()?;
    }
}

fn stands(from: &mut impl BufRead) -> Option<Frame> {
    let (mut seen, mut is_there) = (Seen::default(), false);
    loop {
        let line = line(from)?;
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let text = Some(rest.to_owned());
        match word {
            "." => return Some(Frame::Stands(seen, is_there)),
            "there" => is_there = rest == "yes",
            "boot" => seen.boot = text,
            "uptime" => seen.uptime = rest.parse().ok()?,
            "watcher" => seen.watcher = rest == "yes",
            "others" => seen.others = rest == "yes",
            "start" => seen.start = text,
            "session" => seen.session = text,
            "exit" => seen.exit = text,
            "ending" => seen.ending = text,
            "end" => seen.end = text,
            _ => return None,
        }
    }
}

/// A whole line without its end; a part of one is none.
fn line(from: &mut impl BufRead) -> Option<String> {
    let mut bytes = Vec::new();
    from.take(MOST_LINE).read_until(b'\n', &mut bytes).ok()?;
    (bytes.pop()? == b'\n').then(|| String::from_utf8_lossy(&bytes).into_owned())
}
