use crate::support::{PASSWORD, World, path_of};

/// A candidate that one commit blocks: its SHA, page and fingerprint.
pub(crate) fn blocked(world: &World) -> (String, String, String) {
    world.repo.commit("tidy up");
    let sha = world.push("main");
    let status = world.status_of(&sha).is_failure(&format!("No-Go: {} \"tidy up\" names no story", &sha[..7]));
    let page = path_of(&status);
    let (_, text) = world.get(&page);
    let fingerprint = text.split("name=\"fingerprint\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    (sha, page, fingerprint)
}

#[test]
fn a_waiver_turns_the_status_green_and_taking_it_back_red() {
    let world = World::new();
    let (sha, page, fingerprint) = blocked(&world);
    let give = |why: &str, days: &str| {
        let fields = [("fingerprint", fingerprint.as_str()), ("why", why), ("days", days)];
        world.submit(&page, &format!("{page}/waivers"), &fields).0
    };
    assert_eq!([give(" ", "3"), give("\u{200b}", "3"), give("x", "0"), give("x", "91")], [422; 4]);
    assert_eq!(give("agreed with <Maria>", "3"), 303);
    world.status_of(&sha).is_success("Go, 1 waived");
    assert_eq!(give("again", "3"), 409, "it is waived already");
    let (_, text) = world.get(&page);
    for words in ["⚑", "by ada until", "agreed with &lt;Maria&gt;", "Take back"] {
        assert!(text.contains(words), "{words} is not in {text}");
    }
    // It outlives the head.
    world.repo.commit("STORY-2 more");
    let next = world.push("main");
    world.status_of(&next).is_success("Go, 1 waived");

    let (_, first) = world.get("/");
    let page = format!("/candidates/{}", first.split("/candidates/").nth(1).unwrap().split('"').next().unwrap());
    let (_, text) = world.get(&page);
    let action = text.split("action=\"/services/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let candidate = page.rsplit('/').next().unwrap().to_owned();
    let taken = world.submit(&page, &format!("/services/{action}"), &[("candidate", &candidate)]);
    assert_eq!(taken.0, 303);
    world.status_of(&next).is_failure(&format!("No-Go: {} \"tidy up\" names no story", &sha[..7]));
    let (_, audit) = world.get("/audit");
    for words in ["became the first admin", "signed in", "waived", "took a waiver back", "agreed with"] {
        assert!(audit.contains(words), "{words} is not in {audit}");
    }
}

#[test]
fn a_waiver_of_one_branch_lets_nothing_pass_in_another() {
    let mut world = World::stopped();
    world.policy("[candidates]\nbranches = ['main', 'release/*']\n");
    world.start();
    let (sha, page, fingerprint) = blocked(&world);
    let fields = [("fingerprint", fingerprint.as_str()), ("why", "seen"), ("days", "3"), ("where", "branch")];
    assert_eq!(world.submit(&page, &format!("{page}/waivers"), &fields).0, 303);
    world.status_of(&sha).is_success("Go, 1 waived");
    assert!(world.get(&page).1.contains("in this branch alone"));
    world.repo.branch("release/1").checkout("release/1");
    world.repo.commit("STORY-2 more");
    let other = world.push("release/1");
    let status = world.status_of(&other).is_failure(&format!("No-Go: {} \"tidy up\" names no story", &sha[..7]));
    let page = path_of(&status);
    let fields = [("fingerprint", fingerprint.as_str()), ("why", "seen"), ("days", "3"), ("where", "service")];
    assert_eq!(world.submit(&page, &format!("{page}/waivers"), &fields).0, 303, "that of main says nothing of it");
    world.status_of(&other).is_success("Go, 1 waived");
    assert!(world.get("/waivers").1.contains("web, main alone"));
}

#[test]
fn who_has_not_signed_in_sees_and_does_nothing() {
    let mut world = World::new();
    let (_, page, fingerprint) = blocked(&world);
    let word = world.form_word(&page);
    world.forgets_cookie();
    for path in ["/", &page, "/deliveries", "/people", "/audit"] {
        let (status, answer) = world.get(path);
        assert_eq!(status, 303, "{path}");
        assert!(answer.contains("location: /sign-in?next=/") && !answer.contains("tidy up"), "{answer}");
    }
    let fields = [("form", word.as_str()), ("fingerprint", &fingerprint), ("why", "x"), ("days", "1")];
    let (status, answer) = world.post(&format!("{page}/waivers"), &fields);
    assert!(status == 401 && answer.contains("href=\"/sign-in?next=/\""), "{answer}");
}

#[test]
fn a_form_of_another_page_is_not_taken() {
    let world = World::new();
    let (_, page, fingerprint) = blocked(&world);
    for word in ["", "x", &"a".repeat(64)] {
        let fields = [("form", word), ("fingerprint", fingerprint.as_str()), ("why", "x"), ("days", "1")];
        assert_eq!(world.post(&format!("{page}/waivers"), &fields).0, 403);
    }
    assert_eq!(
        world.post("/people", &[("form", "x"), ("name", "eve"), ("password", PASSWORD), ("role", "admin")]).0,
        403
    );
    assert!(!world.get("/people").1.contains(">eve<"));
}

#[test]
fn roles_bound_what_people_may() {
    let mut world = World::new();
    let (_, page, fingerprint) = blocked(&world);
    for (name, role) in [("vera", "viewer"), ("dan", "developer"), ("rita", "release-manager")] {
        let fields = [("name", name), ("password", PASSWORD), ("role", role)];
        assert_eq!(world.submit("/people", "/people", &fields).0, 303);
    }
    let again = [("name", "dan"), ("password", PASSWORD), ("role", "admin")];
    assert_eq!(world.submit("/people", "/people", &again).0, 409);
    let short = [("name", "sam"), ("password", "short"), ("role", "viewer")];
    assert_eq!(world.submit("/people", "/people", &short).0, 422);

    let waiver = [("fingerprint", fingerprint.as_str()), ("why", "x"), ("days", "1")];
    let person = [("name", "eve"), ("password", PASSWORD), ("role", "admin")];
    for (name, checks, waives, adds) in [("vera", 403, 403, 403), ("dan", 303, 403, 403), ("rita", 303, 303, 403)] {
        world.signs_in(name, PASSWORD);
        let did = [
            world.submit(&page, &format!("{page}/check"), &[]).0,
            world.submit(&page, &format!("{page}/waivers"), &waiver).0,
            world.submit("/people", "/people", &person).0,
        ];
        assert_eq!(did, [checks, waives, adds], "{name}");
    }
    let (_, audit) = world.get("/audit?did=asked%20to%20check%20again");
    assert_eq!(audit.matches("asked to check again</td>").count(), 2, "{audit}");
}

#[test]
fn a_session_ends_by_signing_out() {
    let mut world = World::new();
    assert_eq!(world.submit("/", "/sign-out", &[]).0, 303);
    assert_eq!(world.get("/").0, 303, "the old cookie opens nothing");
    world.signs_in_again();
    assert!(world.get("/audit").1.contains("signed out"));
}

#[test]
fn guesses_are_slowed_down() {
    let world = World::new();
    let tries: Vec<u16> =
        (0..7).map(|n| world.post("/sign-in", &[("name", "ada"), ("password", &format!("guess {n}"))]).0).collect();
    assert_eq!(tries[..5], [401; 5]);
    assert_eq!(tries[5..], [429; 2]);
    assert_eq!(world.post("/sign-in", &[("name", "ada"), ("password", PASSWORD)]).0, 429, "also the right one waits");
}

#[test]
fn the_code_for_the_first_admin_works_once() {
    let mut world = World::new();
    for code in ["", "guess"] {
        let fields = [("code", code), ("name", "eve"), ("password", PASSWORD)];
        assert_eq!(world.post("/first-admin", &fields).0, 403);
    }
    let told = world.get("/sign-in?done=first-admin").1;
    assert!(told.contains("You are the first admin now. Sign in"), "{told}");
    // After a restart there is no code: somebody may sign in.
    world.kill();
    world.start();
    assert_eq!(world.get("/people").0, 200, "the session outlives the server");
    assert!(!world.get("/people").1.contains(">eve<"));
}
