//! Processes of this host, as `/proc` has them.

use std::fs;
use std::path::Path;

/// Ticks of a second, on every Linux there is.
pub(super) const TICKS: u64 = 100;

struct Stat {
    is_alive: bool,
    session: u32,
    /// When it began, in ticks since the host was started.
    since: u64,
}

impl Stat {
    fn of(folder: &Path) -> Option<Self> {
        let bytes = fs::read(folder.join("stat")).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        // The second field is the program's name in brackets, with anything in it.
        let (_, rest) = text.rsplit_once(") ")?;
        let mut fields = rest.split_whitespace();
        let is_alive = !matches!(fields.next()?, "Z" | "X");
        let session = fields.nth(2)?.parse().ok()?;
        let since = fields.nth(15)?.parse().ok()?;
        Some(Self { is_alive, session, since })
    }
}

/// Whether the process with this pid is the one that began then, and runs.
pub(crate) fn lives(pid: u32, since: u64) -> bool {
    let stat = Stat::of(&Path::new("/proc").join(pid.to_string()));
    stat.is_some_and(|stat| stat.is_alive && stat.since == since)
}

/// When the process with this pid began.
pub(crate) fn began(pid: u32) -> Option<u64> {
    Stat::of(&Path::new("/proc").join(pid.to_string())).map(|stat| stat.since)
}

pub(super) fn session_lives(id: u32) -> bool {
    let Ok(places) = fs::read_dir("/proc") else { return true };
    let is_number = |name: &std::ffi::OsStr| name.to_str().is_some_and(|name| name.parse::<u32>().is_ok());
    places
        .flatten()
        .filter(|place| is_number(&place.file_name()))
        .filter_map(|place| Stat::of(&place.path()))
        .any(|stat| stat.session == id && stat.is_alive)
}

pub(crate) fn boot_id() -> Option<String> {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").ok().map(|text| text.trim().to_owned())
}

/// In seconds, since the host was started.
pub(super) fn uptime() -> u64 {
    let uptime = fs::read_to_string("/proc/uptime").unwrap_or_default();
    uptime.split('.').next().and_then(|seconds| seconds.parse().ok()).unwrap_or(0)
}
