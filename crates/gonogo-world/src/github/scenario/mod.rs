//! The language in which a test says what is the case on GitHub and what
//! happens there. Words in the past or with `is` say what is; words in the
//! present (`pushes`, `opens_pull_request`) happen now, and hooks are told.

mod access;
mod pull_request;
mod repository;
mod status;

pub use access::{Token, User};
pub use pull_request::PullRequest;
pub use repository::Repository;
pub use status::StatusOf;
