//! Questions that the code host answers.

use futures_util::StreamExt;
use gonogo_checks::questions::{Answer, Ask};
use gonogo_core::fact::{Fact, System, Why};
use gonogo_remote::git::Git;
use gonogo_remote::github::{Credentials, GitHub, GitHubError, RepositoryName};
use gonogo_remote::http::{Connections, HttpSettings};
use jiff::Timestamp;
use secrecy::SecretString;
use std::cell::RefCell;
use std::collections::HashMap;
use std::mem::{Discriminant, discriminant};
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
    matches!(ask, Ask::BuildsOf(_) | Ask::RequiredBuilds(_) | Ask::PullsOf(_) | Ask::PullNumbered(_))
}

/// Questions of one head that are asked at most: each is a request.
const MOST: usize = 500;

/// Asks each kind until one is not answered for a reason that is no matter of
/// that one alone: then the others would not be either.
pub(super) async fn gather(host: &Result<CodeHost, Why>, asks: &[&Ask], now: Timestamp) -> Vec<(Ask, Answer)> {
    let host = match host {
        Ok(host) => host,
        Err(why) => return asks.iter().map(|ask| ((*ask).clone(), ask.unknown(why.clone()))).collect(),
    };
    let silent: RefCell<HashMap<Discriminant<Ask>, Why>> = RefCell::default();
    let one = |(at, ask): (usize, &Ask)| {
        let (ask, silent) = (ask.clone(), &silent);
        async move {
            let known = silent.borrow().get(&discriminant(&ask)).cloned();
            if let Some(why) = known.or_else(|| (at >= MOST).then(too_many)) {
                return (ask.clone(), ask.unknown(why));
            }
            let answer = host.answer(&ask, now).await.unwrap_or_else(|error| {
                let why = error.why().of(System::CodeHost);
                if error.is_of_all() {
                    silent.borrow_mut().insert(discriminant(&ask), why.clone());
                }
                ask.unknown(why)
            });
            (ask, answer)
        }
    };
    let all = asks.iter().copied().enumerate().map(one);
    futures_util::stream::iter(all).buffer_unordered(SIDE_BY_SIDE).collect().await
}

fn too_many() -> Why {
    Why::new(
        format!("more than {MOST} commits name no story, and each of their pull requests would have to be asked for"),
        "name stories in the commits, or take pull-request out of [stories] ships_in",
    )
}

impl CodeHost {
    async fn answer(&self, ask: &Ask, now: Timestamp) -> Result<Answer, GitHubError> {
        let (github, repository) = (&self.github, &self.repository);
        Ok(match ask {
            Ask::BuildsOf(of) => Answer::BuildsOf(Fact::Known(github.builds(repository, of.sha, now).await?)),
            Ask::RequiredBuilds(of) => {
                Answer::RequiredBuilds(Fact::Known(github.required_builds(repository, &of.branch, now).await?))
            }
            Ask::PullsOf(of) => Answer::PullsOf(Fact::Known(github.pulls_of(repository, of.sha, now).await?)),
            Ask::PullNumbered(of) => Answer::PullNumbered(Fact::Known(github.pull(repository, of.number, now).await?)),
            other => other.unknown(Why::new("no question for a code host", "report it")),
        })
    }
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
