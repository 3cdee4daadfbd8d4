//! The words of gonogo: facts, findings, waivers, policy, verdicts, and the
//! sentences about them. No I/O, no async, no clock: time comes in as an
//! argument. Knows nothing of git, HTTP, terminals or databases.

pub mod build;
pub mod case;
pub mod changeset;
pub mod deploy;
pub mod email;
pub mod fact;
pub mod finding;
pub mod guard;
pub mod ids;
pub mod let_in;
pub mod person;
pub mod policy;
pub mod post_deploy;
pub mod pull;
pub mod running;
pub mod say;
pub mod stats;
pub mod story;
pub mod verdict;
pub mod waiver;
