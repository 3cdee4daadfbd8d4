//! Nothing waits outside for a verdict that does not come, whatever closed its
//! candidate and whenever.

use crate::engine::{Engine, postgres, sqlite};
use crate::{at, conformance, sha};
use gonogo_core::case::Stage;
use gonogo_store::{Candidate, Sighted, Store, Wanted};

fn seen(branch: &str, head: char, stage: Stage) -> Sighted {
    let (service, branch) = ("web".to_owned(), branch.to_owned());
    Sighted { service, branch, head: sha(head), production: Some(sha('b').into()), stage }
}

async fn open(store: &Store, branch: &str, head: char, stage: Stage) -> Candidate {
    store.open_candidate(seen(branch, head, stage), at(1)).await.unwrap().0
}

fn pending(candidate: &Candidate) -> Wanted {
    let target = format!("{} {}", candidate.head, if candidate.stage.is_deploy() { "deploy" } else { "pr" });
    Wanted { target, kind: "github-status", wanted: "pending".to_owned(), wanted_at: at(2), awaits: Some(candidate.id) }
}

/// What is said of each, as its target and where its branch is now.
async fn settled(store: &Store) -> Vec<String> {
    let (say, said) = std::sync::mpsc::channel();
    let last_word = move |one: &gonogo_store::Abandoned| {
        let moved_to = one.moved_to.map_or_else(|| "nowhere".to_owned(), |head| head.short());
        say.send(format!("{} {}: {moved_to}", one.candidate.branch, one.wanted)).unwrap();
        let (target, wanted) = (one.target.clone(), "over".to_owned());
        Some(Wanted { target, kind: "github-status", wanted, wanted_at: at(9), awaits: None })
    };
    let number = store.settle_abandoned(last_word).await.unwrap();
    let said: Vec<String> = said.iter().collect();
    assert_eq!(said.len(), number);
    said
}

conformance! {
    async fn what_awaits_a_closed_candidate_gets_its_last_word_once(store: Store) {
        let old = open(&store, "main", 'a', Stage::Deploy).await;
        store.want(pending(&old)).await.unwrap();
        assert_eq!(settled(&store).await, [] as [String; 0], "it is open");
        open(&store, "main", 'c', Stage::Deploy).await;
        // Wanted after it was closed, by who had not seen that.
        let late = open(&store, "hotfix/1", 'd', Stage::Deploy).await;
        store.close_candidate(late.id, at(3)).await.unwrap();
        store.want(pending(&late)).await.unwrap();
        assert_eq!(settled(&store).await, ["main pending: ccccccc", "hotfix/1 pending: nowhere"]);
        let shown = store.lease_mirror("github-status", at(9), at(60)).await.unwrap().unwrap();
        assert_eq!(shown.wanted, "over");
        assert_eq!(settled(&store).await, [] as [String; 0]);
    }

    async fn what_another_candidate_of_the_head_will_say_is_left_to_it(store: Store) {
        let merge = Stage::Merge { pull_request: 7, into: "main".to_owned() };
        let deploy = open(&store, "main", 'a', Stage::Deploy).await;
        let pull = open(&store, "topic", 'a', merge).await;
        let other = open(&store, "hotfix/1", 'a', Stage::Deploy).await;
        for one in [&deploy, &pull] {
            store.want(pending(one)).await.unwrap();
            store.close_candidate(one.id, at(3)).await.unwrap();
        }
        // A deploy's word is none on a merge.
        assert_eq!(settled(&store).await, ["topic pending: nowhere"]);
        store.close_candidate(other.id, at(4)).await.unwrap();
        assert_eq!(settled(&store).await, ["main pending: nowhere"]);
    }

    async fn a_verdict_awaits_nothing(store: Store) {
        let old = open(&store, "main", 'a', Stage::Deploy).await;
        store.want(pending(&old)).await.unwrap();
        let verdict = Wanted { wanted: "go".to_owned(), awaits: None, ..pending(&old) };
        store.want(verdict).await.unwrap();
        store.close_candidate(old.id, at(3)).await.unwrap();
        assert_eq!(settled(&store).await, [] as [String; 0]);
    }
}

/// Rows of versions that did not write down what is awaited.
#[tokio::test]
async fn what_hangs_since_an_earlier_version_is_found() {
    async fn found(engine: &Engine) -> Vec<String> {
        crate::upgrades::fill(engine, 23).await;
        let candidate = "insert into candidate (service, branch, head, opened_at, closed_at) values";
        let mirror = "insert into mirror (target, kind, wanted, version, wanted_at, run_at) values";
        let (head, other) = (sha('e'), sha('f'));
        engine.raw(&format!("{candidate} ('web', 'old', '{head}', 1, 2), ('web', 'done', '{other}', 1, 2)")).await;
        for (kind, ending, wanted, sha) in [
            ("github-status", "", "{\"state\":\"pending\"}", head),
            ("github-check-run", ": report", "{\"verdict\":\"waiting\"}", head),
            ("github-status", "", "{\"state\":\"success\"}", other),
        ] {
            let target = format!("{kind} {sha} gonogo/deploy (web){ending}");
            engine.raw(&format!("{mirror} ('{target}', '{kind}', '{wanted}', 1, 1, 1)")).await;
        }
        settled(&engine.open().await).await
    }
    let (sqlite, postgres) = (sqlite(), postgres().await);
    for engine in [&sqlite, &postgres] {
        let expected = ["old {\"verdict\":\"waiting\"}: nowhere", "old {\"state\":\"pending\"}: nowhere"];
        assert_eq!(found(engine).await, expected);
    }
}
