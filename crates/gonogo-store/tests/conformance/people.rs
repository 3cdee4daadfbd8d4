use crate::{at, conformance};
use gonogo_core::person::{Act, Person, Role};
use gonogo_store::{Deed, NewWaiver, Store};

pub(crate) fn deed(second: i64, action: &'static str) -> Deed {
    Deed { at: at(second), actor: "ada".to_owned(), action, subject: "web".to_owned(), detail: String::new() }
}

pub(crate) async fn add(store: &Store, name: &str, role: Role) -> Option<Person> {
    store.add_person(name.to_owned(), "hash".to_owned(), role, false, deed(1, "added")).await.unwrap()
}

conformance! {
    async fn a_name_is_one_persons(store: Store) {
        assert!(!store.has_people().await.unwrap());
        let ada = add(&store, "ada", Role::Admin).await.unwrap();
        assert_eq!(add(&store, "ada", Role::Viewer).await, None);
        let late = store.add_person("eve".to_owned(), "h".to_owned(), Role::Admin, true, deed(2, "first")).await;
        assert_eq!(late.unwrap(), None, "there is somebody already");
        assert!(store.has_people().await.unwrap());
        let known = store.credentials("ada").await.unwrap().unwrap();
        assert_eq!((known.person, known.password_hash.as_str()), (ada, "hash"));
        assert!(store.credentials("eve").await.unwrap().is_none());
        assert_eq!(store.people().await.unwrap().len(), 1);
    }

    async fn a_session_lasts_until_its_end(store: Store) {
        let ada = add(&store, "ada", Role::Admin).await.unwrap();
        store.begin_session("t".to_owned(), ada.id, at(1), at(10), deed(1, "signed in")).await.unwrap();
        let who = async |second| store.person_of_session("t", at(second)).await.unwrap();
        assert_eq!((who(9).await, who(10).await), (Some(ada), None));
        assert_eq!(store.person_of_session("other", at(2)).await.unwrap(), None);
        store.end_session("t".to_owned()).await.unwrap();
        assert_eq!(who(9).await, None);
    }

    async fn a_waiver_holds_for_its_service_until_it_is_taken_back(store: Store) {
        let actor = add(&store, "ada", Role::Admin).await.unwrap().may(Act::Waive).unwrap();
        let new = NewWaiver {
            service: "web".to_owned(),
            fingerprint: "f".to_owned(),
            said: "x names no story".to_owned(),
            why: "agreed".to_owned(),
            until: at(99),
        };
        let id = store.waive(new, &actor, deed(5, "waived")).await.unwrap();
        let rows = store.waivers("web").await.unwrap();
        assert_eq!((rows[0].id, rows[0].by.as_str(), rows[0].until), (id, "ada", at(99)));
        assert!(store.waivers("api").await.unwrap().is_empty());
        assert!(!store.take_back("api", id, &actor, deed(6, "took back")).await.unwrap());
        assert!(store.take_back("web", id, &actor, deed(6, "took back")).await.unwrap());
        assert!(!store.take_back("web", id, &actor, deed(7, "took back")).await.unwrap());
        assert!(store.waivers("web").await.unwrap().is_empty());
        let did: Vec<String> = store.audit(None, 10).await.unwrap().into_iter().map(|row| row.action).collect();
        assert_eq!(did, ["took back", "waived", "added"], "what was not done is not written down");
    }

    async fn the_audit_is_one_chain_whoever_writes(store: Store) {
        let writers = (0..20).map(|n| {
            let store = store.clone();
            tokio::spawn(async move { add(&store, &format!("p{n}"), Role::Viewer).await.unwrap() })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        assert_eq!(store.audit_broken_at().await.unwrap(), None);
        let rows = store.audit(None, 5).await.unwrap();
        assert_eq!(store.audit(Some(rows[4].id), 100).await.unwrap().len(), 15);
    }
}

#[tokio::test]
async fn an_entry_that_was_changed_or_taken_out_shows() {
    for change in ["update audit set detail = 'x' where id = 2", "delete from audit where id = 2"] {
        for engine in [crate::engine::sqlite(), crate::engine::postgres().await] {
            let store = engine.open().await;
            for name in ["a", "b", "c"] {
                add(&store, name, Role::Viewer).await.unwrap();
            }
            engine.raw(change).await;
            let broken = if change.starts_with("update") { 2 } else { 3 };
            assert_eq!(store.audit_broken_at().await.unwrap(), Some(broken));
        }
    }
}
