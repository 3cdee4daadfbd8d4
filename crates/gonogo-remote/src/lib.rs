//! Systems outside, one module each, thin and typed: requests that we make,
//! answers that we understand, errors that say what to do. Decides nothing.

pub mod balancer;
pub mod capistrano;
pub mod git;
pub mod github;
pub mod http;
pub mod jira;
pub mod mail;
pub mod metrics;
pub mod oidc;
pub mod secret;
pub mod slack;
pub mod ssh;
pub mod starter;
