//! What a test can do to the hooks' deliveries.

use std::time::{Duration, Instant};

use super::super::GitHub;
use super::{Delivery, Mischief, Trick};

/// Longer than the 10 s that a receiver has.
const LONGEST: Duration = Duration::from_secs(20);

/// The deliveries of all hooks; each word takes effect at once.
#[derive(Debug, Clone, Copy)]
pub struct Hooks<'a> {
    github: &'a GitHub,
    event: Option<&'a str>,
}

#[expect(clippy::return_self_not_must_use, reason = "each word takes effect at once; a sentence may end with any")]
impl<'a> Hooks<'a> {
    pub(in super::super) fn new(github: &'a GitHub) -> Self {
        Self { github, event: None }
    }

    /// What follows is for deliveries of this event alone, such as `push`.
    pub fn of(self, event: &'a str) -> Self {
        Self { event: Some(event), ..self }
    }

    /// The next ones fail on their way; the list of deliveries shows them.
    pub fn lose(self, count: usize) -> Self {
        self.next(count, &Trick::Lose)
    }

    /// The next ones never happen, and no list shows them.
    pub fn forget(self, count: usize) -> Self {
        self.next(count, &Trick::Forget)
    }

    /// The next ones come twice, with one `X-GitHub-Delivery`.
    pub fn double(self, count: usize) -> Self {
        self.next(count, &Trick::Double)
    }

    /// The next ones come late, and others may overtake them.
    pub fn delay(self, count: usize, by: Duration) -> Self {
        self.next(count, &Trick::Delay(by))
    }

    /// The next ones are signed with another secret.
    pub fn forge(self, count: usize) -> Self {
        self.next(count, &Trick::Forge)
    }

    /// Of the next ones half a body arrives, under the promise of all of it.
    pub fn truncate(self, count: usize) -> Self {
        self.next(count, &Trick::Truncate)
    }

    /// The next ones are padded to so many bytes, and still signed.
    pub fn inflate(self, count: usize, to_bytes: usize) -> Self {
        self.next(count, &Trick::Inflate(to_bytes))
    }

    /// The next one has this body, and is signed: bytes that are no JSON, no
    /// UTF-8, or a bomb.
    pub fn replace(self, body: &[u8]) -> Self {
        self.next(1, &Trick::Replace(body.to_vec()))
    }

    /// Keeps all deliveries back from now on.
    pub fn hold(self) -> Self {
        self.github.state().held.get_or_insert_default();
        self
    }

    /// Sends what was kept back, in its order, and keeps nothing back any more.
    pub fn release(self) -> Self {
        self.let_go(false)
    }

    /// Sends what was kept back, the newest first.
    pub fn release_in_reverse(self) -> Self {
        self.let_go(true)
    }

    /// How long a receiver may take; 10 s at first.
    pub fn patience(self, patience: Duration) -> Self {
        self.github.state().outgoing_patience = patience;
        self
    }

    /// Sends this delivery again, under the same `X-GitHub-Delivery`; returns
    /// the new attempt's id.
    pub fn redeliver(self, id: u64) -> u64 {
        self.github.state().redeliver(id).expect("there is such a delivery")
    }

    /// All deliveries so far, oldest first; those under way have no outcome.
    /// What GitHub forgot is not among them.
    pub fn deliveries(self) -> Vec<Delivery> {
        let state = self.github.state();
        let all = state.deliveries.iter().filter(|delivery| !delivery.is_secret);
        all.filter(|delivery| self.event.is_none_or(|event| delivery.event == event)).cloned().collect()
    }

    /// Waits until no delivery is under way (those held do not count), and
    /// returns them all.
    pub fn settle(self) -> Vec<Delivery> {
        let begin = Instant::now();
        let mut state = self.github.state();
        while state.on_the_way > 0 {
            let left = LONGEST.saturating_sub(begin.elapsed());
            assert!(!left.is_zero(), "{} deliveries are still on their way after {LONGEST:?}", state.on_the_way);
            let waited = self.github.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(std::sync::PoisonError::into_inner).0;
        }
        drop(state);
        self.deliveries()
    }

    fn next(self, count: usize, trick: &Trick) -> Self {
        let mischief = || Mischief { event: self.event.map(str::to_owned), trick: trick.clone() };
        self.github.state().mischief.extend((0..count).map(|_| mischief()));
        self
    }

    fn let_go(self, in_reverse: bool) -> Self {
        let mut state = self.github.state();
        let mut held = state.held.take().unwrap_or_default();
        if in_reverse {
            held.reverse();
        }
        for parcel in held {
            state.carry(parcel);
        }
        drop(state);
        self
    }
}
