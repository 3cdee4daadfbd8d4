use crate::{at, conformance, sha};
use gonogo_core::case::Stage;
use gonogo_store::{CandidateId, NewWait, Sighted, Store};

async fn open(store: &Store, branch: &str, head: char) -> CandidateId {
    let (service, branch) = ("web".to_owned(), branch.to_owned());
    let seen = Sighted { service, branch, head: sha(head), production: None, stage: Stage::Deploy };
    store.open_candidate(seen, at(1)).await.unwrap().0.id
}

fn wait(who: &str, role: &str, what: &str) -> NewWait {
    let [who, role, what] = [who, role, what].map(str::to_owned);
    NewWait { who, role, what, fix: "mend it".to_owned(), story: "STORY-1".to_owned() }
}

async fn told(store: &Store, called: &[&str]) -> Vec<(String, String)> {
    let called: Vec<String> = called.iter().map(|name| (*name).to_owned()).collect();
    let rows = store.waits_for(&called).await.unwrap();
    rows.into_iter().map(|row| (row.branch, row.wait.what)).collect()
}

fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(branch, what)| ((*branch).to_owned(), (*what).to_owned())).collect()
}

conformance! {
    async fn each_finds_what_waits_for_them_and_for_their_role(store: Store) {
        let main = open(&store, "main", 'a').await;
        let side = open(&store, "side", 'b').await;
        let all = vec![wait("tracker:1", "", "mine"), wait("ada", "", "theirs"), wait("", "admin", "anybody's")];
        store.waits_are(main, all).await.unwrap();
        store.waits_are(side, vec![wait("tracker:1", "", "mine"), wait("tracker:1", "", "mine")]).await.unwrap();
        assert_eq!(told(&store, &["tracker:1"]).await, pairs(&[("main", "anybody's"), ("main", "mine"), ("side", "mine")]));
        assert_eq!(told(&store, &[]).await, pairs(&[("main", "anybody's")]));
    }

    async fn what_is_known_last_counts_and_of_a_closed_candidate_nothing(store: Store) {
        let main = open(&store, "main", 'a').await;
        store.waits_are(main, vec![wait("ada", "", "one"), wait("ada", "", "two")]).await.unwrap();
        store.waits_are(main, vec![wait("ada", "", "two")]).await.unwrap();
        assert_eq!(told(&store, &["ada"]).await, pairs(&[("main", "two")]));
        store.close_candidate(main, at(2)).await.unwrap();
        assert_eq!(told(&store, &["ada"]).await, pairs(&[]));
        store.waits_are(main, vec![wait("ada", "", "late")]).await.unwrap();
        assert_eq!(told(&store, &["ada"]).await, pairs(&[]));
        // Another head is another candidate.
        let old = open(&store, "main", 'c').await;
        store.waits_are(old, vec![wait("ada", "", "old")]).await.unwrap();
        open(&store, "main", 'd').await;
        assert_eq!(told(&store, &["ada"]).await, pairs(&[]));
    }
}
