//! Signing in with GitHub: the web application flow of an App, and what the
//! person's own token says of them.

use super::{Credentials, GitHub, GitHubError, RepositoryName};
use crate::http::{Again, Ask, Http};
use crate::secret::Secret;
use gonogo_core::let_in::Permission;
use jiff::Timestamp;
use reqwest::{Method, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

/// The App as people sign in to it.
/// <https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app>
#[derive(Debug)]
pub struct SignInApp {
    /// Where people go: `https://github.com`.
    web: Url,
    client_id: String,
    client_secret: Secret,
}

/// What a code was exchanged for.
#[derive(Debug)]
pub struct UserToken {
    pub token: SecretString,
    /// How long it is good for, where it ends at all.
    pub seconds: Option<i64>,
}

/// A person by GitHub's own number; the login may be another one tomorrow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: u64,
    pub login: String,
}

impl SignInApp {
    pub fn new(mut web: Url, client_id: String, client_secret: Secret) -> Self {
        if !web.path().ends_with('/') {
            web.set_path(&format!("{}/", web.path()));
        }
        Self { web, client_id, client_secret }
    }

    /// Where a browser is sent to. `challenge` is PKCE's, by S256.
    pub fn address(&self, redirect: &str, state: &str, challenge: &str) -> Result<Url, GitHubError> {
        let mut url = self.at("login/oauth/authorize")?;
        url.query_pairs_mut()
            .append_pair("client_id", &self.client_id)
            .append_pair("redirect_uri", redirect)
            .append_pair("state", state)
            .append_pair("code_challenge", challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    fn at(&self, path: &str) -> Result<Url, GitHubError> {
        self.web.join(path).map_err(|e| GitHubError::Address(format!("{}{path}: {e}", self.web)))
    }
}

impl GitHub {
    /// The person's token for a code, which is good once.
    pub async fn exchange(
        &self,
        app: &SignInApp,
        code: &str,
        verifier: &SecretString,
        redirect: &str,
    ) -> Result<UserToken, GitHubError> {
        let path = "login/oauth/access_token";
        let body = json!({
            "client_id": app.client_id,
            "client_secret": app.client_secret.now().expose_secret(),
            "code": code,
            "redirect_uri": redirect,
            "code_verifier": verifier.expose_secret(),
        });
        let mut ask = Ask::new(Method::POST, app.at(path)?, Some(&body));
        ask.again = Again::MustNotCome;
        let answer = Http::over(&self.connections, None).json(&ask).await.map_err(GitHubError::Http)?;
        let text = |name: &str| answer.get(name).and_then(Value::as_str);
        match (text("access_token"), text("error")) {
            (Some(token), None) => Ok(UserToken {
                token: SecretString::from(token.to_owned()),
                seconds: answer.get("expires_in").and_then(Value::as_i64),
            }),
            // GitHub answers 200 with the error inside.
            (_, Some(error)) => {
                let said = error.chars().take(100).collect();
                Err(GitHubError::Refused { path: path.to_owned(), said })
            }
            (None, None) => Err(GitHubError::odd(path, "neither a token nor an error")),
        }
    }

    /// The same GitHub, asked by a person's token instead of ours.
    #[must_use]
    pub fn asked_by(&self, token: SecretString) -> Self {
        let (api, connections) = (self.api.clone(), self.connections.clone());
        Self::new(api, connections, Credentials::Token(token.into()))
    }

    /// Whose token it is.
    pub async fn user(&self, now: Timestamp) -> Result<User, GitHubError> {
        let body = self.get_own("user", now).await?;
        let id = body.get("id").and_then(Value::as_u64);
        let login = body.get("login").and_then(Value::as_str);
        let user = id.zip(login).map(|(id, login)| User { id, login: login.to_owned() });
        user.ok_or_else(|| GitHubError::odd("user", "it does not say who the token's owner is"))
    }

    /// What the token's owner may do in a repository; `None` where they do not see it.
    pub async fn own_permission(
        &self,
        name: &RepositoryName,
        now: Timestamp,
    ) -> Result<Option<Permission>, GitHubError> {
        let body = match self.get(name, "", now).await {
            Ok(body) => body,
            Err(GitHubError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let said = body.get("permissions").and_then(Value::as_object);
        let said = said.ok_or_else(|| GitHubError::odd(&name.path(""), "it does not say what its owner may"))?;
        let has = |word: &str| said.get(word).and_then(Value::as_bool).unwrap_or(false);
        let all = [
            ("admin", Permission::Admin),
            ("maintain", Permission::Maintain),
            ("push", Permission::Push),
            ("triage", Permission::Triage),
            ("pull", Permission::Pull),
        ];
        Ok(all.into_iter().find(|(word, _)| has(word)).map(|(_, permission)| permission))
    }

    /// Whether a person is in an organisation, or in a team of it: `acme`,
    /// `acme/release-managers`.
    pub async fn is_member(&self, of: &str, login: &str, now: Timestamp) -> Result<bool, GitHubError> {
        let path = match of.split_once('/') {
            Some((organization, team)) => format!("orgs/{organization}/teams/{team}/memberships/{login}"),
            None => format!("user/memberships/orgs/{of}"),
        };
        match self.get_own(&path, now).await {
            // Who was invited and has not accepted is pending.
            Ok(body) => Ok(body.get("state").and_then(Value::as_str) == Some("active")),
            Err(GitHubError::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Asks by a token what concerns no repository.
    async fn get_own(&self, path: &str, now: Timestamp) -> Result<Value, GitHubError> {
        let Credentials::Token(token) = &self.credentials else {
            return Err(GitHubError::Credentials("an App by itself is nobody's account".to_owned()));
        };
        let authorization = super::bearer(&token.now())?;
        let answer = self
            .send_as(super::credentials::OWN, authorization, Ask::new(Method::GET, self.url(path)?, None), now)
            .await?;
        if answer.status == StatusCode::OK { Ok(answer.body) } else { Err(GitHubError::odd(path, "no content")) }
    }
}
