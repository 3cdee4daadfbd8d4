//! The stand-in for the world outside: real servers with real state, real git
//! repositories, faults on demand. Tests and the demo use it; it shares no type
//! with the program, because it would share the program's mistakes.
//!
//! Everything here is synchronous. A stand-in listens on 127.0.0.1 from a
//! thread of its own, and stops when it is dropped.

// GitHub writes long objects.
#![recursion_limit = "256"]

mod deployed;
pub mod github;
pub mod jira;
pub mod mail;
pub mod oidc;
mod page;
pub mod play;
mod proxy;
pub mod repo;
mod serve;
pub mod slack;

pub use deployed::Deployed;
pub use github::GitHub;
pub use jira::Jira;
pub use mail::Mail;
pub use oidc::Oidc;
pub use play::Playground;
pub use proxy::{Passed, Proxy};
pub use repo::Repo;
pub use serve::{Faults, Request, depth_of, width_of};
pub use slack::Slack;
