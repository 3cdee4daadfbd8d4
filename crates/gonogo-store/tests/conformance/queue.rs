use crate::deploys::{ada, candidate, deed, first, order, take, wanted};
use crate::glass::plan;
use crate::{at, conformance};
use gonogo_core::deploy::{Entry, Need, Signal};
use gonogo_core::person::{Person, Role};
use gonogo_store::{Candidate, DeployId, DeployState, NewDeploy, Requested, Store, StoreError, Waits, Wanted};
use jiff::SignedDuration;

async fn asked(store: &Store, who: &Person, of: &Candidate, waits: Waits, second: i64) -> DeployId {
    let new = NewDeploy { waits, ..wanted(who, of) };
    match store.request_deploy(new, plan(false), deed("asked for a deploy", second)).await.unwrap() {
        Requested::New(id) => id,
        Requested::Underway(id) => panic!("{id:?} is under way"),
    }
}

async fn ends(store: &Store, held: &gonogo_store::Held, second: i64) {
    let ended = deed("ended a deploy", second);
    let seen = store.deploy_journal(held.deploy()).await.unwrap().len();
    store.finish_deploy(held, (DeployState::Deployed, String::new()), None, seen, ended).await.unwrap();
}

fn grouped() -> Waits {
    Waits { group: Some("shop".to_owned()), ..Waits::default() }
}

conformance! {
    async fn services_of_a_group_are_deployed_one_at_a_time(store: Store) {
        let who = ada(&store).await;
        let mut ids = Vec::new();
        for (service, head, waits) in [("web", 'b', grouped()), ("api", 'b', grouped()), ("mail", 'b', Waits::default())] {
            let of = candidate(&store, service, head).await;
            ids.push(asked(&store, &who, &of, waits, 2).await);
        }
        assert_eq!(store.deploys_unseen(at(3)).await.unwrap(), [ids[0], ids[2]]);
        let web = take(&store, ids[0], 3).await.unwrap();
        assert!(take(&store, ids[1], 4).await.is_none(), "its group's turn is another one's");
        assert!(take(&store, ids[2], 4).await.is_some());
        // Whoever saw to it is gone: the next one has both locks, and the first one neither.
        let again = take(&store, ids[0], 20).await.unwrap();
        assert!(matches!(store.hold_deploy(&web, at(21), at(31)).await, Err(StoreError::Fenced)));
        assert!(take(&store, ids[1], 21).await.is_none());
        ends(&store, &again, 22).await;
        assert_eq!(store.deploys_unseen(at(40)).await.unwrap(), [ids[1], ids[2]]);
        assert!(take(&store, ids[1], 23).await.is_some());
    }

    async fn what_is_for_later_waits_for_its_time_and_keeps_nobody(store: Store) {
        let who = ada(&store).await;
        let (one, two) = (candidate(&store, "web", 'b').await, candidate(&store, "web", 'c').await);
        let later = Waits { not_before: Some(at(60)), ..Waits::default() };
        let later = asked(&store, &who, &one, later, 2).await;
        let now = asked(&store, &who, &two, Waits::default(), 3).await;
        assert_eq!(store.deploy(later).await.unwrap().unwrap().not_before, Some(at(60)));
        assert!(take(&store, later, 4).await.is_none());
        let held = take(&store, now, 4).await.unwrap();
        ends(&store, &held, 5).await;
        assert_eq!(store.deploys_unseen(at(59)).await.unwrap(), []);
        assert_eq!(store.deploys_unseen(at(60)).await.unwrap(), [later]);
        assert!(take(&store, later, 60).await.is_some());
    }

    async fn one_that_goes_first_has_the_turn_of_one_that_has_not_begun(store: Store) {
        let who = ada(&store).await;
        let heads = [candidate(&store, "web", 'b').await, candidate(&store, "web", 'c').await];
        let usual = asked(&store, &who, &heads[0], Waits::default(), 2).await;
        let held = take(&store, usual, 3).await.unwrap();
        assert!(!store.give_way(&held, 0, at(4), at(14)).await.unwrap(), "there is none");
        let first_of_all = Waits { goes_first: true, ..Waits::default() };
        let hotfix = asked(&store, &who, &heads[1], first_of_all, 4).await;
        assert!(take(&store, hotfix, 5).await.is_none(), "the other one's turn has come");
        assert!(matches!(store.give_way(&held, 1, at(5), at(15)).await, Err(StoreError::Done)), "not what was seen");
        assert!(store.give_way(&held, 0, at(5), at(15)).await.unwrap());
        assert!(matches!(store.hold_deploy(&held, at(6), at(16)).await, Err(StoreError::Fenced)));
        assert!(take(&store, usual, 6).await.is_none());
        let held = take(&store, hotfix, 6).await.unwrap();
        ends(&store, &held, 7).await;
        let held = take(&store, usual, 8).await.unwrap();
        // Once something of it has begun it gives way no more.
        let _begun = store.intend(&held, first(), order(), 0, at(9), at(19)).await.unwrap();
        let third = candidate(&store, "web", 'd').await;
        asked(&store, &who, &third, Waits { goes_first: true, ..Waits::default() }, 10).await;
        assert!(!store.give_way(&held, 1, at(10), at(20)).await.unwrap());
    }

    async fn a_newer_one_takes_the_place_of_one_that_has_not_begun(store: Store) {
        let who = ada(&store).await;
        let mut ids = Vec::new();
        for head in ['b', 'c', 'd'] {
            let of = candidate(&store, "web", head).await;
            ids.push(asked(&store, &who, &of, Waits::default(), 2).await);
        }
        let newer = candidate(&store, "web", 'e').await;
        let instead = Waits { instead_of: Some(ids[1]), ..Waits::default() };
        let in_its_place = asked(&store, &who, &newer, instead, 3).await;
        let row = store.deploy(ids[1]).await.unwrap().unwrap();
        assert_eq!((row.state, row.said.as_str()), (DeployState::Cancelled, "ada wanted another one in its place"));
        let held = take(&store, ids[0], 4).await.unwrap();
        let _begun = store.intend(&held, first(), order(), 0, at(4), at(14)).await.unwrap();
        // One that has begun, and one that is over, have no place to take.
        let last = candidate(&store, "web", 'f').await;
        for old in [ids[0], ids[1]] {
            let waits = Waits { instead_of: Some(old), ..Waits::default() };
            let new = NewDeploy { waits, ..wanted(&who, &last) };
            let none = store.request_deploy(new, plan(false), deed("asked for a deploy", 5)).await;
            assert!(matches!(none, Err(StoreError::Done)), "{none:?}");
        }
        assert_eq!(store.newest_deploy_of("web", last.head).await.unwrap(), None, "nothing half-done stays");
        ends(&store, &held, 6).await;
        assert!(take(&store, ids[2], 7).await.is_none(), "the newer one stands before it");
        assert!(take(&store, in_its_place, 7).await.is_some());
    }

    async fn one_whose_turn_has_come_is_ended_by_who_sees_to_it_and_others_at_once(store: Store) {
        let who = ada(&store).await;
        let (one, two) = (candidate(&store, "web", 'b').await, candidate(&store, "web", 'c').await);
        let (one, two) = (
            asked(&store, &who, &one, Waits::default(), 2).await,
            asked(&store, &who, &two, Waits::default(), 2).await,
        );
        let _held = take(&store, one, 3).await.unwrap();
        let abandon = || Entry::Asked { signal: Signal::Abandon, by: "ada".to_owned() };
        for id in [one, two] {
            assert!(store.say_of_deploy(id, abandon(), 0, deed("ended a deploy", 4)).await.unwrap());
        }
        assert_eq!(store.deploy(one).await.unwrap().unwrap().state, DeployState::Queued);
        assert_eq!(store.deploy(two).await.unwrap().unwrap().state, DeployState::Cancelled);
    }

    async fn as_whom_somebody_agreed_is_kept_and_how_long_good_ones_took(store: Store) {
        let who = ada(&store).await;
        let of = candidate(&store, "web", 'b').await;
        let new = NewDeploy { is_to_be_approved: true, ..wanted(&who, &of) };
        let Requested::New(id) = store.request_deploy(new, plan(false), deed("asked for a deploy", 2)).await.unwrap() else {
            panic!("it is the first one")
        };
        assert_eq!(store.approved_as(id).await.unwrap(), None);
        assert_eq!(store.deploys_in_queue().await.unwrap(), []);
        let given = Need { role: Role::ReleaseManager, people: Some(vec!["lee".to_owned()]) };
        assert!(store.approve_deploy(id, who.id, &given, deed("approved a deploy", 3)).await.unwrap());
        assert_eq!(store.approved_as(id).await.unwrap(), Some(given));
        let held = take(&store, id, 4).await.unwrap();
        let _begun = store.intend(&held, first(), order(), 0, at(10), at(20)).await.unwrap();
        ends(&store, &held, 17).await;
        assert_eq!(store.deploys_took("web", 9).await.unwrap(), [SignedDuration::from_secs(7)]);
        assert_eq!(store.deploys_took("api", 9).await.unwrap(), []);
        let newest = store.newest_deploy_of("web", of.head).await.unwrap();
        assert_eq!(newest, Some((id, DeployState::Deployed, Some(at(17)))));
    }

    async fn what_ended_last_says_where_a_branch_leads_and_is_awaited_until_it_is_seen(store: Store) {
        let who = ada(&store).await;
        let mut ids = Vec::new();
        for (head, second) in [('b', 2), ('c', 12)] {
            let of = candidate(&store, "web", head).await;
            let id = asked(&store, &who, &of, Waits::default(), second).await;
            let held = take(&store, id, second + 1).await.unwrap();
            assert!(!store.has_untold_end("web").await.unwrap());
            ends(&store, &held, second + 2).await;
            assert!(store.has_untold_end("web").await.unwrap());
            assert!(store.is_newest_ended(id).await.unwrap());
            let [untold] = store.deploys_untold().await.unwrap().try_into().unwrap();
            let wanted = Wanted {
                target: "git-ref web refs/heads/live".to_owned(),
                kind: "git-ref",
                wanted: format!("{head}"),
                wanted_at: at(second + 3),
                awaits: None,
            };
            store.tell_deploy(id, untold.changed, vec![wanted.clone()]).await.unwrap();
            assert_eq!(store.mirror_awaited(&wanted.target).await.unwrap().as_deref(), Some(""));
            let due = store.lease_mirror("git-ref", at(second + 4), at(second + 9)).await.unwrap().unwrap();
            store.mirror_failed(&due, at(second + 4), "no right".to_owned()).await.unwrap();
            assert_eq!(store.mirror_awaited(&wanted.target).await.unwrap().as_deref(), Some("no right"));
            assert_eq!(store.mirror_trouble(&wanted).await.unwrap().as_deref(), Some("no right"));
            let other = Wanted { wanted: "another".to_owned(), ..wanted.clone() };
            assert_eq!(store.mirror_trouble(&other).await.unwrap(), None, "that is not what is wanted there");
            let due = store.lease_mirror("git-ref", at(second + 5), at(second + 9)).await.unwrap().unwrap();
            store.mirror_made(&due).await.unwrap();
            assert_eq!(store.mirror_awaited(&wanted.target).await.unwrap(), None);
            ids.push(id);
        }
        assert!(!store.is_newest_ended(ids[0]).await.unwrap());
        assert!(store.is_newest_ended(ids[1]).await.unwrap());
    }

    async fn a_robot_is_one_person_who_cannot_sign_in(store: Store) {
        let id = store.robot("continuous deployment", at(2)).await.unwrap();
        assert_eq!(store.robot("continuous deployment", at(3)).await.unwrap(), id);
        assert!(store.credentials("continuous deployment").await.unwrap().is_none());
        assert_eq!(store.role_known_at(id, "web").await.unwrap(), None);
    }
}
