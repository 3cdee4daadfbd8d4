//! One file for each page or list: the struct that it shows, by few statements.

mod observed;
mod open_candidates;
mod pulls;
mod recording;
mod troubles;

pub use observed::{Observed, Stopped};
pub use open_candidates::{Judged, OpenCandidate};
pub use pulls::{OpenPull, PullCount};
pub use troubles::Trouble;
