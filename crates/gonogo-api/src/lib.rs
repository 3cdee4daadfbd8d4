//! The wire: what other programs read from us. Fields may be added, never
//! changed or left out; unknown values are null. Knows no types of ours.

mod check;

pub use check::*;
