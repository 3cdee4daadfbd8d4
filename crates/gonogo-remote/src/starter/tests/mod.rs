//! Acts of real processes on this host.

#![allow(clippy::disallowed_methods, reason = "tests start programs, and look at the clock")]

mod ends;
mod fences;
mod runs;

use super::{Local, Over, Standing, Start};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Something that should happen does so within this.
const PATIENCE: Duration = Duration::from_secs(30);

/// A host of its own.
struct Host {
    folder: TempDir,
    local: Local,
}

impl Host {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let local = Local::open(&folder.path().join("runner")).unwrap();
        Self { folder, local }
    }

    /// Begins it, and waits until it is over.
    fn runs(&self, start: &Start) -> Over {
        self.local.start(start).unwrap();
        self.end_of(start)
    }

    fn stands(&self, start: &Start) -> Standing {
        self.local.look(&start.key, start.limit, start.grace)
    }

    fn end_of(&self, start: &Start) -> Over {
        wait_for(|| match self.stands(start) {
            Standing::Over(over) => Ok(over),
            other => Err(format!("{other:?}: {}", self.said(start))),
        })
    }

    fn said(&self, start: &Start) -> String {
        let bytes = fs::read(self.local.output(&start.key)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Waits until it has said that.
    fn hears(&self, start: &Start, what: &str) -> String {
        wait_for(|| Some(self.said(start)).filter(|said| said.contains(what)).ok_or_else(|| self.said(start)))
    }

    fn file(&self, start: &Start, name: &str) -> String {
        fs::read_to_string(self.local.run(&start.key).join(name)).unwrap_or_default()
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }
}

fn wait_for<T>(mut fact: impl FnMut() -> Result<T, String>) -> T {
    let begun = Instant::now();
    loop {
        match fact() {
            Ok(fact) => return fact,
            Err(state) => assert!(begun.elapsed() < PATIENCE, "{state}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn act(key: &str, fence: i64, argv: &[&str]) -> Start {
    Start {
        service: "web".to_owned(),
        fence,
        key: key.to_owned(),
        argv: argv.iter().map(|word| (*word).to_owned()).collect(),
        env: BTreeMap::new(),
        dir: None,
        limit: Duration::from_mins(1),
        grace: Duration::from_secs(1),
    }
}

fn shell(key: &str, fence: i64, script: &str) -> Start {
    act(key, fence, &["sh", "-c", script])
}

impl Start {
    fn with(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), SecretString::from(value));
        self
    }
}

/// Whether there is such a process, and no zombie.
fn is_alive(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

fn signal(name: &str, pid: &str) {
    let status = std::process::Command::new("kill").args(["-s", name, pid.trim()]).status().unwrap();
    assert!(status.success(), "kill -s {name} {pid}");
}
