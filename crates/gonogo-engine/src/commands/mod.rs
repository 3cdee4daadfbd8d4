//! What a person asks for, one file each.

pub mod accounts;
pub mod acknowledge;
mod check;
pub mod compare;
pub mod deploy_preview;
pub mod deploys;
mod doctor;
pub mod explain;
pub mod from_slack;
mod guess;
mod hashing;
mod init;
pub mod jira_account;
pub mod mend_story;
pub mod messages;
pub mod named;
pub mod people;
pub mod post_deploy;
pub mod production;
pub mod replay_guards;
pub mod run_again;
pub mod send_plan;
pub mod settings;
pub mod sign_in;
pub mod sign_off;
pub mod slack_join;
pub mod tokens;
pub mod waits;
pub mod waive;
pub mod waive_system;

pub(crate) use check::read;
pub use check::{CheckRequest, Checked, check};
pub use doctor::{DoctorRequest, Health, HooksTaken, Line, doctor, doctor_server};
pub use guess::{Guess, guess_projects};
pub use init::{InitError, init};
