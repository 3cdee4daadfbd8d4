use crate::{at, conformance, sha};
use gonogo_core::case::Stage;
use gonogo_core::ids::Sha;
use gonogo_store::{
    CandidateId, Ended, MessageState, NewEvaluation, NewJob, NewMessage, ProductionMove, ProductionSeen, Sighted,
    Store, StoreError, StoryCame, StoryNews, StoryOf, StorySaid, StoryTurn,
};

/// Production of a service is this from now on, and main is ahead of it.
async fn runs(store: &Store, service: &str, running: char, second: i64) -> CandidateId {
    let running = Some(sha(running).into());
    let seen = ProductionSeen {
        service: service.to_owned(),
        running: running.clone(),
        name: "production".to_owned(),
        why: "so".to_owned(),
        trouble: None,
        astray: None,
    };
    let (service, branch) = (service.to_owned(), "main".to_owned());
    let main = Sighted { service, branch, head: sha('e'), production: running, stage: Stage::Deploy };
    store.looked(seen, vec![main], at(second), at(second)).await.unwrap().candidates[0].0.id
}

/// The candidate is judged; these stories wait in it.
async fn judged(store: &Store, candidate: CandidateId, waiting: &[&str]) {
    judged_as_far(store, candidate, waiting, false).await;
}

async fn judged_as_far(store: &Store, candidate: CandidateId, waiting: &[&str], is_unread: bool) {
    let story = |key: &&str| StoryOf { key: (*key).to_owned(), title: "Pay in euros".to_owned(), ships: true };
    let new = NewEvaluation {
        candidate,
        verdict: "go".to_owned(),
        exit_code: 0,
        policy_hash: String::new(),
        evaluated_at: at(9),
        summary: String::new(),
        result: "{}".to_owned(),
        recording: Vec::new(),
        fields_hash: String::new(),
        stories: waiting.iter().map(story).collect(),
        is_unread,
    };
    store.record_evaluation(new, Vec::new(), None).await.unwrap();
}

async fn unread(store: &Store, service: &str) -> ProductionMove {
    let mut moves = store.unread_moves(service).await.unwrap();
    assert_eq!(moves.len(), 1);
    moves.remove(0)
}

fn came(story: &str, commits: &[Sha]) -> StoryCame {
    let commits = commits.iter().map(Sha::to_string).collect();
    StoryCame { story: story.to_owned(), title: String::new(), told: "{}".to_owned(), commits, to_ask: None }
}

fn turn(story: &str, news: StoryNews) -> StoryTurn {
    StoryTurn { story: story.to_owned(), news, versions: Vec::new(), ends: None }
}

fn message(key: &str) -> NewMessage {
    let (target, meaning, stories) = ("#a".to_owned(), "{}".to_owned(), vec!["STORY-1".to_owned()]);
    NewMessage { kind: "slack", target, key: key.to_owned(), meaning, stories, at: at(5) }
}

conformance! {
    async fn what_runs_when_it_is_known_first_is_no_news_and_a_move_is_read_once(store: Store) {
        runs(&store, "web", 'a', 1).await;
        assert_eq!(store.unread_moves("web").await.unwrap(), []);
        runs(&store, "web", 'b', 2).await;
        runs(&store, "web", 'c', 3).await;
        let moves = store.unread_moves("web").await.unwrap();
        assert_eq!(moves.iter().map(|m| m.seen_at).collect::<Vec<_>>(), [at(2), at(3)]);
        assert_eq!(store.unread_moves("api").await.unwrap(), []);
        store.move_read(&moves[0], vec![came("STORY-1", &[sha('1')])], Vec::new()).await.unwrap();
        let again = store.move_read(&moves[0], vec![came("STORY-2", &[])], Vec::new()).await;
        assert_eq!(again, Err(StoreError::Fenced));
        assert_eq!(store.unread_moves("web").await.unwrap(), moves[1..]);
        assert_eq!(store.live_stories("web").await.unwrap(), [("STORY-1".to_owned(), vec![sha('1').to_string()])]);
        assert_eq!(store.runs_of("STORY-2").await.unwrap(), []);
    }

    async fn what_waits_and_what_is_not_known_yet_is_told_with_the_news(store: Store) {
        let web = runs(&store, "web", 'a', 1).await;
        judged(&store, web, &["STORY-1"]).await;
        let web = runs(&store, "web", 'b', 2).await;
        let api = runs(&store, "api", 'a', 2).await;
        assert_eq!(store.untold("evaluate").await.unwrap().runs, []);
        let moved = unread(&store, "web").await;
        store.move_read(&moved, vec![came("STORY-1", &[sha('1')])], Vec::new()).await.unwrap();
        let untold = store.untold("evaluate").await.unwrap();
        assert_eq!(untold.unknown.iter().collect::<Vec<_>>(), ["api", "web"], "neither is judged");
        let run = &untold.runs[0];
        assert_eq!((run.title.as_str(), run.news, run.is_live), ("Pay in euros", Some(StoryNews::Came), true));
        judged(&store, web, &[]).await;
        judged(&store, api, &["STORY-1", "STORY-2"]).await;
        let untold = store.untold("evaluate").await.unwrap();
        assert_eq!(untold.waits, [("STORY-1".to_owned(), "api".to_owned())]);
        assert!(untold.unknown.is_empty());
        let api = runs(&store, "api", 'b', 3).await;
        judged(&store, api, &[]).await;
        let untold = store.untold("evaluate").await.unwrap();
        assert_eq!(untold.unknown.iter().collect::<Vec<_>>(), ["api"], "its move is not read");
    }

    async fn a_turn_is_said_once_and_with_it_its_messages(store: Store) {
        runs(&store, "web", 'a', 1).await;
        runs(&store, "web", 'b', 2).await;
        let moved = unread(&store, "web").await;
        store.move_read(&moved, vec![came("STORY-1", &[sha('1')])], Vec::new()).await.unwrap();
        let versions = vec!["web 2027-01-15".to_owned(), "2027".to_owned()];
        let deployed = || vec![StoryTurn { versions: versions.clone(), ..turn("STORY-1", StoryNews::Came) }];
        assert_eq!(store.story_said("STORY-1").await.unwrap(), None);
        store.stories_turned(deployed(), vec![message("1")], at(3)).await.unwrap();
        let said = StorySaid { is_deployed: true, at: at(3), versions: versions.clone() };
        assert_eq!(store.story_said("STORY-1").await.unwrap(), Some(said));
        let again = store.stories_turned(deployed(), vec![message("2")], at(4)).await;
        assert_eq!(again, Err(StoreError::Fenced));
        assert_eq!(store.messages_of_story("STORY-1").await.unwrap().len(), 1);
        assert_eq!(store.untold("evaluate").await.unwrap().runs, []);
        // A further part of it is no news.
        runs(&store, "web", 'c', 5).await;
        let moved = unread(&store, "web").await;
        store.move_read(&moved, vec![came("STORY-1", &[sha('2')])], Vec::new()).await.unwrap();
        assert_eq!(store.untold("evaluate").await.unwrap().runs, []);
        let run = &store.runs_of("STORY-1").await.unwrap()[0];
        assert_eq!(run.since, at(2), "since its first part");
        assert_eq!(store.live_stories("web").await.unwrap()[0].1.len(), 2);
        // Gone is news, and so is that it is back.
        runs(&store, "web", 'a', 6).await;
        let moved = unread(&store, "web").await;
        store.move_read(&moved, Vec::new(), vec!["STORY-1".to_owned(), "STORY-9".to_owned()]).await.unwrap();
        let run = store.untold("evaluate").await.unwrap().runs.remove(0);
        assert_eq!((run.news, run.is_live, run.since), (Some(StoryNews::Went), false, at(6)));
        store.stories_turned(vec![turn("STORY-1", StoryNews::Went)], Vec::new(), at(7)).await.unwrap();
        runs(&store, "web", 'c', 8).await;
        let moved = unread(&store, "web").await;
        store.move_read(&moved, vec![came("STORY-1", &[sha('1')])], Vec::new()).await.unwrap();
        assert_eq!(store.untold("evaluate").await.unwrap().runs[0].news, Some(StoryNews::Came));
    }

    async fn what_a_candidate_may_have_is_not_known_unless_nobody_judges_it_any_more(store: Store) {
        let web = runs(&store, "web", 'a', 1).await;
        judged(&store, web, &[]).await;
        let web = runs(&store, "web", 'b', 2).await;
        judged(&store, web, &[]).await;
        let moved = unread(&store, "web").await;
        store.move_read(&moved, vec![came("STORY-1", &[sha('1')])], Vec::new()).await.unwrap();
        let unknown = async || store.untold("evaluate").await.unwrap().unknown.into_iter().collect::<Vec<_>>();
        assert_eq!(unknown().await, [""; 0]);
        // Not all of its stories could be told.
        let api = runs(&store, "api", 'a', 3).await;
        judged_as_far(&store, api, &[], true).await;
        assert_eq!(unknown().await, ["api"]);
        judged(&store, api, &[]).await;
        assert_eq!(unknown().await, [""; 0]);
        // What it lies over is not known.
        let (service, branch) = ("tax".to_owned(), "main".to_owned());
        let seen = Sighted { service, branch, head: sha('e'), production: None, stage: Stage::Deploy };
        let (tax, _) = store.open_candidate(seen, at(4)).await.unwrap();
        judged(&store, tax.id, &[]).await;
        assert_eq!(unknown().await, ["tax"]);
        let (kind, key, body) = ("evaluate", tax.id.0.to_string(), String::new());
        store.enqueue(NewJob { kind, key, body, run_at: at(4) }).await.unwrap();
        let job = store.lease_job(at(5), at(20)).await.unwrap().unwrap();
        assert_eq!(unknown().await, ["tax"]);
        store.bury_job(&job, at(6), "no".to_owned()).await.unwrap();
        assert_eq!(unknown().await, [""; 0], "it was given up, where people see it");
    }

    async fn each_service_that_a_deployed_story_goes_from_is_news(store: Store) {
        for service in ["api", "web"] {
            runs(&store, service, 'a', 1).await;
            runs(&store, service, 'b', 2).await;
            let moved = unread(&store, service).await;
            store.move_read(&moved, vec![came("STORY-1", &[sha('1')])], Vec::new()).await.unwrap();
        }
        store.stories_turned(vec![turn("STORY-1", StoryNews::Came)], Vec::new(), at(3)).await.unwrap();
        for (service, second) in [("web", 4), ("api", 5)] {
            runs(&store, service, 'a', second).await;
            let moved = unread(&store, service).await;
            store.move_read(&moved, Vec::new(), vec!["STORY-1".to_owned()]).await.unwrap();
            let runs = store.untold("evaluate").await.unwrap().runs;
            let news: Vec<_> = runs.iter().filter(|run| run.news.is_some()).map(|run| (&*run.service, run.news)).collect();
            assert_eq!(news, [(service, Some(StoryNews::Went))]);
            store.stories_turned(vec![turn("STORY-1", StoryNews::Went)], Vec::new(), at(second)).await.unwrap();
        }
    }

    async fn a_rollback_ends_what_waits_because_of_the_deploy(store: Store) {
        runs(&store, "web", 'a', 1).await;
        runs(&store, "web", 'b', 2).await;
        let moved = unread(&store, "web").await;
        store.move_read(&moved, vec![came("STORY-1", &[sha('1')])], Vec::new()).await.unwrap();
        let of = |kind, key: &str, target: &str| NewMessage { kind, target: target.to_owned(), ..message(key) };
        let all = vec![of("move", "1", "a"), of("move", "2", "b"), of("say", "3", "a"), of("move", "5", "c")];
        store.stories_turned(vec![turn("STORY-1", StoryNews::Came)], all, at(5)).await.unwrap();
        let held = store.lease_message("move", at(6), at(60)).await.unwrap().unwrap();
        let begun = store.lease_message("move", at(6), at(60)).await.unwrap().unwrap();
        store.message_begins(&begun, at(6)).await.unwrap();
        let (again_at, error) = (at(9), "slow".to_owned());
        store.message_ended(&begun, Ended::Perhaps { again_at, error }, at(6)).await.unwrap();
        runs(&store, "web", 'a', 6).await;
        let moved = unread(&store, "web").await;
        store.move_read(&moved, Vec::new(), vec!["STORY-1".to_owned()]).await.unwrap();
        let ends = Some(("move", "rolled back"));
        let went = StoryTurn { ends, ..turn("STORY-1", StoryNews::Went) };
        store.stories_turned(vec![went], vec![of("move", "4", "a")], at(7)).await.unwrap();
        store.message_ended(&held, Ended::Said { place: "there".to_owned() }, at(8)).await.unwrap();
        let rows = store.messages_of_story("STORY-1").await.unwrap();
        let rows: Vec<_> = rows.iter().rev().map(|row| (row.state, row.error.as_deref())).collect();
        assert_eq!(rows[0], (MessageState::Said, None), "somebody was at it, and knows");
        assert_eq!(rows[1], (MessageState::Waits, Some("slow")), "it may have been: that is looked for");
        assert_eq!(rows[2], (MessageState::Waits, None), "another kind");
        assert_eq!(rows[3], (MessageState::Failed, Some("rolled back")));
        assert_eq!(rows[4], (MessageState::Waits, None), "it came with the rollback");
    }

    async fn a_title_that_was_known_is_not_forgotten(store: Store) {
        runs(&store, "web", 'a', 1).await;
        for (running, second, title) in [('b', 2, "Pay in euros"), ('c', 3, "")] {
            runs(&store, "web", running, second).await;
            let moved = unread(&store, "web").await;
            let part = StoryCame { title: title.to_owned(), ..came("STORY-1", &[sha(running)]) };
            store.move_read(&moved, vec![part], Vec::new()).await.unwrap();
        }
        assert_eq!(store.runs_of("STORY-1").await.unwrap()[0].title, "Pay in euros");
    }

    async fn that_a_story_went_of_which_nothing_was_said_is_no_news(store: Store) {
        runs(&store, "web", 'a', 1).await;
        runs(&store, "web", 'b', 2).await;
        let moved = unread(&store, "web").await;
        store.move_read(&moved, vec![came("STORY-1", &[sha('1')])], Vec::new()).await.unwrap();
        runs(&store, "web", 'a', 3).await;
        let moved = unread(&store, "web").await;
        store.move_read(&moved, Vec::new(), vec!["STORY-1".to_owned()]).await.unwrap();
        assert_eq!(store.untold("evaluate").await.unwrap().runs, []);
        assert!(!store.runs_of("STORY-1").await.unwrap()[0].is_live);
    }
}
