//! One file for each page or list: the struct that it shows, by few statements.

mod changes;
mod load;
mod open_candidates;
mod recording;
mod troubles;

pub use changes::Cursor;
pub use load::{JobLoad, Load, MirrorLoad};
pub use open_candidates::{Judged, OpenCandidate};
pub use troubles::Trouble;
