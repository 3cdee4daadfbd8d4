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
    Exit {
        status: i32,
    },
    TimedOut,
    Ended {
        by: String,
    },
    Broken(Lack),
    NotStarted {
        why: String,
    },
    /// The host could not be asked, and knows nothing of it.
    Unreached {
        said: String,
        fix: String,
    },
    CannotTell {
        said: String,
        fix: String,
    },
}

/// What a command would need: without it nothing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    Program,
    Dir,
    Env,
}

/// What can be seen of an act on its host. How it ended is read after who runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// First lines of files in its folder.
    pub start: Option<String>,
    pub session: Option<String>,
    pub exit: Option<String>,
    pub ending: Option<String>,
    pub end: Option<String>,
    pub boot: Option<String>,
    /// Since the host was started, in seconds.
    pub uptime: u64,
    /// Whether who watches over it is alive.
    pub watcher: bool,
    /// Where it is not: whether anything of what it watched is.
    pub others: bool,
}

/// `limit` and `grace` together are the longest that it may run.
pub(super) fn look(run: &Path, longest: Duration) -> Standing {
    let mut seen = Seen { start: line(run, "start"), boot: proc::boot_id(), uptime: proc::uptime(), ..Seen::default() };
    if let Some((pid, since, boot)) = seen.start.as_deref().and_then(watcher).filter(|_| !run.join("exit").exists())
        && seen.boot.as_deref() == Some(boot)
    {
        seen.watcher = proc::lives(pid, since);
        seen.session = line(run, "session");
        let session = seen.session.as_deref().and_then(|id| id.parse().ok());
        seen.others = !seen.watcher && session.is_some_and(proc::session_lives);
    }
    (seen.exit, seen.ending, seen.end) = (line(run, "exit"), line(run, "ending"), line(run, "end"));
    stands(&seen, &run.display().to_string(), longest)
}

/// By what is seen of it; `run` is its folder, for people.
pub(crate) fn stands(seen: &Seen, run: &str, longest: Duration) -> Standing {
    if let Some(over) = exited(seen, run) {
        return Standing::Over(over);
    }
    let Some(came) = &seen.start else { return Standing::Starting };
    let mut words = came.split(' ');
    match (words.next(), words.next()) {
        (Some("ran"), _) => {}
        (Some("broken"), Some("program")) => return Standing::Over(Over::Broken(Lack::Program)),
        (Some("broken"), Some("dir")) => return Standing::Over(Over::Broken(Lack::Dir)),
        (Some("broken"), _) => return Standing::Over(Over::Broken(Lack::Env)),
        (Some(word), what) => return Standing::Over(Over::NotStarted { why: why(word, what, words.next()) }),
        (None, _) => return Standing::Over(unreadable(run, "start")),
    }
    let Some((_, since, boot)) = watcher(came) else { return Standing::Over(unreadable(run, "start")) };
    if seen.watcher {
        return Standing::Running;
    }
    if let Some(id) = seen.session.as_deref().filter(|_| seen.others) {
        // It was killed, and what it watched was not: that goes on.
        let is_in_time = seen.uptime.saturating_sub(since / proc::TICKS) <= (longest + UNWATCHED).as_secs();
        return if is_in_time { Standing::Running } else { Standing::Over(unwatched(run, id)) };
    }
    Standing::Over(gone(run, seen.boot.as_deref() == Some(boot)))
}

/// Who watches over an act, by how its start came out: its pid, since when it runs in
/// ticks, and on which boot of the host.
fn watcher(came: &str) -> Option<(u32, u64, &str)> {
    let mut words = came.split(' ').skip(1);
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?, words.next()?))
}

fn exited(seen: &Seen, run: &str) -> Option<Over> {
    let Ok(status) = seen.exit.as_ref()?.parse() else { return Some(unreadable(run, "exit")) };
    Some(match seen.ending.as_deref() {
        Some("limit") => Over::TimedOut,
        Some("end") => Over::Ended { by: seen.end.clone().unwrap_or_else(|| "somebody".to_owned()) },
        _ => Over::Exit { status },
    })
}

fn why(word: &str, what: Option<&str>, more: Option<&str>) -> String {
    match (word, what.unwrap_or_default(), more.unwrap_or_default()) {
        ("refused", "newer", fence) => format!("the host has seen a newer deploy of this service (fence {fence})"),
        ("refused", "busy", key) => format!("{key} of an earlier start still runs on the host"),
        ("refused", "again", _) => "it was begun on the host before, and its folder is gone".to_owned(),
        ("refused", ..) => "the host could not write down its fence: its disk may be full".to_owned(),
        ("void", "runner", _) => "its start did not come to an end, and was called off".to_owned(),
        (_, key, _) => format!("its start did not come to an end before {key} of a newer deploy came"),
    }
}

const FIX: &str = "then say whether it is to be run again or counts as done";

fn gone(run: &str, is_same_boot: bool) -> Over {
    let said = if is_same_boot {
        "what watched over it on the host was killed, and nobody knows how it ended"
    } else {
        "the host was restarted while it ran"
    };
    let fix = format!("see on the host what of it was done (what it said is in {run}/out), {FIX}");
    Over::CannotTell { said: said.to_owned(), fix }
}

fn unwatched(run: &str, session: &str) -> Over {
    let said = "what watched over it on the host was killed, and it runs on over its limit".to_owned();
    let fix = format!(
        "end it on the host (`pkill -KILL -s {session}`), see what of it was done (what it said is in {run}/out), {FIX}"
    );
    Over::CannotTell { said, fix }
}

fn unreadable(run: &str, name: &str) -> Over {
    let said = format!("{run}/{name} on the host says nothing that can be understood");
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
