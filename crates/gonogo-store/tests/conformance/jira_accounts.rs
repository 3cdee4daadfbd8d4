use crate::people::{add, deed};
use crate::{at, conformance};
use gonogo_core::person::Role;
use gonogo_store::{AuditAsked, JiraAccount, JoinedJira, Store};

fn account(subject: &str, sealed: &str) -> JoinedJira {
    let (subject, sealed) = (subject.to_owned(), sealed.to_owned());
    JoinedJira { name: format!("{subject} in Jira"), subject, tracker: "https://jira.example".to_owned(), sealed }
}

async fn of(store: &Store, person: i64) -> JiraAccount {
    store.jira_account(person).await.unwrap().unwrap()
}

conformance! {
    async fn a_jira_account_is_one_persons_and_a_person_has_one(store: Store) {
        let (ada, bob) = (add(&store, "ada", Role::Viewer).await.unwrap().id, add(&store, "bob", Role::Viewer).await.unwrap().id);
        let join = async |person, subject, sealed| store.join_jira(person, account(subject, sealed), deed(2, "joined jira")).await.unwrap();
        assert!(join(ada, "712020:ada", "one").await);
        assert!(!join(bob, "712020:ada", "theirs").await, "it is ada's");
        assert!(!join(ada, "712020:other", "two").await, "she has one");
        assert!(store.jira_account(bob).await.unwrap().is_none());
        assert_eq!((of(&store, ada).await.sealed.as_str(), of(&store, ada).await.version), ("one", 1));
        assert!(join(ada, "712020:ada", "anew").await);
        assert_eq!((of(&store, ada).await.sealed.as_str(), of(&store, ada).await.version), ("anew", 2));
        assert!(store.part_jira(ada, deed(3, "parted from jira")).await.unwrap());
        assert!(!store.part_jira(ada, deed(4, "parted from jira")).await.unwrap());
        assert!(join(bob, "712020:ada", "his now").await);
        let did = store.audit(&AuditAsked::default(), None, 10).await.unwrap();
        let did: Vec<&str> = did.iter().map(|row| row.action.as_str()).collect();
        assert_eq!(did, ["joined jira", "parted from jira", "joined jira", "joined jira", "added", "added"]);
    }

    async fn of_two_who_join_one_jira_account_at_once_one_does(store: Store) {
        let mut people = Vec::new();
        for name in ["ada", "bob", "eve", "tom"] {
            people.push(add(&store, name, Role::Viewer).await.unwrap().id);
        }
        let all = people.into_iter().map(|person| {
            let store = store.clone();
            tokio::spawn(async move { store.join_jira(person, account("712020:x", "s"), deed(2, "joined jira")).await.unwrap() })
        });
        let mut joined = 0;
        for one in all.collect::<Vec<_>>() {
            joined += usize::from(one.await.unwrap());
        }
        assert_eq!(joined, 1);
    }

    async fn a_jira_account_is_renewed_by_one_at_a_time(store: Store) {
        let ada = add(&store, "ada", Role::Viewer).await.unwrap().id;
        assert!(store.join_jira(ada, account("a", "one"), deed(2, "joined jira")).await.unwrap());
        let begins = async |version, second| store.begin_jira_renewal(ada, version, at(second), at(second + 10)).await.unwrap();
        assert!(begins(1, 5).await && !begins(1, 6).await, "another does");
        assert!(begins(1, 15).await, "who did has ended without a word");
        store.end_jira_renewal(ada, 1, None).await.unwrap();
        assert!(begins(1, 16).await, "nothing came of it");
        store.end_jira_renewal(ada, 1, Some("two".to_owned())).await.unwrap();
        assert_eq!((of(&store, ada).await.sealed.as_str(), of(&store, ada).await.version), ("two", 2));
        assert!(!begins(1, 30).await, "it was renewed by now");
        store.end_jira_renewal(ada, 1, Some("late".to_owned())).await.unwrap();
        assert_eq!(of(&store, ada).await.sealed, "two", "an older one is written over by none");
        store.end_jira_account(ada, 2, "refused".to_owned(), deed(40, "jira refused")).await.unwrap();
        let ended = of(&store, ada).await;
        assert_eq!((ended.ended.as_deref(), ended.sealed.as_str()), (Some("refused"), ""));
        assert!(!begins(ended.version, 50).await);
        assert!(store.join_jira(ada, account("a", "three"), deed(60, "joined jira")).await.unwrap());
        assert_eq!(of(&store, ada).await.ended, None);
    }
}
