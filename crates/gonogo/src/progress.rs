//! One line on standard error, when it is a terminal and people wait over a second.

use gonogo_engine::Progress;
use std::io::{IsTerminal, Write};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

const QUIET: Duration = Duration::from_secs(1);
const AGAIN: Duration = Duration::from_millis(500);

/// Shows what is being done until it is dropped.
#[derive(Debug)]
pub(crate) struct ProgressLine {
    doing: Arc<Mutex<String>>,
    shown: Option<(Sender<()>, JoinHandle<()>)>,
}

impl ProgressLine {
    pub(crate) fn start() -> Self {
        let doing = Arc::new(Mutex::new(String::new()));
        let shown = std::io::stderr().is_terminal().then(|| {
            let (end, ended) = channel::<()>();
            let doing = Arc::clone(&doing);
            let thread = std::thread::spawn(move || {
                let mut wait = QUIET;
                let mut has_written = false;
                while ended.recv_timeout(wait) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                    let text = doing.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    write!(std::io::stderr(), "\r\x1b[K{text} …").ok();
                    (wait, has_written) = (AGAIN, true);
                }
                if has_written {
                    write!(std::io::stderr(), "\r\x1b[K").ok();
                }
            });
            (end, thread)
        });
        Self { doing, shown }
    }
}

impl Progress for ProgressLine {
    fn doing(&self, what: &str) {
        what.clone_into(&mut self.doing.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if let Some((end, thread)) = self.shown.take() {
            drop(end);
            thread.join().ok();
        }
    }
}
