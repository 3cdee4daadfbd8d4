use crate::people::{add, deed};
use crate::{at, conformance, sha};
use gonogo_core::case::Stage;
use gonogo_core::person::{Act, Role};
use gonogo_store::{
    CandidateId, EvaluationId, NewEvaluation, NewJob, NewWaiver, ProductionSeen, Sighted, Store, StoryOf, Wanted,
};

fn seen(head: char, production: char) -> Sighted {
    Sighted {
        service: "web".to_owned(),
        branch: "main".to_owned(),
        head: sha(head),
        production: Some(sha(production).into()),
        stage: Stage::Deploy,
    }
}

fn story(key: &str) -> StoryOf {
    StoryOf { key: key.to_owned(), title: "Pay 100% in €".to_owned(), ships: true }
}

fn evaluation(candidate: CandidateId, verdict: &str) -> NewEvaluation {
    NewEvaluation {
        candidate,
        verdict: verdict.to_owned(),
        exit_code: 1,
        policy_hash: "p".to_owned(),
        evaluated_at: at(5),
        summary: format!("{verdict}, because"),
        result: "{}".to_owned(),
        recording: b"r".to_vec(),
        fields_hash: String::new(),
        stories: vec![story("STORY-1")],
        is_unread: false,
    }
}

fn status(wanted: &str) -> Wanted {
    Wanted {
        target: "status".to_owned(),
        kind: "github-status",
        wanted: wanted.to_owned(),
        wanted_at: at(5),
        awaits: None,
    }
}

conformance! {
    async fn another_head_or_production_is_another_candidate(store: Store) {
        let (first, is_new) = store.open_candidate(seen('a', 'b'), at(1)).await.unwrap();
        assert!(is_new && first.is_open);
        assert_eq!(store.open_candidate(seen('a', 'b'), at(2)).await.unwrap(), (first.clone(), false));
        let (second, is_new) = store.open_candidate(seen('c', 'b'), at(3)).await.unwrap();
        let (third, is_newer) = store.open_candidate(seen('c', 'd'), at(4)).await.unwrap();
        assert!(is_new && is_newer && first.id < second.id && second.id < third.id);
        assert!(!store.candidate(second.id).await.unwrap().unwrap().is_open);
        assert_eq!(store.open_candidates("web").await.unwrap(), std::slice::from_ref(&third));
        assert_eq!(store.open_candidates("api").await.unwrap(), []);
        store.close_candidate(third.id, at(5)).await.unwrap();
        assert_eq!(store.open_candidates("web").await.unwrap(), []);
        assert_eq!(store.candidate(CandidateId(999)).await.unwrap(), None);
    }

    async fn a_late_result_is_recorded_and_not_shown(store: Store) {
        let (old, _) = store.open_candidate(seen('a', 'b'), at(1)).await.unwrap();
        let (new, _) = store.open_candidate(seen('c', 'b'), at(2)).await.unwrap();
        store.record_evaluation(evaluation(new.id, "go"), vec![status("new")], None).await.unwrap();
        store.record_evaluation(evaluation(old.id, "no-go"), vec![status("old")], None).await.unwrap();
        assert_eq!(store.newest_evaluation(old.id).await.unwrap().unwrap().verdict, "no-go");
        assert_eq!(store.lease_mirror("github-status", at(9), at(60)).await.unwrap().unwrap().wanted, "new");
    }

    async fn the_list_of_what_is_open_tells_the_last_verdict(store: Store) {
        let (old, _) = store.open_candidate(seen('a', 'b'), at(1)).await.unwrap();
        store.record_evaluation(evaluation(old.id, "no-go"), Vec::new(), None).await.unwrap();
        let (new, _) = store.open_candidate(seen('c', 'b'), at(2)).await.unwrap();
        let list = store.all_open_candidates().await.unwrap();
        assert_eq!(list.iter().map(|c| (c.id, c.judged.is_some())).collect::<Vec<_>>(), [(new.id, false)]);
        for verdict in ["no-go", "go"] {
            store.record_evaluation(evaluation(new.id, verdict), Vec::new(), None).await.unwrap();
        }
        let list = store.all_open_candidates().await.unwrap();
        assert_eq!(list[0].judged.as_ref().unwrap().summary, "go, because");
    }

    async fn what_an_evaluation_was_made_from_is_kept(store: Store) {
        let (candidate, _) = store.open_candidate(seen('a', 'b'), at(1)).await.unwrap();
        let id = store.record_evaluation(evaluation(candidate.id, "go"), Vec::new(), None).await.unwrap();
        assert_eq!(store.recording(id).await.unwrap(), Some(b"r".to_vec()));
        assert_eq!(store.recording(EvaluationId(999)).await.unwrap(), None);
    }

    async fn a_page_is_told_of_what_it_shows(store: Store) {
        let (candidate, _) = store.open_candidate(seen('a', 'b'), at(1)).await.unwrap();
        let other = Sighted { branch: "hotfix/1".to_owned(), ..seen('c', 'b') };
        let (other, _) = store.open_candidate(other, at(1)).await.unwrap();
        let cursor = async || store.cursor().await.unwrap();
        let has_changed = async |id, since| store.has_changed(id, since).await.unwrap();
        let begin = cursor().await;
        assert!(!has_changed(candidate.id, begin).await);
        store.record_evaluation(evaluation(other.id, "go"), Vec::new(), None).await.unwrap();
        let judged = cursor().await;
        assert!(judged != begin);
        assert!(!has_changed(candidate.id, begin).await);
        assert!(has_changed(other.id, begin).await);
        store.close_candidate(candidate.id, at(2)).await.unwrap();
        assert!(has_changed(candidate.id, judged).await);
        assert!(!has_changed(other.id, judged).await, "another one was closed");

        // What the first page shows of production and of work that fails.
        let seen = |trouble: Option<&str>| ProductionSeen {
            service: "web".to_owned(),
            running: Some(sha('b').into()),
            name: "live".to_owned(),
            why: "so".to_owned(),
            trouble: trouble.map(str::to_owned),
            astray: None,
        };
        let mut last = cursor().await;
        for (trouble, is_news) in [(None, true), (None, false), (Some("no answer"), true), (Some("no answer"), false), (None, true)] {
            store.looked(seen(trouble), Vec::new(), at(3), at(3)).await.unwrap();
            let now = cursor().await;
            assert_eq!(now != last, is_news, "{trouble:?}");
            last = now;
        }
        store.enqueue(NewJob { kind: "sync", key: "web".to_owned(), body: String::new(), run_at: at(1) }).await.unwrap();
        for is_news in [true, false] {
            let job = store.lease_job(at(9), at(20)).await.unwrap().unwrap();
            store.retry_job(&job, at(9), "down".to_owned()).await.unwrap();
            let now = cursor().await;
            assert_eq!(now != last, is_news, "the trouble is said once");
            last = now;
        }
        let job = store.lease_job(at(9), at(20)).await.unwrap().unwrap();
        store.finish_job(&job).await.unwrap();
        assert!(cursor().await != last, "it is over");
        last = cursor().await;

        let ada = add(&store, "ada", Role::Admin).await.unwrap().may(Act::Waive).unwrap();
        let new = NewWaiver {
            service: "web".to_owned(),
            fingerprint: "f".to_owned(),
            said: "x".to_owned(),
            why: "agreed".to_owned(),
            until: at(99),
            needs_second: true,
            branch: None,
        };
        store.waive(new, &ada, deed(5, "proposed")).await.unwrap();
        assert!(has_changed(other.id, last).await);
    }

    async fn whoever_writes_at_once_a_number_is_seen_after_all_before_it(store: Store) {
        let (candidate, _) = store.open_candidate(seen('a', 'b'), at(1)).await.unwrap();
        let writers: Vec<_> = (0..20)
            .map(|_| {
                let (store, id) = (store.clone(), candidate.id);
                tokio::spawn(async move { store.record_evaluation(evaluation(id, "go"), Vec::new(), None).await.unwrap() })
            })
            .collect();
        // Each look that sees a number sees that many evaluations.
        let begin: i64 = 1;
        let mut number = begin;
        while number < begin + 20 {
            number = store.cursor().await.unwrap().to_string().parse().unwrap();
            let there = store.evaluations(candidate.id, 99).await.unwrap().len();
            assert!(i64::try_from(there).unwrap() >= number - begin, "{there} of {number}");
        }
        for writer in writers {
            writer.await.unwrap();
        }
    }

    async fn the_newest_evaluation_comes_first(store: Store) {
        let (candidate, _) = store.open_candidate(seen('a', 'b'), at(1)).await.unwrap();
        assert_eq!(store.newest_evaluation(candidate.id).await.unwrap(), None);
        for verdict in ["no-go", "waiting", "go"] {
            store.record_evaluation(evaluation(candidate.id, verdict), Vec::new(), None).await.unwrap();
        }
        assert_eq!(store.newest_evaluation(candidate.id).await.unwrap().unwrap().verdict, "go");
        let all = store.evaluations(candidate.id, 2).await.unwrap();
        assert_eq!(all.iter().map(|e| e.verdict.as_str()).collect::<Vec<_>>(), ["go", "waiting"]);
    }

    async fn a_story_leads_to_the_open_candidates_that_have_it(store: Store) {
        let (candidate, _) = store.open_candidate(seen('a', 'b'), at(1)).await.unwrap();
        store.record_evaluation(evaluation(candidate.id, "go"), Vec::new(), None).await.unwrap();
        assert_eq!(store.open_candidates_with("STORY-1").await.unwrap(), std::slice::from_ref(&candidate));
        assert_eq!(store.open_candidates_with("STORY-2").await.unwrap(), []);
        // Judged anew it has other stories, and closed it is nobody's concern.
        let other = NewEvaluation { stories: vec![story("STORY-2")], ..evaluation(candidate.id, "go") };
        store.record_evaluation(other, Vec::new(), None).await.unwrap();
        assert_eq!(store.open_candidates_with("STORY-1").await.unwrap(), []);
        assert_eq!(store.open_candidates_with("STORY-2").await.unwrap().len(), 1);
        store.close_candidate(candidate.id, at(2)).await.unwrap();
        assert_eq!(store.open_candidates_with("STORY-2").await.unwrap(), []);
    }

    async fn a_story_is_found_with_all_its_places(store: Store) {
        let (old, _) = store.open_candidate(seen('a', 'b'), at(1)).await.unwrap();
        store.record_evaluation(evaluation(old.id, "no-go"), Vec::new(), None).await.unwrap();
        let (new, _) = store.open_candidate(seen('c', 'b'), at(2)).await.unwrap();
        let hidden = StoryOf { ships: false, ..story("STORY-1") };
        let judged = NewEvaluation { stories: vec![hidden, story("STORY-12")], ..evaluation(new.id, "go") };
        store.record_evaluation(judged, Vec::new(), None).await.unwrap();
        let places = store.places_of("STORY-1").await.unwrap();
        let said: Vec<_> = places.iter().map(|place| (place.id, place.closed_at, place.ships)).collect();
        assert_eq!(said, [(new.id, None, false), (old.id, Some(at(2)), true)]);
        assert_eq!(places[0].judged.as_ref().unwrap().verdict, "go");
        for (text, found) in
            [("story-1", 2), ("STORY-12", 1), ("100%", 2), ("PAY", 2), ("10_%", 0), ("%", 2), ("_", 0), ("\\", 0)]
        {
            assert_eq!(store.stories_like(text, 9).await.unwrap().len(), found, "{text}");
        }
    }

    async fn open_candidates_are_found_by_branch_and_head(store: Store) {
        for (branch, head) in [("hotfix/Euro", 'a'), ("main", 'c')] {
            let seen = Sighted { branch: branch.to_owned(), ..seen(head, 'b') };
            store.open_candidate(seen, at(1)).await.unwrap();
        }
        for (text, found) in [("euro", 1), ("aaaa", 1), ("AAAA", 1), ("main", 1), ("a", 2), ("bbbb", 0), ("%", 0)] {
            assert_eq!(store.open_candidates_like(text, 9).await.unwrap().len(), found, "{text}");
        }
        assert_eq!(store.open_candidates_like("", 1).await.unwrap().len(), 1);
    }

    async fn a_target_is_made_as_was_wanted_last(store: Store) {
        store.want(status("pending")).await.unwrap();
        let first = store.lease_mirror("github-status", at(5), at(60)).await.unwrap().unwrap();
        // A burst while a call is under way: one more call, after that one.
        for wanted in ["a", "b", "c", "c"] {
            store.want(status(wanted)).await.unwrap();
        }
        assert_eq!(store.lease_mirror("github-status", at(6), at(60)).await.unwrap(), None);
        store.mirror_made(&first).await.unwrap();
        let second = store.lease_mirror("github-status", at(6), at(60)).await.unwrap().unwrap();
        assert_eq!(second.wanted, "c");
        // A try that fails puts off no newer wish.
        store.want(status("d")).await.unwrap();
        store.mirror_failed(&second, at(30), "down".to_owned()).await.unwrap();
        let second = store.lease_mirror("github-status", at(6), at(60)).await.unwrap().unwrap();
        assert_eq!((second.wanted.as_str(), second.attempts), ("d", 1));
        store.mirror_failed(&second, at(30), "down".to_owned()).await.unwrap();
        assert_eq!(store.lease_mirror("github-status", at(29), at(60)).await.unwrap(), None);
        let again = store.lease_mirror("github-status", at(30), at(60)).await.unwrap().unwrap();
        assert_eq!(again.attempts, 2);
        store.mirror_made(&again).await.unwrap();
        assert_eq!(store.lease_mirror("github-status", at(99), at(100)).await.unwrap(), None);
        // What is shown already is not made again.
        store.want(status("d")).await.unwrap();
        assert_eq!(store.lease_mirror("github-status", at(99), at(100)).await.unwrap(), None);
    }

    async fn each_kind_of_target_is_leased_by_itself(store: Store) {
        store.want(status("pending")).await.unwrap();
        assert_eq!(store.lease_mirror("slack-message", at(9), at(60)).await.unwrap(), None);
        assert_eq!(store.lease_mirror("github-status", at(9), at(60)).await.unwrap().unwrap().wanted, "pending");
    }

    async fn a_newer_wish_does_not_wait_for_the_older_ones_failure(store: Store) {
        store.want(status("a")).await.unwrap();
        let older = store.lease_mirror("github-status", at(5), at(60)).await.unwrap().unwrap();
        store.want(status("b")).await.unwrap();
        store.mirror_failed(&older, at(300), "down".to_owned()).await.unwrap();
        let newer = store.lease_mirror("github-status", at(6), at(60)).await.unwrap().unwrap();
        assert_eq!((newer.wanted.as_str(), newer.attempts), ("b", 1));
    }
}
