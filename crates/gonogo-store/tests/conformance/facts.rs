use crate::{at, conformance};
use gonogo_store::{KeptAnswer, Store};

const JIRA: &str = "https://jira.example";

fn kept(key: &str, answer: &str, second: i64) -> (String, KeptAnswer) {
    (JIRA.to_owned(), KeptAnswer { key: key.to_owned(), answer: answer.to_owned(), at: at(second) })
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
        store.forget_answers("STORY-1").await.unwrap();
        assert_eq!(answer(&store, "w", "STORY-1").await, None);
        assert_eq!(answer(&store, "more", "STORY-1").await, None);
        assert_eq!(answer(&store, "w", "STORY-2").await, Some(("b".to_owned(), 0)));
        store.keep_answers("w", vec![kept("STORY-3", "c", 86_401)]).await.unwrap();
        assert_eq!(answer(&store, "w", "STORY-2").await, None);
    }
}
