//! Balancers: session affinity is turned on while two versions serve, and what stood there
//! before is put back. What that was is kept at the balancer itself, beside what is changed:
//! it is there for whoever comes next, on whatever host, and gone when the change is gone.

mod haproxy;
mod kept;
mod map;
mod sticks;

pub use haproxy::{Haproxy, Place};
pub use map::MapEntry;
pub use sticks::sticks;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use std::time::Duration;
use thiserror::Error;

/// On whose behalf a balancer is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Of {
    pub service: String,
    pub deploy: i64,
}

/// What was done, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub said: String,
    /// How it was read back.
    pub stands: String,
}

/// A balancer that knows sessions again. All of it may be done twice.
pub trait Affinity: Send + Sync {
    /// What people call it.
    fn name(&self) -> String;

    /// On, and read back. What stood there before any deploy is kept.
    fn on<'a>(&'a self, of: &'a Of) -> BoxFuture<'a, Result<Said, BalancerError>>;

    /// When it is to be put back: as was said first, also by somebody who crashed since.
    /// Nothing where this deploy does not have it on.
    fn ends_at<'a>(&'a self, of: &'a Of, at: Timestamp) -> BoxFuture<'a, Result<Option<Timestamp>, BalancerError>>;

    /// Until when a deploy that has it on waits, if it does; `None` where it has it not on.
    fn waits_until<'a>(&'a self, of: &'a Of) -> BoxFuture<'a, Result<Option<Option<Timestamp>>, BalancerError>>;

    /// What stood there before is there again, and read back.
    fn off<'a>(&'a self, of: &'a Of) -> BoxFuture<'a, Result<Said, BalancerError>>;

    /// How it stands.
    fn stands(&self) -> BoxFuture<'_, Result<Said, BalancerError>>;
}

#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BalancerError {
    #[error("`{0}` is no place of a HAProxy\n  → write the path of its stats socket, or HOST:PORT")]
    Place(String),
    /// It may be there in a moment.
    #[error("HAProxy at {place} cannot be asked: {said}\n  → {fix}")]
    Away { place: String, said: String, fix: &'static str },
    #[error("HAProxy at {place} gave no answer within {} s\n  → see that it runs, and that this is its stats socket", .within.as_secs())]
    Silent { place: String, within: Duration },
    #[error("HAProxy at {place} does not know {what}: {said}\n  → {fix}")]
    Unknown { place: String, what: String, said: String, fix: String },
    #[error("HAProxy at {place} refused `{command}`: {said}")]
    Refused { place: String, command: String, said: String },
    #[error("HAProxy at {place} said what is no answer to `{command}`: {said}")]
    Odd { place: String, command: String, said: String },
    #[error("the map {map} at {place} has `{key}` {times} times\n  → leave one of them: which one counts is not plain")]
    Twice { place: String, map: String, key: String, times: usize },
    #[error("`{key}` at {place} is held by {by}: {what}\n  → {fix}")]
    Held { place: String, key: String, by: String, what: &'static str, fix: String },
    #[error(
        "`{key}` at {place} was written, and reads otherwise: it is {is}, and should be {should}\n  → see who else writes to the map"
    )]
    ReadsOtherwise { place: String, key: String, is: String, should: String },
    #[error("{server} is not {wanted} after {} s: {said}", .after.as_secs())]
    NotYet { server: String, wanted: &'static str, after: Duration, said: String },
    #[error("{url}: {said}\n  → {fix}")]
    DoesNotStick { url: String, said: String, fix: &'static str },
}

impl BalancerError {
    /// Whether it may pass by itself, such as while HAProxy is restarted.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Away { .. } | Self::Silent { .. })
    }
}
