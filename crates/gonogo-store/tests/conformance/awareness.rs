use crate::{at, conformance};
use gonogo_store::{AwarenessRow, Deed, Ended, MessageState, NewAwareness, NewMessage, Store};
use jiff::Timestamp;

pub(crate) fn told(team: &str, key: &str) -> NewAwareness {
    told_by("web", team, key)
}

fn told_by(service: &str, team: &str, key: &str) -> NewAwareness {
    let message = NewMessage {
        kind: "slack",
        target: "#support".to_owned(),
        key: key.to_owned(),
        meaning: "{}".to_owned(),
        stories: vec!["STORY-1".to_owned()],
        at: at(1),
    };
    let (team, story, service, meaning) =
        (team.to_owned(), "STORY-1".to_owned(), service.to_owned(), format!("{{\"of\":\"{service}\"}}"));
    NewAwareness { team, story, service, meaning, messages: vec![message] }
}

fn deed() -> Deed {
    let (actor, subject, detail) = ("vera".to_owned(), "STORY-1".to_owned(), "support".to_owned());
    Deed { at: at(9), actor, action: "acknowledged", subject, detail, once: None }
}

fn told_at(row: &AwarenessRow) -> Option<Timestamp> {
    row.told_in("#support").and_then(|told| told.at)
}

conformance! {
    async fn a_team_is_told_of_a_story_once_and_knows_when_that_was(store: Store) {
        for _ in 0..2 {
            store.make_aware(vec![told("support", "1"), told("operations", "2")]).await.unwrap();
        }
        let teams = store.awareness_of("STORY-1").await.unwrap();
        assert_eq!(teams.iter().map(|row| row.team.as_str()).collect::<Vec<_>>(), ["operations", "support"]);
        assert!(teams.iter().all(|row| told_at(row).is_none() && row.acknowledged.is_none()));
        let leased = store.lease_message("slack", at(2), at(20)).await.unwrap().unwrap();
        store.message_ended(&leased, Ended::Said { place: String::new() }, at(3)).await.unwrap();
        assert_eq!(told_at(&store.awareness_of("STORY-1").await.unwrap()[1]), Some(at(3)));
        let leased = store.lease_message("slack", at(4), at(20)).await.unwrap().unwrap();
        store.message_ended(&leased, Ended::Failed { error: "x".to_owned() }, at(5)).await.unwrap();
        let row = store.awareness_of("STORY-1").await.unwrap().remove(0);
        let told = row.told_in("#support").unwrap();
        assert_eq!((told.at, told.trouble.as_deref(), told.state), (None, Some("x"), MessageState::Failed), "nobody was told");
        assert_eq!(told.ended_at, Some(at(5)));
        assert_eq!(store.lease_message("slack", at(60), at(80)).await.unwrap(), None);
        assert_eq!(store.awareness_of("STORY-2").await.unwrap(), []);
    }

    async fn a_team_is_told_in_each_channel_that_is_named(store: Store) {
        let mut elsewhere = told("support", "2");
        "#sandbox".clone_into(&mut elsewhere.messages[0].target);
        store.make_aware(vec![told("support", "1"), elsewhere]).await.unwrap();
        let leased = store.lease_message("slack", at(2), at(20)).await.unwrap().unwrap();
        store.message_ended(&leased, Ended::Said { place: String::new() }, at(3)).await.unwrap();
        let row = store.awareness_of("STORY-1").await.unwrap().remove(0);
        let told = |channel: &str| row.told_in(channel).map(|told| (told.at, told.state));
        assert_eq!(told("#support"), Some((Some(at(3)), MessageState::Said)));
        assert_eq!(told("#sandbox"), Some((None, MessageState::Waits)));
        assert_eq!(told("#other"), None);
    }

    async fn what_nobody_tries_any_more_is_tried_when_it_is_wanted_again(store: Store) {
        store.make_aware(vec![told("support", "1")]).await.unwrap();
        let leased = store.lease_message("slack", at(2), at(20)).await.unwrap().unwrap();
        store.message_begins(&leased, at(2)).await.unwrap();
        store.message_ended(&leased, Ended::Doubtful { error: "x".to_owned() }, at(3)).await.unwrap();
        assert_eq!(store.lease_message("slack", at(60), at(80)).await.unwrap(), None);
        let again = NewMessage { at: at(61), ..told("support", "1").messages.remove(0) };
        store.make_aware(vec![NewAwareness { messages: vec![again], ..told("support", "1") }]).await.unwrap();
        let leased = store.lease_message("slack", at(62), at(80)).await.unwrap().unwrap();
        assert_eq!((leased.attempts, leased.again_at, leased.begun_at), (1, Some(at(61)), Some(at(2))), "it is looked for");
        store.message_ended(&leased, Ended::Said { place: String::new() }, at(63)).await.unwrap();
        store.make_aware(vec![told("support", "1")]).await.unwrap();
        assert_eq!(store.lease_message("slack", at(90), at(99)).await.unwrap(), None, "what was said is not");
    }

    async fn that_a_team_knows_is_said_once_for_each_service(store: Store) {
        let says = |services: &[&str]| {
            let services = services.iter().map(|service| (*service).to_owned()).collect();
            store.acknowledge("support", "STORY-1", services, deed())
        };
        assert!(!says(&["web"]).await.unwrap());
        store.make_aware(vec![told("support", "1"), told_by("api", "support", "1")]).await.unwrap();
        assert!(!says(&["search"]).await.unwrap());
        assert!(says(&["web"]).await.unwrap());
        assert!(!says(&["web"]).await.unwrap());
        store.make_aware(vec![told("support", "1")]).await.unwrap();
        let rows = store.awareness_of("STORY-1").await.unwrap();
        let known: Vec<_> = rows.iter().map(|row| (row.service.as_str(), row.acknowledged.clone())).collect();
        assert_eq!(known, [("api", None), ("web", Some(("vera".to_owned(), at(9))))]);
        assert_eq!(rows[0].meaning, r#"{"of":"api"}"#, "no service overwrites another's");
        assert_eq!(rows[0].told, rows[1].told, "told once is told for both");
        assert!(says(&["api", "web"]).await.unwrap());
        assert_eq!(store.audit(&gonogo_store::AuditAsked::default(), None, 9).await.unwrap().len(), 2);
    }
}
