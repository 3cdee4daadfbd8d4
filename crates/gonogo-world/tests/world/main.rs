//! The stand-ins, asked by a plain client that knows nothing of them.
#![allow(clippy::unwrap_used, reason = "helpers of tests, which clippy does not take for tests")]

mod client;
mod cloud;
mod data_center;
mod faults;
mod github;
mod jira_app;
mod jql;
mod mail;
mod pages;
mod repo;
mod slack;
