//! What is in force, and where each comes from.

use crate::api::Api;
use crate::support::{PASSWORD, SECRET, World};
use serde_json::Value;

fn setting<'a>(settings: &'a Value, key: &str) -> (&'a Value, &'a Value) {
    let found = settings["settings"].as_array().unwrap().iter().find(|setting| setting["key"] == key);
    let setting = found.unwrap_or_else(|| panic!("no {key} in {settings}"));
    (&setting["value"], &setting["line"])
}

#[test]
fn the_policy_in_force_is_the_one_of_what_runs() {
    let mut world = World::stopped();
    world.policy("[checks]\nstory-size = 'off'\n[checks.unfinished]\nwords = ['later']\n");
    world.start();
    // The candidate's own counts for nothing yet.
    world.repo.commit_files("STORY-1 softer", &[("gonogo.toml", "[checks]\nunfinished = 'off'\n")]);
    let sha = world.push("main");
    world.status_says(&sha, "success", "Go");
    let api = Api::of(&world);
    let found = api.get("/services/web/policy");
    let policy = &found["policies"][0];
    assert_eq!((&policy["name"], &policy["wrong"]), (&"production:gonogo.toml".into(), &Value::Null));
    assert_eq!(setting(policy, "checks.unfinished.words"), (&r#"["later"]"#.into(), &6.into()));
    assert_eq!(setting(policy, "checks.unfinished.level"), (&"\"block\"".into(), &Value::Null));
    assert_eq!(setting(policy, "checks.story-size.level"), (&"\"off\"".into(), &4.into()));
    assert_eq!(setting(policy, "stories.projects"), (&r#"["STORY"]"#.into(), &1.into()));
    assert_eq!(setting(policy, "tracker"), (&Value::Null, &Value::Null));
    let page = world.get("/services/web/policy").1;
    assert!(page.contains("production:gonogo.toml") && page.contains("line 6"), "{page}");
    assert_eq!(world.get("/services/nowhere/policy").0, 404);
}

#[test]
fn a_policy_that_is_wrong_is_told_with_its_place() {
    let world = World::new();
    world.repo.commit_files("no-jira policy", &[("gonogo.toml", "[stories]\nproject = 'X'\n")]);
    world.repo.git(&["branch", "-f", "production", "main"]);
    world.push("main");
    world.push("production");
    let wrong = || {
        let page = world.get("/services/web/policy").1;
        page.contains("the defaults judge").then_some(page)
    };
    let page = world.wait(wrong, || world.get("/services/web/policy").1);
    assert!(page.contains("unknown field `project`") && page.contains("did you mean `projects`?"), "{page}");
}

#[test]
fn the_servers_settings_are_for_admins_and_hold_no_secret() {
    let mut world = World::new();
    let found = Api::of(&world).get("/settings");
    assert_eq!(setting(&found, "service[0].name").0, "\"web\"");
    assert_eq!(setting(&found, "server.workers"), (&"4".into(), &Value::Null));
    let secrets = found["secrets"].as_array().unwrap();
    let hooks = secrets.iter().find(|set| set["variable"] == "GONOGO_GITHUB_WEBHOOK_SECRET").unwrap();
    assert_eq!(hooks["is_set"], true);
    let page = world.get("/settings").1;
    assert!(page.contains("service[0].name") && page.contains("set, in the"), "{page}");
    for shown in [found.to_string(), page] {
        assert!(!shown.contains(SECRET), "{shown}");
    }
    let dan = [("name", "dan"), ("password", PASSWORD), ("role", "developer")];
    assert_eq!(world.submit("/people", "/people", &dan).0, 303);
    world.signs_in("dan", PASSWORD);
    let page = world.get("/settings").1;
    assert!(page.contains("one has to be admin") && page.contains("/services/web/policy"), "{page}");
    assert!(!page.contains("service[0].name"), "{page}");
}
