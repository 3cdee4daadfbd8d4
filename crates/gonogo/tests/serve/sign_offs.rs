//! Deploys that the policy wants signed off.

use crate::api::Api;
use crate::support::{PASSWORD, World, path_of};
use serde_json::json;

const POLICY: &str = "[plan]\nsign_offs = ['release-manager', 'ops']\n[plan.people]\nops = ['lee']\n";

fn wanting() -> World {
    let mut world = World::stopped().polling();
    world.policy(POLICY);
    world.start();
    world.adds("lee", "viewer");
    world.adds("dev", "developer");
    world.adds("rita", "release-manager");
    world
}

impl World {
    /// A commit on main, which waits: its SHA, and its candidate's path.
    fn waits_with(&self, message: &str) -> (String, String) {
        self.repo.commit(message);
        let sha = self.push("main");
        self.status_says(&sha, "pending", "Waiting: the sign-off ops is missing (+1)");
        let path = path_of(&self.status_of(&sha).now().unwrap());
        (sha, path)
    }

    fn signs_off(&self, candidate: &str, name: &str) -> u16 {
        self.submit(&format!("{candidate}/plan"), &format!("{candidate}/sign-offs"), &[("name", name)]).0
    }
}

/// Whether one sign-off alone is missing.
fn is_only(world: &World, sha: &str) -> bool {
    let said = world.status_of(sha).now().and_then(|status| status.description);
    said.as_deref() == Some("Waiting: the sign-off ops is missing")
}

#[test]
fn a_deploy_waits_until_each_has_signed_exactly_this_head_off() {
    let mut world = wanting();
    let (sha, candidate) = world.waits_with("STORY-1 x");
    let plan = |world: &World| world.get(&format!("{candidate}/plan")).1;
    let text = world.get(&candidate).1;
    let link = format!("<a href=\"{candidate}/plan#sign-offs\">");
    assert!(text.contains("<b>lee</b> → gives it on the plan of this candidate") && text.contains(&link), "{text}");
    assert!(plan(&world).contains("Sign off as release-manager") && !plan(&world).contains("Sign off as ops"));
    assert_eq!(world.signs_off(&candidate, "ops"), 403, "an admin is not among those who are named");
    assert_eq!(world.signs_off(&candidate, "boss"), 409);
    world.signs_in("dev", PASSWORD);
    assert_eq!(world.signs_off(&candidate, "release-manager"), 403);
    world.signs_in("rita", PASSWORD);
    assert_eq!(world.signs_off(&candidate, "release-manager"), 303);
    assert_eq!(world.signs_off(&candidate, "release-manager"), 303, "the form came twice");
    world.wait(|| is_only(&world, &sha).then_some(()), || format!("{:?}", world.status_of(&sha).now()));
    world.signs_in("lee", PASSWORD);
    assert_eq!(world.signs_off(&candidate, "ops"), 303);
    world.status_of(&sha).is_success("Go");
    assert!(plan(&world).contains("✓ rita") && plan(&world).contains("✓ lee"));
    let written = world.get(&format!("{candidate}/plan.md")).1;
    assert!(written.contains("- ops: lee, 20") && !written.contains("not given"), "{written}");

    // Who gave it may take it back; then it waits again.
    let page = plan(&world);
    let form = page.split("action=\"").find(|rest| rest.contains("/take-back\"")).unwrap();
    let action = form.split('"').next().unwrap().to_owned();
    world.signs_in("dev", PASSWORD);
    assert_eq!(world.submit(&format!("{candidate}/plan"), &action, &[]).0, 403);
    world.signs_in("lee", PASSWORD);
    assert_eq!(world.submit(&format!("{candidate}/plan"), &action, &[]).0, 303);
    world.status_says(&sha, "pending", "Waiting: the sign-off ops is missing");
    assert_eq!(world.signs_off(&candidate, "ops"), 303);
    world.status_of(&sha).is_success("Go");

    // Another head is another deploy.
    let (_, next) = world.waits_with("STORY-2 y");
    assert_ne!(next, candidate);
    assert_eq!(world.signs_off(&candidate, "ops"), 409, "it is not open any more");
    assert!(plan(&world).contains("✓ rita"), "who signed the old one off is still told");
    world.signs_in_again();
    let audit = world.get("/audit").1;
    assert!(audit.contains("signed off") && audit.contains("took a sign-off back"), "{audit}");

    // What brings nothing over what runs is signed off by nobody.
    let head = world.repo.rev("main");
    world.ships("production", &head);
    world.status_of(&head).is_success("Go");
}

#[test]
fn a_sign_off_counts_only_while_who_gave_it_may_give_it() {
    let mut world = wanting();
    let (sha, candidate) = world.waits_with("STORY-1 x");
    for (who, name) in [("rita", "release-manager"), ("lee", "ops")] {
        world.signs_in(who, PASSWORD);
        assert_eq!(world.signs_off(&candidate, name), 303);
    }
    world.status_of(&sha).is_success("Go");
    world.signs_in_again();
    let (_, page) = world.get("/people");
    let rita = page.split("href=\"").find(|rest| rest.contains(">rita<")).unwrap().split('"').next().unwrap();
    let lower = [("service", ""), ("role", "developer")];
    assert_eq!(world.submit(rita, &format!("{rita}/role"), &lower).0, 303);
    world.status_says(&sha, "pending", "Waiting: the sign-off release-manager of rita does not count any more");
    let plan = || world.get(&format!("{candidate}/plan")).1;
    assert!(plan().contains("✗ of rita, who may not give it any more"), "{}", plan());
    assert!(world.get(&format!("{candidate}/plan.md")).1.contains("- release-manager: not given"));
    let given = Api::of(&world).get(&format!("{candidate}/sign-offs"))["items"][0]["given"].clone();
    assert!(given["by"] == "rita" && given["counts"] == false, "{given}");
    // Somebody else gives it in its place.
    assert_eq!(world.signs_off(&candidate, "release-manager"), 303);
    world.status_of(&sha).is_success("Go");
    assert!(plan().contains("✓ ada"));
}

#[test]
fn programs_give_sign_offs_and_take_them_back() {
    let world = wanting();
    let (sha, candidate) = world.waits_with("STORY-1 x");
    let api = Api::of(&world);
    let path = format!("{candidate}/sign-offs");
    let wanted = api.get(&path);
    let names: Vec<_> = wanted["items"].as_array().unwrap().iter().map(|one| (&one["name"], &one["by_whom"])).collect();
    assert_eq!(names, [(&json!("release-manager"), &json!("who is release-manager")), (&json!("ops"), &json!("lee"))]);
    assert_eq!(api.post(&path, &json!({ "name": "ops" })).status, 403);
    let given = api.post(&path, &json!({ "name": "release-manager" }));
    assert_eq!(given.status, 201, "{}", given.body);
    world.wait(|| is_only(&world, &sha).then_some(()), || format!("{:?}", world.status_of(&sha).now()));
    assert_eq!(api.get(&path)["items"][0]["given"]["by"], "ada");
    let one = format!("{path}/{}", given.body["id"]);
    assert_eq!(Api::with(&world, &["read"]).send("DELETE", &one, &[], "").status, 403);
    assert_eq!(api.send("DELETE", &one, &[], "").status, 204);
    assert_eq!(api.send("DELETE", &one, &[], "").status, 409);
    world.status_says(&sha, "pending", "Waiting: the sign-off ops is missing (+1)");
}
