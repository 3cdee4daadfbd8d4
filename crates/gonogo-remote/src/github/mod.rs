//! GitHub, github.com or an Enterprise Server, with a token or as an App: the
//! calls that we make, their limits, and errors that say what to do.

mod builds;
mod check_runs;
mod credentials;
mod deliveries;
mod deployments;
mod error;
mod limits;
mod pulls;
mod remembered;
mod sign_in;
mod spending;
mod standing;
mod statuses;

pub use check_runs::{Annotation, AnnotationLevel, CheckRun, Conclusion, MOST_ANNOTATIONS, MOST_SUMMARY};
pub use credentials::{App, Credentials};
pub use deliveries::Attempt;
pub use deployments::{Deployment, DeploymentState, DeploymentsPage};
pub use error::GitHubError;
pub use sign_in::{SignInApp, User, UserToken};
pub use spending::{Allowance, is_polling, polling};
pub use standing::{Hook, HookDelivery, Rights, Standing};
pub use statuses::{CommitStatus, MOST_DESCRIPTION, StatusState};

use crate::http::{Answer, Ask, Connections, Http};
use credentials::bearer;
use jiff::Timestamp;
use limits::Limits;
use remembered::Remembered;
use reqwest::header::{HeaderName, HeaderValue, LOCATION};
use reqwest::{Method, Url};
use serde_json::Value;
use spending::Spending;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

const ACCEPTED: HeaderValue = HeaderValue::from_static("application/vnd.github+json");
const API_VERSION: HeaderValue = HeaderValue::from_static("2022-11-28");
/// Renames of renames end somewhere.
const MOST_REDIRECTS: usize = 3;

/// `owner/name`, as GitHub spells it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepositoryName {
    pub owner: String,
    pub name: String,
}

/// A client of one GitHub.
#[derive(Debug)]
pub struct GitHub {
    api: Url,
    connections: Connections,
    credentials: Credentials,
    limits: Limits,
    spending: Spending,
    remembered: Remembered,
    /// By these names repositories were asked for, and led on to others.
    led_on: Mutex<HashSet<RepositoryName>>,
}

impl GitHub {
    /// `api` is `https://api.github.com/`, or `https://HOST/api/v3/`.
    pub fn new(mut api: Url, connections: Connections, credentials: Credentials) -> Self {
        if !api.path().ends_with('/') {
            api.set_path(&format!("{}/", api.path()));
        }
        Self {
            api,
            connections: connections.of("github"),
            credentials,
            limits: Limits::default(),
            spending: Spending::default(),
            remembered: Remembered::default(),
            led_on: Mutex::default(),
        }
    }

    /// `path` is below the API's root, without a slash in front.
    fn url(&self, path: &str) -> Result<Url, GitHubError> {
        self.api.join(path).map_err(|e| GitHubError::Address(format!("{}{path}: {e}", self.api)))
    }

    /// `rest` is below the repository's address.
    async fn get(&self, name: &RepositoryName, rest: &str, now: Timestamp) -> Result<Value, GitHubError> {
        self.send(Method::GET, name, rest, None, now).await.map(|answer| answer.body)
    }

    /// What the repository is called now, by a name that it had once.
    pub async fn name_now(&self, name: &RepositoryName, now: Timestamp) -> Result<RepositoryName, GitHubError> {
        let read = |body: &Value| {
            let full = body.get("full_name").and_then(Value::as_str).and_then(RepositoryName::parse);
            full.ok_or_else(|| "it does not say what the repository is called".to_owned())
        };
        self.read(name, "", now, read).await.map(Arc::unwrap_or_clone)
    }

    async fn post(
        &self,
        name: &RepositoryName,
        rest: &str,
        body: &Value,
        now: Timestamp,
    ) -> Result<Value, GitHubError> {
        self.send(Method::POST, name, rest, Some(body), now).await.map(|answer| answer.body)
    }

    async fn send(
        &self,
        method: Method,
        name: &RepositoryName,
        rest: &str,
        body: Option<&Value>,
        now: Timestamp,
    ) -> Result<Answer, GitHubError> {
        self.send_asked(name, Ask::new(method, self.url(&name.path(rest))?, body), now).await
    }

    async fn send_asked(&self, name: &RepositoryName, ask: Ask<'_>, now: Timestamp) -> Result<Answer, GitHubError> {
        let whose = self.credentials.allowance_for(name);
        self.limits.may_ask(&whose, now)?;
        let authorization = bearer(&self.token_for(name, now).await?)?;
        let answer = self.send_as(&whose, authorization, ask, now).await;
        if matches!(answer, Err(GitHubError::Unauthorized)) {
            self.forget_token(name);
        }
        answer
    }

    /// Follows a renamed repository within the same GitHub; waits for no limit,
    /// which would hold up what others ask: the caller comes back at the time
    /// that the error names. `whose` allowance it takes from.
    async fn send_as(
        &self,
        whose: &str,
        authorization: HeaderValue,
        mut ask: Ask<'_>,
        now: Timestamp,
    ) -> Result<Answer, GitHubError> {
        self.limits.may_ask(whose, now)?;
        let http = Http::over(&self.connections, Some(authorization));
        ask.headers.push((reqwest::header::ACCEPT, ACCEPTED));
        ask.headers.push((HeaderName::from_static("x-github-api-version"), API_VERSION));
        ask.sees = |status| !status.is_success() && !status.is_server_error();
        let asked_by = self.name_in(&ask.url);
        for redirects in 0..=MOST_REDIRECTS {
            let answer = http.answer(&ask).await.map_err(GitHubError::Http)?;
            self.spending.note(whose, &answer);
            match answer.status.as_u16() {
                // Not modified: only who names a tag is told so.
                200..=299 | 304 => {
                    self.is_there(asked_by, redirects > 0);
                    return Ok(answer);
                }
                301 | 302 | 307 | 308 => ask.url = self.moved_to(&ask.url, &answer)?,
                _ => return Err(self.error(whose, &ask.url, &answer, now)),
            }
        }
        Err(GitHubError::odd(ask.url.path(), "it redirects without end"))
    }

    /// Keeps whether a repository is called otherwise by now.
    fn is_there(&self, name: Option<RepositoryName>, is_led_on: bool) {
        let Some(name) = name else { return };
        let mut led_on = self.led_on.lock().unwrap_or_else(PoisonError::into_inner);
        if is_led_on {
            led_on.insert(name);
        } else {
            led_on.remove(&name);
        }
    }

    /// Whether what was asked by this name last stood under another.
    pub fn is_led_on(&self, name: &RepositoryName) -> bool {
        self.led_on.lock().unwrap_or_else(PoisonError::into_inner).contains(name)
    }

    /// Of which repository an address is.
    fn name_in(&self, url: &Url) -> Option<RepositoryName> {
        let mut parts = url.path().strip_prefix(self.api.path())?.strip_prefix("repos/")?.splitn(3, '/');
        RepositoryName::parse(&format!("{}/{}", parts.next()?, parts.next()?))
    }

    /// Another host would be sent our token; what is beside the API, such as a
    /// page to sign in, takes no requests of ours.
    fn moved_to(&self, from: &Url, answer: &Answer) -> Result<Url, GitHubError> {
        let to = answer.headers.get(LOCATION).and_then(|to| to.to_str().ok()).and_then(|to| from.join(to).ok());
        to.filter(|to| to.origin() == self.api.origin() && to.path().starts_with(self.api.path()))
            .ok_or_else(|| GitHubError::odd(from.path(), "it redirects to another place"))
    }

    fn error(&self, whose: &str, url: &Url, answer: &Answer, now: Timestamp) -> GitHubError {
        let path = url.path().trim_start_matches(self.api.path()).to_owned();
        let said = answer.body.get("message").and_then(Value::as_str).unwrap_or_default();
        let said: String = said.chars().take(300).collect();
        match answer.status.as_u16() {
            401 => GitHubError::Unauthorized,
            403 | 429 => match self.limits.refused(whose, answer, now) {
                Some(until) => GitHubError::Limited { until },
                None => GitHubError::Forbidden { path, said },
            },
            404 | 410 => GitHubError::NotFound { path },
            409 | 422 => GitHubError::Refused { path, said },
            status => GitHubError::Status { path, status, said },
        }
    }
}
impl RepositoryName {
    /// `owner/name`, each of the characters that GitHub allows.
    pub fn parse(text: &str) -> Option<Self> {
        let (owner, name) = text.split_once('/')?;
        let is_word = |word: &str| {
            let may_stand = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            !word.is_empty() && word.len() <= 100 && word.chars().all(may_stand) && !matches!(word, "." | "..")
        };
        let fits = is_word(owner) && is_word(name);
        fits.then(|| Self { owner: owner.to_owned(), name: name.to_owned() })
    }

    fn path(&self, rest: &str) -> String {
        format!("repos/{}/{}{rest}", self.owner, self.name)
    }
}

impl std::fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HttpSettings;
    use reqwest::StatusCode;

    #[test]
    fn redirects_are_followed_within_the_api_alone() {
        let connections = Connections::new(&HttpSettings::default()).unwrap();
        let github =
            GitHub::new("https://git.example/api/v3".parse().unwrap(), connections, Credentials::Token("t".into()));
        let from = github.url("repos/acme/web/statuses/1").unwrap();
        let moved = |to: &'static str| {
            let headers = [(LOCATION, HeaderValue::from_static(to))].into_iter().collect();
            let answer = Answer { status: StatusCode::TEMPORARY_REDIRECT, headers, body: Value::Null };
            github.moved_to(&from, &answer).ok().map(String::from)
        };
        let renamed = "https://git.example/api/v3/repositories/7/statuses/1";
        assert_eq!(moved(renamed).as_deref(), Some(renamed));
        assert_eq!(moved("/api/v3/repositories/7/statuses/1").as_deref(), Some(renamed));
        for elsewhere in [
            "/login",
            "/api/v3/../../login",
            "https://git.example/",
            "http://git.example/api/v3/repositories/7",
            "https://git.example:8443/api/v3/repositories/7",
            "//other.example/api/v3/repositories/7",
        ] {
            assert_eq!(moved(elsewhere), None, "{elsewhere}");
        }
    }

    #[test]
    fn names_of_repositories_cannot_leave_their_path() {
        assert_eq!(RepositoryName::parse("acme/web.js").map(|r| r.to_string()).as_deref(), Some("acme/web.js"));
        for wrong in ["acme", "acme/", "/web", "a/b/c", "acme/..", "a b/c", "acme/web?x", "../x"] {
            assert!(RepositoryName::parse(wrong).is_none(), "{wrong}");
        }
    }
}
