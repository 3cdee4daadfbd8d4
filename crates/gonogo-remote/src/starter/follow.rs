//! How an act stands, by its folder and the processes of this host.

use super::proc;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

/// Who watches over an act ends it in time: after so much more nobody does.
const UNWATCHED: Duration = Duration::from_mins(1);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It has a folder, and has not begun.
    Starting,
    Running,
    Over(Over),
}

/// How it came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Over {
    Exit { status: i32 },
    TimedOut,
    Ended { by: String },
    Broken(Lack),
    NotStarted { why: String },
    CannotTell { said: String, fix: String },
}

/// What a command would need: without it nothing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    Program,
    Dir,
    Env,
}

/// `limit` and `grace` together are the longest that it may run.
pub(super) fn look(run: &Path, longest: Duration) -> Standing {
    if let Some(over) = exited(run) {
        return Standing::Over(over);
    }
    let Some(came) = line(run, "start") else { return Standing::Starting };
    let mut words = came.split(' ');
    match (words.next(), words.next()) {
        (Some("ran"), _) => {}
        (Some("broken"), Some("program")) => return Standing::Over(Over::Broken(Lack::Program)),
        (Some("broken"), Some("dir")) => return Standing::Over(Over::Broken(Lack::Dir)),
        (Some("broken"), _) => return Standing::Over(Over::Broken(Lack::Env)),
        (Some(word), what) => return Standing::Over(Over::NotStarted { why: why(word, what, words.next()) }),
        (None, _) => return Standing::Over(unreadable(run, "start")),
    }
    let watcher = || {
        let mut words = came.split(' ').skip(1);
        Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?, words.next()?))
    };
    let Some((pid, since, boot)) = watcher() else { return Standing::Over(unreadable(run, "start")) };
    if proc::boot_id().as_deref() == Some(boot) {
        if proc::lives(pid, since) {
            return Standing::Running;
        }
        if let Some(id) = line(run, "session").and_then(|id| id.parse().ok()).filter(|id| proc::session_lives(*id)) {
            if let Some(over) = exited(run) {
                return Standing::Over(over);
            }
            // It was killed, and what it watched was not: that goes on.
            let is_in_time = proc::seconds_since(since) <= (longest + UNWATCHED).as_secs();
            return if is_in_time { Standing::Running } else { Standing::Over(unwatched(run, id)) };
        }
    }
    // It may just have ended.
    Standing::Over(exited(run).unwrap_or_else(|| gone(run, proc::boot_id().as_deref() == Some(boot))))
}

fn exited(run: &Path) -> Option<Over> {
    let status = line(run, "exit")?;
    let Ok(status) = status.parse() else { return Some(unreadable(run, "exit")) };
    Some(match line(run, "ending").as_deref() {
        Some("limit") => Over::TimedOut,
        Some("end") => Over::Ended { by: line(run, "end").unwrap_or_else(|| "somebody".to_owned()) },
        _ => Over::Exit { status },
    })
}

fn why(word: &str, what: Option<&str>, more: Option<&str>) -> String {
    match (word, what.unwrap_or_default(), more.unwrap_or_default()) {
        ("refused", "newer", fence) => format!("the host has seen a newer deploy of this service (fence {fence})"),
        ("refused", "busy", key) => format!("{key} of an earlier deploy still runs on the host"),
        ("refused", "again", _) => "it was begun on the host before, and its folder is gone".to_owned(),
        ("refused", ..) => "the host could not write down its fence: its disk may be full".to_owned(),
        ("void", "runner", _) => "its start did not come to an end, and was called off".to_owned(),
        (_, key, _) => format!("its start did not come to an end before {key} of a newer deploy came"),
    }
}

const FIX: &str = "then say whether it is to be run again or counts as done";

fn gone(run: &Path, is_same_boot: bool) -> Over {
    let said = if is_same_boot {
        "what watched over it on the host was killed, and nobody knows how it ended"
    } else {
        "the host was restarted while it ran"
    };
    let fix = format!("see on the host what of it was done (what it said is in {}), {FIX}", run.join("out").display());
    Over::CannotTell { said: said.to_owned(), fix }
}

fn unwatched(run: &Path, session: u32) -> Over {
    let said = "what watched over it on the host was killed, and it runs on over its limit".to_owned();
    let fix = format!(
        "end it on the host (`pkill -KILL -s {session}`), see what of it was done (what it said is in {}), {FIX}",
        run.join("out").display()
    );
    Over::CannotTell { said, fix }
}

fn unreadable(run: &Path, name: &str) -> Over {
    let said = format!("{} on the host says nothing that can be understood", run.join(name).display());
    Over::CannotTell { said, fix: format!("see on the host what of it was done, {FIX}") }
}

/// A file's first line; one that is there and cannot be read is an odd one.
fn line(run: &Path, name: &str) -> Option<String> {
    match fs::read(run.join(name)) {
        Ok(bytes) => Some(String::from_utf8_lossy(&bytes).lines().next().unwrap_or_default().to_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => Some(error.to_string()),
    }
}
