//! A world that stays: what it was made of, and what became of it, in one file
//! beside its repositories.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use std::{fs, io};

use serde_json::{Value, json};

use super::{PlaygroundError, Size, Stage, Wish};

/// What happened since is lost when the machine stops at once.
const EVERY: Duration = Duration::from_millis(500);

fn file(folder: &Path) -> PathBuf {
    folder.join("world.json")
}

/// What was kept in this folder, if anything: it must be of the world that is
/// wished for, since its links name its ports.
pub(super) fn read(wish: &Wish) -> Result<Option<Value>, PlaygroundError> {
    let path = file(&wish.folder);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(PlaygroundError::Unreadable { path, why: error.to_string() }),
    };
    let kept: Value =
        serde_json::from_str(&text).map_err(|error| PlaygroundError::Unreadable { path, why: error.to_string() })?;
    for (what, wished) in made_of(wish) {
        if kept[what] != wished {
            return Err(PlaygroundError::Another { what, kept: kept[what].to_string(), wished: wished.to_string() });
        }
    }
    Ok(Some(kept))
}

/// What a world cannot change.
fn made_of(wish: &Wish) -> [(&'static str, Value); 3] {
    let size = match wish.size {
        Size::Small => "small",
        Size::Large => "large",
    };
    [("port", wish.ports[0].into()), ("seed", wish.seed.into()), ("size", size.into())]
}

pub(super) fn restore(stage: &Stage, kept: &Value, wish: &Wish) -> Result<(), PlaygroundError> {
    let goes_on = || {
        stage.github.goes_on(&kept["github"])?;
        stage.company.is_found(&stage.github).then_some(())?;
        stage.jira.goes_on(&kept["jira"])?;
        stage.slack.goes_on(&kept["slack"])
    };
    let why = "it does not fit what is beside it, or this version of the demo".to_owned();
    goes_on().ok_or_else(|| PlaygroundError::Unreadable { path: file(&wish.folder), why })
}

/// Writes down what changes, until it is dropped.
#[derive(Debug)]
pub(super) struct Keeper {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    pub(super) fn start(stage: &Arc<Stage>, wish: &Wish) -> Self {
        let (stop, stopped) = mpsc::channel();
        let (stage, wish) = (Arc::clone(stage), wish.clone());
        let keep = move || {
            let mut before = String::new();
            loop {
                let is_over = stopped.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout);
                let now = text(&stage, &wish);
                if now != before {
                    match write(&file(&wish.folder), &now) {
                        Ok(()) => before = now,
                        Err(error) => eprintln!("the world could not be kept: {error}"),
                    }
                }
                if is_over {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("world-keeper".to_owned()).spawn(keep);
        Self { stop: Some(stop), thread: Some(thread.expect("a thread can be started")) }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It only fails when it panicked, which has been printed.
            drop(thread.join());
        }
    }
}

fn text(stage: &Stage, wish: &Wish) -> String {
    let mut world = json!({"github": stage.github.kept(), "jira": stage.jira.kept(), "slack": stage.slack.kept()});
    for (what, value) in made_of(wish) {
        world[what] = value;
    }
    world.to_string()
}

/// Whole or not at all.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let beside = path.with_extension("part");
    fs::write(&beside, text)?;
    fs::rename(&beside, path)
}
