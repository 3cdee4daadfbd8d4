use crate::{at, conformance};
use gonogo_store::{ANY_QUERY, KeptAnswer, Store};

const JIRA: &str = "https://jira.example";

fn kept(key: &str, answer: &str, second: i64) -> (String, KeptAnswer) {
    (
        JIRA.to_owned(),
        KeptAnswer { key: key.to_owned(), about: key.to_owned(), answer: answer.to_owned(), at: at(second) },
    )
}

async fn answer(store: &Store, wants: &str, key: &str) -> Option<(String, i64)> {
    let mut found = store.kept_answers(JIRA, wants, vec![key.to_owned()]).await.unwrap();
    found.pop().map(|kept| (kept.answer, kept.at.as_second() - at(0).as_second()))
}

conformance! {
    async fn the_newest_answer_to_the_same_question_is_kept(store: Store) {
        store.keep_answers("w", vec![kept("STORY-1", "a", 100), kept("STORY-2", "b", 100)]).await.unwrap();
        assert_eq!(answer(&store, "w", "STORY-1").await, Some(("a".to_owned(), 100)));
        assert_eq!(answer(&store, "more", "STORY-1").await, None, "who wants more is not served by less");
        // A late answer is no news; the same again is written anew after a while.
        store.keep_answers("w", vec![kept("STORY-1", "old", 99), kept("STORY-2", "b", 105)]).await.unwrap();
        assert_eq!(answer(&store, "w", "STORY-1").await, Some(("a".to_owned(), 100)));
        assert_eq!(answer(&store, "w", "STORY-2").await, Some(("b".to_owned(), 100)));
        store.keep_answers("w", vec![kept("STORY-1", "c", 101), kept("STORY-2", "b", 160)]).await.unwrap();
        assert_eq!(answer(&store, "w", "STORY-1").await, Some(("c".to_owned(), 101)));
        assert_eq!(answer(&store, "w", "STORY-2").await, Some(("b".to_owned(), 160)));
    }

    async fn what_has_changed_or_is_a_day_old_is_kept_no_more(store: Store) {
        store.keep_answers("w", vec![kept("STORY-1", "a", 0), kept("STORY-2", "b", 0)]).await.unwrap();
        store.keep_answers("more", vec![kept("STORY-1", "a", 0)]).await.unwrap();
        assert!(store.forget_answers("STORY-1", at(1)).await.unwrap().is_empty());
        assert_eq!(answer(&store, "w", "STORY-1").await, None);
        assert_eq!(answer(&store, "more", "STORY-1").await, None);
        assert_eq!(answer(&store, "w", "STORY-2").await, Some(("b".to_owned(), 0)));
        store.keep_answers("w", vec![kept("STORY-3", "c", 86_401)]).await.unwrap();
        assert_eq!(answer(&store, "w", "STORY-2").await, None);
    }

    async fn an_answer_from_before_the_change_does_not_come_back(store: Store) {
        store.forget_answers("STORY-1", at(5)).await.unwrap();
        // Read before, and kept after.
        store.keep_answers("w", vec![kept("STORY-1", "a", 5), kept("STORY-2", "b", 5)]).await.unwrap();
        assert_eq!(answer(&store, "w", "STORY-1").await, None);
        assert!(answer(&store, "w", "STORY-2").await.is_some());
        store.keep_answers("w", vec![kept("STORY-1", "a", 6)]).await.unwrap();
        assert_eq!(answer(&store, "w", "STORY-1").await, Some(("a".to_owned(), 6)));
    }

    async fn a_change_voids_lists_and_what_was_asked_by_an_earlier_key(store: Store) {
        let about = |(system, kept): (String, KeptAnswer), about: &str| (system, KeptAnswer { about: about.to_owned(), ..kept });
        let list = || about(kept("status = Ready", "[]", 1), ANY_QUERY);
        let moved = || about(kept("OLD-1", "a", 1), "NEW-7");
        store.keep_answers("w", vec![list(), moved(), kept("STORY-2", "b", 1)]).await.unwrap();
        assert_eq!(store.forget_answers("NEW-7", at(2)).await.unwrap(), ["OLD-1"]);
        store.keep_answers("w", vec![list(), moved()]).await.unwrap();
        for (key, is_kept) in [("status = Ready", false), ("OLD-1", false), ("STORY-2", true)] {
            assert_eq!(answer(&store, "w", key).await.is_some(), is_kept, "{key}");
        }
    }
}
