use crate::people::{add, deed};
use crate::{at, conformance};
use gonogo_core::person::{Once, Person, Role, Roles, Scope, Token};
use gonogo_store::{AuditAsked, Deed, DoneRequest, Guest, NewJob, NewToken, Store, StoreError};
use jiff::Timestamp;
use std::collections::BTreeMap;

fn token(hash: &str, person: i64, until: Timestamp) -> NewToken {
    let scopes = vec![Scope::Read, Scope::Waive];
    NewToken { token_hash: hash.to_owned(), person, name: "ci".to_owned(), scopes, until }
}

async fn last_used(store: &Store, person: i64) -> Option<Timestamp> {
    store.tokens(Some(person)).await.unwrap()[0].last_used_at
}

fn job() -> NewJob {
    NewJob { kind: "evaluate", key: "1".to_owned(), body: String::new(), run_at: at(1) }
}

/// Of a token's request under a key.
fn once(second: i64, token: i64, key: &str, request_hash: &str) -> Deed {
    let once = Once { token, key: key.to_owned(), request_hash: request_hash.to_owned() };
    Deed { once: Some(once), ..deed(second, "ran again") }
}

conformance! {
    async fn a_token_stands_for_its_person_until_its_end(store: Store) {
        let ada = add(&store, "ada", Role::Developer).await.unwrap();
        let id = store.add_token(token("h", ada.id, at(10)), deed(1, "made a token")).await.unwrap();
        let token = Token { id: id.0, name: "ci".to_owned(), scopes: vec![Scope::Read, Scope::Waive], once: None };
        let bearer = store.bearer_of("h", at(9)).await.unwrap();
        assert_eq!(bearer, Some(Person { token: Some(token), ..ada }));
        assert_eq!(store.bearer_of("h", at(10)).await.unwrap(), None);
        assert_eq!(store.bearer_of("other", at(9)).await.unwrap(), None);
    }

    async fn a_token_of_who_was_deactivated_does_not_come_back(store: Store) {
        add(&store, "last", Role::Admin).await.unwrap();
        let ada = add(&store, "ada", Role::Developer).await.unwrap();
        store.add_token(token("h", ada.id, at(99)), deed(1, "made a token")).await.unwrap();
        for (second, is_active) in [(2, false), (3, true)] {
            store.set_active(ada.id, is_active, deed(second, "changed")).await.unwrap();
            assert_eq!(store.bearer_of("h", at(4)).await.unwrap(), None);
        }
        assert_eq!(store.tokens(Some(ada.id)).await.unwrap(), []);
        store.add_token(token("new", ada.id, at(99)), deed(5, "made a token")).await.unwrap();
        assert!(store.bearer_of("new", at(6)).await.unwrap().is_some());
    }

    async fn a_token_stands_for_what_admins_say_of_its_person(store: Store) {
        let role = async |deed: Deed, role, at: Option<(String, bool)>, person| store.set_role(person, role, at, deed).await.unwrap();
        add(&store, "last", Role::Admin).await.unwrap();
        let ada = add(&store, "ada", Role::Viewer).await.unwrap();
        store.add_token(token("h", ada.id, at(99)), deed(1, "made a token")).await.unwrap();
        role(deed(2, "gave a role"), Role::ReleaseManager, Some(("web".to_owned(), true)), ada.id).await;
        let bearer = store.bearer_of("h", at(3)).await.unwrap().unwrap();
        assert_eq!((bearer.role, bearer.role_at("web")), (Role::Viewer, Role::ReleaseManager));
        role(deed(4, "took a role"), Role::Viewer, Some(("web".to_owned(), false)), ada.id).await;
        assert_eq!(store.bearer_of("h", at(5)).await.unwrap().unwrap().role_at("web"), Role::Viewer);
        store.set_active(ada.id, false, deed(6, "deactivated")).await.unwrap();
        assert_eq!(store.bearer_of("h", at(7)).await.unwrap(), None);
        // Who comes by another system alone is known to it, and not to us.
        let roles = Roles { all: Role::Admin, at: BTreeMap::new() };
        let guest = Guest { source: "github", subject: "7".to_owned(), name: "gus".to_owned(), roles };
        let gus = store.add_guest(guest, vec!["gus".to_owned()], deed(8, "came")).await.unwrap().unwrap();
        store.add_token(token("i", gus, at(99)), deed(9, "made a token")).await.unwrap();
        assert_eq!(store.bearer_of("i", at(10)).await.unwrap(), None);
    }

    async fn when_it_was_last_used_is_known_to_the_minute(store: Store) {
        let ada = add(&store, "ada", Role::Developer).await.unwrap();
        store.add_token(token("h", ada.id, at(999)), deed(1, "made a token")).await.unwrap();
        assert_eq!(last_used(&store, ada.id).await, None);
        for (used, known) in [(100, 100), (159, 100), (160, 160)] {
            store.bearer_of("h", at(used)).await.unwrap().unwrap();
            assert_eq!(last_used(&store, ada.id).await, Some(at(known)));
        }
        store.bearer_of("h", at(999)).await.unwrap();
        assert_eq!(last_used(&store, ada.id).await, Some(at(160)), "it had ended");
    }

    async fn a_revoked_token_stands_for_nobody(store: Store) {
        let ada = add(&store, "ada", Role::Admin).await.unwrap();
        let eve = add(&store, "eve", Role::Admin).await.unwrap();
        let id = store.add_token(token("h", ada.id, at(99)), deed(1, "made a token")).await.unwrap();
        let other = store.add_token(token("i", ada.id, at(99)), deed(1, "made a token")).await.unwrap();
        assert!(!store.revoke_token(Some(eve.id), id, deed(2, "revoked a token")).await.unwrap());
        assert!(store.bearer_of("h", at(3)).await.unwrap().is_some());
        assert!(store.revoke_token(Some(ada.id), id, deed(4, "revoked a token")).await.unwrap());
        assert!(!store.revoke_token(Some(ada.id), id, deed(5, "revoked a token")).await.unwrap());
        assert_eq!(store.bearer_of("h", at(6)).await.unwrap(), None);
        assert_eq!(store.tokens(None).await.unwrap()[0].person, "ada");
        assert!(store.tokens(Some(eve.id)).await.unwrap().is_empty());
        assert!(store.revoke_token(None, other, deed(6, "revoked a token")).await.unwrap());
        assert!(store.tokens(None).await.unwrap().is_empty());
        let did: Vec<String> = store.audit(&AuditAsked::default(), None, 9).await.unwrap().into_iter().map(|row| row.action).collect();
        assert_eq!(did, ["revoked a token", "revoked a token", "made a token", "made a token", "added", "added"]);
    }

    async fn one_hash_is_one_token(store: Store) {
        let ada = add(&store, "ada", Role::Viewer).await.unwrap();
        store.add_token(token("h", ada.id, at(99)), deed(1, "made a token")).await.unwrap();
        let again = store.add_token(token("h", ada.id, at(99)), deed(2, "made a token")).await;
        assert!(matches!(again, Err(StoreError::Refused(_))), "{again:?}");
        let nobodys = store.add_token(token("i", 99, at(99)), deed(3, "made a token")).await;
        assert!(matches!(nobodys, Err(StoreError::Refused(_))), "{nobodys:?}");
        assert_eq!(store.audit(&AuditAsked::default(), None, 9).await.unwrap().len(), 2, "what was not done is not written down");
    }

    async fn a_request_under_a_key_is_done_once(store: Store) {
        let ada = add(&store, "ada", Role::Admin).await.unwrap();
        let [one, two] = ["h", "i"].map(|hash| store.add_token(token(hash, ada.id, at(9)), deed(1, "made")));
        let (one, two) = (one.await.unwrap().0, two.await.unwrap().0);
        store.enqueue_for(job(), once(2, one, "k", "r")).await.unwrap();
        let leased = store.lease_job(at(3), at(9)).await.unwrap().unwrap();
        store.finish_job(&leased).await.unwrap();
        assert_eq!(store.enqueue_for(job(), once(4, one, "k", "r")).await, Err(StoreError::Done));
        assert_eq!(store.job_counts().await.unwrap(), (0, 0), "nothing of it was done");
        assert_eq!(store.audit(&AuditAsked::default(), None, 9).await.unwrap().len(), 4);
        let done = DoneRequest { request_hash: "r".to_owned(), made: None };
        assert_eq!(store.done_request(one, "k", at(5)).await.unwrap(), Some(done));
        assert_eq!(store.done_request(two, "k", at(5)).await.unwrap(), None, "a key is a token's own");
        store.enqueue_for(job(), once(4, two, "k", "r")).await.unwrap();
        let next_day = 24 * 60 * 60 + 2;
        assert_eq!(store.done_request(one, "k", at(next_day)).await.unwrap(), None);
        store.enqueue_for(job(), once(next_day, one, "k", "r")).await.unwrap();
    }

    async fn of_two_at_once_under_one_key_one_is_done(store: Store) {
        let ada = add(&store, "ada", Role::Admin).await.unwrap();
        let id = store.add_token(token("h", ada.id, at(9)), deed(1, "made")).await.unwrap().0;
        let added = (0..8).map(|n| {
            let store = store.clone();
            let name = format!("p{n}");
            tokio::spawn(async move {
                store.add_person(name, "hash".to_owned(), Role::Viewer, false, once(2, id, "k", "r")).await
            })
        });
        let mut made = Vec::new();
        for added in added.collect::<Vec<_>>() {
            match added.await.unwrap() {
                Ok(person) => made.push(person.unwrap().id),
                Err(error) => assert_eq!(error, StoreError::Done),
            }
        }
        assert_eq!(made.len(), 1);
        assert_eq!(store.people().await.unwrap().len(), 2);
        assert_eq!(store.done_request(id, "k", at(3)).await.unwrap().unwrap().made, Some(made[0]));
    }
}
