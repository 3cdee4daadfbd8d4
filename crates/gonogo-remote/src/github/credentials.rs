//! Who we are to GitHub: a personal token, or an App that is installed.

use super::{GitHub, GitHubError, RepositoryName};
use crate::http::Ask;
use crate::secret::Secret;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use reqwest::header::HeaderValue;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// A token is renewed so long before its end: what is under way ends by it.
const BEFORE_ITS_END: SignedDuration = SignedDuration::from_mins(5);
/// A JWT may live ten minutes; clocks differ.
const JWT_FROM: SignedDuration = SignedDuration::from_secs(-60);
const JWT_UNTIL: SignedDuration = SignedDuration::from_mins(8);

#[derive(Debug)]
pub enum Credentials {
    Token(Secret),
    App(Box<App>),
}

/// The allowance that is nobody's but ours: a token's, or an App's own.
pub(super) const OWN: &str = "";

impl Credentials {
    /// Whose hourly allowance a request for a repository takes from: an App has
    /// one for each owner that it is installed for.
    pub(super) fn allowance_for(&self, name: &RepositoryName) -> String {
        match self {
            Self::Token(_) => OWN.to_owned(),
            Self::App(_) => name.owner.to_ascii_lowercase(),
        }
    }
}

/// An App with its key.
pub struct App {
    id: String,
    /// Read anew for each JWT: one serves an hour.
    key: Secret,
    /// By the owner of repositories.
    installed: Mutex<HashMap<String, Installed>>,
}

#[derive(Clone)]
struct Installed {
    token: SecretString,
    ends_at: Timestamp,
    may_write_checks: bool,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("id", &self.id).finish_non_exhaustive()
    }
}

impl App {
    /// `key` is the private key as GitHub gives it: PEM, PKCS #1, or PKCS #8.
    pub fn new(id: &str, key: Secret) -> Result<Self, GitHubError> {
        read_key(&key.now())?;
        Ok(Self { id: id.to_owned(), key, installed: Mutex::default() })
    }

    /// <https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app>
    pub(super) fn jwt(&self, now: Timestamp) -> Result<SecretString, GitHubError> {
        let at = |shift: SignedDuration| now.saturating_add(shift).unwrap_or(now).as_second();
        let part = |json: Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
        let claims = json!({ "iat": at(JWT_FROM), "exp": at(JWT_UNTIL), "iss": self.id });
        let signed = format!("{}.{}", part(json!({ "alg": "RS256", "typ": "JWT" })), part(claims));
        let key = read_key(&self.key.now())?;
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| GitHubError::Credentials("the App's key does not sign".to_owned()))?;
        Ok(SecretString::from(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))))
    }

    fn known(&self, owner: &str, now: Timestamp) -> Option<Installed> {
        let installed = self.installed.lock().unwrap_or_else(PoisonError::into_inner);
        let found = installed.get(owner)?;
        let is_good = now < found.ends_at.saturating_sub(BEFORE_ITS_END).unwrap_or(found.ends_at);
        is_good.then(|| found.clone())
    }

    fn keep(&self, owner: &str, new: Option<Installed>) {
        let mut installed = self.installed.lock().unwrap_or_else(PoisonError::into_inner);
        match new {
            Some(new) => drop(installed.insert(owner.to_owned(), new)),
            None => drop(installed.remove(owner)),
        }
    }
}

fn read_key(key: &SecretString) -> Result<RsaKeyPair, GitHubError> {
    let wrong = |said: &str| GitHubError::Credentials(format!("the App's key {said}"));
    let key = key.expose_secret();
    let label = key.lines().find_map(|line| line.trim().strip_prefix("-----BEGIN ")?.strip_suffix("-----"));
    let label = label.ok_or_else(|| wrong("is no PEM file"))?;
    let body: String = key.lines().map(str::trim).filter(|line| !line.starts_with("-----")).collect();
    let der = BASE64_STANDARD.decode(body).map_err(|_| wrong("is no PEM file"))?;
    let pair = match label {
        "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der),
        "PRIVATE KEY" => RsaKeyPair::from_pkcs8(&der),
        _ => return Err(wrong("is not a private RSA key")),
    };
    pair.map_err(|_| wrong("cannot be used: it is no whole RSA key of 2048 bits or more"))
}

impl GitHub {
    pub fn is_app(&self) -> bool {
        matches!(self.credentials, Credentials::App(_))
    }

    /// Whether we are an App that was given the right to post check runs there.
    pub async fn may_post_check_runs(&self, name: &RepositoryName, now: Timestamp) -> Result<bool, GitHubError> {
        match &self.credentials {
            Credentials::Token(_) => Ok(false),
            Credentials::App(app) => Ok(self.installed(app, name, now).await?.may_write_checks),
        }
    }

    /// A token that sees the repository, good for some minutes at least.
    pub async fn token_for(&self, name: &RepositoryName, now: Timestamp) -> Result<SecretString, GitHubError> {
        match &self.credentials {
            Credentials::Token(token) => Ok(token.now()),
            Credentials::App(app) => Ok(self.installed(app, name, now).await?.token),
        }
    }

    async fn installed(&self, app: &App, name: &RepositoryName, now: Timestamp) -> Result<Installed, GitHubError> {
        let owner = name.owner.to_ascii_lowercase();
        if let Some(installed) = app.known(&owner, now) {
            return Ok(installed);
        }
        let jwt = bearer(&app.jwt(now)?)?;
        let path = name.path("/installation");
        let found = self.send_as(OWN, jwt.clone(), Ask::new(Method::GET, self.url(&path)?, None), now).await?;
        let id = found.body.get("id").and_then(Value::as_u64);
        let id = id.ok_or_else(|| GitHubError::odd(&path, "an installation without an id"))?;
        let path = format!("app/installations/{id}/access_tokens");
        let made = self.send_as(OWN, jwt, Ask::new(Method::POST, self.url(&path)?, None), now).await?;
        let text = |name: &str| made.body.get(name).and_then(Value::as_str);
        let ends_at: Option<Timestamp> = text("expires_at").and_then(|text| text.parse().ok());
        let (Some(token), Some(ends_at)) = (text("token"), ends_at) else {
            return Err(GitHubError::odd(&path, "no token with an end"));
        };
        let may_write_checks = made.body["permissions"]["checks"] == "write";
        let installed = Installed { token: SecretString::from(token.to_owned()), ends_at, may_write_checks };
        app.keep(&owner, Some(installed.clone()));
        Ok(installed)
    }

    /// The token may be taken no more: the next one is new.
    pub fn forget_token(&self, name: &RepositoryName) {
        if let Credentials::App(app) = &self.credentials {
            app.keep(&name.owner.to_ascii_lowercase(), None);
        }
    }
}

pub(super) fn bearer(token: &SecretString) -> Result<HeaderValue, GitHubError> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
        .map_err(|_| GitHubError::Credentials("the token has characters that no token has".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_none_says_what_is_wrong() {
        let wrong = |key: &str| App::new("1", Secret::from(key)).unwrap_err().to_string();
        assert!(wrong("nonsense").contains("is no PEM file"));
        assert!(wrong("-----BEGIN RSA PRIVATE KEY-----\n!\n-----END RSA PRIVATE KEY-----").contains("is no PEM file"));
        assert!(
            wrong("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----").contains("not a private RSA key")
        );
        assert!(wrong("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----").contains("cannot be used"));
    }
}
