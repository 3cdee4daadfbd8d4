use crate::{at, conformance, sha};
use gonogo_core::case::Stage;
use gonogo_store::views::MessagesWanted;
use gonogo_store::{Candidate, NewMessage, News, Saying, Sighted, Store, Wanted};

async fn candidate(store: &Store, branch: &str, head: char) -> Candidate {
    let (service, branch) = ("web".to_owned(), branch.to_owned());
    let seen = Sighted { service, branch, head: sha(head), production: None, stage: Stage::Deploy };
    store.open_candidate(seen, at(1)).await.unwrap().0
}

fn news(candidate: &Candidate, verdict: Option<&'static str>, says: &str) -> News {
    let target = format!("message {}", candidate.id.0);
    let message =
        Some(Wanted { target, kind: "slack-message", wanted: says.to_owned(), wanted_at: at(5), awaits: None });
    News { candidate: candidate.id, verdict, first: "go", message, mails: Vec::new() }
}

/// What is wanted next, made at once.
async fn next(store: &Store) -> Option<String> {
    Some(next_at(store).await?.1)
}

/// The same, with where.
async fn next_at(store: &Store) -> Option<(String, String)> {
    let due = store.lease_mirror("slack-message", at(9), at(60)).await.unwrap()?;
    store.mirror_made(&due).await.unwrap();
    Some((due.target, due.wanted))
}

conformance! {
    async fn only_a_turn_of_a_branch_is_news(store: Store) {
        let first = candidate(&store, "main", 'a').await;
        for (verdict, says) in [(Some("go"), "1"), (None, "2"), (Some("go"), "3")] {
            store.tell(news(&first, verdict, says)).await.unwrap();
            assert_eq!(next(&store).await, None, "Go is no news of a branch of which nothing was told");
        }
        store.tell(news(&first, Some("no-go"), "4")).await.unwrap();
        assert_eq!(next(&store).await.as_deref(), Some("4"));
        // Another head that is No-Go too.
        let second = candidate(&store, "main", 'b').await;
        let (of_first, of_third) = (format!("message {}", first.id.0), "message 3");
        store.tell(news(&second, None, "waits")).await.unwrap();
        assert_eq!(next(&store).await, None, "that passes");
        store.tell(news(&second, Some("no-go"), "5")).await.unwrap();
        assert_eq!(next_at(&store).await, Some((of_first.clone(), "5".to_owned())), "in the place of the one before");
        store.tell(news(&second, None, "waits again")).await.unwrap();
        assert_eq!(next_at(&store).await, Some((of_first.clone(), "waits again".to_owned())));
        store.tell(news(&second, Some("go"), "6")).await.unwrap();
        assert_eq!(next_at(&store).await, Some((of_first, "6".to_owned())));
        // That another head is Go too is none.
        let third = candidate(&store, "main", 'c').await;
        store.tell(news(&third, Some("go"), "still")).await.unwrap();
        assert_eq!(next(&store).await, None);
        store.tell(news(&third, Some("no-go"), "turns")).await.unwrap();
        assert_eq!(next_at(&store).await, Some((of_third.to_owned(), "turns".to_owned())), "a turn is another message");
        // A late verdict of the old head is nobody's.
        store.tell(news(&first, Some("no-go"), "7")).await.unwrap();
        assert_eq!(next(&store).await, None);
    }

    async fn what_was_told_once_changes_with_its_candidate(store: Store) {
        let candidate = candidate(&store, "main", 'a').await;
        for (verdict, says) in [(Some("no-go"), "1"), (Some("no-go"), "2"), (None, "3"), (Some("go"), "4")] {
            store.tell(news(&candidate, verdict, says)).await.unwrap();
            assert_eq!(next(&store).await.as_deref(), Some(says));
            store.tell(news(&candidate, verdict, says)).await.unwrap();
            assert_eq!(next(&store).await, None, "the same is not said again");
        }
    }

    async fn a_turn_is_mailed_once_also_without_slack(store: Store) {
        let candidate = candidate(&store, "main", 'a').await;
        let mailed = |verdict, key: &str| {
            let (to, key) = ("team@example.com".to_owned(), key.to_owned());
            let mail = NewMessage { kind: "email", target: to, key, meaning: String::new(), stories: Vec::new(), at: at(5) };
            News { message: None, mails: vec![mail], ..news(&candidate, verdict, "") }
        };
        for (verdict, key) in [(Some("go"), "1"), (Some("no-go"), "2"), (Some("no-go"), "3"), (None, "4"), (Some("go"), "5")]
        {
            store.tell(mailed(verdict, key)).await.unwrap();
        }
        let all = store.messages(MessagesWanted::default(), None, 9).await.unwrap();
        let keys = [store.lease_message("email", at(9), at(60)).await.unwrap().unwrap().key];
        assert_eq!((all.len(), keys), (2, ["2".to_owned()]));
        assert_eq!(next(&store).await, None);
    }

    async fn each_branch_turns_by_itself(store: Store) {
        let (main, hotfix) = (candidate(&store, "main", 'a').await, candidate(&store, "hotfix/1", 'a').await);
        for candidate in [&main, &hotfix] {
            let says = candidate.branch.clone();
            store.tell(news(candidate, Some("no-go"), &says)).await.unwrap();
            assert_eq!(next(&store).await, Some(says));
        }
    }

    async fn a_branch_that_was_gone_begins_anew(store: Store) {
        for head in ['a', 'b'] {
            let candidate = candidate(&store, "hotfix/1", head).await;
            store.tell(news(&candidate, Some("no-go"), &head.to_string())).await.unwrap();
            assert_eq!(next(&store).await, Some(head.to_string()));
            store.close_candidate(candidate.id, at(6)).await.unwrap();
        }
    }

    async fn a_message_that_was_begun_is_in_doubt_until_its_place_is_known(store: Store) {
        let candidate = candidate(&store, "main", 'a').await;
        let news = news(&candidate, Some("no-go"), "1");
        let target = news.message.as_ref().unwrap().target.clone();
        store.tell(news).await.unwrap();
        assert_eq!(store.saying(&target).await.unwrap(), Saying::Never);
        store.saying_begins(&target, "#old", "k", at(7)).await.unwrap();
        store.saying_begins(&target, "#deploys", "k", at(8)).await.unwrap();
        let doubt = Saying::Perhaps { channel: "#deploys".to_owned(), since: at(7), key: Some("k".to_owned()) };
        assert_eq!(store.saying(&target).await.unwrap(), doubt, "the doubt is as old as its begin");
        store.not_said(&target).await.unwrap();
        assert_eq!(store.saying(&target).await.unwrap(), Saying::Never);
        store.saying_begins(&target, "#deploys", "k", at(9)).await.unwrap();
        store.said(&target, "C1".to_owned(), "1.2".to_owned()).await.unwrap();
        store.not_said(&target).await.unwrap();
        let place = Saying::At { channel: "C1".to_owned(), ts: "1.2".to_owned() };
        assert_eq!(store.saying(&target).await.unwrap(), place);
    }
}
