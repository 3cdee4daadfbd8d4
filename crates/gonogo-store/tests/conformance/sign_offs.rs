use crate::{at, conformance, sha};
use gonogo_core::case::Stage;
use gonogo_core::person::{Act, Actor, Role};
use gonogo_store::{AuditAsked, Candidate, Deed, ProductionSeen, Sighted, Store};

fn deed(action: &'static str, second: i64) -> Deed {
    let (actor, subject, detail) = ("ada".to_owned(), "web".to_owned(), String::new());
    Deed { at: at(second), actor, action, subject, detail, once: None }
}

async fn ada(store: &Store) -> Actor {
    let deed = deed("added a person", 0);
    let person = store.add_person("ada".to_owned(), "x".to_owned(), Role::Admin, false, deed).await.unwrap().unwrap();
    person.may(Act::Read).unwrap()
}

/// Main has this head over what runs.
async fn main_is(store: &Store, head: char, running: &[char]) -> Candidate {
    let running = gonogo_core::running::Running::of(running.iter().map(|digit| sha(*digit)));
    let seen = ProductionSeen {
        service: "web".to_owned(),
        running: running.clone(),
        name: "production".to_owned(),
        why: "so".to_owned(),
        trouble: None,
        astray: None,
    };
    let (service, branch) = ("web".to_owned(), "main".to_owned());
    let main = Sighted { service, branch, head: sha(head), production: running, stage: Stage::Deploy };
    store.looked(seen, vec![main], at(1), at(1)).await.unwrap().candidates.remove(0).0
}

async fn names(store: &Store, head: char, base: char) -> Vec<String> {
    let rows = store.sign_offs_over("web", sha(head), sha(base)).await.unwrap();
    rows.into_iter().map(|row| row.name).collect()
}

conformance! {
    async fn a_sign_off_stands_for_one_head_over_what_runs_and_for_no_other(store: Store) {
        let (who, first) = (ada(&store).await, main_is(&store, 'e', &['a']).await);
        let id = store.sign_off(&first, "ops", &who, None, deed("signed off", 2)).await.unwrap().unwrap();
        assert_eq!(store.sign_off(&first, "ops", &who, None, deed("signed off", 3)).await.unwrap(), None, "it stands");
        let row = store.sign_offs(&first).await.unwrap().remove(0);
        assert_eq!((row.id, row.name.as_str(), row.by.as_str(), row.at), (id, "ops", "ada", at(2)));
        assert_eq!(names(&store, 'e', 'a').await, ["ops"]);
        assert_eq!(names(&store, 'f', 'a').await, [""; 0], "another head");
        assert_eq!(names(&store, 'e', 'b').await, [""; 0], "that does not run");
        let both = main_is(&store, 'e', &['a', 'b']).await;
        assert_eq!(store.sign_offs(&both).await.unwrap(), []);
        assert_eq!(names(&store, 'e', 'a').await, [""; 0], "something else runs too");
        store.sign_off(&both, "ops", &who, None, deed("signed off", 4)).await.unwrap().unwrap();
        assert_eq!((names(&store, 'e', 'a').await.len(), names(&store, 'e', 'b').await.len()), (1, 1));
    }

    async fn one_that_counts_no_more_makes_room_for_another(store: Store) {
        let (who, main) = (ada(&store).await, main_is(&store, 'e', &['a']).await);
        let old = store.sign_off(&main, "ops", &who, None, deed("signed off", 2)).await.unwrap();
        let new = store.sign_off(&main, "ops", &who, old, deed("signed off", 3)).await.unwrap().unwrap();
        let rows = store.sign_offs(&main).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [new]);
    }

    async fn what_is_taken_back_stands_no_more_and_may_be_given_anew(store: Store) {
        let (who, main) = (ada(&store).await, main_is(&store, 'e', &['a']).await);
        let id = store.sign_off(&main, "ops", &who, None, deed("signed off", 2)).await.unwrap().unwrap();
        let other = main_is(&store, 'f', &['a']).await;
        assert!(!store.take_sign_off_back(&other, id, &who, deed("took back", 3)).await.unwrap());
        assert!(store.take_sign_off_back(&main, id, &who, deed("took back", 3)).await.unwrap());
        assert!(!store.take_sign_off_back(&main, id, &who, deed("took back", 4)).await.unwrap());
        assert_eq!(names(&store, 'e', 'a').await, [""; 0]);
        assert!(store.sign_off(&main, "ops", &who, None, deed("signed off", 5)).await.unwrap().is_some());
        assert_eq!(names(&store, 'e', 'a').await, ["ops"]);
        assert_eq!(store.audit(&AuditAsked::default(), None, 9).await.unwrap().len(), 4);
    }
}
