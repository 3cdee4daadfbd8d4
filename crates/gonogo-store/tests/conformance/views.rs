//! Lists that pages and programs read.

use crate::people::deed;
use crate::{at, conformance, sha};
use gonogo_core::case::Stage;
use gonogo_store::views::{CandidateRow, CandidatesWanted};
use gonogo_store::{AuditAsked, CandidateId, NewEvaluation, NewJob, Sighted, Store};

async fn open(store: &Store, service: &str, branch: &str, head: char) -> CandidateId {
    let (service, branch) = (service.to_owned(), branch.to_owned());
    let seen = Sighted { service, branch, head: sha(head), production: None, stage: Stage::Deploy };
    store.open_candidate(seen, at(1)).await.unwrap().0.id
}

async fn judge(store: &Store, candidate: CandidateId, verdict: &str) {
    let new = NewEvaluation {
        candidate,
        verdict: verdict.to_owned(),
        exit_code: 1,
        policy_hash: "p".to_owned(),
        evaluated_at: at(2),
        summary: format!("{verdict}!"),
        result: format!("{{\"was\":\"{verdict}\"}}"),
        recording: Vec::new(),
        fields_hash: String::new(),
        stories: Vec::new(),
        is_unread: false,
    };
    store.record_evaluation(new, Vec::new(), None).await.unwrap();
}

fn ids(rows: &[CandidateRow]) -> Vec<CandidateId> {
    rows.iter().map(|row| row.candidate.id).collect()
}

conformance! {
    async fn candidates_are_found_by_what_is_known_of_them(store: Store) {
        let old = open(&store, "web", "main", 'a').await;
        let new = open(&store, "web", "main", 'b').await;
        let side = open(&store, "web", "side", 'c').await;
        let other = open(&store, "api", "main", 'a').await;
        judge(&store, new, "no-go").await;
        judge(&store, new, "go").await;
        let all = store.candidates(CandidatesWanted::default(), None, 9).await.unwrap();
        assert_eq!(ids(&all), [other, side, new, old]);
        assert_eq!(all[2].judged.as_ref().unwrap().verdict, "go", "the newest");
        assert_eq!(all[1].judged, None);
        let web = || CandidatesWanted { service: "web".to_owned(), ..Default::default() };
        let found = async |wanted| ids(&store.candidates(wanted, None, 9).await.unwrap());
        assert_eq!(found(CandidatesWanted { branch: "main".to_owned(), ..web() }).await, [new, old]);
        assert_eq!(found(CandidatesWanted { is_open: Some(true), ..web() }).await, [side, new]);
        assert_eq!(found(CandidatesWanted { is_open: Some(false), ..web() }).await, [old]);
        assert_eq!(found(CandidatesWanted { head: "aaaa".to_owned(), ..Default::default() }).await, [other, old]);
        assert_eq!(ids(&store.candidates(web(), Some(side), 1).await.unwrap()), [new]);
        assert_eq!(store.candidate_row(new).await.unwrap().as_ref(), Some(&all[2]));
        assert_eq!(store.candidate_row(CandidateId(99)).await.unwrap(), None);
        let open: Vec<_> = store.all_open_candidates().await.unwrap().into_iter().map(|row| row.id).collect();
        assert_eq!(open, [other, new, side]);
    }

    async fn evaluations_are_listed_the_newest_first(store: Store) {
        let candidate = open(&store, "web", "main", 'a').await;
        for verdict in ["waiting", "no-go", "go"] {
            judge(&store, candidate, verdict).await;
        }
        let rows = store.evaluation_rows(candidate, None, 2).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.judged.summary.as_str()).collect::<Vec<_>>(), ["go!", "no-go!"]);
        let last = rows[1].judged.evaluation;
        let older = store.evaluation_rows(candidate, Some(last), 9).await.unwrap();
        assert_eq!((older.len(), older[0].judged.verdict.as_str()), (1, "waiting"));
        let result = store.evaluation_result(candidate, last).await.unwrap();
        assert_eq!(result.as_deref(), Some("{\"was\":\"no-go\"}"));
        assert_eq!(store.evaluation_result(CandidateId(99), last).await.unwrap(), None);
    }

    async fn work_that_was_given_up_is_run_again_when_a_person_says_so(store: Store) {
        let job = || NewJob { kind: "sync", key: "web".to_owned(), body: String::new(), run_at: at(1) };
        let give_up = async || {
            store.enqueue(job()).await.unwrap();
            let leased = store.lease_job(at(1), at(9)).await.unwrap().unwrap();
            store.bury_job(&leased, at(2), "down".to_owned()).await.unwrap();
        };
        give_up().await;
        let dead = store.dead_work(None, 9).await.unwrap().remove(0);
        assert_eq!((dead.kind.as_str(), dead.key.as_str(), dead.error.as_str()), ("sync", "web", "down"));
        assert!(store.dead_work(Some(dead.id.0), 9).await.unwrap().is_empty());
        assert!(store.run_dead_work(dead.id, deed(3, "ran again")).await.unwrap());
        assert!(!store.run_dead_work(dead.id, deed(4, "ran again")).await.unwrap(), "it waits by now");
        assert_eq!(store.audit(&AuditAsked::default(), None, 9).await.unwrap().len(), 1);
        let leased = store.lease_job(at(3), at(9)).await.unwrap().unwrap();
        assert_eq!(leased.attempts, 1);
        store.finish_job(&leased).await.unwrap();
        // What waits already does the work.
        give_up().await;
        store.enqueue(job()).await.unwrap();
        let dead = store.dead_work(None, 9).await.unwrap().remove(0);
        assert!(store.run_dead_work(dead.id, deed(5, "ran again")).await.unwrap());
        assert_eq!(store.job_counts().await.unwrap(), (1, 0));
    }
}
