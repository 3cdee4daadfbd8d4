//! A plain HTTP client, and a team's GitHub to ask.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use gonogo_world::github::{PRIVATE_KEY_PEM, Repository};
use gonogo_world::{GitHub, Repo};
use reqwest::Method;
use reqwest::blocking::Response;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

use crate::client::client;

pub(crate) const TOKEN: &str = "ghp_world";

/// A GitHub with `acme/web`, whose `main` has three commits.
pub(crate) fn github() -> (GitHub, Repo) {
    let github = GitHub::start();
    let repo = three_commits();
    github.repository("acme/web").made_from(&repo);
    (github, repo)
}

pub(crate) fn three_commits() -> Repo {
    let repo = Repo::new();
    for message in ["first", "second", "third"] {
        repo.commit(message);
    }
    repo
}

pub(crate) fn web(github: &GitHub) -> Repository<'_> {
    github.repository("acme/web")
}

pub(crate) fn ask(github: &GitHub, method: Method, path: &str, token: &str, body: Option<&Value>) -> Response {
    let mut request = client()
        .request(method, format!("{}{path}", github.api_url()))
        .header("User-Agent", "world-tests")
        .header("Accept", "application/vnd.github+json");
    if !token.is_empty() {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.json(body);
    }
    request.send().unwrap()
}

pub(crate) fn get(github: &GitHub, path: &str) -> Response {
    ask(github, Method::GET, path, TOKEN, None)
}

#[track_caller]
pub(crate) fn get_json(github: &GitHub, path: &str) -> Value {
    json_of(get(github, path), 200)
}

pub(crate) fn post(github: &GitHub, path: &str, body: &Value) -> Response {
    ask(github, Method::POST, path, TOKEN, Some(body))
}

#[track_caller]
pub(crate) fn json_of(response: Response, status: u16) -> Value {
    let (got, text) = (response.status(), response.text().unwrap());
    assert_eq!(got, status, "{text}");
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

pub(crate) fn header(response: &Response, name: &str) -> String {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

/// A JWT as an App makes it, from `issued` to `expires` seconds from now.
pub(crate) fn jwt(app: u64, issued: i64, expires: i64) -> String {
    let lines = PRIVATE_KEY_PEM.lines().filter(|line| !line.starts_with("-----"));
    let der = STANDARD.decode(lines.collect::<String>()).unwrap();
    let key = RsaKeyPair::from_der(&der).unwrap();
    #[allow(clippy::disallowed_methods, reason = "the world's clock is the real one here")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().cast_signed();
    let claims = json!({"iat": now + issued, "exp": now + expires, "iss": app.to_string()});
    let encode = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let signed = format!("{}.{}", encode(&json!({"alg": "RS256", "typ": "JWT"})), encode(&claims));
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// A token of the App's installation on `acme`.
pub(crate) fn installation_token(github: &GitHub, slug: &str) -> String {
    let app = github.app(slug);
    let installation = app.installed_on("acme");
    let path = format!("/app/installations/{installation}/access_tokens");
    let response = ask(github, Method::POST, &path, &jwt(app.id(), -60, 500), None);
    json_of(response, 201)["token"].as_str().unwrap().to_owned()
}
