//! Joining one's Jira account.

use crate::support::{PASSWORD, World, location_of};
use gonogo_world::Jira;

impl World {
    /// People may join accounts of this Jira, which the server trusts; `kind` is its
    /// flavour, and after these tables may stand others.
    pub(crate) fn joining_jira(self, jira: &Jira, kind: &str, more: &str) -> Self {
        let (id, secret) = jira.app("https://gonogo.example.com/account/jira/callback");
        let (auth, api) = jira.app_urls();
        let keys = format!(
            "[jira_accounts]\nkind = '{kind}'\nclient_id = '{id}'\nauth_url = '{auth}'\napi_url = '{api}'\n{more}"
        );
        self.trusts(&jira.url()).with_service(&keys).with_variable("GONOGO_JIRA_CLIENT_SECRET", &secret)
    }

    /// Who is signed in here lets us act as this person in Jira.
    pub(crate) fn joins_jira(&mut self, jira: &Jira, name: &str) -> (u16, String) {
        jira.signs_in(name);
        let back = self.is_asked_in_jira("/account", "accept");
        self.get(&back)
    }

    fn is_asked_in_jira(&mut self, next: &str, decision: &str) -> String {
        let word = self.form_word("/account");
        self.goes_to_be_asked(&format!("/account/jira?form={word}&next={next}"), decision)
    }
}

fn started(jira: &Jira, kind: &str) -> World {
    let mut world = World::stopped().joining_jira(jira, kind, "");
    world.start();
    world
}

fn cloud() -> (Jira, World) {
    let jira = Jira::cloud();
    jira.user("maria");
    let world = started(&jira, "jira-cloud");
    (jira, world)
}

#[test]
fn an_account_is_joined_by_who_says_yes_in_jira_and_parted_from_again() {
    for (jira, kind, id) in
        [(Jira::cloud(), "jira-cloud", "712020:maria"), (Jira::data_center(), "jira-data-center", "JIRAUSER-maria")]
    {
        let mut world = started(&jira, kind);
        assert!(world.get("/account").1.contains("Join your Jira account"));
        let (status, answer) = world.joins_jira(&jira, "maria");
        assert_eq!((status, location_of(&answer).as_str()), (303, "/account"), "{answer}");
        let (_, account) = world.get("/account");
        assert!(account.contains("Jira: <b>Maria</b>") && !account.contains("Join your Jira"), "{account}");
        let (_, person) = world.get(&world.page_of_person("ada"));
        assert!(person.contains(&format!("as <b>Maria</b> (<code>{id}</code>)")), "{person}");
        assert!(person.contains("Signs in by a password."), "it lets nobody in: {person}");
        let (_, audit) = world.get("/audit");
        assert!(audit.contains("joined jira") && audit.contains(&format!("Maria ({id})")), "{audit}");
        // The store alone is worth nothing in Jira.
        for token in ["jira-access-", "jira-refresh-", "jira-code-"] {
            assert_eq!(world.files_with(token), [""; 0]);
        }
        assert_eq!(world.post("/account/jira/part", &[("form", "x")]).0, 403);
        assert_eq!(world.submit("/account", "/account/jira/part", &[]).0, 303);
        assert!(world.get("/account").1.contains("Join your Jira account"));
        assert!(world.get("/audit").1.contains("parted from jira"));
        assert_eq!(world.submit("/account", "/account/jira/part", &[]).0, 422);
    }
}

#[test]
fn a_way_back_is_good_once_and_in_the_session_that_began_it() {
    let (jira, mut world) = cloud();
    world.adds("bob", "developer");
    jira.signs_in("maria");
    assert_eq!(world.get("/account/jira?form=x").0, 403, "no other page begins it");
    let back = world.is_asked_in_jira("/account", "accept");
    let is_refused = |world: &World, back: &str| {
        let (status, answer) = world.get(back);
        assert!(status == 400 && answer.contains("was not begun in this session"), "{answer}");
    };
    let hers = world.cookies();
    is_refused(&world, &back.replace("state=", "state=0"));
    is_refused(&world, "/account/jira/callback?code=x");
    world.signs_in("bob", PASSWORD);
    is_refused(&world, &back);
    // Another session of the same person is another one.
    world.signs_in("ada", PASSWORD);
    is_refused(&world, &back);
    world.forgets_cookie();
    assert_eq!(world.get(&back).0, 303);
    world.has_cookies(&hers);
    assert_eq!(world.get(&back).0, 303);
    assert!(world.get("/account").1.contains("Jira: <b>Maria</b>"));
    is_refused(&world, &back);
}

#[test]
fn an_account_is_one_persons_and_a_person_has_one() {
    let (jira, mut world) = cloud();
    world.adds("bob", "developer");
    assert_eq!(world.joins_jira(&jira, "maria").0, 303);
    let taken = |(status, answer): (u16, String)| {
        assert!(status == 409 && answer.contains("joined to somebody already, or you have another"), "{answer}");
    };
    taken(world.joins_jira(&jira, "ivo"));
    assert_eq!(world.joins_jira(&jira, "maria").0, 303, "the same one may be joined anew");
    world.signs_in("bob", PASSWORD);
    taken(world.joins_jira(&jira, "maria"));
    assert_eq!(world.joins_jira(&jira, "ivo").0, 303);
}

#[test]
fn an_admin_parts_somebody_from_jira_and_who_is_deactivated_acts_there_no_more() {
    let (jira, mut world) = cloud();
    let admin = world.cookies();
    world.adds("bob", "viewer");
    world.signs_in("bob", PASSWORD);
    assert_eq!(world.joins_jira(&jira, "maria").0, 303);
    let bobs = world.cookies();
    world.has_cookies(&admin);
    let page = world.page_of_person("bob");
    assert!(world.get(&page).1.contains("Part from Jira"));
    assert_eq!(world.submit(&page, &format!("{page}/part-from-jira"), &[]).0, 303);
    assert!(!world.get(&page).1.contains("Part from Jira"));
    world.has_cookies(&bobs);
    assert_eq!(world.submit("/account", &format!("{page}/part-from-jira"), &[]).0, 403);
    assert_eq!(world.joins_jira(&jira, "maria").0, 303);
    world.has_cookies(&admin);
    for doing in ["deactivate", "activate"] {
        assert_eq!(world.submit(&page, &format!("{page}/{doing}"), &[]).0, 303);
    }
    world.signs_in("bob", PASSWORD);
    assert!(world.get("/account").1.contains("Join your Jira account anew"));
}

#[test]
fn who_is_refused_is_told_why_and_what_to_do() {
    let (jira, mut world) = cloud();
    jira.signs_in("maria");
    let back = world.is_asked_in_jira("/account", "deny");
    let (status, answer) = world.get(&back);
    assert!(status == 502 && answer.contains("you said no there"), "{answer}");
    jira.faults().on("accessible-resources").status(500).times(1);
    let (status, answer) = world.joins_jira(&jira, "maria");
    assert!(status == 502 && answer.contains("it answered 500") && answer.contains("try again later"), "{answer}");
    let jira = Jira::cloud();
    let mut world = started(&jira, "jira-cloud");
    jira.app_has_secret("another");
    let (_, answer) = world.joins_jira(&jira, "maria");
    assert!(answer.contains("does not take our client id and secret") && answer.contains("an admin looks"), "{answer}");
    assert!(world.get("/account").1.contains("Join your Jira account"));
}

#[test]
fn only_the_trackers_own_site_is_joined() {
    let jira = Jira::cloud();
    let mut world = started(&jira, "jira-cloud");
    jira.gives_other_site();
    let (status, answer) = world.joins_jira(&jira, "maria");
    assert!(status == 502 && answer.contains("https://other.atlassian.net, and not for"), "{answer}");
    assert_eq!(jira.requests_to("/ex/jira/").len(), 0);
}

#[test]
fn it_is_offered_only_where_it_is_set_up() {
    let mut world = World::new();
    assert!(!world.get("/account").1.contains("Jira"));
    let word = world.form_word("/account");
    assert_eq!(world.get(&format!("/account/jira?form={word}")).0, 404);
    world.kill();
    let jira = Jira::cloud();
    let world = World::stopped().joining_jira(&jira, "jira-cloud", "").with_variable("GONOGO_JIRA_CLIENT_SECRET", "");
    world.writes_configuration();
    let said = world.starts_in_vain();
    assert!(said.contains("no GONOGO_JIRA_CLIENT_SECRET"), "{said}");
}
