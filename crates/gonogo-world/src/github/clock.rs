//! GitHub's clock: the real one, moved by the test.

use jiff::{SignedDuration, Timestamp};

/// What GitHub takes for now.
#[derive(Debug, Default)]
pub(super) struct Clock {
    ahead: SignedDuration,
}

impl Clock {
    /// In whole seconds, as GitHub writes it.
    pub(super) fn now(&self) -> Timestamp {
        let now = real_now() + self.ahead;
        Timestamp::from_second(now.as_second()).unwrap_or(now)
    }

    pub(super) fn pass(&mut self, time: SignedDuration) {
        self.ahead += time;
    }

    /// Makes it this RFC 3339 instant now.
    pub(super) fn set(&mut self, instant: &str) {
        let instant: Timestamp = instant.parse().expect("the test gives an RFC 3339 instant");
        self.ahead = instant.duration_since(real_now());
    }
}

#[expect(clippy::disallowed_methods, reason = "the world outside has a clock of its own")]
fn real_now() -> Timestamp {
    Timestamp::now()
}

/// GitHub's way to write an instant.
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
