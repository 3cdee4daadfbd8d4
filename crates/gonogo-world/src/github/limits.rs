//! How much each caller may ask for in an hour.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::access::Caller;
use super::state::State;

/// By token, or for all who have none.
#[derive(Debug)]
pub(super) struct Limits {
    pub(super) with_token: u64,
    without: u64,
    pub(super) window: SignedDuration,
    /// Answers have no tags, so that all that is asked for counts.
    pub(super) is_untagged: bool,
    used: BTreeMap<String, Used>,
}

#[derive(Debug, Clone, Copy)]
struct Used {
    requests: u64,
    reset: Timestamp,
}

/// What is left to somebody.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowance {
    pub(super) limit: u64,
    pub(super) used: u64,
    pub(super) reset: i64,
}

impl Allowance {
    pub(super) fn remaining(self) -> u64 {
        self.limit.saturating_sub(self.used)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            with_token: 5000,
            without: 60,
            window: SignedDuration::from_hours(1),
            is_untagged: false,
            used: BTreeMap::new(),
        }
    }
}

impl Limits {
    pub(super) fn start_again(&mut self) {
        self.used.clear();
    }
}

impl State {
    /// What the caller has left, after `more` requests.
    pub(super) fn spend(&mut self, caller: &Caller, more: u64) -> Allowance {
        let now = self.clock.now();
        let (who, limit) = match caller {
            Caller::Anonymous => ("nobody".to_owned(), self.limits.without),
            Caller::Holder(token) if caller.installation().is_some() => (token.value.clone(), self.limits.with_token),
            // All tokens of a person share one allowance.
            Caller::Holder(token) => (format!("user {}", token.owner), self.limits.with_token),
            Caller::App(id) => (format!("app {id}"), self.limits.with_token),
        };
        let fresh = Used { requests: 0, reset: now + self.limits.window };
        let used = self.limits.used.entry(who).or_insert(fresh);
        if used.reset <= now {
            *used = fresh;
        }
        used.requests += more;
        Allowance { limit, used: used.requests, reset: used.reset.as_second() }
    }
}
