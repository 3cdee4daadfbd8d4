//! Which connections are idle, and for how long: where all places are taken the
//! longest idle one gives its own to who comes.

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::sync::Notify;

/// All of them, in the order in which they came to rest.
#[derive(Debug, Default)]
pub(super) struct Idle {
    resting: Mutex<Resting>,
}

#[derive(Debug, Default)]
struct Resting {
    next: u64,
    all: BTreeMap<u64, Arc<Notify>>,
}

impl Idle {
    /// Asks the one that has been idle for longest to end; whether there is one.
    pub(super) fn ends_longest(&self) -> bool {
        let longest = self.resting().all.pop_first();
        longest.map(|(_, end)| end.notify_one()).is_some()
    }

    fn resting(&self) -> MutexGuard<'_, Resting> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection: idle until it asks, and again once its answer was taken.
#[derive(Debug)]
pub(super) struct OfOne {
    all: Arc<Idle>,
    end: Arc<Notify>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    rests_as: Option<u64>,
    has_asked: bool,
}

impl OfOne {
    pub(super) fn begin(all: Arc<Idle>) -> Arc<Self> {
        let one = Self { all, end: Arc::default(), state: Mutex::default() };
        one.rests();
        Arc::new(one)
    }

    /// A request of it is answered now.
    pub(super) fn works(&self) {
        let mut state = self.state();
        state.has_asked = true;
        if let Some(at) = state.rests_as.take() {
            self.all.resting().all.remove(&at);
        }
    }

    fn rests(&self) {
        let mut state = self.state();
        let mut resting = self.all.resting();
        let at = resting.next;
        resting.next += 1;
        resting.all.insert(at, Arc::clone(&self.end));
        state.rests_as = Some(at);
    }

    pub(super) fn has_asked(&self) -> bool {
        self.state().has_asked
    }

    /// Ends when its place is needed.
    pub(super) async fn is_to_end(&self) {
        self.end.notified().await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OfOne {
    fn drop(&mut self) {
        self.works();
    }
}

/// An answer, until it was taken.
pub(super) struct Taken {
    body: Body,
    by: Arc<OfOne>,
}

impl Taken {
    pub(super) fn body(body: Body, by: Arc<OfOne>) -> Body {
        Body::new(Self { body, by })
    }
}

impl HttpBody for Taken {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.by.rests();
    }
}
