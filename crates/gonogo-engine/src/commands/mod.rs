//! What a person asks for, one file each.

mod check;
mod guess;

pub use check::{CheckError, CheckRequest, Checked, check};
pub use guess::{Guess, guess_projects};
