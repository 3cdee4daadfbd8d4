//! One file for each page or list: the struct that it shows, by few statements.

mod candidates;
pub(crate) mod changes;
mod dead_work;
mod evaluations;
mod load;
mod messages;
mod observed;
mod open_candidates;
mod pulls;
mod recording;
mod stories;
mod troubles;

pub use candidates::{CandidateRow, CandidatesWanted, Evaluated};
pub use changes::Cursor;
pub use dead_work::{DeadWork, QueuedWork};
pub use evaluations::EvaluationRow;
pub use load::{JobLoad, Load, MirrorLoad, OutboxLoad};
pub use messages::{MessagesWanted, Troubled};
pub use observed::{Observed, Stopped};
pub use open_candidates::{Judged, OpenCandidate};
pub use pulls::{OpenPull, PullCount};
pub use stories::{StoryHit, StoryPlace};
pub use troubles::Trouble;

/// A text that `like` takes as it stands.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
