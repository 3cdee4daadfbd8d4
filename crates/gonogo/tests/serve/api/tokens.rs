use super::client::{Api, token};
use crate::support::{PASSWORD, World};

#[test]
fn a_token_is_made_on_a_page_told_once_and_revoked() {
    let mut world = World::new();
    let api = Api::by(&world, &token(&world, &["read"]));
    assert_eq!(api.token.len(), "gonogo_".len() + 64);
    let (_, page) = world.get("/tokens");
    assert!(!page.contains("gonogo_") && page.contains("never"), "{page}");
    assert_eq!(api.send("GET", "/services", &[], "").status, 200);
    assert!(world.files_with(&api.token).is_empty(), "it is kept nowhere");
    assert!(!world.get("/tokens").1.contains("never"), "it was used");

    // It outlives a restart, and ends when it is revoked.
    let kept = api.token;
    world.kill();
    world.start();
    let api = Api::by(&world, &kept);
    assert_eq!(api.send("GET", "/services", &[], "").status, 200);
    assert_eq!(world.submit("/tokens", "/tokens/1/revoke", &[]).0, 303);
    let refused = api.send("GET", "/services", &[], "");
    assert_eq!((refused.status, refused.header("www-authenticate")), (401, "Bearer"));
    assert_eq!(world.submit("/tokens", "/tokens/1/revoke", &[]).0, 409, "it is revoked already");
    let (_, audit) = world.get("/audit");
    for words in ["made a token", "for read until", "revoked a token", "token 1"] {
        assert!(audit.contains(words), "{words} is not in {audit}");
    }
}

#[test]
fn a_token_that_cannot_be_is_not_made() {
    let world = World::new();
    let make = |name: &str, days: &str, scope: &str| {
        world.submit("/tokens", "/tokens", &[("name", name), ("days", days), (scope, "on")]).0
    };
    assert_eq!([make(" ", "7", "read"), make("x", "0", "read"), make("x", "367", "read")], [422; 3]);
    assert_eq!(make("x", "7", "fly"), 422, "nothing is ticked");
    assert_eq!(world.post("/tokens", &[("form", "x"), ("name", "x"), ("days", "7"), ("read", "on")]).0, 403);
    assert!(world.get("/tokens").1.contains("There is no token yet"));
}

#[test]
fn people_see_their_own_tokens_and_an_admin_all() {
    let mut world = World::new();
    let fields = [("name", "vera"), ("password", PASSWORD), ("role", "viewer")];
    assert_eq!(world.submit("/people", "/people", &fields).0, 303);
    token(&world, &["read"]);
    world.signs_in("vera", PASSWORD);
    assert!(world.get("/tokens").1.contains("There is no token yet"));
    assert_eq!(world.submit("/tokens", "/tokens/1/revoke", &[]).0, 409, "it is ada's");
    let beyond = world.submit("/tokens", "/tokens", &[("name", "x"), ("days", "7"), ("production", "on")]);
    assert!(beyond.0 == 422 && beyond.1.contains("production opens nothing to a viewer"), "{}", beyond.1);
    let veras = token(&world, &["read"]);
    world.signs_in_again();
    assert_eq!(world.submit("/tokens", "/tokens/2/revoke", &[]).0, 303);
    let api = Api::by(&world, &veras);
    assert_eq!(api.send("GET", "/services", &[], "").status, 401);
}
