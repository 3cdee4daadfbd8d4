use crate::{at, conformance};
use gonogo_core::person::{Act, Person, Role, Roles};
use gonogo_store::{
    AuditAsked, Deed, Elsewhere, Guest, JoinLink, JoinOffer, NewSession, NewWaiver, Renewed, Store, StoreError, Waived,
    WaiverId,
};

pub(crate) fn deed(second: i64, action: &'static str) -> Deed {
    let (actor, subject) = ("ada".to_owned(), "web".to_owned());
    Deed { at: at(second), actor, action, subject, detail: String::new(), once: None }
}

pub(crate) async fn add(store: &Store, name: &str, role: Role) -> Option<Person> {
    store.add_person(name.to_owned(), "hash".to_owned(), role, false, deed(1, "added")).await.unwrap()
}

fn given(waived: Result<Waived, StoreError>) -> WaiverId {
    match waived {
        Ok(Waived::Given(id)) => id,
        other => panic!("it was not given: {other:?}"),
    }
}

/// Begun together, and what came of each.
async fn at_once<T: Send + 'static>(all: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>) -> Vec<T> {
    let tasks: Vec<_> = all.into_iter().map(tokio::spawn).collect();
    let mut ended = Vec::new();
    for task in tasks {
        ended.push(task.await.unwrap());
    }
    ended
}

conformance! {
    async fn a_name_is_one_persons(store: Store) {
        assert!(!store.has_admin().await.unwrap());
        let ada = add(&store, "ada", Role::Admin).await.unwrap();
        assert_eq!(add(&store, "ada", Role::Viewer).await, None);
        let late = store.add_person("eve".to_owned(), "h".to_owned(), Role::Admin, true, deed(2, "first")).await;
        assert_eq!(late.unwrap(), None, "there is somebody already");
        assert!(store.has_admin().await.unwrap());
        let known = store.credentials("ada").await.unwrap().unwrap();
        assert_eq!((known.person, known.password_hash.as_str()), (ada, "hash"));
        assert!(store.credentials("eve").await.unwrap().is_none());
        assert_eq!(store.people().await.unwrap().len(), 1);
    }

    async fn a_session_lasts_until_its_end(store: Store) {
        let ada = add(&store, "ada", Role::Admin).await.unwrap();
        store.begin_session("t".to_owned(), ada.id, at(1), at(10), deed(1, "signed in")).await.unwrap();
        let who = async |second| store.session("t", at(second)).await.unwrap().map(|session| session.person);
        assert_eq!((who(9).await, who(10).await), (Some(ada), None));
        assert_eq!(store.session("other", at(2)).await.unwrap(), None);
        store.end_session("t".to_owned(), deed(8, "signed out")).await.unwrap();
        assert_eq!(who(9).await, None);
    }

    async fn a_waiver_holds_for_its_service_until_it_is_taken_back(store: Store) {
        let actor = add(&store, "ada", Role::Admin).await.unwrap().may(Act::Waive).unwrap();
        let new = NewWaiver {
            service: "web".to_owned(),
            fingerprint: "f".to_owned(),
            said: "x names no story".to_owned(),
            why: "agreed".to_owned(),
            until: at(99),
            needs_second: false,
            branch: None,
        };
        let id = given(store.waive(new, &actor, deed(5, "waived")).await);
        let rows = store.waivers("web").await.unwrap();
        assert_eq!((rows[0].id, rows[0].by.as_str(), rows[0].until), (id, "ada", at(99)));
        assert!(store.waivers("api").await.unwrap().is_empty());
        assert!(!store.take_back("api", id, None, &actor, deed(6, "took back")).await.unwrap());
        assert!(store.take_back("web", id, None, &actor, deed(6, "took back")).await.unwrap());
        assert!(!store.take_back("web", id, None, &actor, deed(7, "took back")).await.unwrap());
        assert!(store.waivers("web").await.unwrap().is_empty());
        let did: Vec<String> = store.audit(&AuditAsked::default(), None, 10).await.unwrap().into_iter().map(|row| row.action).collect();
        assert_eq!(did, ["took back", "waived", "added"], "what was not done is not written down");
    }

    async fn a_waiver_for_two_waits_for_another_person(store: Store) {
        let actor = async |name: &str| add(&store, name, Role::Admin).await.unwrap().may(Act::Waive).unwrap();
        let (ada, bob) = (actor("ada").await, actor("bob").await);
        let new = |fingerprint: &str, until| NewWaiver {
            service: "web".to_owned(),
            fingerprint: fingerprint.to_owned(),
            said: "x".to_owned(),
            why: "agreed".to_owned(),
            until: at(until),
            needs_second: true,
            branch: None,
        };
        let id = given(store.waive(new("f", 99), &ada, deed(5, "proposed")).await);
        let confirm = async |id, who, second| {
            store.confirm_waiver("web", id, None, who, deed(second, "confirmed")).await.unwrap()
        };
        assert!(!confirm(id, &ada, 6).await, "nobody confirms their own");
        assert!(!confirm(id, &bob, 99).await, "it lapsed");
        assert!(!store.confirm_waiver("api", id, None, &bob, deed(6, "confirmed")).await.unwrap());
        assert!(store.waivers("web").await.unwrap()[0].is_proposed());
        assert!(confirm(id, &bob, 7).await);
        assert!(!confirm(id, &bob, 8).await, "once is enough");
        let row = store.all_waivers(None).await.unwrap().remove(0);
        assert_eq!((row.is_proposed(), row.confirmed_by.as_deref()), (false, Some("bob")));
        let gone = given(store.waive(new("g", 99), &ada, deed(9, "proposed")).await);
        assert!(store.take_back("web", gone, None, &ada, deed(10, "took back")).await.unwrap());
        assert!(!confirm(gone, &bob, 11).await);
    }

    async fn of_a_waiver_that_is_given_twice_at_once_one_counts(store: Store) {
        let actor = add(&store, "ada", Role::Admin).await.unwrap().may(Act::Waive).unwrap();
        let new = |until| NewWaiver {
            service: "web".to_owned(),
            fingerprint: "f".to_owned(),
            said: "x".to_owned(),
            why: "agreed".to_owned(),
            until: at(until),
            needs_second: false,
            branch: None,
        };
        let all = at_once((0..8).map(|_| {
            let (store, actor, new) = (store.clone(), actor.clone(), new(20));
            async move { store.waive(new, &actor, deed(5, "waived")).await.unwrap() }
        }));
        let (mut new_ones, others): (Vec<_>, Vec<_>) =
            all.await.into_iter().partition(|one| matches!(one, Waived::Given(_)));
        let id = given(Ok(new_ones.remove(0)));
        let same = Waived::Stands { id, by_id: actor.id(), why: "agreed".to_owned(), until: at(20) };
        assert_eq!((new_ones, others), (vec![], vec![same; 7]));
        assert_eq!(store.waivers("web").await.unwrap().len(), 1);
        assert!(store.take_back("web", id, None, &actor, deed(6, "took back")).await.unwrap());
        given(store.waive(new(9), &actor, deed(7, "waived")).await);
        given(store.waive(new(99), &actor, deed(9, "waived")).await); // the one before has lapsed
    }

    async fn of_admins_who_all_demote_each_other_at_once_one_stays(store: Store) {
        let mut admins = Vec::new();
        for number in 0..6 {
            admins.push(add(&store, &format!("p{number}"), Role::Admin).await.unwrap().id);
        }
        let done = at_once(admins.into_iter().map(|person| {
            let store = store.clone();
            async move {
                if person % 2 == 0 {
                    store.set_role(person, Role::Viewer, None, deed(5, "gave a role")).await
                } else {
                    store.set_active(person, false, deed(5, "deactivated")).await
                }
            }
        }));
        let refused: Vec<_> = done.await.into_iter().filter_map(Result::err).collect();
        assert_eq!(refused, [StoreError::LastAdmin]);
        assert!(store.has_admin().await.unwrap());
    }

    async fn what_somebody_is_at_a_service_is_known_while_they_may_sign_in(store: Store) {
        let bob = add(&store, "bob", Role::Developer).await.unwrap();
        let at = async |service: &str| store.role_known_at(bob.id, service).await.unwrap();
        let service = Some(("web".to_owned(), true));
        store.set_role(bob.id, Role::ReleaseManager, service, deed(2, "gave a role")).await.unwrap();
        assert_eq!([at("web").await, at("api").await], [Some(Role::ReleaseManager), Some(Role::Developer)]);
        store.set_active(bob.id, false, deed(3, "deactivated")).await.unwrap();
        assert_eq!([at("web").await, at("api").await], [None, None]);
    }

    async fn there_is_one_first_admin(store: Store) {
        let added = at_once((0..8).map(|number| {
            let (store, name) = (store.clone(), format!("p{number}"));
            async move { store.add_person(name, "h".to_owned(), Role::Admin, true, deed(1, "became")).await.unwrap() }
        }));
        assert_eq!(added.await.into_iter().flatten().count(), 1);
    }

    async fn who_is_deactivated_has_no_session_and_gets_none(store: Store) {
        add(&store, "ada", Role::Admin).await.unwrap();
        let bob = add(&store, "bob", Role::Admin).await.unwrap();
        store.begin_session("t".to_owned(), bob.id, at(1), at(99), deed(1, "signed in")).await.unwrap();
        store.begin_reset(bob.id, "c".to_owned(), at(99), deed(2, "made a link")).await.unwrap();
        store.set_active(bob.id, false, deed(3, "deactivated")).await.unwrap();
        assert_eq!(store.session("t", at(4)).await.unwrap(), None);
        assert!(store.credentials("bob").await.unwrap().is_none());
        assert!(store.person_of_reset("c", at(4)).await.unwrap().is_none());
        let last = store.people().await.unwrap().remove(0).person;
        assert_eq!(store.set_active(last.id, false, deed(5, "x")).await, Err(StoreError::LastAdmin));
        assert_eq!(store.set_role(last.id, Role::Viewer, None, deed(5, "x")).await, Err(StoreError::LastAdmin));
        assert!(store.credentials("ada").await.unwrap().is_some(), "what was refused changed nothing");
        store.set_active(bob.id, true, deed(6, "activated")).await.unwrap();
        assert!(store.credentials("bob").await.unwrap().is_some());
        assert_eq!(store.session("t", at(7)).await.unwrap(), None, "what ended does not come back");
        assert_eq!(store.audit(&AuditAsked::default(), None, 1).await.unwrap()[0].action, "activated");
    }

    async fn a_code_sets_one_password_and_ends_sessions(store: Store) {
        let ada = add(&store, "ada", Role::Admin).await.unwrap();
        store.begin_session("t".to_owned(), ada.id, at(1), at(99), deed(1, "signed in")).await.unwrap();
        store.begin_reset(ada.id, "old".to_owned(), at(50), deed(2, "made a link")).await.unwrap();
        store.begin_reset(ada.id, "new".to_owned(), at(50), deed(3, "made a link")).await.unwrap();
        assert!(store.person_of_reset("old", at(4)).await.unwrap().is_none(), "the newer code is the only one");
        assert!(store.person_of_reset("new", at(50)).await.unwrap().is_none(), "it is over");
        let end = async |second| {
            store.end_reset("new".to_owned(), ada.id, "h2".to_owned(), deed(second, "chose")).await.unwrap()
        };
        assert!(end(5).await);
        assert!(!end(6).await);
        assert_eq!(store.credentials("ada").await.unwrap().unwrap().password_hash, "h2");
        assert_eq!(store.session("t", at(7)).await.unwrap(), None);
        for token in ["kept", "other"] {
            store.begin_session(token.to_owned(), ada.id, at(1), at(99), deed(8, "signed in")).await.unwrap();
        }
        store.set_password(ada.id, "h3".to_owned(), "kept".to_owned(), deed(9, "changed")).await.unwrap();
        assert!(store.session("kept", at(9)).await.unwrap().is_some());
        assert!(store.session("other", at(9)).await.unwrap().is_none());
    }

    async fn what_another_system_says_counts_in_its_sessions_alone(store: Store) {
        let guest = |roles: &[(&str, Role)]| Guest {
            source: "github",
            subject: "7".to_owned(),
            name: "maria".to_owned(),
            roles: Roles {
                all: Role::Viewer,
                at: roles.iter().map(|(service, role)| ((*service).to_owned(), *role)).collect(),
            },
        };
        add(&store, "maria", Role::Viewer).await.unwrap();
        let names = ["maria", "maria@github"].map(str::to_owned).to_vec();
        let id = store.add_guest(guest(&[]), names, deed(1, "came")).await.unwrap().unwrap();
        assert_eq!(store.person(id).await.unwrap().unwrap().person.name, "maria@github", "the other stays who they are");
        assert!(store.credentials("maria@github").await.unwrap().is_none(), "no password fits none");
        let new = NewSession { token_hash: "t".to_owned(), until: at(99), sealed: "s".to_owned() };
        let roles = guest(&[("web", Role::ReleaseManager)]);
        store.begin_guest_session(id, roles.clone(), new, deed(2, "signed in")).await.unwrap();
        store.begin_session("own".to_owned(), id, at(2), at(99), deed(3, "signed in")).await.unwrap();
        let role = async |token| store.session(token, at(5)).await.unwrap().unwrap().person.role_at("web");
        assert_eq!((role("t").await, role("own").await), (Role::ReleaseManager, Role::Viewer));
        // The same again is nothing to write down.
        let still = async |roles: &[(&str, Role)], second| {
            let guest = guest(roles);
            let deed = deed(second, "roles changed");
            store.still_may(id, "github".to_owned(), Renewed { token_hash: "t".to_owned(), sealed: None, roles: guest.roles }, deed).await.unwrap();
            store.audit(&AuditAsked::default(), None, 1).await.unwrap()[0].action.clone()
        };
        assert_eq!(still(&[("web", Role::ReleaseManager)], 20).await, "signed in");
        assert_eq!(store.session("t", at(21)).await.unwrap().unwrap().outside.unwrap().asked_at, at(20));
        assert_eq!(still(&[("web", Role::Developer)], 22).await, "roles changed");
        assert_eq!(role("t").await, Role::Developer);
        store.may_no_more(id, "github".to_owned(), deed(23, "ended")).await.unwrap();
        assert!(store.session("t", at(24)).await.unwrap().is_none());
        assert!(store.session("own", at(24)).await.unwrap().is_some());
        let joined = store.join_identity(1, guest(&[]), deed(25, "joined")).await.unwrap();
        assert!(!joined, "it is somebody's");
        assert!(store.part_identity(id, "github", deed(26, "parted")).await.unwrap());
        assert!(store.join_identity(1, guest(&[]), deed(27, "joined")).await.unwrap());
        assert_eq!(store.person_by_identity("github", "7").await.unwrap().unwrap().1, "maria");
    }

    async fn one_asks_another_system_again_at_a_time(store: Store) {
        let roles = Roles { all: Role::Viewer, at: std::collections::BTreeMap::new() };
        let guest = Guest { source: "oidc", subject: "i 7".to_owned(), name: "maria".to_owned(), roles: roles.clone() };
        let id = store.add_guest(guest.clone(), vec!["maria".to_owned()], deed(1, "came")).await.unwrap().unwrap();
        let new = NewSession { token_hash: "t".to_owned(), until: at(99), sealed: "old".to_owned() };
        store.begin_guest_session(id, guest, new, deed(2, "signed in")).await.unwrap();
        let known = async || store.session("t", at(5)).await.unwrap().unwrap().outside.unwrap();
        let first = known().await;
        let asks = async |known: &gonogo_store::Outside, second| {
            store.begin_renewal("t".to_owned(), known.clone(), at(second), at(second + 10)).await.unwrap()
        };
        assert!(asks(&first, 10).await);
        assert!(!asks(&first, 19).await, "another asks");
        assert!(asks(&first, 20).await, "and had its time");
        store.end_renewal("t".to_owned(), Some("new".to_owned())).await.unwrap();
        assert!(!asks(&first, 21).await, "what it would ask with is used up");
        let second = known().await;
        assert_eq!((second.sealed.as_str(), second.asked_at), ("new", at(2)));
        assert!(asks(&second, 21).await);
        let renewed = Renewed { token_hash: "t".to_owned(), sealed: None, roles };
        store.still_may(id, "oidc".to_owned(), renewed, deed(22, "roles changed")).await.unwrap();
        assert!(!asks(&second, 40).await, "it was answered");
        let third = known().await;
        assert_eq!((third.sealed.as_str(), third.asked_at), ("new", at(22)));
        assert!(asks(&third, 40).await);
    }

    async fn a_link_joins_whom_it_was_sent_to_once(store: Store) {
        let ada = add(&store, "ada", Role::Admin).await.unwrap().id;
        let eve = add(&store, "eve", Role::Viewer).await.unwrap().id;
        let begins = async |code: &str, until| {
            let (code_hash, subject) = (code.to_owned(), "U012AB3CD".to_owned());
            let link = JoinLink { code_hash, person: ada, source: "slack", subject, until: at(until) };
            store.begin_join(link, deed(2, "asked")).await.unwrap()
        };
        let ends = async |code: &str, person, second| {
            store.end_join(code.to_owned(), person, "slack", at(second)).await.unwrap()
        };
        assert!(begins("a", 10).await);
        assert_eq!(ends("a", eve, 3).await, None, "she did not ask for it");
        assert_eq!(ends("a", ada, 3).await.as_deref(), Some("U012AB3CD"));
        assert_eq!(ends("a", ada, 3).await, None, "once");
        assert!(begins("late", 10).await);
        assert_eq!(ends("late", ada, 10).await, None, "it is over");
        for code in ["b", "c", "d", "e"] {
            assert!(begins(code, 99).await);
        }
        assert!(!begins("f", 99).await, "nobody has others written to without end");
    }

    async fn an_offer_to_join_is_for_one_account_and_good_once(store: Store) {
        let offers = async |code: &str, until| {
            let (code_hash, subject, name) = (code.to_owned(), "U012AB3CD".to_owned(), "maria".to_owned());
            let offer = JoinOffer { code_hash, source: "slack", subject, name, until: at(until) };
            store.offer_join(offer, at(2)).await.unwrap()
        };
        let whose = Some(("U012AB3CD".to_owned(), "maria".to_owned()));
        assert!(offers("a", 10).await && offers("b", 10).await);
        assert_eq!(store.join_offered("a".to_owned(), "slack", at(9)).await.unwrap(), whose);
        assert_eq!(store.join_offered("a".to_owned(), "slack", at(10)).await.unwrap(), None, "it is over");
        assert_eq!(store.take_offer("a".to_owned(), "slack", at(3)).await.unwrap(), whose);
        for code in ["a", "b"] {
            assert_eq!(store.take_offer(code.to_owned(), "slack", at(3)).await.unwrap(), None, "once for all of them");
        }
        for code in ["c", "d", "e", "f", "g"] {
            assert!(offers(code, 99).await);
        }
        assert!(!offers("h", 99).await, "not without end");
    }

    async fn who_comes_by_another_account_has_what_is_known_of_them_now(store: Store) {
        let maria = add(&store, "maria", Role::Developer).await.unwrap().id;
        let guest = |source, subject: &str, all| Guest {
            source,
            subject: subject.to_owned(),
            name: "maria".to_owned(),
            roles: Roles { all, at: [("web".to_owned(), Role::ReleaseManager)].into() },
        };
        let here = |second| store.person_elsewhere("slack", "U1", at(second - 10), at(second));
        assert_eq!(here(20).await.unwrap(), None);
        assert!(store.join_identity(maria, guest("slack", "U1", Role::Viewer), deed(3, "joined")).await.unwrap());
        let Elsewhere { person, has_password, has_word } = here(20).await.unwrap().unwrap();
        assert_eq!((person.role, person.role_at("web")), (Role::Developer, Role::Developer));
        assert!(has_password && !has_word);
        // She signs in with another system, which lets her do more.
        store.join_identity(maria, guest("oidc", "s", Role::Viewer), deed(4, "joined")).await.unwrap();
        let in_slack = || store.same_person("oidc", "s", "slack");
        assert_eq!(in_slack().await.unwrap().as_deref(), Some("U1"));
        assert_eq!(store.same_person("oidc", "t", "slack").await.unwrap(), None);
        let session = NewSession { token_hash: "t".to_owned(), until: at(99), sealed: "x".to_owned() };
        store.begin_guest_session(maria, guest("oidc", "s", Role::Viewer), session, deed(30, "came")).await.unwrap();
        let found = here(35).await.unwrap().unwrap();
        assert_eq!((found.person.role_at("web"), found.has_word), (Role::ReleaseManager, true));
        let found = here(41).await.unwrap().unwrap();
        assert_eq!((found.person.role_at("web"), found.has_word), (Role::Developer, false), "that was too long ago");
        store.set_active(maria, false, deed(42, "deactivated")).await.unwrap();
        assert_eq!(here(43).await.unwrap(), None);
        assert_eq!(in_slack().await.unwrap(), None);
    }

    async fn the_audit_is_asked_by_who_what_and_when(store: Store) {
        for (second, name) in [(1, "a"), (2, "b"), (3, "c")] {
            let deed = Deed { subject: name.to_owned(), ..deed(second, "added") };
            store.add_person(name.to_owned(), "h".to_owned(), Role::Viewer, false, deed).await.unwrap();
        }
        store.note_alone(Deed { actor: "eve".to_owned(), ..deed(4, "failed") }).await.unwrap();
        let found = async |asked: AuditAsked| store.audit(&asked, None, 9).await.unwrap().len();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(found(AuditAsked { actor: some("ada"), ..AuditAsked::default() }).await, 3);
        assert_eq!(found(AuditAsked { subject: some("b"), ..AuditAsked::default() }).await, 1);
        assert_eq!(found(AuditAsked { action: some("added"), from: Some(at(2)), to: Some(at(3)), ..AuditAsked::default() }).await, 1);
        assert_eq!(store.audited_actions().await.unwrap(), ["added", "failed"]);
        assert_eq!(store.audit_broken_at().await.unwrap(), None);
    }

    async fn the_audit_is_one_chain_whoever_writes(store: Store) {
        let writers = (0..20).map(|n| {
            let store = store.clone();
            tokio::spawn(async move { add(&store, &format!("p{n}"), Role::Viewer).await.unwrap() })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        assert_eq!(store.audit_broken_at().await.unwrap(), None);
        let rows = store.audit(&AuditAsked::default(), None, 5).await.unwrap();
        assert_eq!(store.audit(&AuditAsked::default(), Some(rows[4].id), 100).await.unwrap().len(), 15);
    }
}

#[tokio::test]
async fn an_entry_that_was_changed_or_taken_out_shows() {
    for change in ["update audit set detail = 'x' where id = 2", "delete from audit where id = 2"] {
        for engine in [crate::engine::sqlite(), crate::engine::postgres().await] {
            let store = engine.open().await;
            for name in ["a", "b", "c"] {
                add(&store, name, Role::Viewer).await.unwrap();
            }
            engine.raw(change).await;
            let broken = if change.starts_with("update") { 2 } else { 3 };
            assert_eq!(store.audit_broken_at().await.unwrap(), Some(broken));
        }
    }
}
