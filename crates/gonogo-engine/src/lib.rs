//! What gonogo does: commands that a person asks for. Each gathers, decides and
//! acts, in that order. Knows no terminal and no web.

pub mod commands;
mod evaluate;
mod gather;
mod locate;
mod recording;
mod report;

pub use evaluate::Outcome;
pub use gather::{Clock, Outside};
pub use locate::{GivenPolicy, LocateError, Wanted};
pub use recording::{Recording, RecordingError};

/// Told what is being done, for people who wait.
pub trait Progress: Sync {
    fn doing(&self, what: &str);
}
