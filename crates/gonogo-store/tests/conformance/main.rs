//! The same tests on both engines: what the store promises does not depend on
//! which one runs.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod abandoned;
mod awareness;
mod builds;
mod clock;
mod copies;
mod crash;
mod deploys;
mod early;
mod engine;
mod evaluations;
mod facts;
mod failing;
mod glass;
mod intake;
mod jira_accounts;
mod jobs;
mod locks;
mod messages;
mod opening;
mod outbox;
mod people;
mod post_deploy;
mod production;
mod pulls;
mod queue;
mod queue_model;
mod server;
mod sign_offs;
mod stops;
mod story_acts;
mod story_runs;
mod tokens;
mod upgrades;
mod views;
mod waits;

use gonogo_core::ids::Sha;
use jiff::Timestamp;

/// Runs one test on SQLite and on PostgreSQL.
macro_rules! conformance {
    ($($(#[$doc:meta])* async fn $name:ident($store:ident: Store) $body:block)+) => {
        $(mod $name {
            use super::*;

            async fn run($store: Store) $body

            #[tokio::test(flavor = "multi_thread")]
            async fn on_sqlite() {
                let engine = crate::engine::sqlite();
                run(engine.open().await).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn on_postgres() {
                let engine = crate::engine::postgres().await;
                run(engine.open().await).await;
            }
        })+
    };
}
pub(crate) use conformance;

/// A second of the tests' own time.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).expect("a time of this century")
}

pub(crate) fn sha(digit: char) -> Sha {
    digit.to_string().repeat(40).parse().expect("forty hex digits")
}
