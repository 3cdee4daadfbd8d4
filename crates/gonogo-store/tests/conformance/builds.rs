use crate::{at, conformance, sha};
use gonogo_core::build::{Build, BuildState};
use gonogo_store::{ProductionSeen, Store};

fn build(name: &str, state: BuildState, took: i64) -> Build {
    Build {
        name: name.to_owned(),
        by: "ci".to_owned(),
        app: None,
        state,
        said: String::new(),
        url: None,
        since: Some(at(0)),
        ended: Some(at(took)),
    }
}

async fn runs(store: &Store, digit: char, second: i64) {
    let seen = ProductionSeen {
        service: "web".to_owned(),
        running: Some(sha(digit).into()),
        name: "production".to_owned(),
        why: "so".to_owned(),
        trouble: None,
        astray: None,
    };
    store.looked(seen, Vec::new(), at(second), at(second)).await.unwrap();
}

conformance! {
    async fn each_commit_that_was_deployed_has_its_builds_read_once(store: Store) {
        for (digit, second) in [('a', 1), ('b', 2), ('a', 3)] {
            runs(&store, digit, second).await;
        }
        assert_eq!(store.unread_deployed("web").await.unwrap(), [(sha('a'), at(3)), (sha('b'), at(2))]);
        assert!(store.unread_deployed("api").await.unwrap().is_empty());
        store.keep_builds("web", (sha('a'), at(3)), Vec::new()).await.unwrap();
        assert_eq!(store.unread_deployed("web").await.unwrap(), [(sha('b'), at(2))]);
    }

    async fn builds_are_told_by_how_often_and_how_long(store: Store) {
        for (digit, took) in [('a', 60), ('b', 90), ('c', 70), ('d', 500)] {
            let state = if digit == 'd' { BuildState::Failed("failure".to_owned()) } else { BuildState::Passed };
            let mut builds = vec![build("suite", state, took)];
            if digit == 'a' {
                builds.push(build("lint", BuildState::Passed, 0));
            }
            let deployed = (sha(digit), at(took));
            store.keep_builds("web", deployed, builds.clone()).await.unwrap();
            store.keep_builds("web", deployed, builds).await.unwrap();
        }
        let usual = store.usual_builds("web").await.unwrap();
        let told: Vec<_> = usual.iter().map(|one| (one.name.as_str(), one.on, one.of, one.seconds)).collect();
        assert_eq!(told, [("lint", 1, 4, None), ("suite", 4, 4, Some(90))], "what failed early says nothing");
        assert!(store.usual_builds("api").await.unwrap().is_empty());
    }

    async fn the_last_twenty_commits_count(store: Store) {
        let commit = |n: i64| format!("{n:040x}").parse().unwrap();
        for n in 0..50 {
            let name = if n < 30 { "old" } else { "new" };
            store.keep_builds("web", (commit(n), at(n)), vec![build(name, BuildState::Passed, 5)]).await.unwrap();
        }
        let usual = store.usual_builds("web").await.unwrap();
        let told: Vec<_> = usual.iter().map(|one| (one.name.as_str(), one.on, one.of)).collect();
        assert_eq!(told, [("new", 20, 20)]);
    }
}
