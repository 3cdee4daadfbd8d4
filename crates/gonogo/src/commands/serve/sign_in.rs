//! `[github]`'s keys for signing in: who is let in, and as what.

use super::config::{Config, GitHubConfig};
use crate::commands::secret;
use anyhow::{Context, bail};
use gonogo_core::let_in::{LetIn, Permission, Who};
use gonogo_core::person::Role;
use gonogo_engine::{GitHubSignIn, Secret, Terms, web_of};
use gonogo_remote::github::SignInApp;
use serde::{Deserialize, Serialize};

/// One way in: exactly one of `organization`, `team` and `permission`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WayIn {
    organization: Option<String>,
    /// `organization/team`, the team by its slug.
    team: Option<String>,
    /// In the repository of a service.
    permission: Option<Permission>,
    role: Role,
    /// Where the role holds, instead of everywhere.
    service: Option<String>,
}

impl WayIn {
    fn read(&self) -> Result<LetIn, String> {
        let who = match (&self.organization, &self.team, self.permission) {
            (Some(name), None, None) if is_word(name) => Who::Member(name.clone()),
            (None, Some(team), None) if team.split_once('/').is_some_and(|(of, slug)| is_word(of) && is_word(slug)) => {
                Who::Member(team.clone())
            }
            (None, None, Some(permission)) => Who::Repository(permission),
            (Some(name), None, None) => return Err(format!("`{name}` is no organisation: write its login")),
            (None, Some(team), None) => return Err(format!("`{team}` is no team: write organization/team-slug")),
            _ => {
                return Err("each [[github.sign_in]] has one of organization, team and permission".to_owned());
            }
        };
        Ok(LetIn { who, role: self.role, service: self.service.clone() })
    }
}

/// What may stand in an address.
fn is_word(name: &str) -> bool {
    let may_stand = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !name.is_empty() && !name.starts_with('.') && name.chars().all(may_stand)
}

/// The ways in as they are written; without any, who can push to a service's
/// repository is a developer there.
pub(super) fn ways(config: &Config) -> Result<Vec<LetIn>, String> {
    let GitHubConfig { sign_in, ask_again_seconds, .. } = &config.github;
    if !(1..=300).contains(ask_again_seconds) {
        return Err("ask_again_seconds is 1 to 300".to_owned());
    }
    for way in sign_in {
        let is_known = |name: &str| config.services.iter().any(|service| service.name == name);
        if let Some(service) = way.service.as_deref().filter(|name| !is_known(name)) {
            return Err(format!("[[github.sign_in]] names the service `{service}`, and there is none"));
        }
    }
    if sign_in.is_empty() {
        return Ok(vec![LetIn { who: Who::Repository(Permission::Push), role: Role::Developer, service: None }]);
    }
    sign_in.iter().map(WayIn::read).collect()
}

/// The App that people sign in to, by its id and its secret as a client.
pub(crate) struct Client {
    id: String,
    secret: Secret,
}

impl Client {
    pub(super) fn from_environment() -> anyhow::Result<Option<Self>> {
        let id = std::env::var("GONOGO_GITHUB_CLIENT_ID").ok().filter(|id| !id.trim().is_empty());
        match (id, secret("GONOGO_GITHUB_CLIENT_SECRET")?) {
            (Some(id), Some(secret)) => Ok(Some(Self { id: id.trim().to_owned(), secret })),
            (None, None) => Ok(None),
            (Some(_), None) => bail!(
                "GONOGO_GITHUB_CLIENT_ID is set, and no GONOGO_GITHUB_CLIENT_SECRET or GONOGO_GITHUB_CLIENT_SECRET_FILE"
            ),
            (None, Some(_)) => bail!("GONOGO_GITHUB_CLIENT_SECRET is set, and no GONOGO_GITHUB_CLIENT_ID"),
        }
    }
}

/// With an App's client id and secret, people sign in with it.
pub(super) fn sign_in(config: &Config, client: Option<Client>) -> anyhow::Result<Option<GitHubSignIn>> {
    let Some(Client { id, secret }) = client else {
        if config.github.sign_in.is_empty() {
            return Ok(None);
        }
        bail!(
            "[[github.sign_in]] lets people in, and GitHub is not set up for that\n  → set GONOGO_GITHUB_CLIENT_ID and GONOGO_GITHUB_CLIENT_SECRET_FILE"
        );
    };
    let web = web_of(&config.github.url);
    let web = web.parse().with_context(|| format!("[github] url: {web}"))?;
    Ok(Some(GitHubSignIn {
        app: SignInApp::new(web, id, secret),
        ways: ways(config).map_err(anyhow::Error::msg)?,
        terms: Terms::new(config.github.ask_again_seconds),
    }))
}
