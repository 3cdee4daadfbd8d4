//! The GitHub, asked by plain clients, by git, and by GitHub's own client.

mod access;
mod apps;
mod checks;
mod client;
mod described;
mod git;
mod hooks;
mod octokit;
mod pulls;
mod receiver;
mod refused;
mod sign_in;
