use crate::people::blocked;
use crate::support::{World, location_of};

const RELEASE: &str = "[[github.sign_in]]\nteam = 'acme/release'\nrole = 'release-manager'\nservice = 'web'\n\
                       [[github.sign_in]]\norganization = 'acme'\nrole = 'viewer'\n";

fn started(ways: &str) -> World {
    let mut world = World::stopped().signing_in_with_github(ways);
    world.start();
    world
}

/// The first page is shown to nobody any more who is in this browser.
fn is_shut_out(world: &World) {
    let first = || world.get("/").0;
    world.wait(|| (first() == 303).then_some(()), || format!("/ answers {}", first()));
}

#[test]
fn who_can_push_signs_in_with_github_and_is_a_developer_there() {
    let mut world = started("");
    let (_, page, fingerprint) = blocked(&world);
    let (status, answer) = world.signs_in_with_github("maria");
    assert_eq!((status, location_of(&answer).as_str()), (303, "/account"), "{answer}");
    let (_, account) = world.get("/account");
    for words in ["<b>maria</b>", "viewer for all services", "developer", "GitHub: <b>maria</b>"] {
        assert!(account.contains(words), "{words} is not in {account}");
    }
    assert_eq!(world.submit(&page, &format!("{page}/check"), &[]).0, 303);
    let waiver = [("fingerprint", fingerprint.as_str()), ("why", "x"), ("days", "1")];
    assert_eq!(world.submit(&page, &format!("{page}/waivers"), &waiver).0, 403);
    assert!(world.get("/audit").1.contains("with GitHub as maria: viewer, developer at web"));
    world.github.check_requests();
    // With the cookie alone nobody is asked in GitHub's name.
    assert_eq!(world.files_with("ghu_"), [""; 0]);
    assert_eq!(world.files_with("ghr_"), [""; 0]);
}

#[test]
fn whom_nothing_lets_in_stays_out() {
    let mut world = started("");
    let admin = world.cookies();
    world.web().has("eve", "read");
    let (status, answer) = world.signs_in_with_github("eve");
    assert!(status == 403 && answer.contains("eve may not sign in here"), "{answer}");
    assert_eq!(world.get("/").0, 303);
    world.has_cookies(&admin);
    assert!(!world.get("/people").1.contains(">eve<"));
    let (_, audit) = world.get("/audit");
    assert!(audit.contains("failed to sign in") && audit.contains("nothing that was configured"), "{audit}");
}

#[test]
fn access_ends_soon_after_it_ended_there() {
    let mut world = started("");
    let admin = world.cookies();
    for login in ["maria", "ivo", "kim"] {
        assert_eq!(world.signs_in_with_github(login).0, 303);
        assert_eq!(world.get("/").0, 200);
        match login {
            "maria" => _ = world.web().has("maria", "read"),
            "ivo" => _ = world.github.user("ivo").suspended(),
            _ => _ = world.github.user("kim").revokes_sign_ins(),
        }
        is_shut_out(&world);
    }
    world.has_cookies(&admin);
    let (_, audit) = world.get("/audit?did=was%20let%20in%20no%20more");
    assert_eq!(audit.matches("GitHub says so").count(), 3, "{audit}");
    // Whoever may again comes in again.
    world.web().has("maria", "write");
    assert_eq!(world.signs_in_with_github("maria").0, 303);
    assert_eq!(world.get("/").0, 200);
}

#[test]
fn a_role_comes_and_goes_with_the_team() {
    let mut world = started(RELEASE);
    let (sha, page, fingerprint) = blocked(&world);
    world.github.user("maria").member_of("acme");
    assert_eq!(world.signs_in_with_github("maria").0, 303);
    let waiver = [("fingerprint", fingerprint.as_str()), ("why", "x"), ("days", "1")];
    let waives = |world: &World| world.submit(&page, &format!("{page}/waivers"), &waiver).0;
    assert_eq!(waives(&world), 403, "a member of the organisation alone");
    world.github.user("maria").in_team("acme/release");
    world.wait(|| (waives(&world) == 303).then_some(()), || "she is in the team".to_owned());
    world.status_of(&sha).is_success("Go, 1 waived");
    world.github.user("maria").leaves_team("acme/release");
    let account = || world.get("/account").1;
    world.wait(|| (!account().contains("release-manager")).then_some(()), account);
    assert_eq!(waives(&world), 403);
    let (_, audit) = world.get("/audit");
    assert!(audit.contains("came to have other roles") && audit.contains("viewer, release-manager at web"), "{audit}");
    world.github.check_requests();
}

#[test]
fn while_github_is_away_its_last_word_counts_for_a_while_and_no_longer() {
    let mut world = started("");
    assert_eq!(world.signs_in_with_github("maria").0, 303);
    world.github.goes_down();
    assert_eq!(world.get("/account").0, 200);
    let page = || world.get("/account");
    let said = world.wait(|| Some(page()).filter(|page| page.0 == 503), || format!("{}", page().0)).1;
    assert!(said.contains("is not known, since GitHub does not say") && !said.contains("<b>maria</b>"), "{said}");
    world.github.comes_back();
    // Nobody has to sign in again.
    world.wait(|| (page().0 == 200).then_some(()), || page().1);
}

#[test]
fn a_person_is_known_by_their_number_alone() {
    let mut world = started("");
    let admin = world.cookies();
    world.adds("maria", "admin");
    assert_eq!(world.signs_in_with_github("maria").0, 303);
    assert!(world.get("/account").1.contains("<b>maria@github</b>: viewer"), "another person than ours");
    // She is called otherwise, and somebody else takes her old name.
    world.github.user("maria").is_renamed("mary");
    assert_eq!(world.signs_in_with_github("mary").0, 303);
    assert!(world.get("/account").1.contains("<b>maria@github</b>"));
    assert_eq!(world.signs_in_with_github("maria").0, 303);
    assert!(world.get("/account").1.contains("<b>maria@github-"));
    world.has_cookies(&admin);
    assert!(world.get("/people").1.contains("with github as mary"));
}

#[test]
fn a_session_outlives_the_server_and_is_asked_about_still() {
    let mut world = started("");
    assert_eq!(world.signs_in_with_github("maria").0, 303);
    world.kill();
    world.start();
    assert_eq!(world.get("/account").0, 200);
    world.web().has("maria", "read");
    is_shut_out(&world);
}

#[test]
fn an_enterprise_server_lets_people_in_alike() {
    let mut world = World::stopped_on(gonogo_world::GitHub::enterprise()).signing_in_with_github("");
    world.start();
    assert_eq!(world.signs_in_with_github("maria").0, 303);
    assert!(world.get("/account").1.contains("<b>maria</b>"));
    world.github.check_requests();
}

#[test]
fn without_a_client_nobody_is_sent_to_github() {
    let world = World::new();
    assert!(!world.get("/sign-in").1.contains("GitHub"));
    assert_eq!(world.get("/sign-in/github").0, 404);
}
