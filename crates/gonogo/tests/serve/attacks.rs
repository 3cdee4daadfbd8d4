//! Ways around the rules, which lead nowhere.

use crate::api::Api;
use crate::people::blocked;
use crate::support::{PASSWORD, World, location_of};
use serde_json::json;

fn started() -> World {
    let mut world = World::stopped().signing_in_with_github("");
    world.start();
    world
}

fn is_refused(world: &World, path: &str, words: &str) {
    let (status, answer) = world.get(path);
    assert!(status != 303 && answer.contains(words), "{path}: {answer}");
}

#[test]
fn a_way_back_from_github_is_gone_once_and_in_its_browser_alone() {
    let mut world = started();
    world.github.signs_in("maria");
    world.forgets_cookie();
    let back = world.goes_elsewhere("/sign-in/github");
    let ticket = world.cookies();
    // Without the browser's ticket, or with another's, the code is not even shown.
    world.forgets_cookie();
    is_refused(&world, &back, "was not begun in this browser");
    let other = world.goes_elsewhere("/sign-in/github");
    is_refused(&world, &back, "was not begun in this browser");
    let changed = other.replace("state=", "state=0");
    is_refused(&world, &changed, "was not begun in this browser");
    assert!(world.github.requests_to("/login/oauth/access_token").is_empty());
    // It works once; then the ticket is gone, and the code is worth nothing.
    world.has_cookies(&ticket);
    let (status, answer) = world.get(&back);
    assert_eq!(status, 303, "{answer}");
    let sign_in = |line: &&str| line.starts_with("set-cookie: gonogo_sign_in_") && line.contains("=; ");
    assert!(answer.lines().any(|line| sign_in(&line)), "{answer}");
    world.has_cookies(&ticket);
    is_refused(&world, &back, "GitHub did not let you in");
}

#[test]
fn signing_in_leads_to_no_other_place() {
    let mut world = started();
    world.github.signs_in("maria");
    for next in
        ["//evil.example", "https://evil.example", "/%5Cevil.example", "%2F%2Fevil.example", "/%09/evil.example"]
    {
        let back = world.goes_elsewhere(&format!("/sign-in/github?next={next}"));
        assert_eq!(location_of(&world.get(&back).1), "/", "{next}");
    }
    is_refused(&world, "/sign-in/github/callback?error=%3Cscript%3E", "&lt;script&gt;");
}

#[test]
fn what_is_too_large_is_told_so() {
    let world = World::new();
    let (status, page) = world.post("/sign-in", &[("name", "ada"), ("password", &"x".repeat(30_000))]);
    assert!(status == 413 && page.contains("A form holds 64 kB at most"), "{status} {page}");
    let signed = [("X-Hub-Signature-256", "sha256=00"), ("X-GitHub-Event", "push"), ("X-GitHub-Delivery", "d")];
    let hook = |size: usize| world.send("POST", "/hooks/github", &signed, &"x".repeat(size));
    assert_eq!(hook(25 << 20).0, 401, "as large as GitHub's largest, and not by our secret");
    let (status, said) = hook((25 << 20) + 1);
    assert!(status == 413 && said.contains("its body is over 25 MB"), "{status} {said}");
}

#[test]
fn a_session_that_somebody_planted_is_not_used() {
    let mut world = started();
    let planted = "a".repeat(64);
    world.has_cookies(&format!("gonogo_session={planted}"));
    assert_eq!(world.comes_back_from_github("maria").0, 303);
    assert!(!world.cookies().contains(&planted));
    // Whoever was signed in here before is so no more.
    let before = world.cookies();
    assert_eq!(world.comes_back_from_github("ivo").0, 303);
    let after = world.cookies();
    world.has_cookies(&before);
    assert_eq!(world.get("/account").0, 303);
    world.has_cookies(&after);
    assert!(world.get("/account").1.contains("<b>ivo</b>"));
}

#[test]
fn nobodys_github_is_joined_to_somebody_elses_account() {
    let mut world = started();
    for word in ["", "x", &"a".repeat(64)] {
        assert_eq!(world.get(&format!("/account/github?form={word}")).0, 403);
    }
    // Begun by ada, and brought back in the session of another person.
    world.adds("vera", "viewer");
    world.github.signs_in("maria");
    let word = world.form_word("/account");
    let back = world.goes_elsewhere(&format!("/account/github?form={word}"));
    let ticket = world.cookies().split("; ").find(|pair| pair.starts_with("gonogo_sign_in_")).unwrap().to_owned();
    world.forgets_cookie();
    world.signs_in("vera", PASSWORD);
    let vera = world.cookies();
    world.has_cookies(&format!("{vera}; {ticket}"));
    is_refused(&world, &back, "was not begun in this browser");
    // And in a browser where nobody is signed in.
    world.has_cookies(&ticket);
    is_refused(&world, &back, "was not begun in this browser");
    world.has_cookies(&vera);
    assert!(!world.get("/people").1.contains("with github"));
}

#[test]
fn what_somebody_may_no_more_their_open_forms_do_not_do() {
    let mut world = started();
    let (_, page, fingerprint) = blocked(&world);
    world.adds("rita", "release-manager");
    let (admin, person) = (world.cookies(), world.page_of_person("rita"));
    world.signs_in("rita", PASSWORD);
    let rita = world.cookies();
    let word = world.form_word(&page);
    let waiver = [("form", word.as_str()), ("fingerprint", &fingerprint), ("why", "x"), ("days", "1")];
    let waives = |world: &mut World| {
        world.has_cookies(&rita);
        let done = world.post(&format!("{page}/waivers"), &waiver);
        world.has_cookies(&admin);
        done
    };
    world.has_cookies(&admin);
    let role = [("service", ""), ("role", "developer")];
    assert_eq!(world.submit(&person, &format!("{person}/role"), &role).0, 303);
    assert_eq!(waives(&mut world).0, 403);
    let role = [("service", ""), ("role", "release-manager")];
    assert_eq!(world.submit(&person, &format!("{person}/role"), &role).0, 303);
    assert_eq!(world.submit(&person, &format!("{person}/deactivate"), &[]).0, 303);
    let (status, answer) = waives(&mut world);
    assert!(status == 401 && answer.contains("not signed in any more"), "{answer}");
    assert_eq!(world.post("/sign-in", &[("name", "rita"), ("password", PASSWORD)]).0, 401);
    assert!(!world.get(&page).1.contains("Take back"), "nothing was waived");
}

#[test]
fn who_is_no_admin_changes_nobody() {
    let mut world = started();
    world.adds("rita", "release-manager");
    let person = world.page_of_person("rita");
    world.signs_in("rita", PASSWORD);
    assert!(!world.get(&person).1.contains("<select"));
    let word = world.form_word("/account");
    let form = ("form", word.as_str());
    for (act, fields) in [
        ("role", vec![form, ("service", ""), ("role", "admin")]),
        ("role", vec![form, ("service", "web"), ("role", "admin")]),
        ("link", vec![form]),
        ("deactivate", vec![form]),
    ] {
        assert_eq!(world.post(&format!("{person}/{act}"), &fields).0, 403, "{act}");
        let without: Vec<_> =
            fields.into_iter().map(|(name, value)| (name, if name == "form" { "x" } else { value })).collect();
        assert_eq!(world.post(&format!("{person}/{act}"), &without).0, 403, "{act}");
    }
    assert!(world.get("/account").1.contains("release-manager for all services"));
}

/// On PostgreSQL, which takes no NUL: there it was said to be away.
#[test]
fn a_nul_is_refused_in_words_wherever_it_stands() {
    let mut world = World::stopped().on_postgres("nul");
    world.start();
    let (_, page, fingerprint) = blocked(&world);
    for path in ["/search?q=%00", "/audit?who=%00", "/stories/A%00-1", "/services/web%00"] {
        let (status, answer) = world.get(path);
        assert!(status == 400 && answer.contains("a NUL character in the address"), "{path}: {status} {answer}");
    }
    let (status, answer) = world.post("/sign-in", &[("name", "ada\0"), ("password", PASSWORD)]);
    assert!(status == 400 && answer.contains("a NUL character in the form"), "{answer}");
    let fields = [("fingerprint", fingerprint.as_str()), ("why", "x\0"), ("days", "3")];
    let (status, answer) = world.submit(&page, &format!("{page}/waivers"), &fields);
    assert!(status == 400 && answer.contains("a NUL character in the form"), "{answer}");
    let api = Api::of(&world);
    assert_eq!(api.send("GET", "/candidates?branch=%00", &[], "").status, 400);
    let given = api.post(&format!("{page}/waivers"), &json!({"fingerprint": fingerprint, "why": "x\0", "days": 3}));
    assert_eq!((given.status, &given.body["detail"]), (422, &json!("a NUL character in the body, which no text has")));
    assert!(!world.log().contains("the store is away"), "{}", world.log());
}
