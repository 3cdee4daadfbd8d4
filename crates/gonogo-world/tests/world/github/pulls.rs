//! Pull requests: whose commit it is, how they end.

use super::client::{get_json, github, web};

#[test]
fn a_commit_knows_its_pull_requests() {
    let (github, repo) = github();
    let team = web(&github);
    repo.branch("topic").checkout("topic");
    let first = repo.commit("STORY-12 one");
    let second = repo.commit("STORY-12 two");
    team.by("maria").pushes("topic", &repo);
    let pull = team.by("maria").opens_pull_request("Charge in euros", "topic", "main").with_body("STORY-12");
    let numbers = |sha: &str| {
        let pulls = get_json(&github, &format!("/repos/acme/web/commits/{sha}/pulls"));
        pulls.as_array().unwrap().iter().map(|pull| pull["number"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((numbers(&first), numbers(&second)), (vec![1], vec![1]));
    assert_eq!(numbers(&repo.rev("main")), [0_u64; 0]);

    let squashed = pull.squashes();
    assert_eq!(numbers(&squashed), [1]);
    let commit = get_json(&github, &format!("/repos/acme/web/commits/{squashed}"));
    assert_eq!(commit["commit"]["message"], "Charge in euros (#1)\n\n* STORY-12 one\n\n* STORY-12 two");
    let closed = get_json(&github, "/repos/acme/web/pulls/1");
    assert_eq!((&closed["state"], &closed["merged"]), (&"closed".into(), &true.into()));
    assert_eq!(closed["merge_commit_sha"], squashed);
    assert_eq!(closed["user"]["login"], "maria");
}

#[test]
fn a_branch_that_reaches_its_base_or_goes_closes_the_pull_request() {
    let (github, repo) = github();
    let team = web(&github);
    repo.branch("topic").branch("other").checkout("topic");
    repo.commit("on topic");
    team.pushes("topic", &repo);
    repo.checkout("other");
    repo.commit("on other");
    team.pushes("other", &repo);
    team.opens_pull_request("One", "topic", "main");
    team.opens_pull_request("Two", "other", "main");
    repo.checkout("main").merge("topic", "by hand");
    team.pushes("main", &repo);
    team.deletes_branch("other");
    let pull = |number: u64| get_json(&github, &format!("/repos/acme/web/pulls/{number}"));
    assert_eq!(pull(1)["merged"], true);
    assert_eq!((&pull(2)["merged"], &pull(2)["state"]), (&false.into(), &"closed".into()));
    assert_eq!(get_json(&github, "/repos/acme/web/pulls").as_array().unwrap().len(), 0);
}
