use crate::{at, conformance};
use gonogo_store::{Ended, MessageState, NewMessage, Outgoing, Store, StoreError};

fn message(key: &str, target: &str) -> NewMessage {
    NewMessage {
        kind: "slack",
        target: target.to_owned(),
        key: key.to_owned(),
        meaning: format!("\"{key}\""),
        stories: vec!["STORY-1".to_owned()],
        at: at(5),
    }
}

/// Wanted in the one way that there is: with a turn of a story.
async fn says(store: &Store, messages: &[NewMessage]) {
    let turned = store.stories_turned(Vec::new(), messages.to_vec(), at(5)).await;
    turned.unwrap();
}

async fn lease(store: &Store, now: i64) -> Option<Outgoing> {
    store.lease_message("slack", at(now), at(now + 20)).await.unwrap()
}

async fn state(store: &Store) -> Vec<MessageState> {
    store.messages_of_story("STORY-1").await.unwrap().into_iter().map(|row| row.state).collect()
}

conformance! {
    async fn a_message_with_a_key_that_is_there_is_not_said_again(store: Store) {
        says(&store, &[message("k", "#a")]).await;
        let leased = lease(&store, 6).await.unwrap();
        assert_eq!((leased.key.as_str(), leased.meaning.as_str(), leased.begun_at), ("k", "\"k\"", None));
        store.message_ended(&leased, Ended::Said { place: "C1 1.2".to_owned() }, at(7)).await.unwrap();
        says(&store, &[message("k", "#a")]).await;
        assert_eq!(lease(&store, 8).await, None);
        let rows = store.messages_of_story("STORY-1").await.unwrap();
        assert_eq!((rows.len(), rows[0].state, rows[0].done_at), (1, MessageState::Said, Some(at(7))));
        assert_eq!(store.messages_of_story("STORY-2").await.unwrap(), []);
    }

    async fn of_one_target_the_older_is_said_first(store: Store) {
        says(&store, &[message("1", "#a"), message("2", "#a"), message("3", "#b")]).await;
        let first = lease(&store, 6).await.unwrap();
        assert_eq!(first.key, "1");
        let other = lease(&store, 6).await.unwrap();
        assert_eq!(other.key, "3", "another target does not wait");
        assert_eq!(lease(&store, 6).await, None, "the second waits for the first");
        store.message_ended(&other, Ended::Said { place: String::new() }, at(6)).await.unwrap();
        // Put off, it is still the first.
        let not_said = Ended::NotSaid { again_at: at(30), error: "down".to_owned() };
        store.message_ended(&first, not_said, at(7)).await.unwrap();
        assert_eq!(lease(&store, 8).await, None);
        let first = lease(&store, 30).await.unwrap();
        assert_eq!((first.key.as_str(), first.attempts), ("1", 2));
        store.message_ended(&first, Ended::Failed { error: "gone".to_owned() }, at(31)).await.unwrap();
        assert_eq!(lease(&store, 31).await.unwrap().key, "2");
    }

    async fn what_was_begun_is_in_doubt_until_it_is_known(store: Store) {
        says(&store, &[message("k", "#a")]).await;
        let leased = lease(&store, 6).await.unwrap();
        store.message_begins(&leased, at(7)).await.unwrap();
        // Its worker was killed.
        assert_eq!(lease(&store, 10).await, None);
        let again = lease(&store, 26).await.unwrap();
        assert_eq!(again.begun_at, Some(at(7)));
        store.message_begins(&again, at(27)).await.unwrap();
        // Who lost the lease says nothing any more.
        assert_eq!(store.message_begins(&leased, at(28)).await, Err(StoreError::Fenced));
        store.message_ended(&leased, Ended::Said { place: "x".to_owned() }, at(28)).await.unwrap();
        assert_eq!(state(&store).await, [MessageState::Waits]);
        let perhaps = Ended::Perhaps { again_at: at(29), error: "slow".to_owned() };
        store.message_ended(&again, perhaps, at(28)).await.unwrap();
        let third = lease(&store, 29).await.unwrap();
        assert_eq!(third.begun_at, Some(at(7)), "the doubt is as old as its begin");
        let not_said = Ended::NotSaid { again_at: at(30), error: "refused".to_owned() };
        store.message_ended(&third, not_said, at(29)).await.unwrap();
        let fourth = lease(&store, 30).await.unwrap();
        assert_eq!(fourth.begun_at, None);
        store.message_ended(&fourth, Ended::Doubtful { error: "ask".to_owned() }, at(31)).await.unwrap();
        assert_eq!(state(&store).await, [MessageState::Doubtful]);
        assert_eq!(lease(&store, 60).await, None);
    }
}
