use crate::people::blocked;
use crate::support::{PASSWORD, World, location_of, path_of};
use gonogo_world::Slack;

const NEW: &str = "staple battery horse";

#[test]
fn a_new_password_ends_the_other_sessions() {
    let mut world = World::new();
    let other = world.cookies();
    world.signs_in("ada", PASSWORD);
    let change =
        |old: &str, new: &str| world.submit("/account", "/account/password", &[("old", old), ("password", new)]).0;
    assert_eq!([change("guess", NEW), change(PASSWORD, "short")], [422; 2]);
    assert_eq!(change(PASSWORD, NEW), 303);
    assert_eq!(world.get("/account").0, 200, "this session goes on");
    world.has_cookies(&other);
    assert_eq!(world.get("/account").0, 303);
    assert_eq!(world.post("/sign-in", &[("name", "ada"), ("password", PASSWORD)]).0, 401);
    world.signs_in("ada", NEW);
    assert!(world.get("/audit").1.contains("changed their password"));
}

#[test]
fn a_form_that_comes_too_late_is_not_lost_without_a_word() {
    let mut world = World::new();
    let (_, page, fingerprint) = blocked(&world);
    let (old, word) = (world.cookies(), world.form_word(&page));
    assert_eq!(world.submit(&page, "/sign-out", &[]).0, 303);
    let action = format!("{page}/waivers");
    let body = format!("form={word}&fingerprint={fingerprint}&why=x&days=1");
    let stood_on = format!("https://gonogo.example.com{page}?x=1");
    for (referer, next) in [
        (stood_on.as_str(), format!("{page}%3Fx%3D1")),
        ("https://evil.example/candidates", "/".to_owned()),
        ("https://gonogo.example.com.evil.example/", "/".to_owned()),
        ("https://gonogo.example.com//evil.example/", "/".to_owned()),
        ("", "/".to_owned()),
    ] {
        let (status, answer) = world.ask_with("POST", &action, &[("Referer", referer)], &body);
        assert!(status == 401 && answer.contains("Nothing was done"), "{referer}: {answer}");
        assert!(answer.contains(&format!("href=\"/sign-in?next={next}\"")), "{referer}: {answer}");
    }
    // Where only forms are sent, a browser that comes finds its way.
    let (status, answer) = world.get(&action);
    assert!(status == 405 && answer.contains("See all services"), "{answer}");
    assert!(answer.contains("allow: POST"), "{answer}");
    // Signing out twice is signing out.
    world.has_cookies(&old);
    assert_eq!(location_of(&world.post("/sign-out", &[("form", &word)]).1), "/sign-in");
    assert_eq!(world.post("/sign-out", &[("form", "x")]).0, 403);
}

#[test]
fn what_was_done_about_somebody_is_found_whatever_they_are_called() {
    let world = World::new();
    for name in ["eve+admin@example", "é.ü-1"] {
        world.adds(name, "viewer");
        let (_, page) = world.get(&world.page_of_person(name));
        let link = page.split("href=\"/audit?what=").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let (_, audit) = world.get(&format!("/audit?what={link}"));
        assert!(audit.contains("added a person") && audit.contains(name), "{link}: {audit}");
    }
}

#[test]
fn a_stolen_session_cannot_guess_the_password() {
    let world = World::new();
    let guess = |n: u32| {
        let old = format!("guess {n}");
        world.submit("/account", "/account/password", &[("old", &old), ("password", NEW)]).1
    };
    let said: Vec<String> = (0..7).map(guess).collect();
    assert!(said[0].contains("the password until now is another one"), "{}", said[0]);
    assert!(said[6].contains("too many wrong passwords"), "{}", said[6]);
}

#[test]
fn a_link_of_an_admins_sets_one_password() {
    let mut world = World::new();
    world.adds("vera", "viewer");
    let admin = world.cookies();
    world.signs_in("vera", PASSWORD);
    let vera = world.cookies();
    world.has_cookies(&admin);
    let person = world.page_of_person("vera");
    let link = || {
        let (status, answer) = world.submit(&person, &format!("{person}/link"), &[]);
        assert_eq!(status, 200, "{answer}");
        answer.split("choose-password?code=").nth(1).unwrap().split('<').next().unwrap().to_owned()
    };
    let (old, code) = (link(), link());
    assert_eq!(world.files_with(&code), [""; 0], "only its hash is kept");
    let choose =
        |code: &str, password: &str| world.post("/choose-password", &[("code", code), ("password", password)]).0;
    assert_eq!([choose("x", NEW), choose(&old, NEW)], [403; 2]);
    assert_eq!(choose(&code, "short"), 422);
    assert_eq!(choose(&code, NEW), 303);
    assert_eq!(choose(&code, NEW), 403, "once");
    world.has_cookies(&vera);
    assert_eq!(world.get("/").0, 303, "her sessions ended");
    world.signs_in("vera", NEW);
}

#[test]
fn a_role_at_one_service_reaches_no_further() {
    let mut world = World::stopped().with_service("[[service]]\nname = 'api'\nrepository = 'acme/web'\n");
    world.start();
    world.repo.commit("tidy up");
    let sha = world.push("main");
    let page_of = |service: &str| {
        let status = || world.web().status_of(&sha, &format!("gonogo/deploy ({service})")).now();
        let failed = world.wait(|| status().filter(|status| status.state == "failure"), || format!("{:?}", status()));
        path_of(&failed)
    };
    let (web, api) = (page_of("web"), page_of("api"));
    world.adds("vera", "viewer");
    let person = world.page_of_person("vera");
    let give = |service: &str, role: &str| {
        world.submit(&person, &format!("{person}/role"), &[("service", service), ("role", role)]).0
    };
    assert_eq!(give("nowhere", "developer"), 422);
    assert_eq!(give("web", "release-manager"), 303);
    assert!(world.get("/people").1.contains("web: release-manager"));
    let admin = world.cookies();
    world.signs_in("vera", PASSWORD);
    assert!(world.get(&web).1.contains(">Waive</button>"));
    assert!(world.get(&api).1.contains("to waive one has to be release-manager"));
    let again = |page: &str| world.submit(page, &format!("{page}/check"), &[]).0;
    assert_eq!((again(&web), world.post(&format!("{api}/check"), &[("form", &world.form_word(&web))]).0), (303, 403));
    let vera = world.cookies();
    world.has_cookies(&admin);
    let take = [("service", "web"), ("role", "")];
    assert_eq!(world.submit(&person, &format!("{person}/role"), &take).0, 303);
    world.has_cookies(&vera);
    assert!(!world.get(&web).1.contains(">Waive</button>"));
}

#[test]
fn somebody_stays_admin() {
    let world = World::new();
    let person = world.page_of_person("ada");
    let (status, answer) = world.submit(&person, &format!("{person}/deactivate"), &[]);
    assert!(status == 422 && answer.contains("would be admin any more"), "{answer}");
    let lower = [("service", ""), ("role", "viewer")];
    assert_eq!(world.submit(&person, &format!("{person}/role"), &lower).0, 422);
    world.adds("bob", "admin");
    assert_eq!(world.submit(&person, &format!("{person}/role"), &lower).0, 303);
    assert_eq!(world.get("/people").0, 200);
    assert!(world.get(&person).1.contains("one has to be admin"));
}

#[test]
fn github_is_joined_to_an_account_and_parted_from_it() {
    let mut world = World::stopped().signing_in_with_github("");
    world.start();
    world.github.signs_in("maria");
    let word = world.form_word("/account");
    let back = world.goes_elsewhere(&format!("/account/github?form={word}"));
    let (status, answer) = world.get(&back);
    assert_eq!((status, location_of(&answer).as_str()), (303, "/account"), "{answer}");
    assert!(world.get("/account").1.contains("GitHub: <b>maria</b>"));
    assert_eq!(world.signs_in_with_github("maria").0, 303);
    assert!(world.get("/account").1.contains("<b>ada</b>: admin for all services"));
    // It is hers: nobody else gets it joined.
    world.adds("bob", "viewer");
    world.forgets_cookie();
    world.signs_in("bob", PASSWORD);
    let word = world.form_word("/account");
    let back = world.goes_elsewhere(&format!("/account/github?form={word}"));
    let (status, answer) = world.get(&back);
    assert!(status == 409 && answer.contains("joined to somebody already"), "{answer}");
    world.forgets_cookie();
    world.signs_in_again();
    assert_eq!(world.submit("/account", "/account/github/part", &[]).0, 303);
    assert!(world.get("/account").1.contains("Join your GitHub account"));
    // Who has no password would be shut out.
    assert_eq!(world.signs_in_with_github("maria").0, 303);
    assert_eq!(world.submit("/account", "/account/github/part", &[]).0, 422);
}

#[test]
fn what_a_page_offers_is_what_one_may() {
    let mut world = World::new();
    let (_, page, _) = blocked(&world);
    world.adds("vera", "viewer");
    world.signs_in("vera", PASSWORD);
    let (_, text) = world.get(&page);
    assert!(!text.contains(">Check again<") && !text.contains(">Waive</button>"), "{text}");
    assert!(text.contains("to waive one has to be release-manager: ask an admin"));
}

/// Where the newest message to a member of Slack leads.
fn link_in(slack: &Slack, member: &str) -> String {
    let message = slack.member(member).shows("wants to join this Slack account");
    let link = message.text.split("<https://gonogo.example.com").nth(1).unwrap();
    link.split('|').next().unwrap().to_owned()
}

#[test]
fn a_slack_account_is_joined_by_who_can_read_there() {
    let slack = Slack::start();
    let (maria, ivo) = (slack.member("maria").id(), slack.member("ivo").id());
    let mut world = World::stopped().tells(&slack, "#deploys");
    world.start();
    let asks = |world: &World, member: &str| world.submit("/account", "/account/slack", &[("member", member)]);
    let (status, answer) = asks(&world, "@maria");
    assert!(status == 422 && answer.contains("a member id looks like U024BE7LH"), "{answer}");
    assert!(asks(&world, "U99999999").1.contains("Slack did not take the message"));
    assert_eq!(asks(&world, &maria).0, 200);
    let link = link_in(&slack, "maria");
    assert_eq!(world.files_with(link.split("code=").nth(1).unwrap()), [""; 0], "only its hash is kept");
    // Nobody is joined by a link that somebody else asked for, not even who reads it.
    let admin = world.cookies();
    world.adds("bob", "viewer");
    world.signs_in("bob", PASSWORD);
    let (status, answer) = world.get(&link);
    assert!(status == 422 && answer.contains("was asked for by somebody else"), "{answer}");
    world.has_cookies(&admin);
    assert_eq!(world.get(&link).0, 303);
    assert!(world.get("/account").1.contains(&format!("Slack: <b>{maria}</b>")));
    assert_eq!(world.get(&link).0, 422, "once");
    assert!(world.get("/audit").1.contains("joined slack"));
    // It is one person's.
    world.signs_in("bob", PASSWORD);
    assert_eq!(asks(&world, &maria).0, 200);
    let (status, answer) = world.get(&link_in(&slack, "maria"));
    assert!(status == 422 && answer.contains("joined to somebody already"), "{answer}");
    assert_eq!(asks(&world, &ivo).0, 200);
    assert_eq!(world.get(&link_in(&slack, "ivo")).0, 303);
    assert_eq!(world.submit("/account", "/account/slack/part", &[]).0, 303);
    assert!(!world.get("/account").1.contains(&ivo));
}
