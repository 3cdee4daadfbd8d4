//! What a person asks for, one file each.

pub mod accounts;
mod check;
mod doctor;
pub mod explain;
pub mod github_sign_in;
mod guess;
mod hashing;
mod init;
pub mod people;
pub mod production;
pub mod run_again;
pub mod tokens;
pub mod waive;

pub use check::{CheckRequest, Checked, check};
pub use doctor::{DoctorRequest, Health, HooksTaken, Line, doctor, doctor_server};
pub use guess::{Guess, guess_projects};
pub use init::{InitError, init};
