//! Signing in to an App in the browser.

use std::collections::HashMap;
use std::time::Duration;

use gonogo_world::GitHub;
use reqwest::Method;
use reqwest::blocking::Response;
use serde_json::Value;

use super::client::{ask, github, header, json_of, web};
use crate::client::client;

const BACK: &str = "http://127.0.0.1:9/auth/github/callback";

fn authorize(github: &GitHub, id: &str, more: &str) -> Response {
    let url = format!("{}/login/oauth/authorize?client_id={id}&redirect_uri={BACK}&state=s1{more}", github.url());
    client().get(url).send().unwrap()
}

fn exchange(github: &GitHub, form: &[(&str, &str)]) -> Value {
    let form: HashMap<&str, &str> = form.iter().copied().collect();
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let request =
        client().post(format!("{}/login/oauth/access_token", github.url())).header("Accept", "application/json");
    let request = request.header("Content-Type", "application/x-www-form-urlencoded").body(body);
    json_of(request.send().unwrap(), 200)
}

#[test]
fn a_person_signs_in_and_is_sent_back_with_a_code_that_is_good_once() {
    let (github, _repo) = github();
    let app = github.app("gonogo").calls_back("http://127.0.0.1:9/auth");
    app.installed_on("acme");
    let (id, secret) = app.client();
    github.user("maria").called("Maria <Lopez>");
    let page = authorize(&github, &id, "").text().unwrap();
    assert!(page.contains("value=\"maria\"") && page.contains("Maria &lt;Lopez&gt;"), "{page}");

    github.signs_in("maria");
    let back = authorize(&github, &id, "");
    assert_eq!(back.status(), 302);
    let location = header(&back, "location");
    let code = location.strip_prefix(&format!("{BACK}?code=")).unwrap().strip_suffix("&state=s1").unwrap();
    let form = [("client_id", id.as_str()), ("client_secret", &secret), ("code", code)];
    let wrong = [("client_id", id.as_str()), ("client_secret", "wrong"), ("code", code)];
    assert_eq!(exchange(&github, &wrong)["error"], "incorrect_client_credentials");
    let let_in = exchange(&github, &form);
    assert_eq!(exchange(&github, &form)["error"], "bad_verification_code");

    let token = let_in["access_token"].as_str().unwrap().to_owned();
    let get = |path: &str| ask(&github, Method::GET, path, &token, None);
    assert_eq!(json_of(get("/user"), 200)["login"], "maria");
    assert_eq!(json_of(get("/user/emails"), 200)[0]["email"], "maria@example.com");
    assert_eq!(get("/repos/acme/web").status(), 200);
    github.user("maria").leaves("acme");
    assert_eq!(get("/repos/acme/web").status(), 404);
    github.passes(Duration::from_hours(8));
    assert_eq!(get("/user").status(), 401);

    let refresh = let_in["refresh_token"].as_str().unwrap();
    let form = [
        ("client_id", id.as_str()),
        ("client_secret", &secret),
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh),
    ];
    let token = exchange(&github, &form)["access_token"].as_str().unwrap().to_owned();
    assert_eq!(ask(&github, Method::GET, "/user", &token, None).status(), 200);
    github.user("maria").revokes_sign_ins();
    assert_eq!(ask(&github, Method::GET, "/user", &token, None).status(), 401);
    assert_eq!(web(&github).deployments().len(), 0);
}
