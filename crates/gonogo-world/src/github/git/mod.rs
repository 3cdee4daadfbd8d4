//! The git side: commits as they are, references that move, and git's own
//! protocol over HTTP.

mod commits;
mod http;
mod moves;

pub(super) use commits::{Commit, Paths, Person, Touched};
pub(super) use moves::Moved;

/// What stands for a commit that is not there, at the birth and the end of a
/// reference.
pub(super) const NOTHING: &str = "0000000000000000000000000000000000000000";
