//! `gonogo hook`, by real commits: git runs the hooks that we installed.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod commits;
mod installing;
mod kit;
mod places;
mod preparing;
mod printed;
