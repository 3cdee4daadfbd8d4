//! Rights, limits, tags, pages, names that moved.

use std::time::Duration;

use gonogo_world::GitHub;
use reqwest::Method;
use serde_json::json;

use super::client::{TOKEN, ask, get, get_json, github, header, json_of, web};
use crate::client::client;

#[test]
fn what_a_token_may_not_see_is_not_there() {
    let (github, repo) = github();
    github.repository("acme/secret");
    github.token("github_pat_web").may_read("contents").only_for(&["acme/web"]);
    let status = |path: &str, token: &str| ask(&github, Method::GET, path, token, None).status().as_u16();
    assert_eq!(status("/repos/acme/web", "github_pat_web"), 200);
    assert_eq!(status("/repos/acme/secret", "github_pat_web"), 404);
    assert_eq!(status("/repos/acme/web", ""), 404);
    assert_eq!(status("/repos/acme/web", "wrong"), 401);
    assert_eq!(status("/repos/acme/web/branches", "github_pat_web"), 200);

    let refused = ask(&github, Method::GET, "/repos/acme/web/pulls", "github_pat_web", None);
    assert_eq!(header(&refused, "x-accepted-github-permissions"), "pull_requests=read");
    assert_eq!(json_of(refused, 403)["message"], "Resource not accessible by personal access token");
    github.token("github_pat_web").may_read("statuses");
    let post = |token: &str| {
        let path = format!("/repos/acme/web/statuses/{}", repo.head());
        ask(&github, Method::POST, &path, token, Some(&json!({"state": "success"}))).status()
    };
    assert_eq!(post("github_pat_web"), 403);
    github.token("github_pat_web").may_write("statuses");
    assert_eq!(post("github_pat_web"), 201);
    web(&github).has("olga", "read");
    github.user("olga").with_token("ghp_olga");
    assert_eq!(post("ghp_olga"), 403, "her role does not reach so far");
    github.token("github_pat_web").expires_in(60);
    github.passes(Duration::from_secs(61));
    assert_eq!(post("github_pat_web"), 401);
}

#[test]
fn a_limit_is_told_and_opens_again_and_304_is_free() {
    let (github, _repo) = github();
    github.rate_limit(3, 3600);
    let first = get(&github, "/repos/acme/web");
    assert_eq!(header(&first, "x-ratelimit-remaining"), "2");
    let tag = header(&first, "etag");
    for _ in 0..5 {
        let request = client().get(format!("{}/repos/acme/web", github.api_url()));
        let request = request.header("User-Agent", "t").header("If-None-Match", &tag).bearer_auth(TOKEN);
        let same = request.send().unwrap();
        assert_eq!(same.status(), 304);
        assert_eq!(header(&same, "x-ratelimit-remaining"), "2");
    }
    for _ in 0..2 {
        get_json(&github, "/repos/acme/web");
    }
    let over = get(&github, "/repos/acme/web");
    assert_eq!(header(&over, "x-ratelimit-remaining"), "0");
    assert!(json_of(over, 403)["message"].as_str().unwrap().starts_with("API rate limit exceeded"));
    assert_eq!(get_json(&github, "/rate_limit")["rate"]["remaining"], 0);
    github.passes(Duration::from_hours(1));
    get_json(&github, "/repos/acme/web");

    github.secondary_limit(1, 2);
    let too_fast = get(&github, "/repos/acme/web");
    assert_eq!((too_fast.status().as_u16(), header(&too_fast, "retry-after")), (403, "2".to_owned()));
    assert_eq!(get(&github, "/repos/acme/web").status(), 200);
}

#[test]
fn lists_come_in_pages_that_link_to_each_other() {
    let (github, repo) = github();
    for number in 0..5 {
        repo.branch(&format!("b{number}"));
    }
    web(&github).made_from(&repo);
    let page = get(&github, "/repos/acme/web/branches?per_page=2&page=2");
    let links = header(&page, "link");
    let base = format!("{}/repos/acme/web/branches?per_page=2", github.api_url());
    let link = |page: u8, rel: &str| format!("<{base}&page={page}>; rel=\"{rel}\"");
    assert_eq!(links, [link(1, "prev"), link(3, "next"), link(3, "last"), link(1, "first")].join(", "));
    assert_eq!(json_of(page, 200).as_array().unwrap().len(), 2);
}

#[test]
fn a_renamed_repository_is_found_by_its_number() {
    let github = GitHub::enterprise();
    let team = github.repository("acme/web").made_from(&super::client::three_commits());
    team.renamed_to("globex/site");
    let moved = get(&github, "/repos/acme/web/branches?per_page=1");
    assert_eq!(moved.status(), 301);
    let location = header(&moved, "location");
    assert_eq!(location, format!("{}/repositories/{}/branches?per_page=1", github.api_url(), team.id()));
    assert_eq!(get_json(&github, &location.replace(&github.api_url(), ""))[0]["name"], "main");
    let post = ask(&github, Method::POST, "/repos/acme/web/deployments", TOKEN, Some(&json!({"ref": "main"})));
    assert_eq!(post.status(), 307);
}
