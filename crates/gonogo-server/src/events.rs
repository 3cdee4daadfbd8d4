//! Pages that stay right while they are open: a stream says that what a page
//! shows has changed, and its script reads the page again.

use crate::App;
use crate::pages::layout::away;
use crate::session::Session;
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use gonogo_store::views::Cursor;
use gonogo_store::{CandidateId, Store};
use serde::Deserialize;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// While somebody follows, the store is looked at so often.
const BEAT: Duration = Duration::from_millis(500);
/// A stream on which nothing else comes says so often that it is there.
const ALIVE: Duration = Duration::from_secs(15);
/// Then it ends, and who asks again has to be signed in still.
const MOST: Duration = Duration::from_mins(15);

/// A person's, who has no more pages open: each holds a connection.
const MOST_OF_ONE: usize = 20;

/// How far the store is, for all who follow.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    pulse: Arc<watch::Sender<Cursor>>,
    open: Arc<Open>,
    stop: watch::Receiver<bool>,
}

impl Live {
    pub(crate) fn new(stop: watch::Receiver<bool>) -> Self {
        Self { pulse: Arc::new(watch::Sender::default()), open: Arc::default(), stop }
    }

    /// Looks at the store while somebody follows, until told to stop.
    pub(crate) async fn beat(self, store: Store) {
        let mut stop = self.stop.clone();
        while !*stop.borrow() {
            // A store that is away has no news.
            if self.pulse.receiver_count() > 0
                && let Ok(now) = store.cursor().await
            {
                self.told(now);
            }
            tokio::select! {
                () = tokio::time::sleep(BEAT) => {}
                _ = stop.changed() => {}
            }
        }
    }

    fn told(&self, now: Cursor) {
        self.pulse.send_if_modified(|known| std::mem::replace(known, now) != now);
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Followed {
    /// What the page had seen.
    since: String,
    /// One candidate; without it all of them.
    candidate: Option<i64>,
}

/// One open page.
#[derive(Debug)]
struct Follower {
    store: Store,
    candidate: Option<CandidateId>,
    seen: Cursor,
    pulse: watch::Receiver<Cursor>,
    stop: watch::Receiver<bool>,
    until: Instant,
    _counted: Counted,
}

/// How many streams of each person there are.
type Open = Mutex<HashMap<i64, usize>>;

/// An open stream, in the metrics for as long as it is there.
#[derive(Debug)]
struct Counted {
    open: Arc<Open>,
    person: i64,
}

impl Counted {
    /// `None` where there are too many of this person already.
    fn begin(open: &Arc<Open>, person: i64) -> Option<Self> {
        let mut all = open.lock().unwrap_or_else(PoisonError::into_inner);
        let of_one = all.entry(person).or_default();
        if *of_one >= MOST_OF_ONE {
            return None;
        }
        *of_one += 1;
        metrics::gauge!("gonogo_event_streams").increment(1);
        Some(Self { open: Arc::clone(open), person })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        metrics::gauge!("gonogo_event_streams").decrement(1);
        let mut all = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_one) = all.get_mut(&self.person) {
            *of_one -= 1;
            if *of_one == 0 {
                all.remove(&self.person);
            }
        }
    }
}

pub(crate) async fn stream(
    State(app): State<App>,
    Extension(live): Extension<Live>,
    session: Session,
    headers: HeaderMap,
    Query(followed): Query<Followed>,
) -> Response {
    // After a broken line the browser says itself what came last.
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let Some(seen) = last.or_else(|| followed.since.parse().ok()) else {
        return (StatusCode::BAD_REQUEST, "`since` is what the page's data-since says\n").into_response();
    };
    let Some(counted) = Counted::begin(&live.open, session.person.id) else {
        let said = format!("{MOST_OF_ONE} pages of yours are kept right already: close some, or read this one again\n");
        return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "60")], said).into_response();
    };
    let store = app.serving.store.clone();
    let pulse = live.pulse.subscribe();
    match store.cursor().await {
        Ok(now) => live.told(now),
        Err(error) => return away(&error).into_response(),
    }
    let candidate = followed.candidate.map(CandidateId);
    let (stop, until) = (live.stop, Instant::now() + MOST);
    let follower = Follower { store, candidate, seen, pulse, stop, until, _counted: counted };
    Sse::new(futures_util::stream::unfold(follower, next)).into_response()
}

async fn next(mut follower: Follower) -> Option<(Result<Event, Infallible>, Follower)> {
    if Instant::now() >= follower.until {
        return None;
    }
    let mut stop = follower.stop.clone();
    let event = tokio::select! {
        _ = stop.wait_for(|is_stopped| *is_stopped) => return None,
        changed = follower.changed() => {
            changed?;
            Event::default().event("changed").id(follower.seen.to_string()).data("changed")
        }
        () = tokio::time::sleep(ALIVE) => Event::default().event("alive").data("alive"),
    };
    Some((Ok(event), follower))
}

impl Follower {
    /// Waits until what the page shows has changed; `None` when nobody looks any more.
    async fn changed(&mut self) -> Option<()> {
        loop {
            let now = *self.pulse.borrow_and_update();
            if now != self.seen {
                let concerns = match self.candidate {
                    None => true,
                    // Better once too often than never.
                    Some(id) => self.store.has_changed(id, self.seen).await.unwrap_or(true),
                };
                self.seen = now;
                if concerns {
                    return Some(());
                }
            }
            self.pulse.changed().await.ok()?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_person_has_so_many_streams() {
        let open = Arc::default();
        let mut held: Vec<Counted> = (0..MOST_OF_ONE).filter_map(|_| Counted::begin(&open, 1)).collect();
        assert_eq!(held.len(), MOST_OF_ONE);
        assert!(Counted::begin(&open, 1).is_none());
        assert!(Counted::begin(&open, 2).is_some(), "somebody else");
        held.pop();
        assert!(Counted::begin(&open, 1).is_some());
        drop(held);
        assert!(open.lock().unwrap().is_empty());
    }
}
