//! `[jira_accounts]`: our app at the tracker, by which people act there under
//! their own names.

use super::config::Config;
use crate::commands::secret;
use anyhow::{Context, bail};
use gonogo_core::policy::TrackerKind;
use gonogo_engine::Secret;
use gonogo_remote::http::{HttpSettings, Url};
use gonogo_remote::jira::{AppAt, JiraApp};
use gonogo_remote::oidc::is_safe;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JiraAccountsConfig {
    /// Of the tracker of `[tracker] url`.
    pub kind: TrackerKind,
    pub client_id: String,
    /// Where people of Jira Cloud are asked, and where its API is.
    #[serde(default = "auth")]
    pub auth_url: String,
    #[serde(default = "api")]
    pub api_url: String,
}

fn auth() -> String {
    "https://auth.atlassian.com".to_owned()
}

fn api() -> String {
    "https://api.atlassian.com".to_owned()
}

impl JiraAccountsConfig {
    /// What is wrong with it, if anything is, and in which of its keys.
    pub(super) fn look(&self, config: &Config) -> Result<(), (String, &'static str)> {
        let Some(tracker) = &config.tracker.url else {
            let said = "[jira_accounts] is of the tracker that the server trusts: write [tracker] url";
            return Err((said.to_owned(), "kind"));
        };
        if self.client_id.trim().is_empty() {
            return Err(("client_id is empty: the app, or the application link, has one".to_owned(), "client_id"));
        }
        let urls = match self.kind {
            TrackerKind::JiraCloud => vec![(&self.auth_url, "auth_url"), (&self.api_url, "api_url")],
            TrackerKind::JiraDataCenter => vec![(tracker, "kind")],
        };
        match urls.into_iter().find(|(url, _)| !url.parse().is_ok_and(|url: Url| is_safe(&url))) {
            Some((url, key)) => {
                Err((format!("`{url}` is no https address (http only on this machine): tokens go there"), key))
            }
            None => Ok(()),
        }
    }
}

/// Our secret at the tracker.
pub(super) fn client_secret() -> anyhow::Result<Option<Secret>> {
    secret("GONOGO_JIRA_CLIENT_SECRET")
}

pub(super) fn app(config: &Config, secret: Option<Secret>, http: &HttpSettings) -> anyhow::Result<Option<JiraApp>> {
    let (Some(set), Some(tracker)) = (&config.jira_accounts, &config.tracker.url) else { return Ok(None) };
    let Some(secret) = secret else {
        bail!(
            "no GONOGO_JIRA_CLIENT_SECRET\n  → set it, or GONOGO_JIRA_CLIENT_SECRET_FILE to a file with it: [jira_accounts] wants the client's secret"
        );
    };
    let url = |text: &str| text.parse::<Url>().with_context(|| format!("[jira_accounts]: {text}"));
    let (auth, api) = (url(&set.auth_url)?, url(&set.api_url)?);
    let at = AppAt { kind: set.kind, tracker: tracker.clone(), auth, api };
    Ok(Some(JiraApp::new(at, set.client_id.trim().to_owned(), secret, http)?))
}
