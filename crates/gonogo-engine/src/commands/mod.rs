//! What a person asks for, one file each.

mod check;
mod doctor;
pub mod explain;
mod guess;
mod init;
pub mod people;
pub mod waive;

pub use check::{CheckRequest, Checked, check};
pub use doctor::{DoctorRequest, Health, HooksTaken, Line, doctor, doctor_server};
pub use guess::{Guess, guess_projects};
pub use init::{InitError, init};
