//! What GitHub tells of us: what our token may and until when, what its clock
//! says, and how our webhooks fare. For the doctor; nothing is changed.

use super::credentials::{OWN, bearer};
use super::{Credentials, GitHub, GitHubError, RepositoryName};
use crate::http::Ask;
use crate::http::date_of;
use jiff::Timestamp;
use jiff::tz::Offset;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What the repository is called now.
    pub repository: RepositoryName,
    pub server_time: Option<Timestamp>,
    /// `None` where the token has no end, or renews itself.
    pub token_ends: Option<Timestamp>,
    pub rights: Rights,
}

/// What we may, as far as GitHub tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rights {
    /// Of a classic token.
    Scopes(Vec<String>),
    /// Of an App's installation: `contents` → `read`.
    Installation { permissions: BTreeMap<String, String>, events: Vec<String> },
    /// Of a fine-grained token: they show when they are used.
    NotTold,
}

/// A webhook as GitHub has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    pub id: u64,
    pub url: String,
    pub is_active: bool,
    /// It sends a form, and not JSON.
    pub is_form: bool,
    pub events: Vec<String>,
}

/// How a hook went, in GitHub's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookDelivery {
    pub event: String,
    pub at: Option<Timestamp>,
    /// `OK`, `Invalid HTTP Response: 401`, `failed to connect to host`
    pub outcome: String,
    pub is_taken: bool,
}

impl GitHub {
    pub async fn standing(&self, name: &RepositoryName, now: Timestamp) -> Result<Standing, GitHubError> {
        let answer = self.send(Method::GET, name, "", None, now).await?;
        let full = answer.body.get("full_name").and_then(Value::as_str).and_then(RepositoryName::parse);
        let repository = full.ok_or_else(|| GitHubError::odd(&name.path(""), "it does not say its name"))?;
        let rights = match &self.credentials {
            Credentials::App(_) => self.installation(name, now).await?,
            Credentials::Token(_) => match text(&answer.headers, "x-oauth-scopes") {
                Some(scopes) => Rights::Scopes(scopes.split(',').map(|scope| scope.trim().to_owned()).collect()),
                None => Rights::NotTold,
            },
        };
        let token_ends = text(&answer.headers, "github-authentication-token-expiration").and_then(ends_at);
        Ok(Standing { repository, server_time: date_of(&answer.headers), token_ends, rights })
    }

    async fn installation(&self, name: &RepositoryName, now: Timestamp) -> Result<Rights, GitHubError> {
        let Credentials::App(app) = &self.credentials else { return Ok(Rights::NotTold) };
        let url = self.url(&name.path("/installation"))?;
        let body = self.send_as(OWN, bearer(&app.jwt(now)?)?, Ask::new(Method::GET, url, None), now).await?.body;
        let permissions = body.get("permissions").and_then(Value::as_object).into_iter().flatten();
        let permissions = permissions.filter_map(|(name, level)| Some((name.clone(), level.as_str()?.to_owned())));
        Ok(Rights::Installation { permissions: permissions.collect(), events: words(&body["events"]) })
    }

    /// The webhooks of a repository; an App's own is not among them.
    pub async fn hooks(&self, name: &RepositoryName, now: Timestamp) -> Result<Vec<Hook>, GitHubError> {
        let body = self.get(name, "/hooks?per_page=100", now).await?;
        let read = |hook: &Value| {
            Some(Hook {
                id: hook.get("id")?.as_u64()?,
                url: hook.pointer("/config/url")?.as_str()?.to_owned(),
                is_active: hook.get("active")?.as_bool()?,
                is_form: hook.pointer("/config/content_type").is_some_and(|kind| kind == "form"),
                events: words(&hook["events"]),
            })
        };
        Ok(body.as_array().into_iter().flatten().filter_map(read).collect())
    }

    /// The newest delivery of a repository's hook, within the days that GitHub remembers.
    pub async fn last_delivery(
        &self,
        name: &RepositoryName,
        hook: &Hook,
        now: Timestamp,
    ) -> Result<Option<HookDelivery>, GitHubError> {
        let body = self.get(name, &format!("/hooks/{}/deliveries?per_page=1", hook.id), now).await?;
        Ok(body.get(0).and_then(delivery))
    }

    /// The same of the App's own hook; `None` too where we are no App.
    pub async fn last_app_delivery(&self, now: Timestamp) -> Result<Option<HookDelivery>, GitHubError> {
        let Credentials::App(app) = &self.credentials else { return Ok(None) };
        let url = self.url("app/hook/deliveries?per_page=1")?;
        let body = self.send_as(OWN, bearer(&app.jwt(now)?)?, Ask::new(Method::GET, url, None), now).await?.body;
        Ok(body.get(0).and_then(delivery))
    }
}

fn delivery(item: &Value) -> Option<HookDelivery> {
    let code = item.get("status_code")?.as_u64()?;
    Some(HookDelivery {
        event: item.get("event")?.as_str()?.to_owned(),
        at: item.get("delivered_at").and_then(|at| at.as_str()?.parse().ok()),
        outcome: item.get("status")?.as_str()?.to_owned(),
        is_taken: (200..300).contains(&code),
    })
}

fn words(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|word| word.as_str().map(str::to_owned)).collect()
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// `2026-12-24 18:00:00 UTC`, or with an offset.
fn ends_at(text: &str) -> Option<Timestamp> {
    match text.strip_suffix(" UTC") {
        Some(civil) => Offset::UTC.to_timestamp(civil.parse().ok()?).ok(),
        None => Timestamp::strptime("%Y-%m-%d %H:%M:%S %z", text).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_token_is_read_as_github_writes_it() {
        let end: Timestamp = "2026-12-24T18:00:00Z".parse().unwrap();
        assert_eq!(ends_at("2026-12-24 18:00:00 UTC"), Some(end));
        assert_eq!(ends_at("2026-12-24 19:00:00 +0100"), Some(end));
        assert_eq!(ends_at("soon"), None);
    }
}
