use crate::people::deed;
use crate::{at, conformance};
use gonogo_store::views::{MessagesWanted, OutboxLoad, Troubled};
use gonogo_store::{AuditAsked, Ended, MessageId, MessageState, NewMessage, Outgoing, Store, StoreError};
use jiff::SignedDuration;

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

/// One to a target of its own that ended so.
async fn ended(store: &Store, key: &str, ended: Ended) -> MessageId {
    says(store, &[message(key, key)]).await;
    let leased = lease(store, 6).await.unwrap();
    assert_eq!(leased.key, key);
    store.message_begins(&leased, at(6)).await.unwrap();
    store.message_ended(&leased, ended, at(7)).await.unwrap();
    leased.id
}

async fn targets(store: &Store, wanted: MessagesWanted, before: Option<MessageId>, most: u32) -> Vec<String> {
    store.messages(wanted, before, most).await.unwrap().into_iter().map(|row| row.target).collect()
}

/// What the check finds of messages.
async fn found(store: &Store, now: jiff::Timestamp) -> Option<String> {
    let findings = store.check(now).await.unwrap();
    findings.into_iter().find(|finding| finding.what == "messages").unwrap().wrong
}

conformance! {
    async fn messages_are_listed_by_what_they_are(store: Store) {
        ended(&store, "#said", Ended::Said { place: "x".to_owned() }).await;
        let failed = ended(&store, "#failed", Ended::Failed { error: "gone".to_owned() }).await;
        let other = NewMessage { kind: "jira-comment", stories: vec!["STORY-2".to_owned()], ..message("c", "STORY-2") };
        says(&store, &[other]).await;
        let all = MessagesWanted::default;
        assert_eq!(targets(&store, all(), None, 9).await, ["STORY-2", "#failed", "#said"]);
        assert_eq!(targets(&store, all(), None, 1).await, ["STORY-2"]);
        assert_eq!(targets(&store, all(), Some(failed), 9).await, ["#said"]);
        let of_state = MessagesWanted { state: Some(MessageState::Failed), ..all() };
        assert_eq!(targets(&store, of_state, None, 9).await, ["#failed"]);
        let of_kind = MessagesWanted { kind: Some("jira-comment".to_owned()), ..all() };
        assert_eq!(targets(&store, of_kind, None, 9).await, ["STORY-2"]);
        let of_story = MessagesWanted { story: Some("STORY-1".to_owned()), ..all() };
        assert_eq!(targets(&store, of_story, None, 9).await, ["#failed", "#said"]);
        let row = store.message(failed).await.unwrap().unwrap();
        assert_eq!((row.attempts, row.next_at, row.done_at), (1, None, Some(at(7))));
        assert_eq!(store.message(MessageId(999)).await.unwrap(), None);
    }

    async fn a_person_has_it_said_again_or_never(store: Store) {
        let said = ended(&store, "#said", Ended::Said { place: "x".to_owned() }).await;
        let failed = ended(&store, "#failed", Ended::Failed { error: "gone".to_owned() }).await;
        let doubtful = ended(&store, "#doubtful", Ended::Doubtful { error: "slow".to_owned() }).await;
        assert_eq!(store.troubled_messages().await.unwrap(), Troubled { doubtful: 1, failed: 1 });
        let do_it = deed(50, "had a message said again");
        assert!(!store.say_again(said, do_it.clone()).await.unwrap());
        assert!(!store.drop_message(said, do_it.clone()).await.unwrap());
        assert_eq!(store.audit(&AuditAsked::default(), None, 9).await.unwrap(), [], "nothing was done");

        assert!(store.say_again(failed, do_it.clone()).await.unwrap());
        assert!(!store.say_again(failed, do_it.clone()).await.unwrap(), "it waits");
        assert!(store.say_again(doubtful, do_it).await.unwrap());
        let again = lease(&store, 51).await.unwrap();
        assert_eq!((again.key.as_str(), again.attempts, again.begun_at), ("#failed", 1, None));
        assert_eq!(again.again_at, Some(at(50)));
        // While somebody says it, it is too late to drop it.
        assert!(!store.drop_message(failed, deed(52, "dropped a message")).await.unwrap());
        store.message_ended(&again, Ended::Failed { error: "gone".to_owned() }, at(53)).await.unwrap();
        for id in [failed, doubtful] {
            assert!(store.drop_message(id, deed(54, "dropped a message")).await.unwrap());
            assert_eq!(store.message(id).await.unwrap().unwrap().state, MessageState::Dropped);
        }
        assert_eq!(lease(&store, 99).await, None);
        assert_eq!(store.troubled_messages().await.unwrap(), Troubled::default());
        assert_eq!(store.audit(&AuditAsked::default(), None, 9).await.unwrap().len(), 4);
    }

    async fn one_that_is_dropped_lets_the_next_go(store: Store) {
        says(&store, &[message("1", "#a"), message("2", "#a")]).await;
        let first = lease(&store, 6).await.unwrap();
        let not_said = Ended::NotSaid { again_at: at(900), error: "down".to_owned() };
        store.message_ended(&first, not_said, at(7)).await.unwrap();
        assert_eq!(lease(&store, 8).await, None);
        assert!(store.drop_message(first.id, deed(9, "dropped a message")).await.unwrap());
        assert_eq!(lease(&store, 10).await.unwrap().key, "2");
    }

    async fn what_wants_a_person_is_found_and_counted(store: Store) {
        assert_eq!(found(&store, at(9)).await, None);
        ended(&store, "#said", Ended::Said { place: "x".to_owned() }).await;
        ended(&store, "#failed", Ended::Failed { error: "gone".to_owned() }).await;
        ended(&store, "#doubtful", Ended::Doubtful { error: "slow".to_owned() }).await;
        says(&store, &[message("w", "#w")]).await;
        assert_eq!(found(&store, at(9)).await.as_deref(), Some("1 failed, 1 in doubt: gone"));
        let later = at(9) + SignedDuration::from_hours(1);
        assert_eq!(found(&store, later).await.as_deref(), Some("1 failed, 1 in doubt, 1 waiting for over an hour: gone"));
        let load = OutboxLoad {
            kind: "slack".to_owned(),
            waiting: 1,
            doubtful: 1,
            failed: 1,
            oldest_waiting: Some(at(5)),
        };
        assert_eq!(store.load(at(9)).await.unwrap().outbox, [load]);
    }

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
