use crate::deploys::{ada, candidate, deed, first, order, requested, take};
use crate::{at, conformance};
use gonogo_core::person::{Person, Role};
use gonogo_store::{Deed, Locked, NewLock, Store, StoreError};

async fn lee(store: &Store) -> Person {
    let deed = deed("added a person", 0);
    store.add_person("lee".to_owned(), "x".to_owned(), Role::Developer, false, deed).await.unwrap().unwrap()
}

fn by(who: &Person, action: &'static str, second: i64) -> Deed {
    Deed { actor: who.name.clone(), ..deed(action, second) }
}

async fn locks(store: &Store, who: &Person, second: i64, until: i64) -> Locked {
    let (service, why) = ("web".to_owned(), "the migration runs".to_owned());
    let new = NewLock { service, by_id: who.id, why, until: at(until) };
    store.lock_service(new, Vec::new(), by(who, "locked a service", second)).await.unwrap()
}

conformance! {
    async fn a_lock_keeps_all_but_its_owner_from_beginning_until_its_end(store: Store) {
        let (ada, lee) = (ada(&store).await, lee(&store).await);
        let web = candidate(&store, "web", 'b').await;
        let before = store.cursor().await.unwrap();
        let Locked::Now(id) = locks(&store, &lee, 2, 50).await else { panic!("nobody else has it") };
        assert!(store.has_changed(web.id, before).await.unwrap(), "pages say so");
        let lock = store.service_lock("web", at(3)).await.unwrap().unwrap();
        assert_eq!((lock.id, lock.by.as_str(), lock.until), (id, "lee", at(50)));
        assert_eq!(store.service_lock("api", at(3)).await.unwrap(), None);
        assert_eq!(locks(&store, &ada, 4, 60).await, Locked::Before(lock.clone()), "it is somebody else's");

        let deploy = requested(&store, &ada, &web, 5).await;
        let held = take(&store, deploy, 6).await.unwrap();
        let late = store.intend(&held, first(), order(), 0, at(7), at(60)).await;
        assert!(matches!(late, Err(StoreError::Stopped)), "{late:?}");
        assert_eq!(store.service_lock("web", at(50)).await.unwrap(), None, "it ends by itself");
        let _begun = store.intend(&held, first(), order(), 0, at(50), at(60)).await.unwrap();
        assert!(matches!(locks(&store, &lee, 51, 90).await, Locked::Now(_)), "what has begun goes on");
        let next = gonogo_core::deploy::Act { step: 1, ..first().act() }.key();
        let _goes_on = store.intend(&held, next, order(), 1, at(52), at(62)).await.unwrap();
    }

    async fn a_lock_is_given_another_end_by_its_owner_and_taken_off_by_anybody(store: Store) {
        let (ada, lee) = (ada(&store).await, lee(&store).await);
        let deploy = requested(&store, &lee, &candidate(&store, "web", 'b').await, 2).await;
        assert!(matches!(locks(&store, &lee, 3, 20).await, Locked::Now(_)));
        let Locked::Now(id) = locks(&store, &lee, 4, 90).await else { panic!("it is their own") };
        let lock = store.service_lock("web", at(30)).await.unwrap().unwrap();
        assert_eq!((lock.id, store.service_locks(at(30)).await.unwrap().len()), (id, 1));
        let held = take(&store, deploy, 5).await.unwrap();
        let _owners = store.intend(&held, first(), order(), 0, at(6), at(16)).await.unwrap();

        assert_eq!(store.locks_to_remind_of(at(30)).await.unwrap(), std::slice::from_ref(&lock));
        store.reminded_of_lock(lock.id, None, at(31)).await.unwrap();
        assert_eq!(store.locks_to_remind_of(at(32)).await.unwrap(), []);

        let off = async |second| {
            let deed = by(&ada, "took a lock off", second);
            store.take_lock_off(&lock, ada.id, "it is over".to_owned(), Vec::new(), deed).await.unwrap()
        };
        assert!(!off(91).await, "it has ended");
        assert!(off(40).await && !off(41).await, "once");
        assert_eq!(store.service_lock("web", at(42)).await.unwrap(), None);
        assert!(matches!(locks(&store, &ada, 43, 90).await, Locked::Now(_)));
    }
}
