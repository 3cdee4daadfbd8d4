//! What a person asks for, one file each.

pub mod accounts;
mod check;
mod doctor;
pub mod explain;
pub mod github_sign_in;
mod guess;
mod init;
pub mod people;
pub mod production;
pub mod waive;

pub use check::{CheckRequest, Checked, check};
pub use doctor::{DoctorRequest, Health, Line, doctor};
pub use guess::{Guess, guess_projects};
pub use init::{InitError, init};
