use crate::people::{add, deed};
use crate::{at, conformance};
use gonogo_core::person::Role;
use gonogo_store::{
    AuditAsked, NewStoryAct, Store, StoryActBegun, StoryActEnd, StoryActId, StoryActOutcome, StoryActRow,
};

fn act(person: i64, once: &str) -> NewStoryAct {
    NewStoryAct { once: once.to_owned(), person, story: "STORY-1".to_owned(), meaning: "{}".to_owned() }
}

fn end(outcome: StoryActOutcome, second: i64) -> StoryActEnd {
    StoryActEnd { outcome, said: "no".to_owned(), at: at(second) }
}

async fn begins(store: &Store, person: i64, once: &str) -> Result<StoryActId, Box<StoryActRow>> {
    let begun =
        store.begin_story_act(act(person, once), ("settle", at(60)), deed(1, "began to fill in")).await.unwrap();
    match begun {
        StoryActBegun::New(id) => Ok(id),
        StoryActBegun::Known(row) => Err(Box::new(row)),
    }
}

conformance! {
    async fn an_act_on_a_story_is_begun_once_and_looked_for_later(store: Store) {
        let ada = add(&store, "ada", Role::Viewer).await.unwrap().id;
        let id = begins(&store, ada, "w").await.unwrap();
        let known = begins(&store, ada, "w").await.unwrap_err();
        assert_eq!((known.id, known.by.as_str(), known.ended), (id, "ada", None));
        assert!(store.lease_job(at(59), at(99)).await.unwrap().is_none());
        let job = store.lease_job(at(60), at(99)).await.unwrap().unwrap();
        assert_eq!((job.kind.as_str(), job.key), ("settle", id.0.to_string()));
        let ends = async |outcome, second| store.end_story_act(id, end(outcome, second), deed(second, "filled in")).await.unwrap();
        assert!(ends(StoryActOutcome::Done, 70).await);
        assert!(!ends(StoryActOutcome::Refused, 71).await, "that is known already");
        let row = store.story_act(id).await.unwrap().unwrap();
        assert_eq!(row.ended, Some(end(StoryActOutcome::Done, 70)));
        assert_eq!(begins(&store, ada, "w").await.unwrap_err().ended, row.ended);
        let did = store.audit(&AuditAsked::default(), None, 9).await.unwrap();
        let did: Vec<&str> = did.iter().map(|row| row.action.as_str()).collect();
        assert_eq!(did, ["filled in", "began to fill in", "added"]);
    }

    async fn after_a_day_the_same_word_is_for_another_act(store: Store) {
        let ada = add(&store, "ada", Role::Viewer).await.unwrap().id;
        let first = begins(&store, ada, "w").await.unwrap();
        let day = 24 * 60 * 60;
        let known = |second| store.story_act_once("w", at(second));
        assert_eq!(known(day).await.unwrap().map(|row| row.id), Some(first));
        assert_eq!(known(day + 1).await.unwrap(), None);
        let later = store.begin_story_act(act(ada, "w"), ("settle", at(60)), deed(day + 1, "began to fill in")).await;
        let StoryActBegun::New(second) = later.unwrap() else { panic!("it is another one") };
        assert_eq!(known(day + 1).await.unwrap().map(|row| row.id), Some(second));
    }

    async fn what_the_tracker_refused_may_be_asked_for_again(store: Store) {
        let ada = add(&store, "ada", Role::Viewer).await.unwrap().id;
        for outcome in [StoryActOutcome::Refused, StoryActOutcome::NotThere] {
            let id = begins(&store, ada, "w").await.unwrap();
            assert!(store.end_story_act(id, end(outcome, 5), deed(5, "could not fill in")).await.unwrap());
        }
        let newest = begins(&store, ada, "w").await.unwrap();
        let rows = store.story_acts("STORY-1", 2).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [newest, StoryActId(newest.0 - 1)]);
        assert!(store.story_acts("STORY-2", 9).await.unwrap().is_empty());
    }
}
