//! Questions that the code host answers.

use futures_util::StreamExt;
use gonogo_checks::questions::{Answer, Ask};
use gonogo_core::fact::{Fact, Why};
use gonogo_remote::git::Git;
use gonogo_remote::github::{Credentials, GitHub, RepositoryName};
use gonogo_remote::http::{Connections, HttpSettings};
use jiff::Timestamp;
use secrecy::SecretString;
use std::sync::Arc;

/// A repository at its code host.
#[derive(Clone, Debug)]
pub struct CodeHost {
    pub github: Arc<GitHub>,
    pub repository: RepositoryName,
}

/// How a code host may be asked.
#[derive(Clone, Debug)]
pub enum CodeHostAccess {
    Known(CodeHost),
    /// Of the repository that is looked at.
    Token(CodeHostToken),
    None,
}

/// What the environment says.
#[derive(Clone, Debug)]
pub struct CodeHostToken {
    pub token: SecretString,
    /// `https://api.github.com`, or `https://HOST/api/v3`.
    pub api: String,
    /// `owner/name`; else that of `origin`.
    pub repository: Option<String>,
}

impl CodeHostAccess {
    pub(crate) fn of(&self, git: &Git, http: &HttpSettings) -> Result<CodeHost, Why> {
        match self {
            Self::Known(host) => Ok(host.clone()),
            Self::Token(token) => token.host(git, http),
            Self::None => Err(Why::new("no code host is at hand", "set GONOGO_GITHUB_TOKEN: it is asked for builds")),
        }
    }
}

impl CodeHostToken {
    fn host(&self, git: &Git, http: &HttpSettings) -> Result<CodeHost, Why> {
        let wrong = |said: String| Why::new(said, "mend GONOGO_GITHUB_API_URL, GONOGO_CA_FILE or the token");
        let api =
            self.api.parse().map_err(|_| wrong(format!("GONOGO_GITHUB_API_URL: `{}` is no address", self.api)))?;
        let repository = match &self.repository {
            Some(name) => RepositoryName::parse(name),
            // Our token goes to no other host than origin's.
            None => git.origin().and_then(|origin| repository_at(&web_of(&self.api), origin)),
        };
        let repository = repository.ok_or_else(|| {
            Why::new(
                format!("which repository this is at {} is not known", web_of(&self.api)),
                "set GONOGO_GITHUB_REPOSITORY to owner/name",
            )
        })?;
        let connections = Connections::new(http).map_err(|e| wrong(e.to_string()))?;
        let github = Arc::new(GitHub::new(api, connections, Credentials::Token(self.token.clone().into())));
        Ok(CodeHost { github, repository })
    }
}

/// Where a GitHub's pages and repositories are, by where its API is.
pub fn web_of(api: &str) -> String {
    let api = api.trim_end_matches('/');
    match api.strip_suffix("/api/v3") {
        Some(enterprise) => enterprise.to_owned(),
        None => api.replacen("://api.", "://", 1),
    }
}

/// `owner/name` of an address at a host: `https://host/owner/name.git` or
/// `git@host:owner/name`.
fn repository_at(web: &str, origin: &str) -> Option<RepositoryName> {
    let host = web.split_once("://")?.1;
    let after_scheme = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    let after_user = after_scheme.rsplit_once('@').map_or(after_scheme, |(_, rest)| rest);
    let path = after_user.strip_prefix(host)?.strip_prefix(['/', ':'])?;
    RepositoryName::parse(path.trim_end_matches('/').trim_end_matches(".git"))
}

/// Questions that are asked of it at once: more is taken for an attack.
const SIDE_BY_SIDE: usize = 8;

pub(super) fn answers(ask: &Ask) -> bool {
    matches!(ask, Ask::BuildsOf(_) | Ask::PullsOf(_) | Ask::PullNumbered(_))
}

pub(super) async fn gather(host: &Result<CodeHost, Why>, asks: &[&Ask], now: Timestamp) -> Vec<(Ask, Answer)> {
    let one = |ask: Ask| async move {
        let answer = match (host, &ask) {
            (Ok(host), Ask::BuildsOf(question)) => {
                let builds = host.github.builds(&host.repository, question.sha, now).await;
                Answer::BuildsOf(builds.map_or_else(|error| Fact::Unknown(error.why()), Fact::Known))
            }
            (Ok(host), Ask::PullsOf(question)) => {
                let pulls = host.github.pulls_of(&host.repository, question.sha, now).await;
                Answer::PullsOf(pulls.map_or_else(|error| Fact::Unknown(error.why()), Fact::Known))
            }
            (Ok(host), Ask::PullNumbered(question)) => {
                let pull = host.github.pull(&host.repository, question.number, now).await;
                Answer::PullNumbered(pull.map_or_else(|error| Fact::Unknown(error.why()), Fact::Known))
            }
            (Err(why), ask) => ask.unknown(why.clone()),
            // Nothing else is asked of a code host.
            (Ok(_), other) => other.unknown(Why::new("no question for a code host", "report it")),
        };
        (ask, answer)
    };
    let all = asks.iter().map(|ask| one((*ask).clone()));
    futures_util::stream::iter(all).buffer_unordered(SIDE_BY_SIDE).collect().await
}

#[cfg(test)]
mod tests {
    use super::{repository_at, web_of};

    #[test]
    fn repositories_are_where_the_api_says() {
        assert_eq!(web_of("https://api.github.com"), "https://github.com");
        assert_eq!(web_of("https://git.example.com/api/v3/"), "https://git.example.com");
    }

    #[test]
    fn the_repository_is_read_from_origin_on_that_host_alone() {
        let at = |origin: &str| repository_at("https://github.com", origin).map(|name| name.to_string());
        for origin in [
            "https://github.com/acme/web.git",
            "https://x-access-token:t@github.com/acme/web",
            "git@github.com:acme/web.git",
            "ssh://git@github.com/acme/web.git/",
        ] {
            assert_eq!(at(origin).as_deref(), Some("acme/web"), "{origin}");
        }
        for origin in ["https://github.com.evil.example/acme/web", "git@gitlab.com:acme/web", "/srv/acme/web", ""] {
            assert_eq!(at(origin), None, "{origin}");
        }
    }
}
