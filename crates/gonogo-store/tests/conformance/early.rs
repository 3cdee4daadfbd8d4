use crate::{at, conformance};
use gonogo_store::{EarlyLook, NewMessage, Store, StoreError};

fn message(key: &str) -> NewMessage {
    NewMessage {
        kind: "jira-early",
        target: "STORY-1".to_owned(),
        key: key.to_owned(),
        meaning: "{}".to_owned(),
        stories: vec!["STORY-1".to_owned()],
        at: at(5),
    }
}

/// A look at the only story that is due, after which this is known of it.
async fn look(store: &Store, known: Option<(&str, &str)>) -> EarlyLook {
    let due = store.early_due(9).await.unwrap().remove(0);
    let before = store.early_story(&due.story).await.unwrap();
    EarlyLook { due, before, now: known.map(|(story, known)| (story.to_owned(), known.to_owned())) }
}

async fn known(store: &Store, story: &str) -> Option<String> {
    store.early_story(story).await.unwrap().map(|row| row.known)
}

conformance! {
    async fn a_tracker_is_asked_since_it_was_asked_last(store: Store) {
        assert_eq!(store.tracker_asked("https://jira").await.unwrap(), None);
        for (asked, known) in [(3, 3), (7, 7), (5, 7)] {
            store.tracker_was_asked("https://jira", at(asked)).await.unwrap();
            assert_eq!(store.tracker_asked("https://jira").await.unwrap(), Some(at(known)));
        }
        assert_eq!(store.tracker_asked("https://other").await.unwrap(), None);
    }

    async fn a_story_that_changed_is_looked_at_until_somebody_has(store: Store) {
        store.early_changed(vec!["STORY-1".to_owned(), "STORY-2".to_owned()], at(1)).await.unwrap();
        store.early_changed(vec!["STORY-1".to_owned()], at(3)).await.unwrap();
        let due = store.early_due(9).await.unwrap();
        let due: Vec<_> = due.iter().map(|one| (one.story.as_str(), one.at)).collect();
        assert_eq!(due, [("STORY-2", at(1)), ("STORY-1", at(3))]);
        assert_eq!(store.early_due(1).await.unwrap().len(), 1);
        let one = look(&store, None).await;
        store.early_looked(vec![one], Vec::new(), at(4)).await.unwrap();
        let one = look(&store, None).await;
        // It changed once more while it was looked at.
        store.early_changed(vec!["STORY-1".to_owned()], at(5)).await.unwrap();
        store.early_looked(vec![one], Vec::new(), at(5)).await.unwrap();
        assert_eq!(store.early_due(9).await.unwrap().len(), 1);
        assert_eq!(known(&store, "STORY-1").await, None);
    }

    async fn what_a_look_came_to_is_kept_and_told_once(store: Store) {
        store.early_changed(vec!["STORY-1".to_owned()], at(1)).await.unwrap();
        let (one, other) = (look(&store, Some(("STORY-1", "a"))).await, look(&store, Some(("STORY-1", "b"))).await);
        store.early_looked(vec![one], vec![message("1")], at(2)).await.unwrap();
        let late = store.early_looked(vec![other], vec![message("2")], at(2)).await;
        assert_eq!(late, Err(StoreError::Fenced));
        assert_eq!(known(&store, "STORY-1").await.as_deref(), Some("a"));
        assert_eq!(store.messages_of_story("STORY-1").await.unwrap().len(), 1);
        // It has another key by now.
        store.early_changed(vec!["STORY-1".to_owned()], at(3)).await.unwrap();
        let (moved, late) = (look(&store, Some(("PAY-1", "c"))).await, look(&store, Some(("STORY-1", "d"))).await);
        store.early_looked(vec![moved], Vec::new(), at(4)).await.unwrap();
        assert_eq!(store.early_looked(vec![late], Vec::new(), at(4)).await, Err(StoreError::Fenced));
        assert_eq!((known(&store, "STORY-1").await, known(&store, "PAY-1").await.as_deref()), (None, Some("c")));
    }
}
