//! Apps: JWTs that are right and wrong, tokens that end.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use super::client::{ask, github, json_of, jwt};

#[test]
fn a_jwt_has_to_be_right() {
    let (github, _repo) = github();
    let app = github.app("gonogo").id();
    let refused = |token: &str| {
        let response = ask(&github, Method::GET, "/app", token, None);
        if response.status() == 200 {
            String::new()
        } else {
            json_of(response, 401)["message"].as_str().unwrap().to_owned()
        }
    };
    assert_eq!(refused(&jwt(app, -60, 540)), "");
    assert!(refused(&jwt(app, -60, 660)).contains("too far in the future"));
    assert!(refused(&jwt(app, -660, -60)).contains("Expiration time"));
    assert!(refused(&jwt(app, 120, 500)).contains("Issued at"));
    assert_eq!(refused(&jwt(app + 1, -60, 540)), "Integration not found");
    let mut forged = jwt(app, -60, 540);
    forged.replace_range(forged.len() - 8.., "AAAAAAAA");
    assert!(refused(&forged).contains("could not be decoded"));
    assert!(refused("ghp_world").contains("could not be decoded"));
}

#[test]
fn an_installations_token_is_narrow_and_ends_within_the_hour() {
    let (github, _repo) = github();
    github.repository("acme/other");
    let app = github.app("gonogo");
    let installation = app.installed_on("acme");
    let path = format!("/app/installations/{installation}/access_tokens");
    let narrow = json!({"repositories": ["web"], "permissions": {"contents": "read"}});
    let token = json_of(ask(&github, Method::POST, &path, &jwt(app.id(), -60, 500), Some(&narrow)), 201);
    assert_eq!(token["permissions"], json!({"contents": "read"}));
    let token = token["token"].as_str().unwrap().to_owned();
    let status = |path: &str| ask(&github, Method::GET, path, &token, None).status().as_u16();
    assert_eq!(status("/repos/acme/web/branches"), 200);
    assert_eq!(status("/repos/acme/web/pulls"), 403);
    assert_eq!(status("/repos/acme/other"), 404);
    github.passes(Duration::from_secs(3601));
    assert_eq!(status("/repos/acme/web/branches"), 401);

    let too_much = json!({"permissions": {"administration": "write"}});
    let response = ask(&github, Method::POST, &path, &jwt(app.id(), 3541, 4000), Some(&too_much));
    assert_eq!(response.status(), 422);
    app.uninstalled_from("acme");
    let response = ask(&github, Method::POST, &path, &jwt(app.id(), 3541, 4000), None);
    assert_eq!(response.status(), 404);
}
