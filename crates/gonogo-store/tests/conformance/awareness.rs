use crate::{at, conformance};
use gonogo_store::{Deed, Ended, NewAwareness, NewMessage, Store};

fn told(team: &str, key: &str) -> NewAwareness {
    let message = NewMessage {
        kind: "slack",
        target: "#support".to_owned(),
        key: key.to_owned(),
        meaning: "{}".to_owned(),
        stories: vec!["STORY-1".to_owned()],
        at: at(1),
    };
    let (team, story, meaning) = (team.to_owned(), "STORY-1".to_owned(), "{}".to_owned());
    NewAwareness { team, story, meaning, messages: vec![message] }
}

fn deed() -> Deed {
    let (actor, subject, detail) = ("vera".to_owned(), "STORY-1".to_owned(), "support".to_owned());
    Deed { at: at(9), actor, action: "acknowledged", subject, detail, once: None }
}

conformance! {
    async fn a_team_is_told_of_a_story_once_and_knows_when_that_was(store: Store) {
        for _ in 0..2 {
            store.make_aware(vec![told("support", "1"), told("operations", "2")]).await.unwrap();
        }
        let teams = store.awareness_of("STORY-1").await.unwrap();
        assert_eq!(teams.iter().map(|row| row.team.as_str()).collect::<Vec<_>>(), ["operations", "support"]);
        assert!(teams.iter().all(|row| row.told_at.is_none() && row.acknowledged.is_none()));
        let leased = store.lease_message("slack", at(2), at(20)).await.unwrap().unwrap();
        store.message_ended(&leased, Ended::Said { place: String::new() }, at(3)).await.unwrap();
        assert_eq!(store.awareness_of("STORY-1").await.unwrap()[1].told_at, Some(at(3)));
        let leased = store.lease_message("slack", at(4), at(20)).await.unwrap().unwrap();
        store.message_ended(&leased, Ended::Failed { error: "x".to_owned() }, at(5)).await.unwrap();
        let row = store.awareness_of("STORY-1").await.unwrap().remove(0);
        assert_eq!((row.told_at, row.trouble.as_deref()), (None, Some("x")), "nobody was told");
        assert_eq!(store.lease_message("slack", at(60), at(80)).await.unwrap(), None);
        assert_eq!(store.awareness_of("STORY-2").await.unwrap(), []);
    }

    async fn that_a_team_knows_is_said_once(store: Store) {
        assert!(!store.acknowledge("support", "STORY-1", deed()).await.unwrap());
        store.make_aware(vec![told("support", "1")]).await.unwrap();
        assert!(store.acknowledge("support", "STORY-1", deed()).await.unwrap());
        assert!(!store.acknowledge("support", "STORY-1", deed()).await.unwrap());
        store.make_aware(vec![told("support", "1")]).await.unwrap();
        let row = store.awareness_of("STORY-1").await.unwrap().remove(0);
        assert_eq!(row.acknowledged, Some(("vera".to_owned(), at(9))));
        assert_eq!(store.audit(&gonogo_store::AuditAsked::default(), None, 9).await.unwrap().len(), 1);
    }
}
