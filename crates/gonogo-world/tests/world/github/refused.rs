//! The checker: what no test should ask, and faults in GitHub's manner.

use std::panic::{self, AssertUnwindSafe};

use gonogo_world::GitHub;
use serde_json::json;

use super::client::{get, get_json, json_of, post, three_commits};

/// What dropping a GitHub says after this.
fn verdict(ask: impl FnOnce(&GitHub)) -> String {
    let github = GitHub::start();
    github.repository("acme/web").made_from(&three_commits());
    ask(&github);
    match panic::catch_unwind(AssertUnwindSafe(|| drop(github))) {
        Ok(()) => String::new(),
        Err(panic) => panic.downcast_ref::<String>().unwrap().clone(),
    }
}

#[test]
fn the_checker_fails_the_test_that_asked_something_unexpected() {
    assert_eq!(verdict(|github| drop(get(github, "/repos/acme/web"))), "");
    assert_eq!(verdict(|github| drop(get(github, "/repos/acme/nothing"))), "");
    let path = verdict(|github| drop(get(github, "/repos/acme/web/issues")));
    assert!(path.contains("GET /repos/acme/web/issues"), "{path}");
    let name = verdict(|github| drop(get(github, "/repos/acme/web/branches?size=3")));
    assert!(name.contains("'size'"), "{name}");
    let page = verdict(|github| drop(get(github, "/repos/acme/web/branches?per_page=500")));
    assert!(page.contains("500"), "{page}");
    let body = verdict(|github| drop(post(github, "/repos/acme/web/deployments", &json!({}))));
    assert!(body.contains("\"ref\" wasn't supplied"), "{body}");
    let forgiven = verdict(|github| {
        github.expects_trouble();
        get(github, "/nowhere");
    });
    assert_eq!(forgiven, "");
}

#[test]
fn it_goes_wrong_in_githubs_manner() {
    let github = GitHub::start();
    github.repository("acme/web").made_from(&three_commits());
    github.faults().status(502).times(1).on("branches");
    let answer = json_of(get(&github, "/repos/acme/web/branches"), 502);
    assert!(answer["message"].is_string() && answer["documentation_url"].is_string());
    github.goes_down();
    assert_eq!(get(&github, "/meta").status(), 503);
    github.comes_back();
    get_json(&github, "/meta");
    assert_eq!((github.requests().len(), github.depth(), github.width()), (3, 3, 1));
}
