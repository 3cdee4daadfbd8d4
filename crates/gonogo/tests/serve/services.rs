use crate::support::{World, path_of};

const WEB_AND_API: &str =
    "path = 'web'\n[[service]]\nname = 'api'\nrepository = 'acme/web'\npath = 'api'\nproduction = 'production'\n";

#[test]
fn a_push_is_judged_by_the_services_that_it_concerns() {
    let mut world = World::stopped().with_service(WEB_AND_API);
    world.start();
    world.repo.commit_files("STORY-1 x", &[("api/a", "1")]);
    let first = world.push("main");
    let of_api = |sha: &str| world.web().status_of(sha, "gonogo/deploy (api)");
    let status = of_api(&first).is_success("Go");
    let web = world.status_of(&first).is_success("does not concern web");
    // At once: nobody waits for a judge.
    assert!(world.web().statuses(&first).iter().all(|one| one.context != web.context || one.state == "success"));
    let stories = |path: &str| world.get(&format!("{path}/stories")).1.contains("STORY-1");
    world.wait(|| stories(&path_of(&status)).then_some(()), || "no story".to_owned());
    assert!(!stories(&path_of(&web)));

    world.repo.commit_files("tidy up", &[("web/a", "1")]);
    let second = world.push("main");
    world.status_says(&second, "failure", "No-Go: ");
    of_api(&second).is_success("Go");
    // What changes nothing here leaves what does unmended.
    world.repo.commit_files("STORY-2 y", &[("docs/a", "1")]);
    let third = world.push("main");
    world.status_says(&third, "failure", "No-Go: ");
    of_api(&third).is_success("Go");
    // Both are read from one mirror.
    let mirrors = std::fs::read_dir(world.place("data/mirrors/acme")).unwrap();
    let names: Vec<_> = mirrors.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names, ["web.git"]);
}

#[test]
fn a_service_that_cannot_be_looked_at_holds_up_no_other() {
    let other = "[[service]]\nname = 'api'\nrepository = 'acme/web'\nproduction = 'gone'\n";
    let mut world = World::stopped().with_service(other);
    world.start();
    world.repo.commit("STORY-1 x");
    let sha = world.push("main");
    world.status_of(&sha).is_success("Go");
    let of_api = || world.web().status_of(&sha, "gonogo/deploy (api)").now();
    let said =
        |text: Option<&str>| text.is_some_and(|text| text.starts_with("Could not find out: gone is not a branch"));
    world.wait(|| of_api().filter(|status| said(status.description.as_deref())), || format!("{:?}", of_api()));
}
