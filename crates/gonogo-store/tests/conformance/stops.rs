use crate::deploys::{ada, candidate, deed, first, order, requested, take};
use crate::{at, conformance};
use gonogo_core::deploy::{Act, Direction, Outcome};
use gonogo_store::{AuditAsked, DeployId, RunKey, Stopped, Store, StoreError};

fn first_of(deploy: DeployId) -> RunKey {
    RunKey { deploy, key: first() }
}

conformance! {
    async fn while_all_is_stopped_nothing_begins_and_what_runs_is_listed(store: Store) {
        let who = ada(&store).await;
        let (web, api) = (candidate(&store, "web", 'b').await, candidate(&store, "api", 'b').await);
        let (runs, waits) = (requested(&store, &who, &web, 2).await, requested(&store, &who, &api, 2).await);
        let (of_web, of_api) = (take(&store, runs, 3).await.unwrap(), take(&store, waits, 3).await.unwrap());
        let _runs = store.intend(&of_web, first(), order(), 0, at(4), at(14)).await.unwrap();
        assert_eq!(store.runs_for("local", "i", Vec::new(), at(5)).await.unwrap().new.len(), 1);
        let _waits = store.intend(&of_api, first(), order(), 0, at(6), at(16)).await.unwrap();
        assert_eq!(store.stop().await.unwrap(), None);
        let before = (store.cursor().await.unwrap(), store.deploys_untold().await.unwrap());

        let why = "the database is full".to_owned();
        let stopped = store.stop_all(who.id, why.clone(), Vec::new(), deed("stopped all deploys", 7)).await.unwrap();
        assert_eq!(stopped, Stopped::Now);
        let stop = store.stop().await.unwrap().unwrap();
        assert_eq!((stop.by.as_str(), &stop.why, stop.at), ("ada", &why, at(7)));
        let again = store.stop_all(who.id, String::new(), Vec::new(), deed("stopped all deploys", 8)).await.unwrap();
        assert_eq!(again, Stopped::Before(stop.clone()), "one stands");
        assert!(store.has_changed(web.id, before.0).await.unwrap(), "pages say so");
        assert_ne!(store.deploys_untold().await.unwrap(), before.1);

        let outcome = store.deploy_runs(waits).await.unwrap().remove(0).outcome;
        assert_eq!(outcome, Some(Outcome::NotStarted { why: "ada stopped all deploys".to_owned() }), "no runner had it");
        let listed = store.acts_under_way().await.unwrap();
        let told: Vec<_> = listed.iter().map(|act| (act.of.clone(), act.service.as_str(), act.name.as_str(), act.since)).collect();
        assert_eq!(told, [(first_of(runs), "web", "ship", at(4))]);
        assert!(store.run_ended(first_of(runs), "local", Outcome::Done, at(9)).await.unwrap(), "what runs comes to its end");
        assert_eq!(store.acts_under_way().await.unwrap(), []);
        let next = Act { direction: Direction::Forward, step: 1, on: None, attempt: 1 }.key();
        let begun = store.intend(&of_web, next.clone(), order(), 1, at(9), at(19)).await;
        assert!(matches!(begun, Err(StoreError::Stopped)), "{begun:?}");
        assert_eq!(store.deploy_journal(runs).await.unwrap().len(), 1);

        let lift = async |id| store.lift_stop(id, who.id, Vec::new(), deed("lifted the stop of all deploys", 10)).await.unwrap();
        assert!(!lift(stop.id + 1).await, "another one");
        assert!(lift(stop.id).await && !lift(stop.id).await);
        assert_eq!(store.stop().await.unwrap(), None);
        let _goes_on = store.intend(&of_web, next, order(), 1, at(11), at(21)).await.unwrap();
        let deeds = store.audit(&AuditAsked::default(), None, 9).await.unwrap();
        let deeds: Vec<&str> = deeds.iter().take(2).map(|row| row.action.as_str()).collect();
        assert_eq!(deeds, ["lifted the stop of all deploys", "stopped all deploys"]);
        let anew = store.stop_all(who.id, String::new(), Vec::new(), deed("stopped all deploys", 12)).await.unwrap();
        assert_eq!((anew, store.stop().await.unwrap().map(|stop| stop.at)), (Stopped::Now, Some(at(12))));
    }
}
