use crate::{at, conformance, sha};
use gonogo_core::case::Stage;
use gonogo_store::views::PullCount;
use gonogo_store::{Candidate, NewEvaluation, NewJob, ProductionSeen, SeenPull, Sighted, Store};

fn seen(branch: &str, stage: Stage) -> Sighted {
    let (service, branch) = ("web".to_owned(), branch.to_owned());
    Sighted { service, branch, head: sha('a'), production: Some(sha('b').into()), stage }
}

fn merge(pull_request: u64, into: &str) -> Stage {
    Stage::Merge { pull_request, into: into.to_owned() }
}

fn pull(title: &str) -> SeenPull {
    let (service, title, digest) = ("web".to_owned(), title.to_owned(), title.to_owned());
    SeenPull { service, number: 7, title, author: "maria".to_owned(), is_draft: true, digest }
}

fn job() -> NewJob {
    NewJob { kind: "evaluate", key: "1".to_owned(), body: String::new(), run_at: at(1) }
}

async fn judged(store: &Store, candidate: &Candidate, verdict: &str, second: i64) {
    let new = NewEvaluation {
        candidate: candidate.id,
        verdict: verdict.to_owned(),
        exit_code: 0,
        policy_hash: "p".to_owned(),
        evaluated_at: at(second),
        summary: format!("{verdict}: because"),
        result: "{}".to_owned(),
        recording: Vec::new(),
        fields_hash: String::new(),
        stories: Vec::new(),
        is_unread: false,
    };
    store.record_evaluation(new, Vec::new(), None).await.unwrap();
}

conformance! {
    async fn a_branch_may_be_a_candidate_for_a_deploy_and_for_merges(store: Store) {
        let stages = [Stage::Deploy, merge(7, "main"), merge(8, "release")];
        let mut all = Vec::new();
        for stage in &stages {
            let (candidate, is_new) = store.open_candidate(seen("topic", stage.clone()), at(1)).await.unwrap();
            assert!(is_new && candidate.stage == *stage);
            assert_eq!(store.candidate(candidate.id).await.unwrap().as_ref(), Some(&candidate));
            all.push(candidate);
        }
        assert_eq!(store.open_candidates("web").await.unwrap(), all);
        // Into another branch it is another candidate, which takes the place of the old one.
        let (moved, is_new) = store.open_candidate(seen("topic", merge(7, "next")), at(2)).await.unwrap();
        assert!(is_new);
        assert_eq!(store.open_candidates("web").await.unwrap(), [all[0].clone(), all[2].clone(), moved]);
    }

    async fn what_changed_of_merges_since_a_time_was_opened_or_closed(store: Store) {
        let open = async |stage, second| store.open_candidate(seen("topic", stage), at(second)).await.unwrap().0;
        open(Stage::Deploy, 9).await;
        open(merge(7, "main"), 1).await;
        let closed = open(merge(8, "main"), 2).await;
        let opened = open(merge(9, "main"), 5).await;
        store.close_candidate(closed.id, at(6)).await.unwrap();
        let changed = store.merges_changed_since("web", at(5)).await.unwrap();
        assert_eq!(changed.iter().map(|one| (one.id, one.is_open)).collect::<Vec<_>>(), [(closed.id, false), (opened.id, true)]);
        assert_eq!(store.merges_changed_since("api", at(0)).await.unwrap(), []);
    }

    async fn pull_requests_are_listed_apart_from_deploys(store: Store) {
        store.open_candidate(seen("main", Stage::Deploy), at(1)).await.unwrap();
        assert_eq!(store.pull_counts().await.unwrap(), []);
        let (seventh, _) = store.open_candidate(seen("topic", merge(7, "main")), at(1)).await.unwrap();
        store.open_candidate(seen("other", merge(8, "main")), at(1)).await.unwrap();
        store.pull_was_seen(pull("Charge in euros"), job()).await.unwrap();
        judged(&store, &seventh, "no-go", 2).await;
        assert_eq!(store.all_open_candidates().await.unwrap().len(), 1);
        let list = store.open_pulls("web").await.unwrap();
        let told = |at: usize| (list[at].number, list[at].title.as_str(), list[at].is_draft, list[at].judged.is_some());
        assert_eq!([told(0), told(1)], [(8, "", false, false), (7, "Charge in euros", true, true)]);
        let mut counts = store.pull_counts().await.unwrap();
        counts.sort_by_key(|count| count.verdict.clone());
        let of = |verdict: Option<&str>| PullCount {
            service: "web".to_owned(),
            verdict: verdict.map(str::to_owned),
            number: 1,
        };
        assert_eq!(counts, [of(None), of(Some("no-go"))]);
        store.close_candidate(seventh.id, at(3)).await.unwrap();
        assert_eq!(store.open_pulls("web").await.unwrap().len(), 1);
    }

    async fn what_is_new_of_a_pull_request_is_worked_on(store: Store) {
        for (title, is_news) in [("Euros", true), ("Euros", false), ("Charge in euros", true)] {
            store.pull_was_seen(pull(title), job()).await.unwrap();
            let leased = store.lease_job(at(9), at(60)).await.unwrap();
            assert_eq!(leased.is_some(), is_news, "{title}");
            if let Some(job) = leased {
                store.finish_job(&job).await.unwrap();
            }
        }
    }

    async fn what_would_have_been_stopped_is_counted_by_heads(store: Store) {
        let (bad, _) = store.open_candidate(seen("main", Stage::Deploy), at(1)).await.unwrap();
        let (pull, _) = store.open_candidate(seen("topic", merge(7, "main")), at(1)).await.unwrap();
        judged(&store, &bad, "go", 1).await;
        judged(&store, &bad, "no-go", 2).await;
        judged(&store, &pull, "no-go", 3).await;
        let over_it = Sighted { production: Some(bad.head.into()), head: sha('c'), ..seen("main", Stage::Deploy) };
        let runs = ProductionSeen {
            service: "web".to_owned(),
            running: Some(bad.head.into()),
            name: "production".to_owned(),
            why: "so".to_owned(),
            trouble: None,
            astray: None,
        };
        let looked = store.looked(runs, vec![over_it], at(4), at(4)).await.unwrap();
        let good = looked.candidates[0].0.clone();
        judged(&store, &good, "go", 5).await;
        let found = store.observed("web", at(0), 9).await.unwrap();
        assert_eq!((found.judged, found.all_stopped), (3, 2));
        let told: Vec<_> = found.stopped.iter().map(|one| (one.candidate, one.pull_request)).collect();
        assert_eq!(told, [(pull.id, Some(7)), (bad.id, None)]);
        assert!(found.stopped.iter().all(|one| one.shipped), "production runs this head");
        let cut = store.observed("web", at(0), 1).await.unwrap();
        assert_eq!((cut.stopped.len(), cut.all_stopped), (1, 2));
        assert_eq!(store.observed("web", at(4), 9).await.unwrap().stopped, []);
        assert_eq!(store.observed("api", at(0), 9).await.unwrap().judged, 0);
    }
}
