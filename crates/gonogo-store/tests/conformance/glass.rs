use crate::deploys::{ada, candidate, deed, first, order, requested, step, take, wanted};
use crate::{at, conformance};
use gonogo_core::deploy::{Approval, Plan};
use gonogo_core::person::Role;
use gonogo_store::{Broken, DeployId, DeployState, NewDeploy, NewGlass, Requested, Store};
use std::collections::BTreeMap;

pub(crate) fn plan(needs_approval: bool) -> impl FnOnce(DeployId) -> Plan {
    let approval = Approval {
        role: Role::Developer,
        people: None,
        by_another: true,
        not_by_author: true,
        mails: BTreeMap::new(),
        hours: 8,
        rules: Vec::new(),
    };
    move |_| Plan {
        approval: needs_approval.then_some(approval),
        zone: "UTC".to_owned(),
        follow: None,
        runner: "local".to_owned(),
        forward: vec![step("ship")],
        back: Vec::new(),
        watched: None,
        only_by_hand: None,
    }
}

fn because() -> NewGlass {
    NewGlass { why: "the shop is down".to_owned(), around: "its verdict is No-Go".to_owned() }
}

conformance! {
    async fn a_broken_glass_is_marked_for_ever_and_followed_up_once(store: Store) {
        let who = ada(&store).await;
        let of = candidate(&store, "web", 'b').await;
        let breaks = async |needs_approval, second| {
            let deed = deed("broke the glass for a deploy", second);
            store.break_glass(wanted(&who, &of), because(), plan(needs_approval), |_| Vec::new(), deed).await.unwrap()
        };
        let Broken::Queued(id) = breaks(true, 2).await else { panic!("none is under way") };
        let row = store.deploy(id).await.unwrap().unwrap();
        let glass = row.glass.unwrap();
        assert_eq!((row.state, glass.by.as_str(), glass.why.as_str()), (DeployState::Queued, "ada", "the shop is down"));
        assert_eq!((glass.at, glass.follow_up), (at(2), None));
        assert_eq!(breaks(true, 3).await, Broken::Underway(id), "once");
        let listed = store.deploys(gonogo_store::DeploysWanted::default(), 9).await.unwrap();
        assert!(listed[0].glass.is_some());

        let write = async |text: &str, second| {
            let deed = deed("wrote the follow-up of a break-glass", second);
            store.write_follow_up(id, who.id, text.to_owned(), Vec::new(), deed).await.unwrap()
        };
        assert_eq!(store.glasses_without_follow_up().await.unwrap(), [], "it is not over");
        let held = take(&store, id, 4).await.unwrap();
        let ended = deed("ended a deploy", 5);
        store.finish_deploy(&held, (DeployState::Deployed, String::new()), None, 0, ended).await.unwrap();
        let open = store.glasses_without_follow_up().await.unwrap();
        assert_eq!((open[0].0, open[0].1.as_str()), (id, "web"));
        assert!(write("a full disk", 6).await && !write("another", 7).await, "once");
        assert_eq!(store.glasses_without_follow_up().await.unwrap(), []);
        let follow_up = store.glass(id).await.unwrap().unwrap().follow_up.unwrap();
        assert_eq!((follow_up.text.as_str(), follow_up.by.as_str(), follow_up.at), ("a full disk", "ada", at(6)));
        let usual = requested(&store, &who, &of, 8).await;
        assert!(store.deploy(usual).await.unwrap().unwrap().glass.is_none());
    }

    async fn a_broken_glass_takes_the_place_of_an_approval_and_not_of_what_has_begun(store: Store) {
        let who = ada(&store).await;
        let (waits, runs) = (candidate(&store, "web", 'b').await, candidate(&store, "api", 'b').await);
        let asked = deed("asked for a deploy", 2);
        let new = NewDeploy { is_to_be_approved: true, ..wanted(&who, &waits) };
        let Requested::New(id) = store.request_deploy(new, plan(true), asked).await.unwrap() else {
            panic!("none is under way")
        };
        assert_eq!(store.deploy(id).await.unwrap().unwrap().state, DeployState::Requested);
        let breaks = async |of| {
            let deed = deed("broke the glass for a deploy", 3);
            store.break_glass(wanted(&who, of), because(), plan(true), |_| Vec::new(), deed).await.unwrap()
        };
        assert_eq!(breaks(&waits).await, Broken::Queued(id));
        assert_eq!(store.deploy(id).await.unwrap().unwrap().state, DeployState::Queued);
        let begun = requested(&store, &who, &runs, 4).await;
        let held = take(&store, begun, 5).await.unwrap();
        let _runs = store.intend(&held, first(), order(), 0, at(6), at(16)).await.unwrap();
        assert_eq!(breaks(&runs).await, Broken::Underway(begun));
        assert!(store.glass(begun).await.unwrap().is_none());
    }
}
