//! What a person asks for, one file each.

mod check;

pub use check::{CheckRequest, Checked, check};
