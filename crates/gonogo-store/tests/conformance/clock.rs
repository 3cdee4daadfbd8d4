//! A clock that is set back holds nothing up.

use crate::{at, conformance};
use gonogo_store::{NewJob, NewMessage, Store, Wanted};
use jiff::SignedDuration;

/// One of each kind, due at a second.
async fn waits(store: &Store, second: i64) {
    store
        .enqueue(NewJob { kind: "evaluate", key: "1".to_owned(), body: String::new(), run_at: at(second) })
        .await
        .unwrap();
    let (target, wanted) = ("t".to_owned(), "{}".to_owned());
    store.want(Wanted { target, kind: "github-status", wanted, wanted_at: at(second), awaits: None }).await.unwrap();
    let message = NewMessage {
        kind: "slack",
        target: "#deploys".to_owned(),
        key: "k".to_owned(),
        meaning: "{}".to_owned(),
        stories: Vec::new(),
        at: at(second),
    };
    store.stories_turned(Vec::new(), vec![message], at(second)).await.unwrap();
}

/// Which of a job, something to be seen, and a message is due.
async fn due(store: &Store, second: i64) -> [bool; 3] {
    let (now, until) = (at(second), at(second + 20));
    [
        store.lease_job(now, until).await.unwrap().is_some(),
        store.lease_mirror("github-status", now, until).await.unwrap().is_some(),
        store.lease_message("slack", now, until).await.unwrap().is_some(),
    ]
}

conformance! {
    async fn a_step_back_moves_what_is_due_by_as_much(store: Store) {
        waits(&store, 3_610).await;
        // From 3600 to 0.
        assert_eq!(due(&store, 0).await, [false; 3]);
        assert_eq!(store.clock_went_back(SignedDuration::from_secs(3_600), at(0)).await.unwrap(), 3);
        assert_eq!(due(&store, 9).await, [false; 3]);
        assert_eq!(due(&store, 10).await, [true; 3]);
    }

    async fn what_is_due_already_stays_so(store: Store) {
        waits(&store, 5).await;
        assert_eq!(store.clock_went_back(SignedDuration::from_secs(3_600), at(6)).await.unwrap(), 0);
        assert_eq!(due(&store, 6).await, [true; 3]);
    }

    async fn what_was_put_off_for_too_long_is_due_now(store: Store) {
        let most = SignedDuration::from_secs(600);
        waits(&store, 600).await;
        assert_eq!(store.nothing_waits_longer(most, at(0)).await.unwrap(), 0);
        assert_eq!(due(&store, 0).await, [false; 3]);
        assert_eq!(store.nothing_waits_longer(most, at(-1)).await.unwrap(), 3);
        assert_eq!(due(&store, 0).await, [true; 3]);
    }
}
